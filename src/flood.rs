//! Copies of reports for neighbours: those of one pass that go to the same neighbours are queued for each of them
//! in one piece.
//!
//! A session writes a copy of each report as it reads it, since nearly all turn out to be new. Where one does not,
//! those that are new are copied again.

use core::mem;
use core::ops::Range;

use crate::batch::Entry;
use crate::herd::ServerId;
use crate::identity::Frame;
use crate::text::{Text, copy_loosely};

/// Copies of reports that are not queued for any neighbour yet.
#[derive(Debug, Default)]
pub(crate) struct Flood {
    /// Whole lines.
    lines: Text,
    pieces: Vec<Piece>,
}

/// Copies, one behind the other, of reports from one server's clients.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// The server that the clients talked to.
    origin: ServerId,
    /// How many copies there are up to its end, and how long they are.
    copies: usize,
    len: usize,
}

/// The same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'a> {
    pub(crate) origin: ServerId,
    pub(crate) count: usize,
    /// Whole lines.
    pub(crate) lines: &'a [u8],
}

/// As much of a line as is copied loosely.
pub(crate) const LINE: usize = 192;

impl Flood {
    /// Adds a copy of the report that an entry brings, whose line is in `text`, with the end of this server's lines.
    pub(crate) fn add(&mut self, entry: &Entry, text: &[u8], closing: &Frame) {
        self.lines.push(entry.at_line(text));
        self.lines.push(closing.text());
    }

    /// Adds a copy of the AT line that `line` begins with, `len` bytes up to the name of who tells it; then comes
    /// what [`Frame::short`] says.
    #[inline]
    pub(crate) fn add_short(
        &mut self,
        line: &[u8; LINE],
        len: usize,
        (closing, closing_len): (&[u8; Frame::SHORT], usize),
    ) {
        let room = self.lines.room::<{ LINE + Frame::SHORT }>();
        copy_loosely(line, room, len);
        if let Some(room) = room[len..].first_chunk_mut::<{ Frame::SHORT }>() {
            *room = *closing;
        }
        self.lines.extend(len + closing_len);
    }

    /// Those that were added since the last piece are of `origin`'s clients; all together they are `copies` now.
    pub(crate) fn end_piece(&mut self, origin: ServerId, copies: usize) {
        self.pieces.push(Piece { origin, copies, len: self.lines.len() });
    }

    /// Some of them: whole pieces, as they were ended.
    pub(crate) fn runs(&self, copies: Range<usize>) -> impl Iterator<Item = Run<'_>> {
        let up_to = |copies: usize| self.pieces.partition_point(|piece| piece.copies <= copies);
        let (first, end) = (up_to(copies.start), up_to(copies.end));
        let mut start = first.checked_sub(1).map_or(0, |before| self.pieces[before].len);
        let mut before = copies.start;
        self.pieces[first..end].chunk_by(|one, other| one.origin == other.origin).filter_map(move |run| {
            let last = run.last()?;
            let lines = &self.lines.as_slice()[mem::replace(&mut start, last.len)..last.len];
            Some(Run { origin: last.origin, count: last.copies - mem::replace(&mut before, last.copies), lines })
        })
    }

    pub(crate) fn clear(&mut self) {
        self.lines.truncate(0);
        self.pieces.clear();
    }
}
