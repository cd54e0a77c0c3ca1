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
    /// There is no link to this neighbour, or none any more: close its connection, if there is one, and do no more
    /// about it unless [`Action::Forward`](crate::Action::Forward) names it again.
    End,
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
    /// The neighbour did not understand a greeting: it is told less, on other connections.
    NotUnderstood,
    /// The neighbour did not answer a greeting.
    NoAnswer,
    /// The neighbour refused this server.
    Refused,
    /// Another server answered at the neighbour's address.
    Elsewhere,
    /// The neighbour did not accept the connection, or what it was sent, or did not answer, within `link-timeout`.
    TimedOut,
    /// The other end has not shown that it is the neighbour.
    NotBelieved,
    /// Others are believed now than when the connection was made.
    TrustChanged,
    /// The neighbour has another address now.
    Moved,
    /// The next connection can show more than this one.
    Renewed,
    /// The server is no neighbour any more.
    Removed,
    /// This server stops, and all that waited was sent.
    Stopping,
}

impl fmt::Display for Parting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::AtRest => "at rest",
            Self::OneLineEach => "a plain server gets one line a connection",
            Self::Restarted => "the neighbour restarted",
            Self::NotUnderstood => "greeting not understood",
            Self::NoAnswer => "greeting not answered",
            Self::Refused => "refused by the neighbour",
            Self::Elsewhere => "another server answered",
            Self::TimedOut => "timed out",
            Self::NotBelieved => "the other end has not proved that it is the neighbour",
            Self::TrustChanged => "who is believed has changed",
            Self::Moved => "the neighbour has another address now",
            Self::Renewed => "made anew",
            Self::Removed => "no neighbour any more",
            Self::Stopping => "server stopping",
        })
    }
}
