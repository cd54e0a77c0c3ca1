//! Both sides of a comparison with a neighbour: what to ask over a link, and what to answer.

use std::collections::BTreeSet;

use super::hub::Hub;
use crate::pass::{BroughtBy, Entry, Notice, Turn};
use crate::peers::{Link, Probe, Round};
use crate::report::digest_of;
use crate::store::{Intake, Store};
use crate::values::ServerId;
use crate::wire::{Refusal, Sighted, Span, Step};

impl Hub {
    /// Begins the comparisons that are due, and goes on with those that are under way.
    pub(super) fn compare(&mut self, store: &Store, turn: &mut Turn) {
        for index in 0..self.links.len() {
            if self.links[index].may_begin(turn.now.instant) {
                self.links[index].repair.begin(turn.now.instant);
                self.counters.comparisons += 1;
                self.ask(index, &Step::Groups(store.group_digests()));
            }
            self.go_on(store, index, turn);
        }
        self.each_link(turn, Link::tell_if_waiting);
    }

    /// Asks what can be asked now, and ends the comparison if it is over.
    fn go_on(&mut self, store: &Store, index: usize, turn: &mut Turn) {
        while let Some(probe) = self.links[index].next_probe() {
            match probe {
                Probe::Give(span) => self.give(store, index, span, |_| true),
                Probe::Sketch(span, _) if store.is_empty(span) => {
                    self.with_round(index, |round| round.asked_for_all(span));
                    self.ask(index, &Step::All(span));
                }
                Probe::Sketch(span, cells) => {
                    self.with_round(index, |round| round.asked(span, cells));
                    self.ask(index, &Step::Sketch { span, sketch: store.sketch(span, cells) });
                }
            }
        }
        let (link, interval) = (&mut self.links[index], self.identity.limits.repair_interval);
        if let Some(Round { sent, received, .. }) = link.repair.end_if_over(turn.now.instant, interval) {
            turn.notices.push(Notice::Compared { peer: link.peer, sent, received });
        }
    }

    /// Takes what a neighbour answered over the link that this server opened.
    pub(super) fn answered(&mut self, store: &Store, index: usize, step: Step, turn: &Turn) {
        let most = self.identity.limits.most_cells();
        self.with_round(index, |round| round.hear(turn.now.instant));
        match step {
            Step::Ranges { group, digests } => {
                for (offset, (mine, theirs)) in store.range_digests(group).into_iter().zip(digests).enumerate() {
                    if mine != theirs
                        && let Some(round) = self.links[index].repair.round()
                    {
                        round.differs(group * Step::GROUPS + offset, theirs == 0);
                    }
                }
            }
            Step::End => self.with_round(index, |round| round.listed(most)),
            Step::More(span) => self.with_round(index, |round| round.more(span, most)),
            Step::Want { span, digests } => {
                let asked = self.links[index].repair.round().and_then(|round| round.answered(span)).is_some();
                if asked && !digests.is_empty() {
                    let digests = BTreeSet::from_iter(digests);
                    self.give(store, index, span, |digest| digests.contains(&digest));
                }
            }
            // Those are for the one who answers.
            Step::Groups(_) | Step::Sketch { .. } | Step::All(_) => {}
        }
    }

    /// What a neighbour is answered on the connection that it opened.
    pub(super) fn answer(
        &mut self,
        store: &Store,
        from: ServerId,
        step: &Step,
        turn: &Turn,
    ) -> Result<Vec<u8>, Refusal> {
        let interval = self.identity.limits.repair_interval;
        let me = self.identity.name();
        let mut out = Vec::new();
        if self.links.iter().any(|link| link.peer == from && link.repair.has_other_key()) {
            return Err(Refusal::Repair);
        }
        match step {
            Step::Groups(theirs) => {
                if let Some(link) = self.links.iter_mut().find(|link| link.peer == from) {
                    link.repair.asked(turn.now.instant, interval);
                }
                for (group, (mine, theirs)) in store.group_digests().into_iter().zip(theirs).enumerate() {
                    if mine != *theirs {
                        Step::Ranges { group, digests: store.range_digests(group) }.write(me, &mut out);
                    }
                }
                Step::End.write(me, &mut out);
            }
            Step::Sketch { span, sketch } => {
                let Some(differing) = store.sketch(*span, sketch.len()).difference(sketch) else {
                    Step::More(*span).write(me, &mut out);
                    return Ok(out);
                };
                let mut differing = BTreeSet::from_iter(differing);
                let lacks = |digest| differing.remove(&digest);
                self.counters.repairs += store.push_lacked(*span, lacks, self.identity.closing().text(), &mut out);
                Step::Want { span: *span, digests: differing.into_iter().collect() }.write(me, &mut out);
            }
            Step::All(span) => {
                let closing = self.identity.closing().text();
                self.counters.repairs += store.push_lacked(*span, |_| true, closing, &mut out);
                Step::Want { span: *span, digests: Vec::new() }.write(me, &mut out);
            }
            // Those are for the one who asks.
            Step::Ranges { .. } | Step::End | Step::More(_) | Step::Want { .. } => return Err(Refusal::Repair),
        }
        Ok(out)
    }

    /// Takes a `KEPT` line that came over the link that this server opened.
    pub(super) fn mend_over_link(&mut self, store: &Store, index: usize, report: &Sighted<'_>, turn: &mut Turn) {
        let mut text = b"AT ".to_vec();
        // Counted also where it cannot be kept: a comparison that is of no use is not made again at once.
        let start = text.len();
        let head = self.write_down(report, &mut text);
        self.with_round(index, |round| {
            round.hear(turn.now.instant);
            round.receive(digest_of(&text[start..]));
        });
        let Ok(head) = head else { return };
        let client = self.identity.hash_key.hash(report.sighting.client);
        let entry = Entry::new(head, client, 0, text.len() - start);
        let from = BroughtBy::Repair(self.links[index].peer);
        let listeners = Some(self.listeners());
        let shards = store.mend(&entry, Intake { text: &text, from, listeners, fast: false });
        self.deliver(store, shards, turn);
    }

    /// Queues what is kept of a span for a neighbour: all whose digests it lacks.
    fn give(&mut self, store: &Store, index: usize, span: Span, mut lacks: impl FnMut(u64) -> bool) {
        let Link { repair, outbox, .. } = &mut self.links[index];
        let mut round = repair.round();
        let lacks = |digest| {
            let lacks = lacks(digest);
            if let Some(round) = round.as_mut().filter(|_| lacks) {
                round.send(digest);
            }
            lacks
        };
        self.counters.repairs += store.push_lacked(span, lacks, self.identity.closing().text(), &mut outbox.talk);
    }

    fn ask(&mut self, index: usize, step: &Step) {
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
