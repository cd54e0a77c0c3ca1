//! What a link says is to be done.

use core::fmt;

use bytes::Bytes;

use crate::values::Instant;

/// What is to be done about a link now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkStep {
    /// Connect to the neighbour, and say [`Event::Connected`](crate::Event::Connected) or
    /// [`Event::Lost`](crate::Event::Lost).
    Connect,
    /// Send these whole lines on the connection, then say [`Event::Sent`](crate::Event::Sent).
    Send(Bytes),
    /// Close the connection, or give up making it; nothing more need be said of it.
    Close(Parting),
    /// Nothing, until [`Action::Forward`](crate::Action::Forward) names this neighbour. If nothing happens before,
    /// that is at this time at the latest; the node has asked to be woken for it.
    Wait(Option<Instant>),
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
