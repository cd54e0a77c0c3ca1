//! What is wrong in a herd until a person mends it.

use core::fmt;
use core::mem::discriminant;
use std::net::IpAddr;

use crate::values::{ServerName, Skew};
use crate::wire::Stranger;

/// Something that is wrong between this server and another one, and does not go away by itself.
///
/// Shown, it says what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The other server, as it calls itself or as the list calls it.
    pub with: ServerName,
    /// What it is.
    pub what: Wrong,
}

/// What can be wrong between two servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It greets, and is no neighbour in this server's list.
    Unknown {
        /// Where it connects from.
        from: Option<IpAddr>,
    },
    /// It is a neighbour, and connects from an IP address that its `address` does not stand for.
    Address {
        /// Where it connects from.
        from: Option<IpAddr>,
    },
    /// It has not proved that it knows a secret which this server accepts.
    Secret {
        /// The id of the secret that it has proved to know; none where it has proved nothing.
        proved: Option<u32>,
    },
    /// It has not shown a certificate of its name which this server accepts.
    Certificate {
        /// What is wrong with the one that it has shown, where this server has looked at it.
        why: Option<String>,
    },
    /// It proves nothing, and is believed by its address, since the file says so.
    Unproven,
    /// It refuses this server.
    Refused(Stranger),
    /// At its address another server answers.
    Elsewhere {
        /// Who does.
        who: ServerName,
    },
    /// Two servers of that name run.
    Name,
    /// Its list of servers, or `max-ahead`, is not this server's.
    Differs,
    /// It has another hash key than this server, or only one of the two has any: they flood and do not compare, so what is
    /// lost on the way stays lost between them.
    HashKey,
    /// Its clock is so far ahead of this server's, by more than any way between the two explains.
    Clock(Skew),
}

impl Wrong {
    /// In a few words, for logs.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "greeted by a server that is no neighbour",
            Self::Address { .. } => "neighbour connects from another address",
            Self::Secret { .. } => "neighbour has no valid secret",
            Self::Certificate { .. } => "neighbour has no valid certificate",
            Self::Unproven => "neighbour believed by its address alone",
            Self::Refused(_) => "refused by a neighbour",
            Self::Elsewhere { .. } => "another server answers at a neighbour's address",
            Self::Name => "two servers of one name",
            Self::Differs => "files differ",
            Self::HashKey => "hash keys differ",
            Self::Clock(_) => "clocks differ",
        }
    }

    /// Whether it is known what is behind it.
    pub(crate) const fn has_reason(&self) -> bool {
        matches!(self, Self::Certificate { why: Some(_) })
    }

    /// Whether it is the same kind of thing, however much of it.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        discriminant(self) == discriminant(other)
    }
}

/// In a sentence that says what to do.
impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { with, what } = self;
        match what {
            Wrong::Unknown { from } => {
                write!(f, "{with} connects{} but is no neighbour in this server's file: ", From(*from))?;
                f.write_str("link the two in both files, or take the link out of its file")
            }
            Wrong::Address { from } => {
                write!(
                    f,
                    "{with} connects{}, which its address in this server's file does not stand for: ",
                    From(*from)
                )?;
                write!(f, "correct the address of {with}")
            }
            Wrong::Secret { proved: None } => {
                write!(
                    f,
                    "{with} proves no secret, and this server asks for one: give it the secret-file of this server"
                )
            }
            Wrong::Secret { proved: Some(id) } => {
                write!(f, "{with} proves the secret {id:08x}, which this server does not have: ")?;
                f.write_str("give both the same secret-file, and while you change secrets both the old and the new one")
            }
            Wrong::Certificate { why } => {
                let why = why.as_ref().map_or_else(String::new, |why| format!(" ({why})"));
                write!(f, "{with} has shown no valid certificate of its name{why}: ")?;
                f.write_str("give both certificates of one authority; `herd certs` makes them")
            }
            Wrong::Unproven => {
                write!(f, "{with} proves nothing and is believed by its address, as trust-addresses says: ")?;
                f.write_str("give it the secret, and take trust-addresses out when all have it")
            }
            Wrong::Refused(Stranger::Secret) => {
                write!(f, "{with} refuses this server, which has not proved that it knows its secret: ")?;
                f.write_str("give both the same secret-file, and while you change secrets both the old and the new one")
            }
            Wrong::Refused(Stranger::Certificate) => {
                write!(f, "{with} refuses this server, which has shown no certificate that it accepts: ")?;
                f.write_str("give both certificates of one authority; `herd certs` makes them")
            }
            Wrong::Refused(Stranger::Unknown) => {
                write!(f, "{with} refuses this server, which is no neighbour in its file: link the two in both files")
            }
            Wrong::Refused(Stranger::Address) => {
                write!(f, "{with} refuses this server, whose address in its file is another: correct it there")
            }
            Wrong::Refused(Stranger::Name) => {
                write!(f, "{with} refuses this server, since another one of the same name runs: ")?;
                f.write_str("stop one of the two, or give it another name")
            }
            Wrong::Refused(Stranger::Other) => write!(f, "{with} refuses this server: its log says why"),
            Wrong::Elsewhere { who } => {
                write!(f, "{who} answers at the address of {with}: correct the address of {with} in this server's file")
            }
            Wrong::Name => write!(f, "two servers named {with} run: stop one of them, or give it another name"),
            Wrong::Differs => {
                write!(f, "the file of {with} differs from this server's in servers, links or max-ahead: ")?;
                f.write_str("give both the same file")
            }
            Wrong::HashKey => {
                write!(f, "{with} has another hash key than this server, so the two do not compare what they keep: ")?;
                f.write_str("give both the same hash-key-file")
            }
            Wrong::Clock(ahead) => {
                let side = if ahead.as_nanos() < 0 { "behind" } else { "ahead of" };
                let tenths = ahead.as_nanos().unsigned_abs() / 100_000_000;
                write!(f, "the clock of {with} is {}.{} s {side} this server's: ", tenths / 10, tenths % 10)?;
                f.write_str("set both by a time server")
            }
        }
    }
}

/// Where somebody connects from, where that is known.
struct From(Option<IpAddr>);

impl fmt::Display for From {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |ip| write!(f, " from {ip}"))
    }
}
