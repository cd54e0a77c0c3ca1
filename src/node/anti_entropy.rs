//! Comparing with neighbours, at the server that asks: what to ask over a link, and what to send.

use super::hub::Hub;
use crate::pass::{Notice, Turn};
use crate::peers::{Lacked, Link, Probe, Round, Way, Words};
use crate::store::{Bound, Kept, Store, Telling, TooMuch};
use crate::values::ServerId;
use crate::wire::{Span, Step};

/// As many bytes as are put together at once to be said.
const PORTION: usize = 32 << 10;

/// A step at the server that asks. What it sends there is a line each of what the neighbour was told of or asked for.
const STEP: Bound = Bound { records: Store::STEP, bytes: usize::MAX };

impl Hub {
    /// Begins the comparisons that are due, and ends those that are over.
    pub(super) fn compare(&mut self, store: &Store, turn: &mut Turn) {
        let now = turn.now.instant;
        for index in 0..self.links.len() {
            if self.links[index].may_begin(now) {
                self.links[index].repair.begin(now);
                self.counters.comparisons += 1;
                self.say(index, &Step::Groups(store.group_digests()));
            }
            self.end_if_over(index, turn);
        }
        self.each_link(turn, Link::tell_if_talking);
    }

    /// Puts together what is said next in the comparison over a link that is sending nothing. It looks at a bounded number
    /// of records; where there was nothing to say of these, the link is to be polled again.
    pub(super) fn go_on(&mut self, store: &Store, peer: ServerId, turn: &mut Turn) {
        let Some(index) = self.links.iter().position(|link| link.peer == peer && link.may_talk()) else { return };
        // The last step may be a whole one.
        let mut left = Store::STEP / 2;
        while left > 0
            && self.links[index].outbox.talk.len() < PORTION
            && let Some(probe) = self.links[index].repair.round().and_then(Round::next)
        {
            let looked_at = match probe {
                Probe::Ask(span, least) => self.ask(store, index, span, least),
                Probe::Give(span, lacked) => self.give(store, (index, turn), span, &lacked),
            };
            left = left.saturating_sub(looked_at);
            turn.spend(looked_at as u64);
        }
        self.end_if_over(index, turn);
    }

    fn end_if_over(&mut self, index: usize, turn: &mut Turn) {
        let (link, interval) = (&mut self.links[index], self.identity.limits.repair_interval);
        if let Some(Round { sent, received, .. }) = link.repair.end_if_over(turn.now.instant, interval) {
            link.health.compared_at(turn.now.instant);
            turn.notices.push(Notice::Compared { peer: link.peer, sent, received });
        }
    }

    /// Asks what differs in a span; how many records it looked at.
    fn ask(&mut self, store: &Store, index: usize, span: Span, least: usize) -> usize {
        let words = self.words(index);
        let Ok(clients) = store.weigh(span, Store::STEP) else {
            self.with_round(index, |round| round.split_to_ask(span));
            return 1;
        };
        let mut way = Way::All;
        self.with_round(index, |round| way = round.way(clients, least, words));
        if let Way::Split(bits) = way {
            if span.can_split() {
                self.with_round(index, |round| round.split(span, bits, |part| Probe::Ask(part, 0)));
                return 1;
            }
            way = if words.lists { Way::List } else { Way::Everything };
        }
        let question = match way {
            Way::Sketch(cells) => store.sketch(span, cells, Store::STEP).map(|sketch| Step::Sketch { span, sketch }),
            Way::List => store.list(span, words.most_held).map(|list| Step::Have { span, list }),
            Way::All | Way::Everything | Way::Split(_) => Ok(Step::All(span)),
        };
        match question {
            Ok(question) => {
                self.with_round(index, |round| round.ask(span, way, clients));
                self.say(index, &question);
            }
            // Clients came a moment ago.
            Err(TooMuch) => self.with_round(index, |round| round.split_to_ask(span)),
        }
        clients.max(1)
    }

    /// What a neighbour can be asked.
    fn words(&self, index: usize) -> Words {
        let limits = &self.identity.limits;
        let (most_cells, most_held) = (limits.most_cells(), limits.most_held());
        Words { lists: self.links[index].knows_lists(), most_cells, most_held }
    }

    /// Sends what a neighbour lacks of a span; how many records it looked at.
    fn give(&mut self, store: &Store, (index, turn): (usize, &Turn), span: Span, lacked: &Lacked) -> usize {
        let version = self.links[index].make.version();
        let telling = Telling { closing: self.identity.closing().text(), version, horizon: turn.horizon };
        let Link { repair, outbox, health, .. } = &mut self.links[index];
        let Some(round) = repair.round() else { return 1 };
        let mut looked_at = 1;
        let lacks = |kept: &Kept<'_>| {
            looked_at += 1;
            let lacks = match lacked {
                Lacked::All => true,
                Lacked::Digests(digests) => digests.binary_search(&kept.digest).is_ok(),
                Lacked::Keys(keys) => keys.binary_search(&span.key(kept.hash.bits())).is_ok(),
            };
            if lacks {
                round.send(kept.digest, kept.came);
            }
            lacks
        };
        let given = store.push_lacked(span, lacks, telling, &mut outbox.talk, STEP);
        health.mend(given.unwrap_or(0), 0, turn.now.instant);
        // What was asked for by name was so while there were fewer clients: the next comparison finds what is lacked.
        match given {
            Err(TooMuch) if *lacked == Lacked::All => round.split_to_give(span),
            Err(TooMuch) => round.leaves_out(),
            Ok(_) => {}
        }
        looked_at
    }

    /// Takes what a neighbour answered over the link that this server opened.
    pub(super) fn answered(&mut self, store: &Store, index: usize, step: Step, turn: &Turn) {
        self.with_round(index, |round| round.hear(turn.now.instant));
        match step {
            Step::Ranges { group, digests } => self.listed(store, index, group, digests),
            Step::End => self.with_round(index, |round| round.listed(store.len())),
            Step::More(span) => self.with_round(index, |round| round.more(span)),
            Step::Want { span, mut digests } => {
                digests.sort_unstable();
                self.with_round(index, |round| round.lacks(span, Lacked::Digests(digests)));
            }
            Step::Lack { span, mut keys } => {
                keys.sort_unstable();
                self.with_round(index, |round| round.lacks(span, Lacked::Keys(keys)));
            }
            // Those are for the one who answers.
            Step::Groups(_) | Step::Sketch { .. } | Step::Have { .. } | Step::All(_) => {}
        }
    }

    /// A neighbour named the digests of a group's ranges.
    fn listed(&mut self, store: &Store, index: usize, group: usize, digests: Vec<u64>) {
        let Some(round) = self.links[index].repair.round() else { return };
        if !round.lists(group) {
            return;
        }
        for (offset, (mine, theirs)) in store.range_digests(group).into_iter().zip(digests).enumerate() {
            if mine != theirs {
                round.differs(group * Step::GROUPS + offset, theirs == 0);
            }
        }
    }

    fn say(&mut self, index: usize, step: &Step) {
        let mut line = Vec::new();
        step.write(self.identity.name(), &mut line);
        self.links[index].outbox.talk.extend_from_slice(&line);
    }

    fn with_round(&mut self, index: usize, then: impl FnOnce(&mut Round)) {
        if let Some(round) = self.links[index].repair.round() {
            then(round);
        }
    }
}
