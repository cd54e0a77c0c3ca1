//! Why a server is not believed to be a neighbour.

use core::fmt;

/// What the last field of `REFUSED server WORD` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stranger {
    /// No neighbour of that name is in the other server's list.
    Unknown,
    /// The connection comes from an IP address that this neighbour's `address` does not stand for.
    Address,
    /// It has not proved that it knows a secret that the other server knows.
    Secret,
    /// It has not shown a certificate that the other server believes, of its name.
    Certificate,
    /// Another server of that name runs.
    Name,
    /// A word that this release does not know.
    Other,
}

impl Stranger {
    /// Reads the word.
    pub(crate) fn parse(word: &[u8]) -> Self {
        [Self::Unknown, Self::Address, Self::Secret, Self::Certificate, Self::Name]
            .into_iter()
            .find(|why| why.word().as_bytes() == word)
            .unwrap_or(Self::Other)
    }

    /// The word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Address => "address",
            Self::Secret => "secret",
            Self::Certificate => "certificate",
            Self::Name => "name",
            Self::Other => "other",
        }
    }
}

/// In a few words, for logs.
impl fmt::Display for Stranger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unknown => "its list of servers does not have this server as a neighbour",
            Self::Address => "its list of servers has another address for this server",
            Self::Secret => "this server has not proved that it knows a secret which that one accepts",
            Self::Certificate => "this server has not shown a certificate of its name which that one accepts",
            Self::Name => "another server of this server's name runs",
            Self::Other => "for a reason that this release does not know",
        })
    }
}
