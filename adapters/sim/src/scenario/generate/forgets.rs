//! Clients that are forgotten.

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
}

/// Whether a client is forgotten by it.
pub(super) fn is_one(what: &What) -> bool {
    matches!(what, What::Say { text, .. } if text.starts_with("FORGET "))
}
