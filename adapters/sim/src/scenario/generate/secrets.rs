//! Herds with secrets that are made from a seed, and strangers among them.

use super::{STAGE, Stage};
use crate::scenario::{MILLI, Nanos, Ruse, Trusting, What};

impl Stage<'_> {
    /// Whom each server believes at the start. What changes that is put on the stage: server by server, each step of a
    /// change once all have done the one before, or now and then in whatever order.
    pub(super) fn secrets(&mut self) -> Vec<Trusting> {
        let secrets = Trusting::secrets;
        let none = Trusting::default();
        let steps = match self.chance.below(6) {
            0 => vec![secrets(&[1])],
            1 => vec![none, secrets(&[1]).or_addresses(), secrets(&[1])],
            2 => vec![secrets(&[1]), secrets(&[1, 2]), secrets(&[2, 1]), secrets(&[2])],
            3 => vec![secrets(&[1]), secrets(&[1]).or_addresses(), none],
            4 => vec![
                none,
                secrets(&[1]).or_addresses(),
                secrets(&[1]),
                secrets(&[1, 2]),
                secrets(&[2, 1]),
                secrets(&[2]),
            ],
            _ => vec![secrets(&[1]).or_addresses()],
        };
        let first = vec![steps[0].clone(); self.graph.servers];
        let (begins, mut at) = (self.chance.below(STAGE), 0);
        let lasts = (STAGE - begins) / steps.len() as u64;
        for step in steps.into_iter().skip(1) {
            for server in 0..self.graph.servers {
                let at = begins + at + self.chance.below(lasts.max(1));
                self.put(at, What::Trust { server, to: step.clone() });
            }
            at += lasts;
        }
        if self.chance.percent(20) {
            self.mistakes();
        }
        first
    }

    /// Servers have secrets that others do not have.
    fn mistakes(&mut self) {
        for _ in 0..=self.chance.index(3) {
            let (at, server) = (self.chance.below(STAGE), self.server());
            let to = self.trusting();
            self.put(at, What::Trust { server, to });
            if self.chance.percent(50) {
                let (at, to) = (self.chance.between(at, STAGE), Trusting::secrets(&[1, 2]));
                self.put(at, What::Trust { server, to });
            }
        }
    }

    fn trusting(&mut self) -> Trusting {
        let secrets = (1..4).filter(|_| self.chance.percent(40)).collect();
        Trusting { secrets, addresses: self.chance.percent(30) }
    }

    /// Somebody poses as a neighbour, on connections of its own or at the address of a server that is down.
    pub(super) fn strangers(&mut self, at: Nanos, lasts: Nanos) {
        let (server, poses_as) = self.way();
        for _ in 0..=self.chance.index(3) {
            let (at, ruse) = (at + self.chance.below(lasts), *self.chance.pick(&Ruse::ALL));
            let there = self.chance.percent(70);
            self.put(at, What::Stranger { server, poses_as, there, ruse });
        }
        if self.chance.percent(40) {
            self.put(at, What::Impostor { server, lasts });
            let (at, down) = (at + self.chance.below(lasts), self.chance.between(10 * MILLI, lasts));
            let (silent, keeps) = (self.chance.percent(50), self.chance.percent(50));
            self.put(at, What::Crash { server, lasts: Some(down), silent, keeps });
        }
    }
}
