//! Copies of reports on their way to neighbours: those of one pass that go to the same neighbours
//! are queued for each of them in one piece.

use crate::herd::ServerId;
use crate::identity::Frame;
use crate::text::{SHORT, Text, copy_loosely};

/// Copies that are not queued for any neighbour yet. They are all from the same, and of one origin.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flood {
    /// Whole lines.
    lines: Text,
    /// How many lines.
    count: u64,
    /// The neighbour that they came from, if they came from one: it is not told.
    from: Option<ServerId>,
    /// The server that its client talked to: it is not told either.
    origin: Option<ServerId>,
}

impl Flood {
    /// Whether a report goes to those neighbours to whom the others go.
    #[inline]
    pub(crate) fn fits(&self, origin: ServerId, from: Option<ServerId>) -> bool {
        self.count == 0 || (self.origin == Some(origin) && self.from == from)
    }

    /// Adds a copy of a report that fits: its AT line, of so many bytes and whatever is behind it, and the end of
    /// this server's lines.
    #[inline]
    pub(crate) fn add(
        &mut self,
        origin: ServerId,
        from: Option<ServerId>,
        (line, len): (&[u8], usize),
        closing: &Frame,
    ) {
        self.from = from;
        self.origin = Some(origin);
        self.count += 1;
        if let Some(window) = line.first_chunk::<SHORT>()
            && let Some((end, end_len)) = closing.short()
            && len < SHORT
        {
            let room = self.lines.room::<{ SHORT + Frame::SHORT }>();
            copy_loosely(window, room, len);
            room[len % SHORT..][..Frame::SHORT].copy_from_slice(end);
            self.lines.extend(len + end_len);
        } else {
            self.lines.push(&line[..len]);
            self.lines.push(closing.text());
        }
    }

    /// Whole lines.
    pub(crate) fn lines(&self) -> &[u8] {
        self.lines.as_slice()
    }

    /// How many lines there are.
    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    /// Whether that neighbour is told.
    pub(crate) fn reaches(&self, peer: ServerId) -> bool {
        Some(peer) != self.from && Some(peer) != self.origin
    }

    pub(crate) fn clear(&mut self) {
        self.lines.truncate(0);
        self.count = 0;
    }
}
