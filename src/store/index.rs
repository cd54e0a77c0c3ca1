//! Where the records of a range are: slots by the hashes of their clients, twelve to a cache line.
//!
//! Who looks for a record among many waits for memory: for a line here, and then for the record. A general hash
//! table keeps tags and entries apart, to be waited for one after the other.
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

/// Slots by hashes. It grows and shrinks when it is told to.
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
    /// A part of each hash, as [`tag`] has it, and behind them how many there are and whether others are in `crowded`.
    /// Zero where there is none, with the slot that is zero too, so that nothing is met of what was taken out.
    tags: [u8; 16],
    slots: [Slot; EACH],
}

/// Where in the tags it stands how many there are: so many from the first on.
const LEN: usize = EACH;

/// Where it stands whether some that belong to a bucket are in `crowded`. Only a full one has such.
const HAS_MORE: usize = EACH + 1;

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
        if bucket.tags[HAS_MORE] == 0 {
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

    /// Puts in a slot, with its client's hash and the secret one, when there is [room](Self::fit).
    pub(crate) fn insert(&mut self, hash: u64, secret: impl FnOnce() -> u64, slot: Slot) {
        let home = self.home(hash);
        if !self.buckets[home].push(tag(hash), slot) {
            self.buckets[home].tags[HAS_MORE] = 1;
            self.crowded.insert(Crowded { hash, secret: secret(), slot });
        }
        self.len += 1;
    }

    /// Takes out a slot that is there.
    pub(crate) fn remove(&mut self, hash: u64, secret: impl FnOnce() -> u64, slot: Slot) {
        let home = self.home(hash);
        let was_full = self.buckets[home].tags[HAS_MORE] != 0;
        if self.buckets[home].remove(slot) {
            if was_full {
                self.fill_up(home, hash);
            }
        } else {
            let was_there = self.crowded.remove(&Crowded { hash, secret: secret(), slot });
            debug_assert!(was_there, "only what is there is taken out");
        }
        if was_full {
            self.buckets[home].tags[HAS_MORE] = u8::from(self.crowded_of(home, hash).is_some());
        }
        self.len -= 1;
    }

    /// Moves one of the crowded to the place that has become free in its bucket, which `hash` belongs to as well.
    fn fill_up(&mut self, home: usize, hash: u64) {
        if let Some(entry) = self.crowded_of(home, hash) {
            self.crowded.remove(&entry);
            self.buckets[home].push(tag(entry.hash), entry.slot);
        }
    }

    /// The first of the crowded that belong to a bucket, which `hash` belongs to as well.
    fn crowded_of(&self, home: usize, hash: u64) -> Option<Crowded> {
        const BEHIND: u32 = u64::BITS - Span::RANGE_BITS;
        let range = hash >> BEHIND << BEHIND;
        let first =
            |home: usize| ((home as u64) << u32::BITS).div_ceil(self.buckets.len() as u64) << (BEHIND - u32::BITS);
        let ends = (range | first(home), range | (first(home + 1) - 1));
        self.crowded_between(ends.0, ends.1).next().copied()
    }

    /// Makes it as large as it should be for so many entries, if it is not: twice as large where there is no room for
    /// them, half as large where there is room for more than four times as many, nothing at all for none. `hash` and
    /// `secret` are the hashes of a slot's client.
    ///
    /// Some ranges grow when they are full and others up to a quarter before, so that they do not all grow at
    /// once when clients are many.
    pub(crate) fn fit(
        &mut self,
        entries: usize,
        range: usize,
        hash: impl Fn(Slot) -> u64,
        secret: impl Fn(Slot) -> u64,
    ) {
        let (buckets, capacity) = (self.buckets.len(), self.capacity());
        let full = capacity - capacity * (range % 256) / 1024;
        let buckets = match entries {
            0 => 0,
            _ if entries > full => (buckets * 2).max(1),
            _ if entries < full / 4 && buckets > 1 => buckets / 2,
            _ => return,
        };
        let buckets = vec![Bucket::default(); buckets].into();
        let before = core::mem::replace(self, Self { buckets, ..Self::default() });
        before.iter().for_each(|slot| self.insert(hash(slot), || secret(slot), slot));
    }

    /// How many it has room for: most of its places, so that few entries come to a bucket that is full.
    const fn capacity(&self) -> usize {
        self.buckets.len() * EACH * 7 / 8
    }

    /// About how many bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        // A tree's nodes are between half full and full.
        size_of_val(&*self.buckets) + self.crowded.len() * size_of::<Crowded>() * 3 / 2
    }

    /// How many it has.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// All, in no order.
    fn iter(&self) -> impl Iterator<Item = Slot> {
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
        let crowded = self.crowded_between(first, last).map(|entry| entry.slot);
        self.homes(first, last).iter().flat_map(Bucket::used).chain(crowded)
    }

    /// Those of one hash whose secret one is at least `least`, and some others, in no order. Of those that crowd they are
    /// the `most` whose secret hashes are the least.
    pub(crate) fn crowd(&self, hash: u64, least: u64, most: usize) -> impl Iterator<Item = Slot> {
        let ends = *Crowded::ends(hash, least).start()..=*Crowded::ends(hash, u64::MAX).end();
        let crowded = self.crowded.range(ends).map(|entry| entry.slot);
        self.homes(hash, hash).iter().flat_map(Bucket::used).chain(crowded.take(most))
    }

    /// The buckets of those whose hashes are between two.
    fn homes(&self, first: u64, last: u64) -> &[Bucket] {
        self.buckets.get(self.home(first)..=self.home(last)).unwrap_or_default()
    }

    fn crowded_between(&self, first: u64, last: u64) -> impl Iterator<Item = &Crowded> {
        let ends = *Crowded::ends(first, u64::MIN).start()..=*Crowded::ends(last, u64::MAX).end();
        self.crowded.range(ends)
    }

    /// The bucket of a hash, so that greater hashes have none before it.
    #[inline]
    const fn home(&self, hash: u64) -> usize {
        let share = hash << Span::RANGE_BITS >> u32::BITS;
        ((share * self.buckets.len() as u64) >> u32::BITS) as usize
    }
}

impl Bucket {
    /// Puts in a slot behind the others, if there is room.
    fn push(&mut self, tag: u8, slot: Slot) -> bool {
        let free = usize::from(self.tags[LEN]);
        if free == EACH {
            return false;
        }
        (self.tags[free], self.slots[free]) = (tag, slot);
        self.tags[LEN] += 1;
        true
    }

    /// Takes out a slot; whether it was there. The last takes its place.
    fn remove(&mut self, slot: Slot) -> bool {
        let Some(place) = self.used().position(|other| other == slot) else { return false };
        let last = usize::from(self.tags[LEN]) - 1;
        (self.tags[place], self.slots[place]) = (self.tags[last], self.slots[last]);
        (self.tags[last], self.slots[last]) = (0, Slot::default());
        self.tags[LEN] -= 1;
        true
    }

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
    use core::cell::RefCell;
    use std::collections::{BTreeMap, BTreeSet};

    use super::super::slab::Slab;
    use super::*;
    use crate::values::{SplitMix64, scramble};

    /// Hashes of which many share a bucket, a tag, or both.
    const BITS: [u64; 7] = [0, 1, 0xff, 0xff << 32, 3 << 52, 0x003f_0000_0000_00ff, u64::MAX >> Span::RANGE_BITS];

    /// An index of so many slots with hashes of these bits alone, and the hashes.
    fn filled(bits: u64, count: u64) -> (Index, BTreeMap<Slot, u64>, Slot) {
        let (mut slots, mut index, mut hashes) = (Slab::default(), Index::default(), BTreeMap::new());
        for number in 0..count {
            let (hash, slot) = (scramble(number) & bits, slots.take(4).expect("there are few"));
            hashes.insert(slot, hash);
            put_in(&mut index, &hashes, secret, slot);
        }
        (index, hashes, slots.take(4).expect("there are few"))
    }

    fn secret(slot: Slot) -> u64 {
        scramble(slot.to_bits().into())
    }

    /// Puts in a slot that has a hash.
    fn put_in(index: &mut Index, hashes: &BTreeMap<Slot, u64>, secret: impl Fn(Slot) -> u64 + Copy, slot: Slot) {
        index.fit(index.len() + 1, 5, |slot| hashes[&slot], secret);
        index.insert(hashes[&slot], || secret(slot), slot);
    }

    /// Looks whether an index has those slots and no other, wherever they should be.
    fn check(index: &Index, hashes: &BTreeMap<Slot, u64>, secret: impl Fn(Slot) -> u64, unknown: Slot) {
        assert_eq!(index.len(), hashes.len());
        assert!(index.iter().collect::<BTreeSet<_>>().iter().eq(hashes.keys()) && index.iter().count() == hashes.len());
        for (&slot, &hash) in hashes {
            let find = |wanted| index.find(hash, || secret(slot), |found| found == wanted);
            assert_eq!((find(slot), find(unknown)), (Some(slot), None));
            let guess = index.guess(hash);
            assert!(
                guess.is_none_or(|found| tag(hash) == 0 || hashes.get(&found).is_some_and(|of| tag(*of) == tag(hash)))
            );
        }
        for bucket in &index.buckets {
            let len = usize::from(bucket.tags[LEN]);
            assert!(bucket.tags[len..EACH].iter().all(|&tag| tag == 0), "nothing is met of what was taken out");
            assert!(bucket.slots[len..].iter().all(|&slot| slot == Slot::default()));
            assert!(bucket.tags[HAS_MORE] == 0 || len == EACH);
        }
        let crowding = index.buckets.iter().filter(|bucket| bucket.tags[HAS_MORE] != 0).count();
        assert!(crowding <= index.crowded.len() && (crowding > 0 || index.crowded.is_empty()));
        assert!(index.buckets.len() <= 2 || index.capacity() < 8 * index.len(), "{}", index.buckets.len());
    }

    #[test]
    fn all_that_was_put_in_is_found() {
        for bits in BITS {
            let (mut index, hashes, unknown) = filled(bits, 500);
            check(&index, &hashes, secret, unknown);
            for (&slot, &hash) in &hashes {
                let find = |index: &Index, wanted| index.find(hash, || secret(slot), |found| found == wanted);
                index.replace(hash, || secret(slot), slot, unknown);
                assert_eq!(find(&index, unknown), Some(unknown));
                index.replace(hash, || secret(slot), unknown, slot);
            }
        }
    }

    #[test]
    fn it_has_what_was_put_in_and_not_taken_out() {
        for (bits, seed) in BITS.into_iter().zip(0..) {
            let (mut slots, mut index, mut hashes) = (Slab::default(), Index::default(), BTreeMap::new());
            // It stays when a client's record moves to another slot.
            let secrets = RefCell::new(BTreeMap::new());
            let secret = |slot| secrets.borrow()[&slot];
            let mut random = SplitMix64::new(seed);
            // It grows for a while, shrinks for a while, and is emptied in the end.
            for turn in 0..6000 {
                let grows = turn < 4500 && random.number() % 8 < if turn / 700 % 2 == 0 { 7 } else { 1 };
                let nth = random.number() % (hashes.len() as u64).max(1);
                let found = hashes.iter().nth(usize::try_from(nth).expect("few")).map(|(&slot, &hash)| (slot, hash));
                if grows || found.is_none() || turn % 5 == 0 {
                    let slot = slots.take(4).expect("there are few");
                    if let Some((old, hash)) = found.filter(|_| turn % 5 == 0) {
                        let kept = secret(old);
                        index.replace(hash, || kept, old, slot);
                        secrets.borrow_mut().insert(slot, kept);
                        hashes.remove(&old);
                        hashes.insert(slot, hash);
                        slots.give_back(old);
                    } else {
                        secrets.borrow_mut().insert(slot, random.number() % 64);
                        hashes.insert(slot, random.number() & bits);
                        put_in(&mut index, &hashes, secret, slot);
                    }
                } else if let Some((slot, hash)) = found {
                    index.remove(hash, || secret(slot), slot);
                    hashes.remove(&slot);
                    index.fit(index.len(), 5, |slot| hashes[&slot], secret);
                    slots.give_back(slot);
                }
                if turn % 97 == 0 {
                    let unknown = slots.take(4).expect("there are few");
                    check(&index, &hashes, secret, unknown);
                    slots.give_back(unknown);
                }
            }
            for (&slot, &hash) in &hashes {
                index.remove(hash, || secret(slot), slot);
            }
            index.fit(0, 5, |_| 0, secret);
            assert_eq!((index.len(), index.bytes(), index.iter().count()), (0, 0, 0));
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
