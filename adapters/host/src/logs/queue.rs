//! Log lines on their way to whatever is behind the log: put here by whoever logs, taken by the thread that writes.

use std::fs::File;
use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

use crate::lock::lock;

/// Bytes of lines that may wait to be written. At the bound further lines are lost, and counted.
pub(super) const MOST_WAITING: usize = 4 << 20;

/// A buffer larger than this is given back once its lines are written.
const KEPT_BUFFER: usize = 64 << 10;

/// How long what could not be written waits until it is tried again.
const TRY_AGAIN: Duration = Duration::from_millis(100);

/// Lines that wait to be written. Nobody who puts one here waits for more than a lock that is held for moments.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// Woken when there is something for the thread that writes.
    work: Condvar,
    /// Woken when that thread has written what there was, or could not.
    done: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<u8>,
    /// Lines for which there was no room, and which was not told yet.
    lost: u64,
    /// All that there ever were of these, and when the last was lost.
    losses: u64,
    last_loss: Option<Instant>,
    /// The file that is to be written to from now on, until the thread has it.
    file: Option<File>,
    /// Whether the thread has written all that it took.
    is_idle: bool,
    /// How often writing has failed.
    failures: u64,
    /// Whether somebody waits for the end, so that what has failed is to be tried at once.
    is_hurried: bool,
    /// Whether nobody can log any more.
    is_closed: bool,
    /// When it is to be told which lines were left out.
    tell_at: Option<Instant>,
}

/// What the thread that writes is to do.
#[derive(Debug)]
pub(super) enum Work {
    /// Write the lines that it was given; so many more were lost.
    Write {
        /// How many.
        lost: u64,
    },
    /// Write to this file from now on.
    Switch(File),
    /// Tell which lines were left out.
    Tell,
    /// End: nothing will come any more.
    End,
}

impl Queue {
    /// Puts a line there, or counts it as lost.
    pub(super) fn put(&self, line: &[u8]) {
        let mut state = lock(&self.state);
        if state.waiting.len() + line.len() > MOST_WAITING {
            state.lost += 1;
            state.losses += 1;
            state.last_loss = Some(Instant::now());
        } else {
            state.waiting.extend_from_slice(line);
        }
        drop(state);
        self.work.notify_one();
    }

    /// Has what is not written yet, and all that comes, written to that file.
    pub(super) fn switch(&self, file: File) {
        lock(&self.state).file = Some(file);
        self.work.notify_one();
    }

    /// The file that is to be written to from now on, if it is another one.
    pub(super) fn take_file(&self) -> Option<File> {
        lock(&self.state).file.take()
    }

    /// How many lines were lost ever, and for how long none has been.
    pub(super) fn losses(&self) -> (u64, Option<Duration>) {
        let state = lock(&self.state);
        (state.losses, state.last_loss.map(|at| at.elapsed()))
    }

    /// Has it told in that time which lines were left out, unless it is to be told earlier.
    pub(super) fn tell_in(&self, time: Duration) {
        let mut state = lock(&self.state);
        state.tell_at.get_or_insert_with(|| Instant::now() + time);
        drop(state);
        self.work.notify_one();
    }

    /// Waits for something to do. Lines are put into `lines`, of which all must be written by now.
    pub(super) fn next(&self, lines: &mut Vec<u8>) -> Work {
        lines.clear();
        if lines.capacity() > KEPT_BUFFER {
            *lines = Vec::new();
        }
        let mut state = lock(&self.state);
        state.is_idle = true;
        self.done.notify_all();
        loop {
            if let Some(file) = state.file.take() {
                return Work::Switch(file);
            }
            if !state.waiting.is_empty() || state.lost > 0 {
                state.is_idle = false;
                mem::swap(&mut state.waiting, lines);
                return Work::Write { lost: mem::take(&mut state.lost) };
            }
            let left = state.tell_at.map(|at| at.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                state.tell_at = None;
                return Work::Tell;
            }
            if state.is_closed {
                return Work::End;
            }
            state = match left {
                Some(left) => self.work.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.work.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Waits a while, since writing has failed; whether it is to be tried again.
    pub(super) fn pause(&self) -> bool {
        let mut state = lock(&self.state);
        state.failures += 1;
        self.done.notify_all();
        let is_at_rest = |state: &mut State| !state.is_closed && !state.is_hurried && state.file.is_none();
        let waited = self.work.wait_timeout_while(state, TRY_AGAIN, is_at_rest);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.is_hurried = false;
        !state.is_closed
    }

    /// Waits until every line is written, writing fails, or the time is over.
    pub(super) fn flush(&self, most: Duration) {
        let mut state = lock(&self.state);
        let failures = state.failures;
        state.is_hurried = true;
        self.work.notify_one();
        let is_under_way =
            |state: &mut State| state.failures == failures && !(state.is_idle && state.waiting.is_empty());
        drop(self.done.wait_timeout_while(state, most, is_under_way));
    }

    fn close(&self) {
        lock(&self.state).is_closed = true;
        self.work.notify_one();
    }
}

/// The end of a queue where lines are put in, for a subscriber. Dropped, it closes the queue.
#[derive(Debug)]
pub(super) struct Inlet(pub(super) Arc<Queue>);

impl Drop for Inlet {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Takes one line.
#[derive(Debug)]
pub(super) struct Line<'a>(&'a Queue);

impl<'a> MakeWriter<'a> for Inlet {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(&self.0)
    }
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.put(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
