//! The keys by which links are signed.

use core::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A key: 32 bytes by chance, as `herd secret` makes them. Who has it can make links to every client.
#[derive(Clone, PartialEq, Eq)]
pub struct ShareKey([u8; 32]);

impl ShareKey {
    /// That key.
    #[must_use]
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    fn mac(&self, of: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::new_from_slice(&self.0).expect("it takes keys of any length");
        // What else may ever be signed with such a key begins otherwise.
        mac.update(b"herd link");
        mac.update(of);
        mac
    }
}

/// It is a secret.
impl fmt::Debug for ShareKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShareKey")
    }
}

/// The keys that links are known by: the first signs, all are accepted. Without one there are no links.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShareKeys(Arc<[ShareKey]>);

impl ShareKeys {
    /// These keys.
    #[must_use]
    pub fn new(keys: Vec<ShareKey>) -> Self {
        Self(keys.into())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A signature by the first.
    pub(super) fn sign(&self, of: &[u8]) -> Option<[u8; 32]> {
        Some(self.0.first()?.mac(of).finalize().into_bytes().into())
    }

    /// Whether any of them signed that. The comparison takes as long wherever the two differ.
    pub(super) fn verify(&self, of: &[u8], signature: &[u8; 32]) -> bool {
        self.0.iter().any(|key| key.mac(of).verify_slice(signature).is_ok())
    }
}
