//! Clients that are forgotten, and clocks that are right in the end.

use std::collections::BTreeMap;

use super::{STAGE, Stage};
use crate::scenario::{MILLI, Nanos, What};

impl Stage<'_> {
    /// Clients are forgotten, at several servers at once now and then, and come back later, or seem to.
    pub(super) fn forget(&mut self, at: Nanos) {
        let who = self.chance.below(12);
        for _ in 0..=self.chance.index(3) {
            let (client, server, at) = (self.chance.index(12), self.server(), at + self.chance.below(200 * MILLI));
            let before = at.saturating_sub(self.chance.below(STAGE / 4));
            let now = self.chance.percent(60);
            let time = self.client_time(if now { at } else { before });
            self.put(at, What::Say { client, server, text: format!("FORGET c{who} {time}\n") });
            if self.chance.percent(50) {
                let (server, late) = (self.server(), at + self.chance.below(STAGE / 4));
                let time = self.client_time(before);
                self.put(late, What::Say { client, server, text: format!("IAMAT c{who} +1+1 {time}\n") });
            }
        }
    }

    /// Whether a client is forgotten in it.
    pub(super) fn forgets(&self) -> bool {
        let forgets = |what: &What| matches!(what, What::Say { text, .. } if text.contains("FORGET"));
        self.events.iter().any(|planned| forgets(&planned.what))
    }

    /// All clocks are set right in the end: else what is over would stay at some servers.
    pub(super) fn set_clocks_right(&mut self) {
        let mut errors = BTreeMap::<usize, i64>::new();
        for planned in &self.events {
            if let What::Clock { server, jump, .. } = planned.what {
                let error = errors.entry(server).or_default();
                *error = error.saturating_add(jump);
            }
        }
        for (server, error) in errors {
            self.put(STAGE, What::Clock { server, jump: -error, drift: 0 });
        }
    }
}
