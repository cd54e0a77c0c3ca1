//! What travels together through everything that has to do with a link.

use super::troubles::Troubles;
use crate::access::Nonces;
use crate::herd::{Identity, Limits};
use crate::pass::{Action, Trouble, Turn, Wrong};
use crate::values::{Instant, ServerId, SplitMix64};
use crate::wire::Nonce;

/// The time, who this server is, its limits, the chance behind pauses, and where what is to be done is put.
pub(crate) struct Cx<'a> {
    pub(crate) now: Instant,
    pub(crate) identity: &'a Identity,
    pub(crate) limits: &'a Limits,
    pub(crate) jitter: &'a mut SplitMix64,
    /// How many nonces links have taken.
    pub(crate) nonces: &'a mut u64,
    pub(crate) turn: &'a mut Turn,
    /// What people are told as long as it is so.
    pub(crate) troubles: &'a mut Troubles,
}

impl Cx<'_> {
    /// A nonce that no connection had.
    pub(crate) fn nonce(&mut self) -> Nonce {
        *self.nonces += 1;
        self.identity.nonces.nonce(Nonces::LINKS, *self.nonces)
    }

    pub(crate) fn act(&mut self, action: Action) {
        self.turn.actions.push(action);
    }

    /// Something is wrong with a neighbour until it is known to be over.
    pub(crate) fn wrong(&mut self, with: ServerId, what: Wrong) {
        let with = self.identity.names.name(with).clone();
        self.troubles.last(Trouble { with, what }, self.now, &mut self.turn.notices);
    }

    /// Something was wrong with a neighbour once more.
    pub(crate) fn wrong_again(&mut self, with: ServerId, what: Wrong) {
        let with = self.identity.names.name(with).clone();
        self.troubles.seen(Trouble { with, what }, self.now, &mut self.turn.notices);
    }

    /// Whether people were told that it is so, and it is not over.
    pub(crate) fn has(&self, with: ServerId, what: &Wrong) -> bool {
        self.troubles.has(self.identity.names.name(with), what)
    }

    /// That is over.
    pub(crate) fn over(&mut self, with: ServerId, what: &Wrong) {
        self.troubles.over(self.identity.names.name(with), what);
    }
}
