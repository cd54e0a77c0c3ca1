//! Everything that is left to chance in a run comes from one number.

use herd::SplitMix64;

/// A small generator: the same seed gives the same numbers, everywhere and always.
#[derive(Clone, Debug)]
pub struct Seed(SplitMix64);

impl Seed {
    /// A generator that starts from `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(SplitMix64::new(seed))
    }

    /// The next number of 64 bits.
    pub const fn number(&mut self) -> u64 {
        self.0.number()
    }

    /// A number below `end`, which is not zero.
    pub const fn below(&mut self, end: u64) -> u64 {
        self.0.below(end)
    }

    /// An index into something of that length, which is not empty.
    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).expect("less than a usize")
    }

    /// A number from `low` to `high`, both included.
    pub const fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True that often in a hundred.
    pub const fn percent(&mut self, often: u64) -> bool {
        self.below(100) < often
    }

    /// One of these, which are not none.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.index(of.len())]
    }
}
