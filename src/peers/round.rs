//! One comparison with one neighbour, at the server that asks.

use std::collections::{BTreeMap, VecDeque};

use crate::values::Instant;
use crate::wire::Span;

/// What is still to be asked, and what has no answer yet.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    /// When the neighbour last answered, or the round began.
    heard: Instant,
    /// Whether the neighbour is still naming what differs.
    listing: bool,
    next: VecDeque<Probe>,
    asked: BTreeMap<Span, usize>,
    /// The sum of the cells in `asked`.
    weight: usize,
    /// All digests that went either way, by exclusive or.
    moved: u64,
    /// How many reports were sent.
    pub(crate) sent: u64,
    /// How many reports came.
    pub(crate) received: u64,
}

/// One thing to be done about one span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Probe {
    /// Send a sketch of so many cells.
    Sketch(Span, usize),
    /// The neighbour has nothing there: send all.
    Give(Span),
}

impl Round {
    /// Sketches whose cells are more than these in all wait until others are answered, so that what
    /// the answers bring has a bound.
    const WINDOW: usize = 4096;

    /// An answer that brings a whole span counts as that many cells.
    const WHOLE: usize = 1024;

    /// The most cells of a first sketch, when little is known of how much differs.
    const MOST_FIRST: usize = 64;

    pub(crate) fn new(now: Instant) -> Self {
        Self {
            heard: now,
            listing: true,
            next: VecDeque::new(),
            asked: BTreeMap::new(),
            weight: 0,
            moved: 0,
            sent: 0,
            received: 0,
        }
    }

    /// When it counts as failed unless the neighbour goes on answering.
    pub(crate) const fn heard(&self) -> Instant {
        self.heard
    }

    /// The neighbour answered.
    pub(crate) fn hear(&mut self, now: Instant) {
        self.heard = now;
    }

    /// A range differs.
    pub(crate) fn differs(&mut self, range: usize, peer_has_none: bool) {
        if self.listing {
            let span = Span::of_range(range);
            self.next.push_back(if peer_has_none { Probe::Give(span) } else { Probe::Sketch(span, 0) });
        }
    }

    /// All ranges that differ are known: from how many they are follows how much differs in each. One
    /// report that changed is two differences, and three cells tell two of them; where nearly all ranges
    /// differ there is no telling, and a sketch that proves too short is not the end.
    pub(crate) fn listed(&mut self, most: usize) {
        self.listing = false;
        let differing = self.next.len();
        let same = (1_usize << Span::RANGE_BITS).saturating_sub(differing);
        let first = (6 + 12 * differing / (same + 1)).min(Self::MOST_FIRST).min(most);
        for ask in &mut self.next {
            if let Probe::Sketch(_, cells) = ask {
                *cells = first;
            }
        }
    }

    /// The sketch of a span was too short: send one that is four times as long, or, where no line
    /// holds that, sketches of its parts.
    pub(crate) fn more(&mut self, span: Span, most: usize) {
        let Some(cells) = self.answered(span) else { return };
        if cells < most {
            self.next.push_front(Probe::Sketch(span, (cells * 4).min(most)));
        } else {
            self.next.extend(span.split().map(|part| Probe::Sketch(part, most.div_ceil(4))));
        }
    }

    /// A span's answer is whole: how many cells were asked with, if it was asked.
    pub(crate) fn answered(&mut self, span: Span) -> Option<usize> {
        let cells = self.asked.remove(&span)?;
        self.weight -= cells;
        Some(cells)
    }

    /// A report of that digest was sent.
    pub(crate) fn send(&mut self, digest: u64) {
        self.sent += 1;
        self.moved ^= digest;
    }

    /// A report of that digest came.
    pub(crate) fn receive(&mut self, digest: u64) {
        self.received += 1;
        self.moved ^= digest;
    }

    /// What went either way: two rounds with the same were of the same use, none.
    pub(crate) const fn outcome(&self) -> u64 {
        self.moved
    }

    /// The next thing to do, if the neighbour can be asked more now.
    pub(crate) fn next(&mut self) -> Option<Probe> {
        let room = Self::WINDOW - self.weight.min(Self::WINDOW);
        match *self.next.front()? {
            _ if self.listing => None,
            Probe::Sketch(_, cells) if cells > room => None,
            _ => self.next.pop_front(),
        }
    }

    /// A sketch of that span was sent.
    pub(crate) fn asked(&mut self, span: Span, cells: usize) {
        self.weight += cells;
        self.asked.insert(span, cells);
    }

    /// Everything of that span was asked for.
    pub(crate) fn asked_for_all(&mut self, span: Span) {
        self.asked(span, Self::WHOLE);
    }

    /// Whether everything has been done and answered.
    pub(crate) fn is_over(&self) -> bool {
        !self.listing && self.next.is_empty() && self.asked.is_empty()
    }
}
