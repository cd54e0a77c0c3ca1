//! Where the records of a range are: slots by the hashes of their clients, twelve to a cache line.
//!
//! Who looks for a record among many waits for memory: for a line here, and then for the record. A general hash
//! table keeps tags and entries apart, to be waited for one after the other. Nothing is ever taken out, which
//! spares the rest of what such a table has to do.
//!
//! The hash is one that everybody knows, so clients can be chosen that crowd into one bucket. What a bucket has no
//! place for, of those and of others, is in a general table, under a second hash with a secret seed: it costs more,
//! and no choice of clients makes it cost more than that.

use hashbrown::HashTable;
use wide::u8x16;

use super::slab::Slot;

/// How many slots a bucket has.
const EACH: usize = 12;

/// Slab by hashes. It grows when it is told to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    /// A power of two, or none. An entry is in the bucket that the last bits of its hash say, or in `crowded`.
    buckets: Box<[Bucket]>,
    /// Those that came to a bucket that was full, by their secret hashes.
    crowded: HashTable<Slot>,
    len: usize,
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
        self.crowded.find(secret(), |&slot| is(slot)).copied()
    }

    /// Puts another slot in the place of one that is there.
    pub(crate) fn replace(&mut self, hash: u64, secret: impl FnOnce() -> u64, slot: Slot, by: Slot) {
        let home = self.home(hash);
        let Self { buckets, crowded, .. } = self;
        // Places that are not taken come behind all that are, so none of them is met, whatever is in it.
        let place = buckets[home].slots.iter_mut().find(|place| **place == slot);
        if let Some(place) = place.or_else(|| crowded.find_mut(secret(), |&other| other == slot)) {
            *place = by;
        }
    }

    /// Puts in a slot, with its client's hash, when there is [room](Self::capacity); `secret` is the secret hash of
    /// any slot's client.
    pub(crate) fn insert(&mut self, hash: u64, secret: impl Fn(Slot) -> u64, slot: Slot) {
        let home = self.home(hash);
        let bucket = &mut self.buckets[home];
        let free = usize::from(bucket.tags[LEN]);
        if free < EACH {
            (bucket.tags[free], bucket.slots[free]) = (tag(hash), slot);
            bucket.tags[LEN] += 1;
        } else {
            bucket.tags[WAS_FULL] = 1;
            self.crowded.insert_unique(secret(slot), slot, |&slot| secret(slot));
        }
        self.len += 1;
    }

    /// Makes it twice as large; `hash` and `secret` are the hashes of a slot's client.
    pub(crate) fn grow(&mut self, hash: impl Fn(Slot) -> u64, secret: impl Fn(Slot) -> u64) {
        let buckets = vec![Bucket::default(); (self.buckets.len() * 2).max(1)].into();
        let before = core::mem::replace(self, Self { buckets, ..Self::default() });
        before.iter().for_each(|slot| self.insert(hash(slot), &secret, slot));
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
        let used = |bucket: &Bucket| bucket.slots.into_iter().take(bucket.tags[LEN].into());
        self.buckets.iter().flat_map(used).chain(self.crowded.iter().copied())
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "its last bits are asked for")]
    const fn home(&self, hash: u64) -> usize {
        hash as usize & self.buckets.len().wrapping_sub(1)
    }
}

impl Bucket {
    /// A bit for each slot with that tag.
    #[inline]
    fn with(&self, tag: u8) -> u32 {
        u8x16::new(self.tags).simd_eq(u8x16::splat(tag)).to_bitmask() & ((1 << EACH) - 1)
    }
}

/// Eight bits of a hash, neither those that say which range nor those that say which bucket.
#[inline]
const fn tag(hash: u64) -> u8 {
    hash.to_le_bytes()[5]
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::super::slab::Slab;
    use super::*;
    use crate::values::scramble;

    #[test]
    fn all_that_was_put_in_is_found() {
        // With few bits, many share a bucket and a tag.
        for bits in [0, 1 << 40, 0xff << 40, 3, 0xff, 0xff00_0000_00ff, u64::MAX] {
            let (mut slots, mut table, mut hashes) = (Slab::default(), Index::default(), BTreeMap::new());
            let secret = |slot: Slot| scramble(slot.to_bits().into());
            for number in 0..500 {
                let (hash, slot) = (scramble(number) & bits, slots.take(4).expect("there are few"));
                hashes.insert(slot, hash);
                if table.len() == table.capacity() {
                    table.grow(|slot| hashes[&slot], secret);
                }
                table.insert(hash, secret, slot);
            }
            assert_eq!(table.len(), 500);
            assert!(table.iter().collect::<BTreeSet<_>>().iter().eq(hashes.keys()));
            let unknown = slots.take(4).expect("there are few");
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
    fn clients_that_crowd_into_one_bucket_are_looked_at_a_bounded_number_of_times() {
        let (mut slots, mut table) = (Slab::default(), Index::default());
        let secret = |slot: Slot| scramble(slot.to_bits().into());
        for _ in 0..10_000 {
            if table.len() == table.capacity() {
                table.grow(|_| 7, secret);
            }
            table.insert(7, secret, slots.take(4).expect("there are few"));
        }
        for slot in table.iter() {
            let mut looked_at = 0;
            let found = table.find(
                7,
                || secret(slot),
                |found| {
                    looked_at += 1;
                    found == slot
                },
            );
            assert!(found == Some(slot) && looked_at <= 2 * EACH, "{looked_at}");
        }
    }

    #[test]
    fn an_empty_one_has_nothing() {
        let empty = Index::default();
        assert_eq!((empty.find(7, || 7, |_| true), empty.guess(7), empty.capacity()), (None, None, 0));
    }
}
