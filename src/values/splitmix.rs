//! The one generator of numbers that look like chance, and its mixing step.

/// `SplitMix64` (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014): from one seed
/// always the same numbers, on every machine. No secret is safe behind it.
#[derive(Clone, Debug)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// By how much its state grows with each number.
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

    /// The generator of that seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number: any of 64 bits.
    #[must_use = "the number is gone otherwise"]
    pub const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(Self::STEP);
        scramble(self.0)
    }

    /// The next number below `end`, which is not zero. Its bias is below `end / 2^64`.
    #[must_use = "the number is gone otherwise"]
    pub const fn below(&mut self, end: u64) -> u64 {
        ((self.number() as u128 * end as u128) >> u64::BITS) as u64
    }
}

/// Its output step: a number for each number, and unlike it in about half of the bits.
pub(crate) const fn scramble(state: u64) -> u64 {
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_gives_the_published_numbers() {
        // The first of seed 1234567, as the reference implementation prints them.
        let mut generator = SplitMix64::new(1_234_567);
        for number in [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423] {
            assert_eq!(generator.number(), number);
        }
        assert!((0..1000).all(|_| generator.below(3) < 3));
    }
}
