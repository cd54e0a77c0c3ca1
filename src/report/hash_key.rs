//! What the herd's hash of clients is drawn from.

use core::fmt;

use sha2::{Digest, Sha256};
use xxhash_rust::const_xxh3::const_custom_default_secret;
use xxhash_rust::xxh3::xxh3_64_with_secret;

use super::client_hash::ClientHash;

/// How many bytes of a secret XXH3 takes.
const SECRET: usize = 192;

/// Says where clients belong: XXH3 of their IDs with a secret that the servers of a herd share.
///
/// Without a key it is the secret that everybody knows, and whoever chooses client IDs can choose where they belong:
/// all in one place, which makes comparing, and so repair, slow. Nothing that leaves the herd depends on it, and the
/// digests of reports do not either.
#[derive(Clone, PartialEq, Eq)]
pub struct HashKey {
    secret: [u8; SECRET],
    fingerprint: Option<u64>,
}

impl HashKey {
    /// How long a key is.
    pub const BYTES: usize = 32;

    /// The hash of a herd that has that key.
    #[must_use]
    pub fn new(key: &[u8; Self::BYTES]) -> Self {
        let derive = |what: &[u8], number: u8| {
            Sha256::new().chain_update(what).chain_update([number]).chain_update(key).finalize()
        };
        let mut secret = [0; SECRET];
        for (number, part) in (0..).zip(secret.as_chunks_mut::<{ Self::BYTES }>().0) {
            *part = derive(b"herd hash key: secret", number).into();
        }
        let fingerprint = derive(b"herd hash key: fingerprint", 0);
        Self { secret, fingerprint: fingerprint.first_chunk().map(|first| u64::from_be_bytes(*first)) }
    }

    /// A number that tells keys apart and gives nothing of them away; none for the hash that everybody knows.
    #[must_use]
    pub const fn fingerprint(&self) -> Option<u64> {
        self.fingerprint
    }

    /// Where that client belongs.
    #[inline]
    pub(crate) fn hash(&self, client: &[u8]) -> ClientHash {
        ClientHash::from_bits(xxh3_64_with_secret(client, &self.secret))
    }
}

/// The hash that everybody knows: XXH3 without a seed.
impl Default for HashKey {
    fn default() -> Self {
        Self { secret: const { const_custom_default_secret(0) }, fingerprint: None }
    }
}

/// No secret is in it.
impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashKey").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use xxhash_rust::xxh3::xxh3_64;

    use super::*;

    #[test]
    fn without_a_key_it_is_the_hash_that_everybody_knows() {
        let client = [b'c'; 600];
        for len in 0..client.len() {
            let bits = HashKey::default().hash(&client[..len]).bits();
            assert_eq!(bits, xxh3_64(&client[..len]), "{len} bytes");
        }
    }

    #[test]
    fn each_key_is_another_hash_and_is_in_no_message() {
        let keys = [HashKey::default(), HashKey::new(&[1; 32]), HashKey::new(&[2; 32])];
        for (index, key) in keys.iter().enumerate() {
            for other in &keys[..index] {
                assert_ne!(key.fingerprint(), other.fingerprint());
                for client in [&b"k"[..], b"kiwi", b"kiwi.cs.ucla.edu", &[b'c'; 40], &[b'c'; 300]] {
                    assert_ne!(key.hash(client), other.hash(client));
                }
            }
        }
        let (key, shown) = (&keys[1], format!("{:?}", keys[1]));
        assert!(!shown.contains(&format!("{:?}", &key.secret[..4]).trim_matches(['[', ']']).to_string()), "{shown}");
    }
}
