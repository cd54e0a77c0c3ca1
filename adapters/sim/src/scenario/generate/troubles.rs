//! Trouble that is made from a seed.

use super::{STAGE, Stage};
use crate::faults::Fault;
use crate::scenario::{Illness, MILLI, Manner, Nanos, Planned, SECOND, What};

impl Stage<'_> {
    pub(super) fn troubles(&mut self) {
        let most = 2 + self.graph.servers / 4;
        let faults = self.faults;
        for fault in Fault::ALL.into_iter().filter(|&fault| faults.has(fault)) {
            for _ in 0..=self.chance.index(most) {
                self.trouble(fault);
            }
        }
    }

    fn trouble(&mut self, fault: Fault) {
        let at = self.chance.below(STAGE);
        let lasts = self.chance.between(10 * MILLI, STAGE / 2);
        let server = self.server();
        if self.graph.links.is_empty()
            && !matches!(
                fault,
                Fault::Crashes
                    | Fault::Clocks
                    | Fault::Places
                    | Fault::Stops
                    | Fault::Forgets
                    | Fault::Disks
                    | Fault::Watches
                    | Fault::Regions
            )
        {
            return;
        }
        match fault {
            // Not what happens, but who it happens to.
            Fault::Chunking | Fault::Makes | Fault::Keys | Fault::Expiry => {}
            Fault::Forgets => self.forget(at),
            Fault::Disks => self.disks(at, lasts, server),
            Fault::Watches => self.watch(at, lasts),
            Fault::Regions => self.hear(at),
            Fault::Latency => {
                let ((from, to), extra) = (self.way(), self.chance.below(2 * SECOND));
                self.put(at, What::Delay { from, to, extra, lasts });
            }
            Fault::Breaks => {
                let (from, to) = self.way();
                self.put(at, What::Break { from, to });
                let client = self.chance.index(12);
                self.put(self.events[self.events.len() / 2].at + MILLI, What::BreakClient { client });
            }
            Fault::Partitions => self.partition(at, lasts),
            Fault::Slow => {
                let ((from, to), pace) = (self.way(), self.chance.below(2000));
                self.put(at, What::Slow { from, to, pace, lasts });
                let (client, pace) = (self.chance.index(12), self.chance.below(2000));
                self.put(at, What::Read { client, pace: Some(pace) });
                self.put(at + lasts, What::Read { client, pace: None });
            }
            Fault::Crashes => {
                let (silent, keeps) = (self.chance.percent(50), self.chance.percent(50));
                self.put(at, What::Crash { server, lasts: Some(lasts), silent, keeps });
            }
            Fault::Clocks => self.clocks(at, lasts, server),
            Fault::Moves => {
                let breaks = self.chance.percent(50);
                self.put(at, What::Move { server, breaks });
                // Most get another address when they start again.
                if self.chance.percent(70) {
                    let (silent, keeps) = (self.chance.percent(50), self.chance.percent(50));
                    self.put(at.saturating_sub(1), What::Crash { server, lasts: Some(lasts), silent, keeps });
                }
            }
            Fault::Stops => {
                let keeps = self.chance.percent(50);
                // Late, so that there was no other trouble for a while, and with something that was just said.
                let at = STAGE - at / 4;
                let before = *self.chance.pick(&[4 * MILLI, 20 * MILLI, 400 * MILLI]);
                let (client, said_at) = (self.chance.index(12), at - self.chance.below(before));
                let text = (0..4).map(|_| self.line(said_at, 12)).collect();
                self.put(said_at, What::Say { client, server, text });
                self.put(at, What::Stop { server, lasts, keeps });
            }
            Fault::Members => self.members(at, lasts, server),
            Fault::Secrets => self.strangers(at, lasts),
            Fault::Middleboxes => self.middleboxes(at, lasts, server),
            Fault::Places => {
                let how = match self.chance.below(3) {
                    0 => Illness::Slow(self.chance.below(8 * SECOND)),
                    1 => Illness::Fails,
                    _ => Illness::Silent,
                };
                self.put(at, What::Places { server, how, lasts });
            }
        }
    }

    /// A link, in one of its directions.
    pub(super) fn way(&mut self) -> (usize, usize) {
        let (a, b) = *self.chance.pick(&self.graph.links);
        if self.chance.percent(50) { (a, b) } else { (b, a) }
    }

    /// One link is cut, or a random half of the servers from the others.
    fn partition(&mut self, at: Nanos, lasts: Nanos) {
        let (both, reset) = (self.chance.percent(60), self.chance.percent(50));
        if self.chance.percent(60) {
            let (from, to) = self.way();
            self.put(at, What::Cut { from, to, both, lasts, reset });
            return;
        }
        let side: Vec<bool> = (0..self.graph.servers).map(|_| self.chance.percent(50)).collect();
        for &(a, b) in &self.graph.links {
            if side[a] != side[b] {
                let (from, to) = if side[a] { (a, b) } else { (b, a) };
                self.events.push(Planned { at, what: What::Cut { from, to, both, lasts, reset } });
            }
        }
    }
    /// A middlebox before a server, for one of its neighbours or for all; the server may restart behind it.
    fn middleboxes(&mut self, at: Nanos, lasts: Nanos, server: usize) {
        let how = *self.chance.pick(&Manner::ALL);
        // Behind one that goes last there is no other trouble that mends what it did.
        let at = if self.chance.percent(50) { STAGE - at / 4 } else { at };
        let links = &self.graph.links;
        let ends = links.iter().filter_map(|&(a, b)| if a == server { Some(b) } else { (b == server).then_some(a) });
        let mut neighbours: Vec<usize> = ends.collect();
        if self.chance.percent(50) {
            neighbours = vec![*self.chance.pick(&neighbours)];
        }
        for from in neighbours {
            self.put(at, What::Middlebox { from, to: server, how, lasts });
        }
        if how == Manner::Keep || self.chance.percent(30) {
            let (at, down) = (at + self.chance.below(lasts), self.chance.between(10 * MILLI, lasts));
            let (silent, keeps) = (self.chance.percent(50), self.chance.percent(50));
            self.put(at, What::Crash { server, lasts: Some(down), silent, keeps });
        }
    }
    /// Lists change while their servers run.
    fn members(&mut self, at: Nanos, lasts: Nanos, server: usize) {
        let (from, to) = self.way();
        if self.chance.percent(50) {
            self.put(at, What::Readdress { server: from, member: to });
        }
        self.add_or_remove(at, lasts, server);
        if self.chance.percent(50) {
            let server = self.server();
            self.put(at, What::Limit { server, lasts });
        }
    }

    /// A server is added to the herd, or removed, in one list after the other; each herd has one of each at most.
    fn add_or_remove(&mut self, at: Nanos, lasts: Nanos, server: usize) {
        let (added, removed) = (self.absent.first().copied(), self.removed);
        let gone: Vec<usize> = added.into_iter().chain(removed).chain([server]).collect();
        // Those who stay are a herd without them, and so are they with either.
        let are_herds = gone.len() == 1
            || !gone[1..].contains(&gone[0]) && gone.iter().all(|&one| self.graph.holds_without(&[one]));
        if !are_herds || !self.graph.holds_without(&gone) || self.graph.servers <= gone.len() {
            return;
        }
        let adds = if self.chance.percent(50) { added.is_none() } else { removed.is_some() };
        if adds && added.is_some() || !adds && removed.is_some() {
            return;
        }
        for other in 0..self.graph.servers {
            let at = at + self.chance.below(lasts);
            if adds {
                self.put(at, What::Enlist { server: other, member: server });
            } else if other != server {
                self.put(at, What::Delist { server: other, member: server });
            }
        }
        if adds {
            self.absent.push(server);
            return;
        }
        self.removed = Some(server);
        if self.chance.percent(50) {
            let (at, silent) = (at + self.chance.below(lasts), self.chance.percent(50));
            self.put(at, What::Crash { server, lasts: None, silent, keeps: false });
        }
    }
}
