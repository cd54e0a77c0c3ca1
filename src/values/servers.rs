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

/// A server of one [`Herd`](crate::Herd): its place in the herd's list. It means nothing in another herd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerId(pub(crate) u16);

impl ServerId {
    /// Its index in [`Herd::members`](crate::Herd::members).
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Why a text is no server's name. Choose another name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no server name: 1 to 64 bytes without white space or control characters")]
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
