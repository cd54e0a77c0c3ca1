//! Where the records of a range are: slots by the hashes of their clients, twelve to a cache line.
//!
//! Who looks for a record among many waits for memory: for a line here, and then for the record. A general hash
//! table keeps tags and entries apart, to be waited for one after the other. Nothing is ever taken out, which
//! spares the rest of what such a table has to do.

use wide::u8x16;

use crate::slots::Slot;

/// How many slots a bucket has.
const EACH: usize = 12;

/// Slots by hashes. It grows when it is told to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// A power of two, or none. An entry is in the bucket that the last bits of its hash say; where that was full, in
    /// the next that was not.
    buckets: Box<[Bucket]>,
    len: usize,
}

/// A cache line.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Bucket {
    /// A part of each hash, as [`tag`] has it; zero where there is no slot. The last says whether an entry
    /// was left to the next bucket.
    tags: [u8; 16],
    slots: [Slot; EACH],
}

/// The tag that says that a bucket was full.
const WAS_FULL: usize = 15;

const _: () = assert!(size_of::<Bucket>() == 64);

impl Table {
    /// The first slot with such a tag, which nearly always is the one that is looked for; `None` does not mean that
    /// there is none.
    #[inline]
    pub(crate) fn guess(&self, hash: u64) -> Option<Slot> {
        let bucket = self.buckets.get(self.home(hash))?;
        let found = bucket.with(tag(hash));
        (found != 0).then(|| bucket.slots[found.trailing_zeros() as usize % EACH])
    }

    /// The first slot with such a tag and for which `is` holds.
    pub(crate) fn find(&self, hash: u64, mut is: impl FnMut(Slot) -> bool) -> Option<Slot> {
        for at in self.tries(hash) {
            let bucket = &self.buckets[at];
            let mut found = bucket.with(tag(hash));
            while found != 0 {
                let slot = bucket.slots[found.trailing_zeros() as usize];
                if is(slot) {
                    return Some(slot);
                }
                found &= found - 1;
            }
            if bucket.tags[WAS_FULL] == 0 {
                break;
            }
        }
        None
    }

    /// Puts another slot in the place of one that is there.
    pub(crate) fn replace(&mut self, hash: u64, slot: Slot, by: Slot) {
        // Places that are not taken come behind all that are, so none of them is met, whatever is in it.
        for at in self.tries(hash) {
            if let Some(found) = self.buckets[at].slots.iter_mut().find(|found| **found == slot) {
                *found = by;
                return;
            }
        }
    }

    /// Puts in a slot for which there is [room](Self::capacity).
    pub(crate) fn insert(&mut self, hash: u64, slot: Slot) {
        for at in self.tries(hash) {
            let bucket = &mut self.buckets[at];
            let free = bucket.with(0);
            if free != 0 {
                let free = free.trailing_zeros() as usize;
                (bucket.tags[free], bucket.slots[free]) = (tag(hash), slot);
                self.len += 1;
                return;
            }
            bucket.tags[WAS_FULL] = 1;
        }
        unreachable!("there is room for it");
    }

    /// Makes it twice as large; `hash` is the hash of a slot's client.
    pub(crate) fn grow(&mut self, hash: impl Fn(Slot) -> u64) {
        let buckets = vec![Bucket::default(); (self.buckets.len() * 2).max(1)].into();
        let before = core::mem::replace(self, Self { buckets, len: 0 });
        before.iter().for_each(|slot| self.insert(hash(slot), slot));
    }

    /// How many it has room for: most of its slots, so that few entries are in a bucket that is not theirs.
    pub(crate) const fn capacity(&self) -> usize {
        self.buckets.len() * EACH * 7 / 8
    }

    /// How many it has.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// All, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Slot> {
        let used = |bucket: &Bucket| bucket.tags.into_iter().zip(bucket.slots).filter(|&(tag, _)| tag != 0);
        self.buckets.iter().flat_map(used).map(|(_, slot)| slot)
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "its last bits are asked for")]
    const fn home(&self, hash: u64) -> usize {
        hash as usize & self.buckets.len().wrapping_sub(1)
    }

    /// Each bucket once, in the order in which an entry tries them.
    fn tries(&self, hash: u64) -> impl Iterator<Item = usize> + use<> {
        let (home, len) = (self.home(hash), self.buckets.len());
        (0..len).map(move |step| (home + step) % len)
    }
}

impl Bucket {
    /// A bit for each slot with that tag.
    #[inline]
    fn with(&self, tag: u8) -> u32 {
        u8x16::new(self.tags).simd_eq(u8x16::splat(tag)).to_bitmask() & ((1 << EACH) - 1)
    }
}

/// Eight bits of a hash, not those that say which bucket; never zero.
#[inline]
const fn tag(hash: u64) -> u8 {
    let tag = (hash >> 56) as u8;
    if tag == 0 { 1 } else { tag }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::number::scramble;
    use crate::slots::Slots;

    #[test]
    fn all_that_was_put_in_is_found() {
        // With few bits, many share a bucket and a tag.
        for bits in [0, 1 << 56, 0xff << 56, 3, 0xff, 0xff00_0000_0000_00ff, u64::MAX] {
            let (mut slots, mut table, mut hashes) = (Slots::default(), Table::default(), BTreeMap::new());
            for number in 0..500 {
                let (hash, slot) = (scramble(number) & bits, slots.take(4).expect("there are few"));
                hashes.insert(slot, hash);
                if table.len() == table.capacity() {
                    table.grow(|slot| hashes[&slot]);
                }
                table.insert(hash, slot);
            }
            assert_eq!(table.len(), 500);
            assert!(table.iter().collect::<std::collections::BTreeSet<_>>().iter().eq(hashes.keys()));
            let unknown = slots.take(4).expect("there are few");
            for (&slot, &hash) in &hashes {
                assert_eq!(table.find(hash, |found| found == slot), Some(slot));
                assert_eq!(table.find(hash, |found| found == unknown), None);
                assert!(table.guess(hash).is_none_or(|found| tag(hashes[&found]) == tag(hash)));
                table.replace(hash, slot, unknown);
                assert_eq!(table.find(hash, |found| found == unknown), Some(unknown));
                table.replace(hash, unknown, slot);
            }
        }
    }

    #[test]
    fn an_empty_one_has_nothing() {
        assert_eq!((Table::default().find(7, |_| true), Table::default().capacity()), (None, 0));
    }
}
