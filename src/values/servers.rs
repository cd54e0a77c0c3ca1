//! What servers are called, on the wire and in a herd's list.

use core::fmt;

/// A server's name: one field on the wire, so 1 to 64 bytes with no white space and no control
/// characters. Checked once, here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerName(Box<str>);

impl ServerName {
    /// The longest name, in bytes.
    pub const MOST_BYTES: usize = 64;

    /// Takes a name.
    ///
    /// # Errors
    /// Where it could not stand in a line as one field.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        let fits = (1..=Self::MOST_BYTES).contains(&name.len());
        if fits && !name.chars().any(|c| c.is_whitespace() || c.is_control()) {
            Ok(Self(name.into()))
        } else {
            Err(InvalidName(name.into()))
        }
    }

    /// The name that a field of a line is, if it can be one.
    pub(crate) fn of(field: &[u8]) -> Option<Self> {
        core::str::from_utf8(field).ok().and_then(|name| Self::new(name).ok())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as the wire has it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A server, as one [`Herd`](crate::Herd) or one [`Node`](crate::Node) numbers it.
///
/// In a herd it is the server's place in the list. A node that was made with that herd calls its servers the same, and
/// goes on counting as it hears of others, from reports or from another list: no id is ever given to another server. So
/// where the list has changed ask the [node](crate::Node::server). To another node it means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerId(pub(crate) u16);

impl ServerId {
    /// No server's, or one's whose name stands in the line alone: there are at most 65,535.
    pub(crate) const NONE: Self = Self(u16::MAX);

    /// The number.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Why a text is no server's name. Choose another name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid server name {0:?}: expected 1 to 64 bytes without white space or control characters")]
pub struct InvalidName(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_field() {
        assert!(ServerName::new("Alford").is_ok() && ServerName::new(&"x".repeat(64)).is_ok());
        for bad in ["", "two words", "tab\t", "bell\u{7}", &"x".repeat(65)] {
            assert_eq!(ServerName::new(bad), Err(InvalidName(bad.into())));
        }
    }
}
