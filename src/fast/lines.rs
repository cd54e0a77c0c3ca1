//! What came, line by line.

use core::ops::Range;

use crate::report::{ClientHash, Head};

/// How much of the input is looked at for a line. A line that is usual ends inside, and a copy of its fields may be
/// this long.
pub(crate) const WINDOW: usize = 192;

/// Lines that were received at once.
#[derive(Clone, Copy)]
pub(crate) struct Lines<'a> {
    /// What was not taken yet.
    pub(crate) rest: &'a [u8],
    /// Where the text ends into which all was copied.
    pub(crate) copied: usize,
    /// The longest line that is allowed, LF not counted.
    pub(crate) most: usize,
    /// How many may still be taken.
    pub(crate) left: usize,
}

impl<'a> Lines<'a> {
    /// What comes next, and zeros behind the last line, in `padding`; `None` where nothing does.
    #[inline]
    pub(super) fn window<'b>(&self, padding: &'b mut Option<[u8; WINDOW]>) -> Option<&'b [u8; WINDOW]>
    where
        'a: 'b,
    {
        if let Some(window) = self.rest.first_chunk() {
            return Some(window);
        }
        if self.rest.is_empty() {
            return None;
        }
        let window = padding.insert([0; WINDOW]);
        window[..self.rest.len()].copy_from_slice(self.rest);
        Some(window)
    }

    /// Takes a line of `len` bytes and its LF, if that is there and the line is not too long.
    #[inline]
    pub(super) fn take(&mut self, len: usize) -> Option<()> {
        if len > self.most {
            return None;
        }
        self.rest = self.rest.get(len + 1..)?;
        Some(())
    }

    /// How much room to have for what is written of them: less than most need is enough to go on.
    pub(super) fn room(&self) -> usize {
        const MOST: usize = 1 << 16;
        2 * WINDOW + 2 * self.rest.len().min(MOST)
    }

    /// Where in the text the next begins.
    #[inline]
    pub(crate) const fn start(&self) -> usize {
        self.copied - self.rest.len()
    }

    /// Where in the text those are that were taken since the next began at `start`.
    pub(crate) const fn since(&self, start: usize) -> Range<usize> {
        start..self.start().saturating_sub(1)
    }
}

/// A report that a line brings.
pub(crate) struct Found {
    pub(crate) head: Head,
    pub(crate) client: ClientHash,
    /// Where its AT line begins, in the replies if a client said it, else in the text; and how long the report is that
    /// stands there behind `AT `.
    pub(crate) start: usize,
    pub(crate) len: usize,
}
