//! What the servers of a herd know and strangers do not.

use core::fmt;

use sha2::{Digest, Sha256};

/// A secret that servers of one herd share, to prove to each other that they belong to it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    key: [u8; Self::BYTES],
    id: u32,
}

impl Secret {
    /// How long a secret is.
    pub const BYTES: usize = 32;

    /// That secret. It is to be made by chance: whoever sees a proof can try out guesses.
    #[must_use]
    pub fn new(key: &[u8; Self::BYTES]) -> Self {
        let hash = Sha256::new().chain_update(b"herd secret: id").chain_update(key).finalize();
        Self { key: *key, id: u32::from_be_bytes(*hash.first_chunk().expect("it has 32 bytes")) }
    }

    /// A number that tells secrets apart and gives nothing of them away. It goes with each proof; people see it as eight
    /// hexadecimal digits.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// The secret itself.
    pub(super) const fn key(&self) -> &[u8; Self::BYTES] {
        &self.key
    }
}

/// The secret is not in it.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({:08x})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_tell_secrets_apart_and_nothing_else_is_shown() {
        let (one, two) = (Secret::new(&[1; 32]), Secret::new(&[2; 32]));
        assert_ne!(one.id(), two.id());
        assert_eq!(format!("{one:?}"), format!("Secret({:08x})", one.id()));
    }
}
