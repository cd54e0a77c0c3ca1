//! What can be wrong with a list of servers.

use crate::values::ServerName;

/// Why a list of servers is not a herd. Nothing was made; mend the list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HerdError {
    /// No server at all.
    #[error("a herd has at least one server")]
    Empty,
    /// More servers than ids.
    #[error("a herd has at most 65,535 servers, not {0}")]
    TooMany(usize),
    /// Two servers of one name.
    #[error("two servers are named {0}")]
    NameTwice(ServerName),
    /// Two servers that others would reach at one address.
    #[error("{first} and {second} both have the address {address}")]
    AddressTwice {
        /// The address.
        address: String,
        /// Who had it first.
        first: ServerName,
        /// Who has it too.
        second: ServerName,
    },
    /// A link to a name that is not in the list.
    #[error("{server} has a link to {link:?}, which is no server of this herd")]
    UnknownLink {
        /// Whose link it is.
        server: ServerName,
        /// The unknown name.
        link: String,
    },
    /// A server that is linked to itself.
    #[error("{0} is linked to itself")]
    SelfLink(ServerName),
    /// An update at one of these would never reach the other.
    #[error("no chain of links leads from {from} to {to}")]
    Unconnected {
        /// A server of the first part.
        from: ServerName,
        /// A server of another part.
        to: ServerName,
    },
}
