//! Sinks of the feed for whoever embeds a node: what changed in what it keeps, and which clients arrived.

use core::mem;

use crate::pass::BroughtBy;
use crate::report::{Head, Record};

/// A record that is kept now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<'a> {
    /// What is kept.
    pub record: Record<'a>,
    /// Who brought it.
    pub from: BroughtBy,
}

/// What [`Node::take_changes`](crate::Node::take_changes) gives, and
/// [`Node::take_arrivals`](crate::Node::take_arrivals). What is deleted because it is over is no change: each who
/// knows [`Limits::keep_for`](crate::Limits::keep_for) finds out by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    lines: Vec<u8>,
    parts: Vec<Part>,
    /// How many changes there was no room for since then: where there are some, look at
    /// [`Node::records`](crate::Node::records) again.
    pub missed: u64,
}

/// Where the line of a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    head: Head,
    from: BroughtBy,
    /// Where it begins, behind its word, and how long it is.
    start: usize,
    len: usize,
}

impl Changed {
    /// As many bytes as are kept for the next time whatever came this time.
    const ROOM: usize = 1 << 20;

    /// Each change in the order in which it was made for its client, as a whole line as [`Record::write_line`] has it.
    #[must_use]
    pub fn lines(&self) -> &[u8] {
        &self.lines
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.parts.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The same as [`lines`](Self::lines), to be looked at.
    pub fn iter(&self) -> impl Iterator<Item = Change<'_>> {
        self.parts.iter().map(|&Part { head, from, start, len }| {
            let line = &self.lines[start..start + len];
            Change { record: Record { line, head }, from }
        })
    }

    fn push(&mut self, record: &Record<'_>, from: BroughtBy) {
        let start = self.lines.len() + record.word().len();
        record.write_line(&mut self.lines);
        self.parts.push(Part { head: record.head, from, start, len: record.line.len() });
    }

    pub(super) fn clear(&mut self) {
        // What a burst has made large is not kept for good.
        if self.lines.capacity() > Self::ROOM && self.lines.len() < self.lines.capacity() / 8 {
            *self = Self::default();
        }
        self.lines.clear();
        self.parts.clear();
        self.missed = 0;
    }
}

/// Collects changes, up to a bound.
#[derive(Clone, Debug)]
pub(super) struct Changes {
    most: usize,
    changed: Changed,
}

impl Changes {
    /// At most so many bytes of lines.
    pub(super) fn new(most: usize) -> Self {
        Self { most, changed: Changed::default() }
    }

    /// Takes records, whoever brought them. Where there is no room for something, nothing behind it is
    /// taken either.
    pub(super) fn take<'a>(&mut self, records: impl Iterator<Item = (Record<'a>, BroughtBy)>) {
        for (record, from) in records {
            if self.changed.missed == 0 && self.changed.lines.len() + record.line.len() <= self.most {
                self.changed.push(&record, from);
            } else {
                self.changed.missed += 1;
            }
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.changed.missed == 0
    }

    /// Gives all that is collected, if anything is.
    pub(super) fn give_if_any(collected: &mut Option<Self>, changed: &mut Changed) {
        match collected {
            Some(collected) => collected.give(changed),
            None => changed.clear(),
        }
    }

    /// Gives all, and takes what `changed` was made of in its place.
    pub(super) fn give(&mut self, changed: &mut Changed) {
        changed.clear();
        mem::swap(&mut self.changed, changed);
    }
}
