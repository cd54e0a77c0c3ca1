//! Comparing with neighbours, at the server that is asked: it answers from what it keeps, and remembers nothing of it.

use super::hub::Hub;
use crate::bytes::Text;
use crate::herd::Identity;
use crate::pass::Turn;
use crate::store::{Kept, Store, Telling, TooMuch};
use crate::values::ServerId;
use crate::wire::{Refusal, Sketch, Span, Step};

impl Hub {
    /// A neighbour asks something in a comparison, on the connection that it opened; which words it knows.
    ///
    /// # Errors
    /// Where the two cannot compare.
    pub(super) fn is_asked(&mut self, from: ServerId, step: &Step, turn: &mut Turn) -> Result<u32, Refusal> {
        self.heard(from, turn);
        let interval = self.identity.limits.repair_interval;
        let Some(link) = self.links.iter_mut().find(|link| link.peer == from) else {
            return Ok(0);
        };
        if link.repair.has_other_key() {
            return Err(Refusal::Repair);
        }
        link.make.asks();
        if matches!(step, Step::Groups(_)) {
            link.repair.asked(turn.now.instant, interval);
            link.health.compared_at(turn.now.instant);
        }
        Ok(link.make.version())
    }
}

/// What a neighbour is answered that asks something in a comparison.
pub(super) struct Answering<'a> {
    pub(super) store: &'a Store,
    pub(super) identity: &'a Identity,
    pub(super) telling: Telling<'a>,
    /// Where the answer is written.
    pub(super) out: &'a mut Text,
}

/// How many reports an answer brings.
pub(super) fn brings(answer: &[u8]) -> u64 {
    let says_how_it_goes_on = |line: &&[u8]| line.is_empty() || line.starts_with(b"REPAIR ");
    answer.split(|&byte| byte == b'\n').filter(|line| !says_how_it_goes_on(line)).count() as u64
}

impl Answering<'_> {
    /// Appends the answer: lines that bring something, and one that says that this is all, or that it would be too much.
    ///
    /// # Errors
    /// Where that is nothing that can be asked.
    pub(super) fn answer(&mut self, step: &Step) -> Result<(), Refusal> {
        let last = match step {
            Step::Groups(theirs) => self.groups(theirs),
            Step::Sketch { span, sketch } => self.sketched(*span, sketch).unwrap_or(Step::More(*span)),
            Step::Have { span, list } => {
                let wanted = self.store.push_newer(*span, list.clone(), self.telling, self.out);
                wanted.map_or(Step::More(*span), |keys| Step::Lack { span: *span, keys })
            }
            Step::All(span) => {
                let given = self.give(*span, |_| true);
                given.map_or(Step::More(*span), |()| Step::Want { span: *span, digests: Vec::new() })
            }
            // Those are for the one who asks.
            Step::Ranges { .. } | Step::End | Step::More(_) | Step::Want { .. } | Step::Lack { .. } => {
                return Err(Refusal::Repair);
            }
        };
        self.say(&last);
        Ok(())
    }

    /// Names what differs.
    fn groups(&mut self, theirs: &[u64]) -> Step {
        for (group, (mine, theirs)) in self.store.group_digests().into_iter().zip(theirs).enumerate() {
            if mine != *theirs {
                self.say(&Step::Ranges { group, digests: self.store.range_digests(group) });
            }
        }
        Step::End
    }

    /// Gives what only this server has, as the sketch shows, and asks for what only the other one has.
    fn sketched(&mut self, span: Span, theirs: &Sketch) -> Result<Step, TooMuch> {
        let mine = self.store.sketch(span, theirs.len(), Store::ANSWER.records)?;
        let mut differing = mine.difference(theirs).ok_or(TooMuch)?;
        differing.sort_unstable();
        let mut are_here = vec![false; differing.len()];
        self.give(span, |kept| {
            let found = differing.binary_search(&kept.digest);
            found.inspect(|&index| are_here[index] = true).is_ok()
        })?;
        let lacked = differing.into_iter().zip(are_here).filter(|(_, is_here)| !is_here);
        Ok(Step::Want { span, digests: lacked.map(|(digest, _)| digest).collect() })
    }

    fn give(&mut self, span: Span, lacks: impl FnMut(&Kept<'_>) -> bool) -> Result<(), TooMuch> {
        self.store.push_lacked(span, lacks, self.telling, self.out, Store::ANSWER).map(drop)
    }

    fn say(&mut self, step: &Step) {
        let mut line = Vec::new();
        step.write(self.identity.name(), &mut line);
        self.out.push(&line);
    }
}
