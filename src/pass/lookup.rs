//! A client that is asked for, and what was found.

use crate::bytes::{SHORT, Text, Writer, copy_loosely};
use crate::report::{ClientHash, Head, Record};
use crate::values::Nearby;

/// A WHATSAT, as short as can be, and what the node has found.
#[derive(Debug)]
pub(crate) struct Lookup {
    /// Where its client belongs in the store.
    pub(crate) hash: ClientHash,
    /// The offsets of the report's head.
    offsets: u64,
    /// How long the AT line is, LF included.
    pub(crate) at_line_len: u32,
    /// Where in the lines the client's ID is, and how long it is with the byte behind it.
    client: u32,
    client_len: u32,
    nearby: NearbyId,
}

/// What a WHATSAT asks of what is near: a number among those of its batch, and in the last byte the bound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NearbyId(u32);

impl NearbyId {
    /// That one of a batch's.
    #[expect(clippy::cast_possible_truncation, reason = "a session reads no more at once")]
    pub(super) fn new(index: usize, bound: u8) -> Self {
        Self((index as u32) << u8::BITS | u32::from(bound))
    }

    const fn index(self) -> usize {
        (self.0 >> u8::BITS) as usize
    }

    const fn bound(self) -> u8 {
        self.0.to_le_bytes()[0]
    }
}

/// What an AT line begins with.
const AT: [u8; 3] = *b"AT ";

impl Lookup {
    /// A WHATSAT that the node has not seen.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "a session reads no more at once")]
    pub(crate) fn new(hash: ClientHash, client: usize, client_len: usize, nearby: NearbyId) -> Self {
        let (client, client_len) = (client as u32, client_len as u32 + 1);
        Self { hash, offsets: 0, at_line_len: 0, client, client_len, nearby }
    }

    /// What is asked of what is near, of all that its batch asks.
    pub(crate) fn nearby(&self, of: &[Nearby]) -> Nearby {
        of[self.nearby.index()]
    }

    /// The bound of that.
    #[inline]
    pub(crate) const fn bound(&self) -> u8 {
        self.nearby.bound()
    }

    /// The client's ID, from the lines.
    pub(crate) fn client<'a>(&self, lines: &'a [u8]) -> &'a [u8] {
        &lines[self.client as usize..][..self.client_len as usize - 1]
    }

    /// The client's ID and the byte behind it.
    #[inline]
    pub(crate) fn client_and_space<'a>(&self, lines: &'a [u8]) -> Option<&'a [u8]> {
        lines.get(self.client as usize..)?.get(..self.client_len as usize)
    }

    /// Appends the AT line of its client's report to `answers`.
    #[expect(clippy::cast_possible_truncation, reason = "a line is not that long")]
    pub(crate) fn found(&mut self, report: &Record<'_>, answers: &mut Text) {
        let start = answers.len();
        for part in [&AT, report.line, b"\n"] {
            answers.push(part);
        }
        (self.at_line_len, self.offsets) = ((answers.len() - start) as u32, report.head.offsets);
    }

    /// How much room the AT line of a short report may need.
    pub(crate) const ROOM: usize = AT.len() + SHORT + 1;

    /// Appends the AT line of a report with those offsets, whose line begins `line`; there is [`ROOM`](Self::ROOM).
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "it is short")]
    pub(crate) fn found_short(&mut self, offsets: u64, line: &[u8; SHORT], answers: &mut Writer<'_>) {
        // As long as nearly every line is.
        const USUAL: usize = 96;
        let len = Head { at: 0, offsets }.len().min(SHORT);
        let room = answers.room::<{ Self::ROOM }>().expect("there is room for each");
        let (at, rest) = room.split_first_chunk_mut().expect("there is room for it");
        *at = AT;
        if let Some(rest) = rest.first_chunk_mut::<SHORT>() {
            copy_loosely::<USUAL, _, _>(line, rest, len);
        }
        room[AT.len() + len] = b'\n';
        let len = AT.len() + len + 1;
        answers.extend(len);
        (self.at_line_len, self.offsets) = (len as u32, offsets);
    }

    /// The client's position, from its AT line.
    pub(crate) fn position<'a>(&self, at_line: &'a [u8]) -> &'a [u8] {
        let head = Head { at: 0, offsets: self.offsets };
        Record { line: &at_line[AT.len()..at_line.len() - b"\n".len()], head }.position().unwrap_or_default()
    }
}
