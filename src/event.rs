//! What a node is told, and what it says to do.

use core::fmt;
use std::net::IpAddr;

use crate::fetch::FetchId;
use crate::herd::ServerId;
use crate::places::{Places, Query, Unavailable};
use crate::session::{Answer, SessionId};

/// What happened, besides requests: those go through [`Node::serve`](crate::Node::serve).
#[derive(Debug)]
pub enum Event<'a> {
    /// The server listens: it tells its neighbours.
    Started,
    /// A neighbour's `address` stands for these IP addresses now.
    Resolved {
        /// The neighbour.
        peer: ServerId,
        /// Every address that it may connect from.
        addresses: &'a [IpAddr],
    },
    /// A connection that was asked for is there.
    Connected {
        /// The neighbour.
        peer: ServerId,
        /// As it was in [`Action::Connect`].
        attempt: Attempt,
    },
    /// A connection that was asked for could not be made, or is over.
    Lost {
        /// The neighbour.
        peer: ServerId,
        /// As it was in [`Action::Connect`].
        attempt: Attempt,
    },
    /// The neighbour sent something on a connection that was asked for.
    Received {
        /// The neighbour.
        peer: ServerId,
        /// As it was in [`Action::Connect`].
        attempt: Attempt,
        /// What came.
        bytes: &'a [u8],
    },
    /// All that [`Node::take`](crate::Node::take) gave has been sent.
    Sent {
        /// The neighbour.
        peer: ServerId,
        /// As it was in [`Action::Connect`].
        attempt: Attempt,
    },
    /// A fetch has ended.
    Fetched {
        /// As it was in [`Action::Fetch`].
        fetch: FetchId,
        /// The places, or why there are none.
        outcome: Result<Places, Unavailable>,
    },
    /// A session [that waits](crate::Session::is_waiting) has gone: nobody waits there any more.
    Gone(SessionId),
    /// The time that [`Node::next_wake`](crate::Node::next_wake) asked for has come.
    Woken,
}

/// What the adapter is to do. Each is done once, in any order but for one neighbour's, and but that a
/// session is given its [`Replies`](crate::Replies) before the answers that [`Node::serve`](crate::Node::serve) has for it.
#[derive(Clone, Debug)]
pub enum Action {
    /// Give that session its places: [`Session::answer`](crate::Session::answer). If it has gone, drop them.
    Reply {
        /// Whose they are.
        session: SessionId,
        /// The places.
        answer: Answer,
    },
    /// There is something to forward to that neighbour: call [`Node::take`](crate::Node::take), send it, say
    /// [`Event::Sent`].
    Forward {
        /// The neighbour.
        peer: ServerId,
        /// The connection to send it on.
        attempt: Attempt,
    },
    /// Fetch places, and say [`Event::Fetched`].
    Fetch {
        /// What to call it.
        fetch: FetchId,
        /// What to ask.
        query: Query,
    },
    /// Connect to that neighbour, and say [`Event::Connected`] or [`Event::Lost`].
    Connect {
        /// The neighbour.
        peer: ServerId,
        /// What to call this connection.
        attempt: Attempt,
    },
    /// Close that connection when what was taken is sent; nothing more need be said of it.
    Disconnect {
        /// The neighbour.
        peer: ServerId,
        /// Which connection.
        attempt: Attempt,
        /// For logs.
        why: Parting,
    },
    /// For logs: this server has compared what it keeps with what that neighbour keeps. Nothing is to be
    /// done.
    Compared {
        /// The neighbour.
        peer: ServerId,
        /// Reports that it lacked.
        sent: u64,
        /// Reports that this server lacked.
        received: u64,
    },
}

/// Why a server closes a connection to a neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parting {
    /// Nothing was sent for `link-idle`.
    AtRest,
    /// The neighbour is a plain server, which gets a connection for each line.
    OneLineEach,
    /// The neighbour has restarted: the connection is to a server that is gone.
    Restarted,
    /// The neighbour did not accept the connection, or what it was sent, within `link-timeout`.
    TimedOut,
}

impl fmt::Display for Parting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::AtRest => "at rest",
            Self::OneLineEach => "a plain server gets one line a connection",
            Self::Restarted => "the neighbour restarted",
            Self::TimedOut => "timed out",
        })
    }
}

/// One attempt to reach a neighbour: a connection, from `Connect` to its end. What an adapter says
/// of an attempt that is over is not listened to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attempt(u64);

impl Attempt {
    pub(crate) const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}
