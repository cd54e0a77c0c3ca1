//! Where a client belongs in the store.

use core::hash::{BuildHasher, Hasher};

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;

use crate::wire::Span;

/// Where a client belongs, known or not: a hash of its ID, the same on every server whose [key](super::HashKey) is the
/// same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientHash(u64);

impl ClientHash {
    #[inline]
    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The client's range: the first bits.
    #[inline]
    pub(crate) const fn range(self) -> usize {
        (self.0 >> (u64::BITS - Span::RANGE_BITS)) as usize
    }

    /// All of its bits.
    #[inline]
    pub(crate) const fn bits(self) -> u64 {
        self.0
    }
}

/// A second hash of clients, which nobody can choose who does not know the seed.
#[derive(Clone, Debug)]
pub(crate) struct SecretHasher(SeedableRandomState);

impl SecretHasher {
    pub(crate) fn new(seed: u64) -> Self {
        Self(SeedableRandomState::with_seed(seed, SharedSeed::global_fixed()))
    }

    pub(crate) fn hash(&self, client: &[u8]) -> u64 {
        let mut hasher = self.0.build_hasher();
        hasher.write(client);
        hasher.finish()
    }
}
