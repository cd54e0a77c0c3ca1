//! A report on its way into the store.

use crate::bytes::Text;
use crate::report::{ClientHash, Head, Report};
use crate::values::ServerId;
use crate::wire::Sighting;

/// A report, as short as can be: a pass has many. Offsets in a text are below 2 to the power of 32, since a
/// session reads no more at once than [`MOST_INPUT`](super::Batch::MOST_INPUT).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) head: Head,
    /// Where its client belongs in the store.
    pub(crate) client: ClientHash,
    /// Where its line begins, behind `"AT "`: in the replies if a client said it, else in the lines.
    start: u32,
    /// How long that is.
    len: u32,
    /// The next entry of its shard, or [`NONE`](Self::NONE).
    pub(crate) next: u32,
}

impl Entry {
    /// No entry.
    pub(crate) const NONE: u32 = u32::MAX;

    /// An entry for a report whose line begins at `start` and has `len` bytes.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "a session reads no more at once")]
    pub(crate) fn new(head: Head, client: ClientHash, start: usize, len: usize) -> Self {
        Self { head, client, start: start as u32, len: len as u32, next: Self::NONE }
    }

    /// Appends `AT ` and a report to `out`; its entry.
    pub(crate) fn write_down(origin: (ServerId, &[u8]), skew: &[u8], sighting: &Sighting<'_>, out: &mut Text) -> Self {
        out.push(b"AT ");
        let start = out.len();
        let head = Report::write(|part| out.push(part), origin, skew, sighting);
        Self::new(head, ClientHash::of(sighting.client), start, out.len() - start)
    }

    /// The report, from the text that its line is in.
    #[inline]
    pub(crate) fn report<'a>(&self, text: &'a [u8]) -> Report<'a> {
        Report { line: &text[self.start()..][..self.len as usize], head: self.head }
    }

    /// The AT line that others are told, up to the name of who tells it.
    #[inline]
    pub(crate) fn at_line<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        &text[self.start() - b"AT ".len()..][..b"AT ".len() + self.len as usize]
    }

    /// That AT line and what stands behind it, if there are at least `N` bytes and the line is no longer; how long it is.
    #[inline]
    pub(crate) fn window<'a, const N: usize>(&self, text: &'a [u8]) -> Option<(&'a [u8; N], usize)> {
        let len = b"AT ".len() + self.len as usize;
        let window = text.get(self.start() - b"AT ".len()..)?.first_chunk()?;
        (len <= N).then_some((window, len))
    }

    /// Where its line begins in that text.
    pub(crate) const fn start(&self) -> usize {
        self.start as usize
    }
}
