//! What a client says to be known.

use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::wire::hexadecimal;

/// A token: 32 bytes by chance, written as 43 characters of base64url. Who has it has its rights.
#[derive(Clone)]
pub struct Token(Box<[u8]>);

/// What a server knows of a token, and nobody gets the token from: the SHA-256 of its 43 characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl Token {
    /// A token of these bytes.
    #[must_use]
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes).into_bytes().into())
    }

    /// Reads a token, if it has the form of one.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == 32).then(|| Self(text.into()))
    }

    /// Its characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).expect("base64 is ASCII")
    }

    /// What a server is to know of it.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(&self.0).into())
    }
}

impl TokenHash {
    /// Reads what it is shown as: 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (high, low) = text.split_at_checked(32)?;
        let halves = [hexadecimal(high, 32)?, hexadecimal(low, 32)?].map(u128::to_be_bytes);
        Some(Self(*halves.as_flattened().first_chunk()?))
    }
}

/// It is a secret.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// As 64 hexadecimal digits.
impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenHash({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_known_by_the_hash_of_its_characters() {
        let token = Token::new(&[0; 32]);
        assert_eq!(token.as_str(), "A".repeat(43));
        assert_eq!(Token::parse(token.as_str().as_bytes()).expect("a token").hash(), token.hash());
        // printf %43s | tr ' ' A | sha256sum
        assert_eq!(token.hash().to_string(), "0f007385b6f9d4b7eeb2748605afe1a984a0a3bfa3f014d09e2a784ce9e5cd1a");
        assert_eq!(TokenHash::parse(token.hash().to_string().as_bytes()), Some(token.hash()));
        assert_eq!(TokenHash::parse(&[b'0'; 63]), None);
        assert_eq!(format!("{token:?}"), "Token");
        for bad in
            ["", &"A".repeat(42), &"A".repeat(44), &format!("{}=", "A".repeat(43)), &format!("{}+", "A".repeat(42))]
        {
            assert!(Token::parse(bad.as_bytes()).is_none(), "{bad}");
        }
    }
}
