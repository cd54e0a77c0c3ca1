//! One comparison with one neighbour, at the server that asks.

use std::collections::BTreeMap;

use super::guess::{Guess, Way, Words};
use crate::values::Instant;
use crate::wire::{Span, Step};

/// What is still to be asked, and what has no answer yet.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    /// When the neighbour last answered, or the round began.
    heard: Instant,
    /// The groups that the neighbour has named, while it is still naming what differs.
    listing: Option<u32>,
    /// What is to be done, the first last: what a span is split into comes before the spans behind it, so that what is
    /// found early is sent early, and little waits.
    next: Vec<Probe>,
    asked: BTreeMap<Span, Asked>,
    /// The sum of the weights in `asked`, and the most that it may be.
    weight: usize,
    window: usize,
    guess: Guess,
    /// All digests that went either way, by exclusive or.
    moved: u64,
    /// When it began.
    began: Instant,
    /// Whether the neighbour is shown to have every tombstone that came before it began, or something newer.
    finds_tombstones: bool,
    /// Whether something that it lacks was not sent.
    is_short: bool,
    /// How many records were sent.
    pub(crate) sent: u64,
    /// How many reports came.
    pub(crate) received: u64,
    /// How many had come when the last span was answered.
    answered_at: u64,
}

/// One thing to be done about one span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Probe {
    /// Find out what differs there, by a sketch of so many cells or in some other way.
    Ask(Span, usize),
    /// Send what the neighbour lacks there.
    Give(Span, Lacked),
}

/// What a neighbour lacks of a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lacked {
    /// All of it.
    All,
    /// Reports of these digests, which are in order.
    Digests(Vec<u64>),
    /// The newest of clients with these keys, which are in order.
    Keys(Vec<u32>),
}

/// A question that has no answer yet.
#[derive(Clone, Copy, Debug)]
struct Asked {
    way: Way,
    /// How many clients were known here.
    clients: usize,
}

impl Round {
    /// Questions wait while the answers that others are to bring may have more reports than this; it is twice as many with
    /// each answer, up to the most. So a guess that is far off costs little.
    const FIRST_WINDOW: usize = 2048;
    const MOST_WINDOW: usize = 16_384;

    /// As many spans as may be without an answer.
    const MOST_ASKED: usize = 512;

    /// By how many bits a span is split of which it is not known how much it holds.
    const SPLIT: u32 = 4;

    pub(crate) fn new(now: Instant) -> Self {
        Self {
            heard: now,
            listing: Some(0),
            next: Vec::new(),
            asked: BTreeMap::new(),
            weight: 0,
            window: Self::FIRST_WINDOW,
            guess: Guess::default(),
            moved: 0,
            began: now,
            finds_tombstones: true,
            is_short: false,
            sent: 0,
            received: 0,
            answered_at: 0,
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

    /// The neighbour names what differs in a group; whether it does so for the first time.
    pub(crate) fn lists(&mut self, group: usize) -> bool {
        let Some(listed) = &mut self.listing else { return false };
        let is_new = *listed & 1 << group == 0;
        *listed |= 1 << group;
        is_new
    }

    /// A range differs of those that are being named.
    pub(crate) fn differs(&mut self, range: usize, peer_has_none: bool) {
        let span = Span::of_range(range);
        self.next.push(if peer_has_none { Probe::Give(span, Lacked::All) } else { Probe::Ask(span, 0) });
    }

    /// All ranges that differ are known; this server knows so many clients.
    pub(crate) fn listed(&mut self, clients: usize) {
        if self.listing.take().is_some() {
            self.guess = Guess::of(self.next.len(), clients);
            self.next.reverse();
        }
    }

    /// The next thing to do, if the neighbour can be asked more now.
    pub(crate) fn next(&mut self) -> Option<Probe> {
        if self.can_go_on() { self.next.pop() } else { None }
    }

    /// Whether there is something to do now.
    pub(crate) fn can_go_on(&self) -> bool {
        let is_open = self.weight < self.window && self.asked.len() < Self::MOST_ASKED;
        match self.next.last() {
            None => false,
            Some(_) if self.listing.is_some() => false,
            Some(Probe::Give(..)) => true,
            Some(Probe::Ask(..)) => is_open,
        }
    }

    /// How to ask for a span of which so many clients are known here, when a sketch of `least` cells or more is needed.
    pub(crate) fn way(&self, clients: usize, least: usize, words: Words) -> Way {
        self.guess.way(clients, least, words)
    }

    /// A span is to be asked for in that way.
    pub(crate) fn ask(&mut self, span: Span, way: Way, clients: usize) {
        self.weight += way.weight(clients);
        let before = self.asked.insert(span, Asked { way, clients });
        debug_assert!(before.is_none(), "{span} is asked for twice");
    }

    /// A span has too much for one step: its parts are looked at. What cannot be split is left as it is.
    pub(crate) fn split(&mut self, span: Span, bits: u32, of: impl Fn(Span) -> Probe) {
        self.next.extend(span.split(bits).map(of).rev());
    }

    /// The same, where it is not known how much it has.
    pub(crate) fn split_to_ask(&mut self, span: Span) {
        self.split(span, Self::SPLIT, |part| Probe::Ask(part, 0));
    }

    /// The same of what is to be sent.
    pub(crate) fn split_to_give(&mut self, span: Span) {
        self.split(span, Self::SPLIT, |part| Probe::Give(part, Lacked::All));
    }

    /// The answer to a span would be too much, or the sketch of it was too short.
    pub(crate) fn more(&mut self, span: Span) {
        let Some(Asked { way, clients }) = self.answered(span) else { return };
        match way {
            Way::Sketch(cells) => {
                self.guess.fell_short(cells, clients);
                self.next.push(Probe::Ask(span, cells * 4));
            }
            Way::List | Way::All | Way::Everything | Way::Split(_) => self.split_to_ask(span),
        }
    }

    /// The neighbour has sent what it has of a span, and lacks some of it itself.
    pub(crate) fn lacks(&mut self, span: Span, lacked: Lacked) {
        let came = usize::try_from(self.received - self.answered_at).unwrap_or(usize::MAX);
        let Some(Asked { way, clients }) = self.answered(span) else { return };
        let lacked = if way == Way::Everything { Lacked::All } else { lacked };
        match (way, &lacked) {
            (Way::Sketch(_), Lacked::Digests(digests)) => self.guess.was(came + digests.len(), clients),
            (Way::List, Lacked::Keys(keys)) => self.guess.was(2 * (came + keys.len()), clients),
            _ => {}
        }
        let is_none = match &lacked {
            Lacked::All => false,
            Lacked::Digests(digests) => digests.is_empty(),
            Lacked::Keys(keys) => keys.is_empty(),
        };
        if !is_none {
            self.next.push(Probe::Give(span, lacked));
        }
    }

    /// A span's answer is whole: how it was asked for, if it was.
    fn answered(&mut self, span: Span) -> Option<Asked> {
        let asked = self.asked.remove(&span)?;
        self.weight -= asked.way.weight(asked.clients);
        self.window = (self.window * 2).min(Self::MOST_WINDOW);
        self.answered_at = self.received;
        Some(asked)
    }

    /// A record of that digest was sent; where it is a tombstone, it came then.
    pub(crate) fn send(&mut self, digest: u64, came: Option<Instant>) {
        self.sent += 1;
        self.moved ^= digest;
        self.finds_tombstones &= came.is_none_or(|came| came >= self.began);
    }

    /// Something that the neighbour lacks is left to the next comparison.
    pub(crate) const fn leaves_out(&mut self) {
        (self.finds_tombstones, self.is_short) = (false, true);
    }

    /// When it began, if the neighbour had every tombstone then that was here, or something newer.
    pub(super) fn tombstones_found(&self) -> Option<Instant> {
        self.finds_tombstones.then_some(self.began)
    }

    /// When it began, if the neighbour was sent every tombstone that was here then and that it lacked.
    pub(super) fn tombstones_sent(&self) -> Option<Instant> {
        (!self.is_short).then_some(self.began)
    }

    /// A report came; the number tells it from others.
    pub(crate) fn receive(&mut self, number: u64) {
        self.received += 1;
        self.moved ^= number;
    }

    /// What went either way: two rounds with the same were of the same use, none.
    pub(crate) const fn outcome(&self) -> u64 {
        self.moved
    }

    /// Whether everything has been done and answered.
    pub(crate) fn is_over(&self) -> bool {
        self.listing.is_none() && self.next.is_empty() && self.asked.is_empty()
    }
}

const _: () = assert!(Step::GROUPS <= u32::BITS as usize);
