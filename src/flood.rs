//! Copies of reports on their way to neighbours: those of one pass that go to the same neighbours
//! are queued for each of them in one piece.

use crate::herd::ServerId;
use crate::report::Report;

/// Copies that are not queued for any neighbour yet. They are all from the same, and of one origin.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flood {
    /// Whole lines.
    pub(crate) lines: Vec<u8>,
    /// How many lines.
    pub(crate) count: u64,
    /// The neighbour that they came from, if they came from one: it is not told.
    pub(crate) from: Option<ServerId>,
    /// The server that its client talked to: it is not told either.
    pub(crate) origin: Option<ServerId>,
}

impl Flood {
    /// Whether a report goes to those neighbours to whom the others go.
    pub(crate) fn fits(&self, report: &Report<'_>, from: Option<ServerId>) -> bool {
        self.count == 0 || (self.origin == Some(report.origin()) && self.from == from)
    }

    /// Adds a report that fits.
    pub(crate) fn add(&mut self, report: &Report<'_>, from: Option<ServerId>, closing: &[u8]) {
        self.from = from;
        self.origin = Some(report.origin());
        self.count += 1;
        report.write_copy(b"AT ", closing, &mut self.lines);
    }

    /// Whether it is long enough that more would gain nothing. Copying by vectors is at its best below
    /// two kilobytes: above, C libraries copy with a string instruction, which takes long to start.
    pub(crate) const fn is_long(&self) -> bool {
        self.lines.len() >= 1500
    }

    /// Whether that neighbour is told.
    pub(crate) fn reaches(&self, peer: ServerId) -> bool {
        Some(peer) != self.from && Some(peer) != self.origin
    }

    pub(crate) fn clear(&mut self) {
        self.lines.clear();
        self.count = 0;
    }
}
