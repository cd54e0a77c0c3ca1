//! What travels together through everything that has to do with a link.

use crate::herd::{Identity, Limits};
use crate::pass::{Action, Turn};
use crate::values::{Instant, SplitMix64};

/// The time, who this server is, its limits, the chance behind pauses, and where what is to be done is put.
pub(crate) struct Cx<'a> {
    pub(crate) now: Instant,
    pub(crate) identity: &'a Identity,
    pub(crate) limits: &'a Limits,
    pub(crate) jitter: &'a mut SplitMix64,
    pub(crate) turn: &'a mut Turn,
}

impl Cx<'_> {
    pub(crate) fn act(&mut self, action: Action) {
        self.turn.actions.push(action);
    }
}
