//! One moment of a herd, and what may happen next.

use std::hash::Hash;

use xxhash_rust::xxh3::Xxh3;

use super::connection::Connection;
use super::site::{Place, Wrong};

/// All that is so at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) servers: Vec<Option<Place>>,
    pub(crate) lives: Vec<u8>,
    /// One for each way, in the order of `Graph::ways`.
    pub(crate) connections: Vec<Connection>,
    /// A bit for each update that no client has said yet.
    pub(crate) unsaid: u8,
    pub(crate) crashes: u8,
    pub(crate) cuts: u8,
    pub(crate) rests: u8,
    /// How often the clocks have gone forward since something last happened.
    pub(crate) waits: u8,
    /// A bit for each way and update: whether it was sent there, in this life of both.
    pub(crate) crossed: u64,
    pub(crate) wrong: Option<Wrong>,
}

impl State {
    /// A number in which no two states meet but by a chance that need not be reckoned with.
    pub(crate) fn number(&self) -> u128 {
        let mut hasher = Xxh3::new();
        self.hash(&mut hasher);
        hasher.digest128()
    }

    /// What may arrive next.
    pub(crate) fn deliveries(&self) -> Vec<Happening> {
        let mut deliveries = Vec::new();
        for (way, connection) in self.connections.iter().enumerate() {
            let [before, there, back] = connection.heads();
            deliveries.extend(before.then_some(Happening::DeliverBefore(way)));
            deliveries.extend(there.then_some(Happening::Deliver(way)));
            deliveries.extend(back.then_some(Happening::DeliverReply(way)));
            deliveries.extend(connection.is_broken().then_some(Happening::Notice(way)));
        }
        deliveries
    }

    /// How many texts are on their way.
    pub(crate) fn flying(&self) -> usize {
        self.connections.iter().map(Connection::flying).sum()
    }

    /// Whether nothing but time and what comes from outside can change anything.
    pub(crate) fn is_still(&self) -> bool {
        self.flying() == 0 && self.servers.iter().all(Option::is_some)
    }
}

/// What may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Happening {
    /// A client says an update.
    Say(usize),
    /// What is first on a connection that was closed arrives.
    DeliverBefore(usize),
    /// What is first on a connection arrives.
    Deliver(usize),
    /// The reply that is first on a connection arrives.
    DeliverReply(usize),
    /// The one who opened a connection that is over learns so.
    Notice(usize),
    /// A server crashes.
    Crash(usize),
    /// A server that crashed starts again.
    Restart(usize),
    /// A connection is cut.
    Cut(usize),
    /// Nothing is on its way, and time passes until a server wants to be called.
    Wait,
}

impl Happening {
    /// Whether it follows from what happened before, in no time.
    pub(crate) const fn is_delivery(self) -> bool {
        matches!(self, Self::DeliverBefore(_) | Self::Deliver(_) | Self::DeliverReply(_) | Self::Notice(_))
    }
}
