//! A record on its way into the store.

use crate::bytes::Text;
use crate::report::{ClientHash, Head, Record};
use crate::values::ServerId;
use crate::wire::{Departed, Sighting};

/// A record, as short as can be: a pass has many. Offsets in a text are below 2 to the power of 32, since a
/// session reads no more at once than [`MOST_INPUT`](super::Batch::MOST_INPUT).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) head: Head,
    /// Where its client belongs in the store.
    pub(crate) client: ClientHash,
    /// Where its AT line begins: in the replies if a client said it, else in the lines.
    start: u32,
    /// How long the report is that stands there behind `AT `.
    len: u32,
    /// The next entry of its shard, or [`NONE`](Self::NONE).
    pub(crate) next: u32,
    /// What the store says of it.
    pub(crate) became: Became,
}

/// How much of an AT line comes before the report.
const AT: usize = b"AT ".len();

/// What became of a report that somebody said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Became {
    /// It is kept. That is said of each from the start, since it nearly always is so.
    Kept,
    /// It is not kept, and was not handled before, for all that is known: neighbours are told.
    Passed,
    /// It was handled before.
    Known,
    /// A client said it who is unknown, and there is no room for one more.
    Refused,
}

impl Entry {
    /// No entry.
    pub(crate) const NONE: u32 = u32::MAX;

    /// An entry for a report of `len` bytes, whose AT line begins at `start`.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "a session reads no more at once")]
    pub(crate) fn new(head: Head, client: ClientHash, start: usize, len: usize) -> Self {
        Self { head, client, start: start as u32, len: len as u32, next: Self::NONE, became: Became::Kept }
    }

    /// Appends `AT ` and a report to `out`; its entry.
    pub(crate) fn write_down(
        origin: (ServerId, &[u8]),
        skew: &[u8],
        sighting: &Sighting<'_>,
        client: ClientHash,
        out: &mut Text,
    ) -> Self {
        let start = out.len();
        out.push(b"AT ");
        let head = Record::write(|part| out.push(part), origin, skew, sighting);
        Self::new(head, client, start, out.len() - start - AT)
    }

    /// Appends `GONE ` or `AWAY ` and what is kept of a client that has departed to `out`; its entry, which is where an AT
    /// line would begin.
    pub(crate) fn write_departed(
        origin: ServerId,
        departed: &Departed<'_>,
        client: ClientHash,
        out: &mut Text,
    ) -> Self {
        out.push(departed.kind.word());
        let start = out.len() - AT;
        let head = Record::write_departed(|part| out.push(part), origin, departed);
        Self::new(head, client, start, out.len() - start - AT)
    }

    /// Has the line of a report that was found missing begin as an AT line does, which is what others are told.
    pub(crate) fn begin_as_at(&self, text: &mut [u8]) {
        text[self.start()..][..AT].copy_from_slice(b"AT ");
    }

    /// The record, from the text that its line is in.
    #[inline]
    pub(crate) fn record<'a>(&self, text: &'a [u8]) -> Record<'a> {
        let start = self.start() + AT;
        Record { line: &text[start..start + self.len as usize], head: self.head }
    }

    /// The AT line that others are told, up to the name of who tells it.
    #[inline]
    pub(crate) fn at_line<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        &text[self.start()..self.start() + AT + self.len as usize]
    }

    /// That AT line and what stands behind it, if there are at least `N` bytes and the line is no longer; how long it is.
    #[inline]
    pub(crate) fn window<'a, const N: usize>(&self, text: &'a [u8]) -> Option<(&'a [u8; N], usize)> {
        let len = AT + self.len as usize;
        let window = text.get(self.start()..self.start() + N)?.first_chunk()?;
        (len <= N).then_some((window, len))
    }

    /// Where its AT line begins in that text.
    pub(crate) const fn start(&self) -> usize {
        self.start as usize
    }
}
