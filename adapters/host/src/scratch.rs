//! Buffers that a thread lends to whichever connection it is serving, so that a connection at rest
//! holds none.

use std::cell::Cell;
use std::mem;
use std::ops::{Deref, DerefMut};

use herd::Turn;

/// How much is read at once.
const READ: usize = 32 << 10;

/// As much memory as `output` keeps for the next pass.
const ROOM: usize = 256 << 10;

/// The buffers of one pass.
pub(crate) struct Scratch {
    pub(crate) input: Box<[u8]>,
    /// Empty whenever it is lent, whatever became of the last connection: replies are nobody else's.
    pub(crate) output: Vec<u8>,
    /// With no action and no notice left whenever it is given back.
    pub(crate) turn: Turn,
}

impl Scratch {
    fn new() -> Self {
        Self { input: vec![0; READ].into(), output: Vec::new(), turn: Turn::default() }
    }

    /// Lends this thread's buffers to `pass`.
    pub(crate) fn lend<T>(pass: impl FnOnce(&mut Self) -> T) -> T {
        thread_local! {
            static SCRATCH: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
        }
        let mut scratch = SCRATCH.take().unwrap_or_else(|| Box::new(Self::new()));
        let result = pass(&mut scratch);
        scratch.output.clear();
        if scratch.output.capacity() > ROOM {
            scratch.output = Vec::new();
        }
        SCRATCH.set(Some(scratch));
        result
    }
}

/// The buffer for input by itself, for as long as a pass has the others. It is given back also where that panics: without
/// it, whatever else this thread reads would look like the end of its input.
pub(crate) struct Input(Box<[u8]>);

impl Input {
    pub(crate) fn borrow() -> Self {
        Self(Scratch::lend(|scratch| mem::take(&mut scratch.input)))
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        Scratch::lend(|scratch| scratch.input = mem::take(&mut self.0));
    }
}

impl Deref for Input {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Input {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}
