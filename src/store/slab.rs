//! Memory for many small records, in slots of a few sizes. It is taken from the system in pieces that are
//! never moved, so a record costs no more than its slot, and no growth takes long. A piece of which no slot is in use
//! goes back to the system, and what is in one of which few are moves elsewhere.

use core::mem;

use super::size_class::{UNIT, class_for, size_of_class};

/// The largest piece with more than one slot in it. A slot that is larger is a piece by itself.
const LARGEST_PIECE: usize = 32 << 10;

/// How many bytes of a piece are behind its last slot, so that many can be read at a record whatever it needs.
const BEHIND: usize = 128;

/// The smallest piece, so that few records take little.
const SMALLEST_PIECE: usize = 1 << 10;

/// The name of a slot: its piece, and how many units into it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot(u32);

impl Slot {
    /// The names that are before and behind all others.
    pub(super) const LEAST: Self = Self(0);
    pub(super) const MOST: Self = Self(u32::MAX);

    /// As many as there are units in the largest piece.
    const UNIT_BITS: u32 = (LARGEST_PIECE / UNIT).ilog2();

    /// `None` where there are so many pieces that it has no name.
    fn new(piece: usize, at: usize) -> Option<Self> {
        let piece = u32::try_from(piece).ok().filter(|piece| piece >> (u32::BITS - Self::UNIT_BITS) == 0)?;
        Some(Self(piece << Self::UNIT_BITS | u32::try_from(at / UNIT).ok()?))
    }

    /// A number for it.
    pub(super) const fn to_bits(self) -> u32 {
        self.0
    }

    /// The slot with that number.
    pub(super) const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// Its piece.
    #[inline]
    pub(super) const fn piece(self) -> usize {
        (self.0 >> Self::UNIT_BITS) as usize
    }

    /// How many units into its piece it begins.
    #[inline]
    pub(super) const fn unit(self) -> u32 {
        self.0 & ((1 << Self::UNIT_BITS) - 1)
    }

    /// Where in its piece it begins.
    #[inline]
    const fn at(self) -> usize {
        self.unit() as usize * UNIT
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Slab {
    /// Those whose memory went back to the system are empty.
    pieces: Vec<Box<[u8]>>,
    /// How each piece is used.
    uses: Vec<Use>,
    /// The empty pieces: their numbers are taken before new ones.
    vacant: Vec<usize>,
    /// The slots of each size, up to the largest that was ever needed.
    classes: Vec<Class>,
    bytes: usize,
}

/// The slots of one size.
#[derive(Clone, Copy, Debug, Default)]
struct Class {
    /// The first piece that has a slot to give. Each of those leads to the next.
    open: Option<usize>,
    /// How large all its pieces are, and how many slots are taken.
    total: usize,
    taken: usize,
}

/// How a piece is cut into slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Of how many units each slot is.
    pub(super) units: usize,
    pub(super) slots: usize,
}

/// How a piece is used.
#[derive(Clone, Copy, Debug, Default)]
struct Use {
    class: usize,
    /// How many slots are taken.
    taken: usize,
    /// The first slot that was given back. Each of those names the next in its first four bytes; the last names itself.
    free: Option<Slot>,
    /// Where the next slot begins that was never taken, and where the last one ends.
    next: usize,
    end: usize,
    /// The pieces before and behind it of those of its class that have a slot to give.
    before: Option<usize>,
    behind: Option<usize>,
}

impl Use {
    const fn has_slot(&self) -> bool {
        self.free.is_some() || self.next < self.end
    }
}

impl Slab {
    /// A slot of at least `len` bytes, if there can be one more.
    pub(crate) fn take(&mut self, len: usize) -> Option<Slot> {
        let class = class_for(len);
        if class >= self.classes.len() {
            self.classes.resize_with(class + 1, Class::default);
        }
        let piece = match self.classes[class].open {
            Some(piece) => piece,
            None => self.add_piece(class)?,
        };
        let slot = self.free_slot(piece).or_else(|| {
            let next = &mut self.uses[piece].next;
            let at = mem::replace(next, *next + size_of_class(class));
            Slot::new(piece, at)
        })?;
        self.uses[piece].taken += 1;
        self.classes[class].taken += 1;
        if !self.uses[piece].has_slot() {
            self.close(piece);
        }
        Some(slot)
    }

    /// Whether there is a slot of at least `len` bytes without a new piece.
    pub(crate) fn has_slot(&self, len: usize) -> bool {
        self.classes.get(class_for(len)).is_some_and(|class| class.open.is_some())
    }

    /// A slot that was given back to that piece.
    fn free_slot(&mut self, piece: usize) -> Option<Slot> {
        let slot = self.uses[piece].free?;
        let next = self.get(slot).first_chunk().map_or(slot, |next| Slot(u32::from_le_bytes(*next)));
        self.uses[piece].free = (next != slot).then_some(next);
        Some(slot)
    }

    /// Gives back a slot. Nothing is left of what was in it, so that nobody takes it for what it was.
    pub(crate) fn give_back(&mut self, slot: Slot) {
        let piece = slot.piece();
        let was_open = self.uses[piece].has_slot();
        self.uses[piece].taken -= 1;
        self.classes[self.uses[piece].class].taken -= 1;
        if self.uses[piece].taken == 0 {
            if was_open {
                self.close(piece);
            }
            return self.free_piece(piece);
        }
        let next = self.uses[piece].free.replace(slot).unwrap_or(slot);
        let size = size_of_class(self.uses[piece].class);
        self.get_mut(slot)[..size].fill(0);
        self.get_mut(slot)[..UNIT].copy_from_slice(&next.0.to_le_bytes());
        if !was_open {
            self.open(piece);
        }
    }

    /// Moves what is in a piece elsewhere, if no more than half of its slots are taken and pieces that there are have room
    /// for it: that of a slot that was given back. `moved` is told what moves, from where, to where, and how that
    /// piece is cut.
    ///
    /// Before that as many slots were given back as are moved, or more: so it costs hardly more than giving back does.
    pub(super) fn tidy(&mut self, given_back: Slot, mut moved: impl FnMut(&[u8], Slot, Slot, Layout)) {
        let piece = given_back.piece();
        let Some(&Use { class, taken, next, end, .. }) = self.uses.get(piece).filter(|piece| piece.taken > 0) else {
            return;
        };
        let (size, Class { total, taken: all, .. }) = (size_of_class(class), self.classes[class]);
        let free_elsewhere = (total - end) / size - (all - taken);
        if 2 * taken > end / size || taken > free_elsewhere {
            return;
        }
        let mut is_free = vec![false; next / size];
        while let Some(slot) = self.free_slot(piece) {
            is_free[slot.at() / size] = true;
        }
        self.close(piece);
        let from = mem::take(&mut self.pieces[piece]);
        for at in is_free.iter().zip(0..).filter(|(is_free, _)| !**is_free).map(|(_, number)| number * size) {
            let (old, new) = (Slot::new(piece, at), self.take(size));
            let (old, new) = (old.expect("it had a name"), new.expect("there is room elsewhere"));
            self.get_mut(new)[..size].copy_from_slice(&from[at..at + size]);
            moved(&from[at..], old, new, self.layout(new));
        }
        self.classes[class].taken -= taken;
        self.free_piece(piece);
    }

    /// Each new piece is about an eighth of what its class has, so that little of it is ever empty.
    fn add_piece(&mut self, class: usize) -> Option<usize> {
        let (size, total) = (size_of_class(class), &mut self.classes[class].total);
        let len = size * ((*total / 8).clamp(SMALLEST_PIECE, LARGEST_PIECE) / size).max(1);
        let piece = self.vacant.last().copied().unwrap_or(self.pieces.len());
        Slot::new(piece, 0)?;
        if self.vacant.pop().is_none() {
            self.pieces.push(Box::default());
            self.uses.push(Use::default());
        }
        *total += len;
        self.pieces[piece] = vec![0; len + BEHIND].into();
        self.uses[piece] = Use { class, end: len, ..Use::default() };
        self.bytes += Self::bytes_of(len);
        self.open(piece);
        Some(piece)
    }

    /// Gives a piece back to the system; all pieces and whatever they need, if it was the last.
    fn free_piece(&mut self, piece: usize) {
        let Use { class, end, .. } = mem::take(&mut self.uses[piece]);
        self.classes[class].total -= end;
        self.bytes -= Self::bytes_of(end);
        self.pieces[piece] = Box::default();
        self.vacant.push(piece);
        if self.vacant.len() == self.pieces.len() {
            *self = Self::default();
        }
    }

    /// Puts a piece behind the first of those that have a slot to give: so pieces are filled one after the other, and
    /// those with few slots taken may become empty.
    fn open(&mut self, piece: usize) {
        let open = &mut self.classes[self.uses[piece].class].open;
        let Some(first) = *open else {
            *open = Some(piece);
            return;
        };
        let behind = self.uses[first].behind.replace(piece);
        (self.uses[piece].before, self.uses[piece].behind) = (Some(first), behind);
        if let Some(behind) = behind {
            self.uses[behind].before = Some(piece);
        }
    }

    /// Takes a piece out of those that have a slot to give.
    fn close(&mut self, piece: usize) {
        let Use { class, before, behind, .. } = self.uses[piece];
        match before {
            Some(before) => self.uses[before].behind = behind,
            None => self.classes[class].open = behind,
        }
        if let Some(behind) = behind {
            self.uses[behind].before = before;
        }
        (self.uses[piece].before, self.uses[piece].behind) = (None, None);
    }

    /// How many bytes it has set aside.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many bytes a piece of `len` bytes takes.
    const fn bytes_of(len: usize) -> usize {
        len + BEHIND + size_of::<Box<[u8]>>() + size_of::<Use>()
    }

    /// Of how many units each slot is in the piece that a slot is in, and how many slots that has.
    pub(super) fn layout(&self, slot: Slot) -> Layout {
        let Use { class, end, .. } = self.uses[slot.piece()];
        let size = size_of_class(class);
        Layout { units: size / UNIT, slots: end / size }
    }

    /// Whether a slot that was taken for `len` bytes is as good as any for `other`.
    #[inline]
    pub(crate) const fn fits(len: usize, other: usize) -> bool {
        len == other || class_for(len) == class_for(other)
    }

    /// What is in a slot, and whatever is behind it.
    #[inline]
    pub(crate) fn get(&self, slot: Slot) -> &[u8] {
        &self.pieces[slot.piece()][slot.at()..]
    }

    /// A slot's bytes, to be written over.
    #[inline]
    pub(crate) fn get_mut(&mut self, slot: Slot) -> &mut [u8] {
        &mut self.pieces[slot.piece()][slot.at()..]
    }

    /// The first `len` bytes, if there are so many in its piece.
    #[inline]
    pub(crate) fn first_mut(&mut self, slot: Slot, len: usize) -> Option<&mut [u8]> {
        self.pieces.get_mut(slot.piece())?.get_mut(slot.at()..slot.at() + len)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::values::SplitMix64;

    #[test]
    fn what_is_given_back_is_taken_again() {
        let mut slots = Slab::default();
        let taken: Vec<Slot> = (0..2000).filter_map(|_| slots.take(100)).collect();
        let (bytes, given) = (slots.bytes(), taken.iter().copied().step_by(2));
        given.clone().for_each(|slot| slots.give_back(slot));
        let again: BTreeSet<Slot> = (0..1000).filter_map(|_| slots.take(98)).collect();
        let kept: BTreeSet<Slot> = taken.iter().copied().skip(1).step_by(2).collect();
        assert!(again.len() == 1000 && again.is_disjoint(&kept) && slots.bytes() <= bytes);
        assert!(given.filter(|slot| again.contains(slot)).count() > 900);
    }

    #[test]
    fn a_large_slot_has_all_its_bytes() {
        let mut slots = Slab::default();
        let lens = [300, LARGEST_PIECE - 1, LARGEST_PIECE, LARGEST_PIECE + 1, 1 << 20];
        let taken = lens.map(|len| slots.take(len).expect("there are few"));
        for (len, slot) in lens.into_iter().zip(taken) {
            assert!(slots.get(slot).len() >= len, "{len}");
        }
    }

    #[test]
    fn no_two_slots_overlap_and_what_is_not_used_goes_back_to_the_system() {
        let (mut slab, mut random, mut taken) = (Slab::default(), SplitMix64::new(5), BTreeMap::new());
        let mut most_bytes = 0;
        for turn in 0..40_000_u32 {
            let grows = turn < 30_000 && random.number() % 8 < if turn / 5000 % 2 == 0 { 6 } else { 2 };
            if grows || taken.is_empty() {
                let most = if turn % 6 == 0 { 20_000 } else { 500 };
                let len = 20 + usize::try_from(random.number() % most).expect("few");
                let slot = slab.take(len).expect("there are few");
                slab.get_mut(slot)[..len].fill(turn.to_le_bytes()[0] | 1);
                assert!(taken.insert(slot, (len, turn.to_le_bytes()[0] | 1)).is_none(), "{slot:?} twice");
            } else {
                let nth = usize::try_from(random.number() % taken.len() as u64).expect("few");
                let (&slot, &(len, byte)) = taken.iter().nth(nth).expect("there are more");
                assert!(slab.get(slot)[..len].iter().all(|&other| other == byte), "{slot:?} was written over");
                taken.remove(&slot);
                slab.give_back(slot);
            }
            let used: usize = taken.values().map(|&(len, _)| len).sum();
            most_bytes = most_bytes.max(slab.bytes());
            assert!(slab.bytes() >= used);
        }
        while let Some((slot, _)) = taken.pop_first() {
            slab.give_back(slot);
        }
        assert!(most_bytes > 1 << 20);
        assert_eq!((slab.bytes(), slab.pieces.capacity(), slab.uses.capacity()), (0, 0, 0));
    }
}
