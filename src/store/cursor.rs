//! How far somebody is who goes through all that is kept.

use core::fmt;

use super::index::Index;
use super::slab::Slot;
use crate::report::ClientHash;
use crate::wire::Span;

/// How far somebody is who goes through all that a server keeps, in steps; at first at its beginning.
///
/// Clients come in the order of their hashes, which never change. So a client that is there all the time is met exactly
/// once, whoever comes and goes between two steps.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Clients with lesser hashes were met, and those with this one whose secret hashes are less.
    hash: u64,
    secret: u64,
    is_over: bool,
}

impl Cursor {
    /// Where that range begins; behind the last one it is over.
    pub(super) fn at(range: usize) -> Self {
        let mut cursor = Self::default();
        match u64::try_from(range).ok().filter(|range| range >> Span::RANGE_BITS == 0) {
            Some(range) => cursor.hash = range << (u64::BITS - Span::RANGE_BITS),
            None => return Self::at_end(),
        }
        cursor
    }

    /// Where the clients of that hash begin.
    pub(crate) fn at_hash(hash: u64) -> Self {
        Self { hash, ..Self::default() }
    }

    /// Whether some clients with lesser hashes than that one may not have been met.
    pub(crate) const fn is_before(&self, hash: u64) -> bool {
        !self.is_over && self.hash < hash
    }

    /// Behind the client with these hashes.
    pub(super) fn after(hash: ClientHash, secret: u64) -> Self {
        let mut cursor = Self { hash: hash.bits(), ..Self::default() };
        match secret.checked_add(1) {
            Some(next) => cursor.secret = next,
            None => cursor.pass(hash.bits()),
        }
        cursor
    }

    /// Where all were met.
    pub(super) fn at_end() -> Self {
        Self { is_over: true, ..Self::default() }
    }

    /// Where the next shard begins, of so many ranges each, if this is where one does.
    pub(super) fn shard_ahead(&self, ranges: usize) -> Option<Self> {
        let range = self.range().filter(|range| range.is_multiple_of(ranges))?;
        (*self == Self::at(range)).then(|| Self::at(range + ranges))
    }

    /// Whether a client of that hash, and of that secret one, would have been met if it was there.
    pub(super) fn has_passed(&self, hash: ClientHash, secret: impl FnOnce() -> u64) -> bool {
        self.is_over
            || hash.bits() < self.hash
            || (hash.bits() == self.hash && self.secret > 0 && secret() < self.secret)
    }

    /// The range whose clients come next; none at the end.
    pub(super) fn range(&self) -> Option<usize> {
        usize::try_from(self.hash >> (u64::BITS - Span::RANGE_BITS)).ok().filter(|_| !self.is_over)
    }

    /// Those that come next in its range, of which this is the index: at most about so many. `hash` and `secret` are the
    /// hashes of a slot's client.
    pub(super) fn step(
        &mut self,
        index: &Index,
        most: usize,
        hash: impl Fn(Slot) -> ClientHash,
        secret: impl Fn(Slot) -> u64,
    ) -> Vec<(ClientHash, Slot)> {
        let (first, mut last) = (self.hash, self.hash | u64::MAX >> Span::RANGE_BITS);
        while self.secret > 0 || index.weigh(first, last, most).is_none() {
            if self.secret > 0 || first == last {
                return self.step_in_crowd(index, most, hash, secret);
            }
            last = first + (last - first) / 2;
        }
        self.pass(last);
        let found = index.between(first, last).map(|slot| (hash(slot), slot));
        found.filter(|(hash, _)| (first..=last).contains(&hash.bits())).collect()
    }

    /// So many clients of one and the same hash were chosen: they come in the order of their secret hashes.
    fn step_in_crowd(
        &mut self,
        index: &Index,
        most: usize,
        hash: impl Fn(Slot) -> ClientHash,
        secret: impl Fn(Slot) -> u64,
    ) -> Vec<(ClientHash, Slot)> {
        let crowd = index.crowd(self.hash, self.secret, most + 1).map(|slot| (secret(slot), hash(slot), slot));
        let mut found: Vec<_> =
            crowd.filter(|(secret, hash, _)| hash.bits() == self.hash && *secret >= self.secret).collect();
        found.sort_unstable_by_key(|&(secret, _, slot)| (secret, slot));
        match found.get(most) {
            None => self.pass(self.hash),
            Some(&(next, ..)) => {
                self.secret = next.max(self.secret.saturating_add(1));
                found.retain(|(secret, ..)| *secret < self.secret);
            }
        }
        found.into_iter().map(|(_, hash, slot)| (hash, slot)).collect()
    }

    /// All up to that hash were met.
    fn pass(&mut self, last: u64) {
        self.secret = 0;
        match last.checked_add(1) {
            Some(next) => self.hash = next,
            None => self.is_over = true,
        }
    }
}

/// No secret hash is in it.
impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cursor").field("hash", &self.hash).field("is_over", &self.is_over).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::super::slab::Slab;
    use super::*;
    use crate::values::{SplitMix64, scramble};

    fn secret(slot: Slot) -> u64 {
        scramble(slot.to_bits().into())
    }

    #[test]
    fn whoever_is_there_all_the_time_is_met_once() {
        const MOST: usize = 30;
        // All clients anywhere in a range, a few hashes that many have, one hash that all have.
        for bits in [u64::MAX >> Span::RANGE_BITS, 7 << 50 | 1, 0] {
            let (mut slab, mut index, mut random) = (Slab::default(), Index::default(), SplitMix64::new(bits));
            let mut hashes = BTreeMap::new();
            let put_in = |slab: &mut Slab, index: &mut Index, hashes: &mut BTreeMap<Slot, u64>, hash| {
                let slot = slab.take(4).expect("there are few");
                hashes.insert(slot, hash);
                index.fit(index.len() + 1, 0, |slot| hashes[&slot], secret);
                index.insert(hash, || secret(slot), slot);
                slot
            };
            let mut staying = BTreeSet::new();
            for number in 0..600 {
                let slot = put_in(&mut slab, &mut index, &mut hashes, random.number() & bits);
                if number % 3 == 0 {
                    staying.insert(slot);
                }
            }
            let (mut cursor, mut met) = (Cursor::default(), BTreeMap::new());
            while cursor.range() == Some(0) {
                let step = cursor.step(&index, MOST, |slot| ClientHash::from_bits(hashes[&slot]), secret);
                assert!(step.len() <= MOST + 12, "{}", step.len());
                for (hash, slot) in step {
                    assert_eq!(hash.bits(), hashes[&slot]);
                    *met.entry(slot).or_insert(0) += 1;
                }
                for slot in &staying {
                    let has_passed = cursor.has_passed(ClientHash::from_bits(hashes[slot]), || secret(*slot));
                    assert_eq!(has_passed, met.contains_key(slot));
                }
                // Half of the others go, and as many come.
                let going: Vec<Slot> = hashes.keys().copied().filter(|slot| !staying.contains(slot)).collect();
                for slot in going.into_iter().filter(|_| random.number() % 8 == 0) {
                    index.remove(hashes[&slot], || secret(slot), slot);
                    hashes.remove(&slot);
                    index.fit(index.len(), 0, |slot| hashes[&slot], secret);
                    slab.give_back(slot);
                    met.remove(&slot);
                }
                while hashes.len() < 500 {
                    put_in(&mut slab, &mut index, &mut hashes, random.number() & bits);
                }
            }
            assert_eq!(cursor.range(), Some(1));
            assert!(staying.iter().all(|slot| met.get(slot) == Some(&1)));
            assert!(met.values().all(|&times| times == 1));
        }
    }

    #[test]
    fn behind_the_last_hash_it_is_over() {
        let mut cursor = Cursor::default();
        for range in 0..1 << Span::RANGE_BITS {
            assert_eq!((cursor.range(), Cursor::at(range)), (Some(range), cursor.clone()));
            assert!(cursor.step(&Index::default(), 1, |_| ClientHash::from_bits(0), secret).is_empty());
        }
        assert_eq!((cursor.range(), Cursor::at(1 << Span::RANGE_BITS).range()), (None, None));
    }
}
