//! Numbers that are used once, from the one seed that a node is given.

use core::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::wire::Nonce;

/// All the randomness that a node ever has: 256 bits, which nobody can guess and no earlier run had.
///
/// A simulator makes one of a single number, and plays the same run again with it.
#[derive(Clone)]
pub struct Seed([u64; 4]);

impl Seed {
    /// Keeps chosen client IDs from colliding.
    pub(crate) const fn hashing(&self) -> u64 {
        self.0[0]
    }

    /// Names the run. Neighbours are told what is made of it, so nothing else is made of this part.
    pub(crate) const fn incarnation(&self) -> u64 {
        self.0[1]
    }

    /// Spreads the pauses of links.
    pub(crate) const fn jitter(&self) -> u64 {
        self.0[2]
    }
}

impl From<[u8; 32]> for Seed {
    fn from(bytes: [u8; 32]) -> Self {
        let (words, _) = bytes.as_chunks::<8>();
        Self([0, 1, 2, 3].map(|index: usize| u64::from_le_bytes(words[index])))
    }
}

impl From<u64> for Seed {
    fn from(number: u64) -> Self {
        Self([number; 4])
    }
}

/// It is a secret.
impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed")
    }
}

/// Makes nonces: HMAC-SHA256 of a number that is never used again, with the seed for a key.
#[derive(Clone)]
pub(crate) struct Nonces(Hmac<Sha256>);

impl Nonces {
    pub(crate) fn new(seed: &Seed) -> Self {
        let mut nonces = Hmac::new_from_slice(b"herd nonces").expect("it takes keys of any length");
        for word in seed.0 {
            nonces.update(&word.to_le_bytes());
        }
        Self(nonces)
    }

    /// In the place of a session's number: those of all links.
    pub(crate) const LINKS: u64 = u64::MAX;

    /// The nonce of greeting number `count` on the session of that number.
    pub(crate) fn nonce(&self, session: u64, count: u64) -> Nonce {
        let mut nonce = self.0.clone();
        nonce.update(&session.to_le_bytes());
        nonce.update(&count.to_le_bytes());
        let bytes: [u8; 32] = nonce.finalize().into_bytes().into();
        Nonce(*bytes.first_chunk().expect("it has 32 bytes"))
    }
}

/// It is a secret.
impl fmt::Debug for Nonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonces")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_another() {
        let (one, two) = (Nonces::new(&Seed::from([1; 32])), Nonces::new(&Seed::from([2; 32])));
        let nonces = [one.nonce(0, 0), one.nonce(0, 1), one.nonce(1, 0), one.nonce(u64::MAX, 0), two.nonce(0, 0)];
        for (index, nonce) in nonces.iter().enumerate() {
            assert!(!nonces[..index].contains(nonce));
        }
        assert_eq!(Nonces::new(&Seed::from([1; 32])).nonce(0, 0), nonces[0]);
    }
}
