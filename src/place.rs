//! Where a client belongs in the store.

use core::hash::{BuildHasher, Hasher};

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;
use xxhash_rust::xxh3::xxh3_64;

use crate::repair::Span;
use crate::report::{Report, digest_of};

/// Where a client belongs, known or not, and the digest of its report, where there is one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    hash: u64,
    digest: u64,
    range: u16,
}

impl Place {
    /// The client's range, the same on every server.
    #[inline]
    pub(crate) const fn range(self) -> usize {
        self.range as usize
    }

    /// Its place in that range, which nobody can choose who does not know the seed.
    #[inline]
    pub(crate) const fn hash(self) -> u64 {
        self.hash
    }

    /// The digest of the report, where there is one.
    #[inline]
    pub(crate) const fn digest(self) -> u64 {
        self.digest
    }
}

/// Works out places.
#[derive(Clone, Debug)]
pub(crate) struct Locator(SeedableRandomState);

impl Locator {
    pub(crate) fn new(seed: u64) -> Self {
        Self(SeedableRandomState::with_seed(seed, SharedSeed::global_fixed()))
    }

    /// Where a client belongs.
    #[inline]
    pub(crate) fn of_client(&self, client: &[u8]) -> Place {
        const { assert!(Span::RANGE_BITS <= u16::BITS) };
        let range = (xxh3_64(client) >> (u64::BITS - Span::RANGE_BITS)) as u16;
        Place { range, hash: self.hash(client), digest: 0 }
    }

    /// Where a report belongs.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call is a twentieth of what an IAMAT takes")]
    pub(crate) fn of(&self, report: &Report<'_>) -> Place {
        Place { digest: digest_of(report.line()), ..self.of_client(report.client()) }
    }

    /// A client's place in its range.
    #[inline]
    pub(crate) fn hash(&self, client: &[u8]) -> u64 {
        let mut hasher = self.0.build_hasher();
        hasher.write(client);
        hasher.finish()
    }
}
