//! Copies of reports on their way to neighbours: those of one pass that go to the same neighbours
//! are queued for each of them in one piece.

use crate::herd::ServerId;
use crate::identity::Frame;
use crate::text::{SHORT, Text, copy_loosely};

/// Where a report comes from: neither of these is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// The neighbour that passed it on, if a neighbour did.
    pub(crate) from: Option<ServerId>,
    /// The server that its client talked to.
    pub(crate) origin: ServerId,
}

impl Route {
    /// Whether that neighbour is told.
    pub(crate) fn reaches(self, peer: ServerId) -> bool {
        Some(peer) != self.from && peer != self.origin
    }
}

/// Copies of reports that came by one route and are not queued for any neighbour yet.
#[derive(Debug, Default)]
pub(crate) struct Flood {
    /// Whole lines.
    lines: Text,
    /// How many lines.
    count: u64,
}

impl Flood {
    /// Adds copies of reports: their AT lines, of so many bytes and whatever is behind it, each with the end of
    /// this server's lines.
    #[inline]
    pub(crate) fn add<'a>(&mut self, lines: impl Iterator<Item = (&'a [u8], usize)>, closing: &Frame) {
        for (line, len) in lines {
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
    }

    /// Whole lines.
    pub(crate) fn lines(&self) -> &[u8] {
        self.lines.as_slice()
    }

    /// How many lines there are.
    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn clear(&mut self) {
        self.lines.truncate(0);
        self.count = 0;
    }
}
