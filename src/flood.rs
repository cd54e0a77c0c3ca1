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
use crate::text::{Text, Writer, copy_loosely};

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

/// As much of a line as is copied loosely, and as long as nearly every one is.
pub(crate) const LINE: usize = 192;
const USUAL: usize = 96;

impl Flood {
    /// Adds a copy of the report that an entry brings, whose line is in `text`, with the end of this server's lines.
    pub(crate) fn add(&mut self, entry: &Entry, text: &[u8], closing: &Frame) {
        self.lines.push(entry.at_line(text));
        self.lines.push(closing.text());
    }

    /// Those that were added since the last piece are of `origin`'s clients; all together they are `copies` now.
    pub(crate) fn end_piece(&mut self, origin: ServerId, copies: usize) {
        end_piece(&mut self.pieces, Piece { origin, copies, len: self.lines.len() });
    }

    /// Adds many copies, for which there is room for at least so many bytes.
    pub(crate) fn writer(&mut self, least: usize) -> Copier<'_> {
        Copier { lines: self.lines.writer(least), pieces: &mut self.pieces }
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

/// Adds copies of short lines, as far as there is room.
#[derive(Debug)]
pub(crate) struct Copier<'a> {
    lines: Writer<'a>,
    pieces: &'a mut Vec<Piece>,
}

impl Copier<'_> {
    /// Room for one copy, if there is as much.
    #[inline]
    pub(crate) const fn room(&mut self) -> Option<&mut Room> {
        self.lines.room()
    }

    /// So many bytes that were [written](write) are a copy.
    #[inline]
    pub(crate) fn extend(&mut self, written: usize) {
        self.lines.extend(written);
    }

    /// As [`Flood::end_piece`].
    pub(crate) fn end_piece(&mut self, origin: ServerId, copies: usize) {
        end_piece(self.pieces, Piece { origin, copies, len: self.lines.len() });
    }
}

/// Adds a piece, if there is anything in it.
fn end_piece(pieces: &mut Vec<Piece>, piece: Piece) {
    if pieces.last().map_or(0, |last| last.copies) < piece.copies {
        pieces.push(piece);
    }
}

/// Room for a copy.
pub(crate) type Room = [u8; LINE + Frame::SHORT];

/// Writes a copy of the AT line that `line` begins with, `len` bytes up to the name of who tells it; then comes what
/// [`Frame::short`] says. How long it is.
#[inline]
pub(crate) fn write(room: &mut Room, line: &[u8; LINE], len: usize, closing: (&[u8; Frame::SHORT], usize)) -> usize {
    copy_loosely::<USUAL, _, _>(line, room, len);
    if let Some(room) = room[len..].first_chunk_mut::<{ Frame::SHORT }>() {
        *room = *closing.0;
    }
    len + closing.1
}
