//! Where the records of a range are: slots by the hashes of their clients, twelve to a cache line.
//!
//! Who looks for a record among many waits for memory: for a line here, and then for the record. A general hash
//! table keeps tags and entries apart, to be waited for one after the other. Nothing is ever taken out, which
//! spares the rest of what such a table has to do.
//!
//! Buckets are in the order of the hashes, so that the records of a [span](crate::wire::Span) are in neighbouring ones,
//! and few others are met on the way.
//!
//! Where a herd has no hash key, everybody knows the hash, and clients can be chosen that crowd into one bucket. What a
//! bucket has no place for, of those and of others, is in a tree, under a second hash with a secret seed: it costs more,
//! and no choice of clients makes it cost much more than that.

use core::ops::RangeInclusive;
use std::collections::BTreeSet;

use wide::u8x16;

use super::slab::Slot;
use crate::wire::Span;

/// How many slots a bucket has.
const EACH: usize = 12;

/// Slab by hashes. It grows when it is told to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    /// An entry is in the bucket that the bits of its hash behind those of its range say, or in `crowded`.
    buckets: Box<[Bucket]>,
    /// Those that came to a bucket that was full.
    crowded: BTreeSet<Crowded>,
    len: usize,
}

/// An entry that came to a bucket that was full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Crowded {
    hash: u64,
    secret: u64,
    slot: Slot,
}

impl Crowded {
    /// The first that there can be with these hashes, and the last.
    const fn ends(hash: u64, secret: u64) -> RangeInclusive<Self> {
        Self { hash, secret, slot: Slot::LEAST }..=Self { hash, secret, slot: Slot::MOST }
    }
}

/// A cache line.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Bucket {
    /// A part of each hash, as [`tag`] has it, and behind them how many there are and whether one more came.
    tags: [u8; 16],
    slots: [Slot; EACH],
}

/// Where in the tags it stands how many there are: so many from the first on.
const LEN: usize = EACH;

/// Where it stands whether a bucket was full.
const WAS_FULL: usize = EACH + 1;

const _: () = assert!(size_of::<Bucket>() == 64);

impl Index {
    /// The first slot with such a tag, which nearly always is the one that is looked for, or any; `None` does not mean
    /// that there is none.
    #[inline]
    pub(crate) fn guess(&self, hash: u64) -> Option<Slot> {
        let bucket = self.buckets.get(self.home(hash))?;
        let found = bucket.with(tag(hash));
        (found != 0).then(|| bucket.slots[found.trailing_zeros() as usize % EACH])
    }

    /// The slot with that hash and, if that is asked for, that `secret` one for which `is` holds.
    pub(crate) fn find(
        &self,
        hash: u64,
        secret: impl FnOnce() -> u64,
        mut is: impl FnMut(Slot) -> bool,
    ) -> Option<Slot> {
        let bucket = self.buckets.get(self.home(hash))?;
        let mut found = bucket.with(tag(hash)) & ((1 << bucket.tags[LEN]) - 1);
        while found != 0 {
            let slot = bucket.slots[found.trailing_zeros() as usize];
            if is(slot) {
                return Some(slot);
            }
            found &= found - 1;
        }
        if bucket.tags[WAS_FULL] == 0 {
            return None;
        }
        self.crowded.range(Crowded::ends(hash, secret())).map(|entry| entry.slot).find(|&slot| is(slot))
    }

    /// Puts another slot in the place of one that is there.
    pub(crate) fn replace(&mut self, hash: u64, secret: impl FnOnce() -> u64, slot: Slot, by: Slot) {
        let home = self.home(hash);
        let Self { buckets, crowded, .. } = self;
        // Places that are not taken come behind all that are, so none of them is met, whatever is in it.
        if let Some(place) = buckets[home].slots.iter_mut().find(|place| **place == slot) {
            *place = by;
            return;
        }
        let secret = secret();
        if crowded.remove(&Crowded { hash, secret, slot }) {
            crowded.insert(Crowded { hash, secret, slot: by });
        }
    }

    /// Puts in a slot, with its client's hash and the secret one, when there is [room](Self::capacity).
    pub(crate) fn insert(&mut self, hash: u64, secret: impl FnOnce() -> u64, slot: Slot) {
        let home = self.home(hash);
        let bucket = &mut self.buckets[home];
        let free = usize::from(bucket.tags[LEN]);
        if free < EACH {
            (bucket.tags[free], bucket.slots[free]) = (tag(hash), slot);
            bucket.tags[LEN] += 1;
        } else {
            bucket.tags[WAS_FULL] = 1;
            self.crowded.insert(Crowded { hash, secret: secret(), slot });
        }
        self.len += 1;
    }

    /// Makes it twice as large; `hash` and `secret` are the hashes of a slot's client.
    pub(crate) fn grow(&mut self, hash: impl Fn(Slot) -> u64, secret: impl Fn(Slot) -> u64) {
        let buckets = vec![Bucket::default(); (self.buckets.len() * 2).max(1)].into();
        let before = core::mem::replace(self, Self { buckets, ..Self::default() });
        before.iter().for_each(|slot| self.insert(hash(slot), || secret(slot), slot));
    }

    /// How many it has room for: most of its places, so that few entries come to a bucket that is full.
    pub(crate) const fn capacity(&self) -> usize {
        self.buckets.len() * EACH * 7 / 8
    }

    /// How many it has.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// All, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Slot> {
        self.buckets.iter().flat_map(Bucket::used).chain(self.crowded.iter().map(|entry| entry.slot))
    }

    /// How much there is to look at of those whose hashes are between two, both of them too: about how many there are;
    /// none where that is more than `most`, or so many buckets.
    pub(crate) fn weigh(&self, first: u64, last: u64, most: usize) -> Option<usize> {
        let buckets = Some(self.homes(first, last)).filter(|buckets| buckets.len() <= most)?;
        let inside: usize = buckets.iter().map(|bucket| usize::from(bucket.tags[LEN])).sum();
        let count = inside + self.crowded_between(first, last).take(most + 1).count();
        (count <= most).then_some(count)
    }

    /// All whose hashes are between two, both of them too, and some others, in no order.
    pub(crate) fn between(&self, first: u64, last: u64) -> impl Iterator<Item = Slot> {
        self.homes(first, last).iter().flat_map(Bucket::used).chain(self.crowded_between(first, last))
    }

    /// The buckets of those whose hashes are between two.
    fn homes(&self, first: u64, last: u64) -> &[Bucket] {
        self.buckets.get(self.home(first)..=self.home(last)).unwrap_or_default()
    }

    fn crowded_between(&self, first: u64, last: u64) -> impl Iterator<Item = Slot> {
        let ends = *Crowded::ends(first, u64::MIN).start()..=*Crowded::ends(last, u64::MAX).end();
        self.crowded.range(ends).map(|entry| entry.slot)
    }

    /// The bucket of a hash, so that greater hashes have none before it.
    #[inline]
    const fn home(&self, hash: u64) -> usize {
        let share = hash << Span::RANGE_BITS >> u32::BITS;
        ((share * self.buckets.len() as u64) >> u32::BITS) as usize
    }
}

impl Bucket {
    /// Those that are in it.
    fn used(&self) -> impl Iterator<Item = Slot> + use<> {
        self.slots.into_iter().take(self.tags[LEN].into())
    }

    /// A bit for each slot with that tag.
    #[inline]
    fn with(&self, tag: u8) -> u32 {
        u8x16::new(self.tags).simd_eq(u8x16::splat(tag)).to_bitmask() & ((1 << EACH) - 1)
    }
}

/// The last eight bits of a hash, which do not say which range nor which bucket.
#[inline]
const fn tag(hash: u64) -> u8 {
    hash.to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::super::slab::Slab;
    use super::*;
    use crate::values::scramble;

    /// Hashes of which many share a bucket, a tag, or both.
    const BITS: [u64; 7] = [0, 1, 0xff, 0xff << 32, 3 << 52, 0x003f_0000_0000_00ff, u64::MAX >> Span::RANGE_BITS];

    /// An index of so many slots with hashes of these bits alone, and the hashes.
    fn filled(bits: u64, count: u64) -> (Index, BTreeMap<Slot, u64>, Slot) {
        let (mut slots, mut table, mut hashes) = (Slab::default(), Index::default(), BTreeMap::new());
        for number in 0..count {
            let (hash, slot) = (scramble(number) & bits, slots.take(4).expect("there are few"));
            hashes.insert(slot, hash);
            if table.len() == table.capacity() {
                table.grow(|slot| hashes[&slot], secret);
            }
            table.insert(hash, || secret(slot), slot);
        }
        (table, hashes, slots.take(4).expect("there are few"))
    }

    fn secret(slot: Slot) -> u64 {
        scramble(slot.to_bits().into())
    }

    #[test]
    fn all_that_was_put_in_is_found() {
        for bits in BITS {
            let (mut table, hashes, unknown) = filled(bits, 500);
            assert_eq!(table.len(), 500);
            assert!(table.iter().collect::<BTreeSet<_>>().iter().eq(hashes.keys()));
            for (&slot, &hash) in &hashes {
                let find = |table: &Index, wanted| table.find(hash, || secret(slot), |found| found == wanted);
                assert_eq!(find(&table, slot), Some(slot));
                assert_eq!(find(&table, unknown), None);
                assert!(table.guess(hash).is_none_or(|found| tag(hash) == 0 || tag(hashes[&found]) == tag(hash)));
                table.replace(hash, || secret(slot), slot, unknown);
                assert_eq!(find(&table, unknown), Some(unknown));
                table.replace(hash, || secret(slot), unknown, slot);
            }
        }
    }

    #[test]
    fn those_between_two_hashes_are_found_without_a_look_at_all_others() {
        for bits in BITS {
            let (table, hashes, _) = filled(bits, 3000);
            for part in 0..64 {
                let (first, last) = ((part << 48) & bits, (part << 48 | 0xffff_ffff_ffff) & bits);
                let inside = |slot: &Slot| (first..=last).contains(&hashes[slot]);
                let found: BTreeSet<Slot> = table.between(first, last).collect();
                assert!(hashes.keys().filter(|slot| inside(slot)).all(|slot| found.contains(slot)));
                assert!(found.iter().filter(|slot| !inside(slot)).count() <= 2 * EACH);
                let weight = table.weigh(first, last, 4000).expect("there are no more");
                assert!(weight == found.len() && table.weigh(first, last, weight.max(64)) == Some(weight));
                assert!(weight == 0 || table.weigh(first, last, weight - 1).is_none());
            }
        }
    }

    #[test]
    fn clients_that_crowd_into_one_bucket_are_looked_at_a_bounded_number_of_times() {
        let (table, hashes, _) = filled(0, 10_000);
        for &slot in hashes.keys() {
            let mut looked_at = 0;
            let is = |found| {
                looked_at += 1;
                found == slot
            };
            let found = table.find(0, || secret(slot), is);
            assert!(found == Some(slot) && looked_at <= 2 * EACH, "{looked_at}");
        }
    }

    #[test]
    fn an_empty_one_has_nothing() {
        let empty = Index::default();
        assert_eq!((empty.find(7, || 7, |_| true), empty.guess(7), empty.capacity()), (None, None, 0));
        assert_eq!((empty.between(0, u64::MAX).count(), empty.weigh(0, u64::MAX, 0)), (0, Some(0)));
    }
}
