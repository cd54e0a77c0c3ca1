//! Memory for many small records, in slots of a few sizes. It is taken from the system in pieces that are
//! never moved, so a record costs no more than its slot, and no growth takes long.

/// Sizes are whole numbers of this many bytes.
const UNIT: usize = 4;

/// Up to here sizes go up by a unit, from there by doubling.
const SMALL: usize = SMALL_CLASSES * UNIT;

const SMALL_CLASSES: usize = 64;

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
    #[cfg(test)]
    pub(super) const fn to_bits(self) -> u32 {
        self.0
    }

    #[inline]
    const fn piece(self) -> usize {
        (self.0 >> Self::UNIT_BITS) as usize
    }

    /// Where in its piece it begins.
    #[inline]
    const fn at(self) -> usize {
        (self.0 & ((1 << Self::UNIT_BITS) - 1)) as usize * UNIT
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Slab {
    pieces: Vec<Box<[u8]>>,
    /// The slots of each size, up to the largest that was ever needed.
    classes: Vec<Class>,
}

/// The slots of one size.
#[derive(Clone, Debug, Default)]
struct Class {
    /// The first slot that was given back. Each of those names the next in its first four bytes; the last
    /// names itself.
    free: Option<Slot>,
    /// The newest piece, where in it the next slot begins, and where it ends.
    piece: usize,
    next: usize,
    end: usize,
    /// How large all its pieces are.
    total: usize,
}

impl Slab {
    /// A slot of at least `len` bytes, if there can be one more.
    pub(crate) fn take(&mut self, len: usize) -> Option<Slot> {
        let class = class_for(len);
        if class >= self.classes.len() {
            self.classes.resize_with(class + 1, Class::default);
        }
        if let Some(slot) = self.classes[class].free {
            let next = self.get(slot).first_chunk().map_or(slot, |next| Slot(u32::from_le_bytes(*next)));
            self.classes[class].free = (next != slot).then_some(next);
            return Some(slot);
        }
        let size = size_of(class);
        if self.classes[class].next + size > self.classes[class].end {
            self.add_piece(class, size)?;
        }
        let Class { piece, next, .. } = &mut self.classes[class];
        let slot = Slot::new(*piece, *next);
        *next += size;
        slot
    }

    /// Each new piece is about an eighth of what its class has, so that little of it is ever empty.
    fn add_piece(&mut self, class: usize, size: usize) -> Option<()> {
        let Class { piece, next, end, total, .. } = &mut self.classes[class];
        let len = size * ((*total / 8).clamp(SMALLEST_PIECE, LARGEST_PIECE) / size).max(1);
        Slot::new(self.pieces.len(), 0)?;
        (*piece, *next, *end) = (self.pieces.len(), 0, len);
        *total += len;
        self.pieces.push(vec![0; len + BEHIND].into());
        Some(())
    }

    /// How many bytes it has set aside.
    pub(crate) fn bytes(&self) -> usize {
        self.classes.iter().map(|class| class.total).sum()
    }

    /// Gives back a slot that was taken for `len` bytes.
    pub(crate) fn give_back(&mut self, slot: Slot, len: usize) {
        let next = self.classes[class_for(len)].free.replace(slot).unwrap_or(slot);
        self.get_mut(slot)[..UNIT].copy_from_slice(&next.0.to_le_bytes());
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

const fn class_for(len: usize) -> usize {
    if len <= SMALL {
        len.div_ceil(UNIT).saturating_sub(1)
    } else {
        SMALL_CLASSES + ((len - 1) / SMALL).ilog2() as usize
    }
}

const fn size_of(class: usize) -> usize {
    if class < SMALL_CLASSES { (class + 1) * UNIT } else { (2 * SMALL) << (class - SMALL_CLASSES) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_has_a_slot_that_is_not_much_larger() {
        for len in (1..2000).chain([1 << 20, (1 << 20) + 1, (1 << 30) + 100]) {
            let size = size_of(class_for(len));
            assert!(size >= len && (size < len + UNIT || size < 2 * len), "{len} in {size}");
            assert!(class_for(len) == class_for(size) && Slab::fits(len, size));
        }
    }

    #[test]
    fn what_is_given_back_is_taken_again() {
        let mut slots = Slab::default();
        let taken: Vec<Slot> = (0..2000).filter_map(|_| slots.take(100)).collect();
        for (number, &slot) in taken.iter().enumerate() {
            slots.get_mut(slot)[..100].fill(u8::try_from(number % 251).expect("small"));
        }
        for (number, &slot) in taken.iter().enumerate() {
            assert!(slots.get(slot)[..100].iter().all(|&byte| usize::from(byte) == number % 251), "{number}");
        }
        taken[..50].iter().for_each(|&slot| slots.give_back(slot, 100));
        let again: Vec<Slot> = (0..50).filter_map(|_| slots.take(98)).collect();
        assert!(taken[..50].iter().rev().eq(&again));
        assert!(slots.take(100).is_some_and(|slot| !taken.contains(&slot)));
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
}
