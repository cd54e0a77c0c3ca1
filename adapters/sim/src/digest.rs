//! One number for all that is done in a play, to tell one play from another.

use std::hash::{BuildHasher as _, Hash};

use bytes::Bytes;
use foldhash::fast::FixedState;
use herd::{Action, LinkStep};

use crate::connection::{ConnectionId, Way};
use crate::scenario::Nanos;

/// The digest of what was done so far, in its order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Digest(u64);

impl Digest {
    pub(crate) const fn number(self) -> u64 {
        self.0
    }

    /// A server wants something done.
    pub(crate) fn action(&mut self, at: Nanos, server: usize, action: &Action) {
        let (kind, what) = match action {
            // The places themselves are among the bytes.
            Action::Answer { session, .. } => (0, session.0),
            Action::Forward { peer } => (1, peer.index() as u64),
            Action::Fetch { query, .. } => (2, u64::from(query.bound)),
            Action::WakeAt(instant) => (3, instant.as_nanos()),
            Action::Close { session } => (9, session.0),
            Action::Look { session } => (10, session.0),
            Action::Post => (11, 0),
        };
        self.add((at, server, kind, what));
    }

    /// A server says what is to be done about a link.
    pub(crate) fn step(&mut self, at: Nanos, wire: u32, step: &LinkStep) {
        let (kind, what) = match step {
            LinkStep::Connect => (4, 0),
            LinkStep::Send(bytes) => (5, bytes.len() as u64),
            LinkStep::Close(why) => (6, *why as u64),
            LinkStep::End => (8, 0),
            LinkStep::Wait(until) => (7, until.map_or(u64::MAX, herd::Instant::as_nanos)),
        };
        self.add((at, wire, kind, what));
    }

    /// Somebody sends bytes on a connection.
    pub(crate) fn sent(&mut self, at: Nanos, id: ConnectionId, way: Way, bytes: &Bytes) {
        self.add((at, id.number(), way as u8, bytes));
    }

    fn add(&mut self, what: impl Hash) {
        self.0 = FixedState::default().hash_one((self.0, what));
    }
}
