//! What can be wrong with a line.

use core::fmt;

use super::stranger::Stranger;
use crate::values::Skew;

/// Why a line is answered with `? ` and the connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The first field is no command. Commands are upper case.
    UnknownCommand,
    /// Too few fields for the command, or too many.
    FieldCount,
    /// Not ISO 6709 in decimal degrees with both signs.
    Position,
    /// Not POSIX seconds with at most nine decimals.
    Time,
    /// A client's time that is further past the server's clock than `max-ahead` allows, and by how much: it would block
    /// every true report of that client for as long.
    TooFarAhead(Skew),
    /// Not a decimal number of kilometres from 0 to 50, or to 20,016 around clients.
    Radius,
    /// Not an integer from 0 to 20, or to 1000 for clients.
    Bound,
    /// Not a client's ID, nor the beginning of one with a `*` behind it: a `*` stands only at the end.
    Pattern,
    /// Not whole seconds from 1 to 86,400 of a DWELL, to 4,294,967,295 of a HEARD.
    Seconds,
    /// An AT line's skew is no signed decimal number.
    Skew,
    /// A greeting's number is no integer of 64 bits.
    Incarnation,
    /// A greeting's field is not `name=value`, stands there twice, or has an invalid value.
    Greeting,
    /// A `REPAIR` line that asks nothing that is known.
    Repair,
    /// Longer than `max-line`.
    TooLong,
    /// A line of a neighbour's from somebody who is none.
    NotANeighbour,
    /// A line of a neighbour's from an IP address that the neighbour's `address` does not stand for.
    NotItsAddress,
    /// A line of a neighbour's from somebody who has not proved that it is the neighbour.
    NotProven,
    /// A request that the connection has no right to.
    NoRight(Need),
    /// A token that is not known, or none at all.
    WrongToken,
    /// A request on plain text, where clients have to encrypt.
    NotEncrypted,
    /// A report above the rate that the connection's token, or its address, may have.
    TooOften,
    /// A report whose origin no server could be called: 1 to 64 bytes of UTF-8 without control characters.
    Origin,
    /// A WHATSAT for a client of which this server has not heard.
    UnknownClient,
    /// One more watch than a connection may have.
    TooManyWatches,
    /// A WATCH of what the connection has a FENCE of, or the other way round.
    WatchedOtherwise,
    /// A WATCH or a FENCE where a connection is closed after its first reply.
    OneShot,
    /// As many clients as the limits allow are kept already, and this one is not among them.
    Full,
    /// What clients report cannot be kept now as it was promised to be.
    NotKept,
}

/// The right that a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Need {
    /// `report` of that client.
    Report,
    /// `forget` of that client.
    Forget,
    /// `ask` of that client.
    Ask,
    /// `near`.
    Near,
    /// `watch` of any of these clients.
    Watch,
    /// `share` of that client.
    Share,
    /// `status`.
    Status,
}

impl Need {
    /// Whether it is for a request that brings something to be kept.
    pub(crate) const fn brings(self) -> bool {
        match self {
            Self::Report | Self::Forget => true,
            Self::Ask | Self::Near | Self::Watch | Self::Share | Self::Status => false,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Report => "no right to report this client",
            Self::Forget => "no right to forget this client",
            Self::Ask => "no right to ask for this client",
            Self::Near => "no right to ask who is near",
            Self::Watch => "no right to watch any of these clients",
            Self::Share => "no right to share this client",
            Self::Status => "no right to ask for the status",
        }
    }
}

impl Refusal {
    /// Whether it is who said the line that is wrong, and not the line: an operator may want to know.
    #[must_use]
    pub const fn is_denial(self) -> bool {
        matches!(self, Self::NotProven | Self::NoRight(_) | Self::WrongToken | Self::NotEncrypted | Self::TooOften)
    }

    /// The reason in a few words, for logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownCommand => "unknown command",
            Self::FieldCount => "wrong number of fields",
            Self::Position => "invalid position",
            Self::Time => "invalid time",
            Self::TooFarAhead(_) => "time too far ahead of the server's clock",
            Self::Radius => "invalid radius",
            Self::Bound => "invalid bound",
            Self::Pattern => "invalid pattern",
            Self::Seconds => "invalid number of seconds",
            Self::TooManyWatches => "too many watches on this connection",
            Self::WatchedOtherwise => "watched otherwise on this connection",
            Self::OneShot => "no watches with one-shot",
            Self::Skew => "invalid skew",
            Self::Incarnation => "invalid incarnation",
            Self::Greeting => "invalid field in a greeting",
            Self::Repair => "invalid repair",
            Self::TooLong => "line too long",
            Self::NotANeighbour => "not a neighbour",
            Self::NotItsAddress => "not from the neighbour's address",
            Self::NotProven => "not proved to be the neighbour",
            Self::NoRight(need) => need.as_str(),
            Self::WrongToken => "wrong token",
            Self::NotEncrypted => "not encrypted",
            Self::TooOften => "more reports than reports-per-second allows",
            Self::Origin => "invalid origin",
            Self::UnknownClient => "unknown client",
            Self::Full => "too many clients",
            Self::NotKept => "disk failing",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFarAhead(by) => write!(f, "{}: {by} s", self.as_str()),
            _ => f.pad(self.as_str()),
        }
    }
}

impl From<Stranger> for Refusal {
    fn from(why: Stranger) -> Self {
        match why {
            Stranger::Address => Self::NotItsAddress,
            Stranger::Secret | Stranger::Certificate => Self::NotProven,
            Stranger::Unknown | Stranger::Name | Stranger::Other => Self::NotANeighbour,
        }
    }
}
