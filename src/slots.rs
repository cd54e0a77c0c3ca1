//! Memory for many small records, in slots of a few sizes. It is taken from the system in large
//! pieces that are never moved, so a record costs no more than its slot, and no growth takes long.

/// Sizes go up by this many bytes as long as they are small, then by doubling.
const STEP: usize = 4;

/// The largest size of the first kind.
pub(crate) const SMALL: usize = SMALL_CLASSES * STEP;

const SMALL_CLASSES: usize = 64;

/// Up to four gigabytes.
const CLASSES: usize = SMALL_CLASSES + 24;

/// About how large a piece is, where a slot is not larger.
const PIECE: usize = 64 << 10;

/// The name of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot(u32);

impl Slot {
    const INDEX_BITS: u32 = 25;

    #[expect(clippy::cast_possible_truncation, reason = "there are fewer than 128 classes")]
    const fn new(class: usize, index: u32) -> Self {
        Self(((class as u32) << Self::INDEX_BITS) | index)
    }

    const fn class(self) -> usize {
        (self.0 >> Self::INDEX_BITS) as usize
    }

    const fn index(self) -> u32 {
        self.0 & ((1 << Self::INDEX_BITS) - 1)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Slots {
    classes: Vec<Class>,
}

/// The slots of one size.
#[derive(Clone, Debug)]
struct Class {
    size: usize,
    /// How many slots a piece has: 2 to the power of this.
    piece_bits: u32,
    pieces: Vec<Box<[u8]>>,
    /// How many slots were ever taken.
    used: u32,
    /// The first slot that was given back. Each of those names the next in its first four bytes.
    free: Option<u32>,
}

impl Slots {
    pub(crate) fn new() -> Self {
        Self { classes: (0..CLASSES).map(Class::new).collect() }
    }

    /// A slot of at least `len` bytes, if there is one left.
    pub(crate) fn take(&mut self, len: usize) -> Option<Slot> {
        let class = class_for(len);
        Some(Slot::new(class, self.classes.get_mut(class)?.take()?))
    }

    /// Gives a slot back.
    pub(crate) fn give_back(&mut self, slot: Slot) {
        self.classes[slot.class()].give_back(slot.index());
    }

    /// Whether `len` bytes fit in a slot of that size and do not leave much of it unused.
    #[inline]
    pub(crate) const fn fits(size: usize, len: usize) -> bool {
        len <= size && (size - len < 4 * STEP || (size > SMALL && len > size / 2))
    }

    /// What is in a slot.
    #[inline]
    pub(crate) fn get(&self, slot: Slot) -> &[u8] {
        self.classes[slot.class()].get(slot.index())
    }

    /// What is in a slot, to be written over.
    #[inline]
    pub(crate) fn get_mut(&mut self, slot: Slot) -> &mut [u8] {
        self.classes[slot.class()].get_mut(slot.index())
    }
}

const fn class_for(len: usize) -> usize {
    if len <= SMALL {
        len.div_ceil(STEP).saturating_sub(1)
    } else {
        SMALL_CLASSES + ((len - 1) / SMALL).ilog2() as usize
    }
}

impl Class {
    fn new(class: usize) -> Self {
        let size = if class < SMALL_CLASSES { (class + 1) * STEP } else { (2 * SMALL) << (class - SMALL_CLASSES) };
        let piece_bits = (PIECE / size).max(1).ilog2();
        Self { size, piece_bits, pieces: Vec::new(), used: 0, free: None }
    }

    fn take(&mut self) -> Option<u32> {
        if let Some(index) = self.free {
            let next = self.get(index).first_chunk().map_or(0, |next| u32::from_le_bytes(*next));
            // A slot that names itself is the last.
            self.free = (next != index).then_some(next);
            return Some(index);
        }
        let index = self.used;
        if index >> Slot::INDEX_BITS > 0 {
            return None;
        }
        if index as usize >> self.piece_bits == self.pieces.len() {
            self.pieces.push(vec![0; self.size << self.piece_bits].into());
        }
        self.used += 1;
        Some(index)
    }

    fn give_back(&mut self, index: u32) {
        let next = self.free.replace(index).unwrap_or(index);
        self.get_mut(index)[..4].copy_from_slice(&next.to_le_bytes());
    }

    #[inline]
    fn get(&self, index: u32) -> &[u8] {
        let (piece, start) = self.place(index);
        &self.pieces[piece][start..start + self.size]
    }

    #[inline]
    fn get_mut(&mut self, index: u32) -> &mut [u8] {
        let (piece, start) = self.place(index);
        &mut self.pieces[piece][start..start + self.size]
    }

    #[inline]
    const fn place(&self, index: u32) -> (usize, usize) {
        let in_piece = index & ((1 << self.piece_bits) - 1);
        ((index >> self.piece_bits) as usize, in_piece as usize * self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_has_a_slot_that_is_not_much_larger() {
        for len in (1..2000).chain([1 << 20, (1 << 20) + 1, (1 << 30) + 100]) {
            let class = Class::new(class_for(len));
            assert!(class.size >= len, "{len}");
            assert!(class.size < len + STEP || class.size < 2 * len, "{len} in {}", class.size);
            assert!(class.size == STEP || class_for(len) == class_for(class.size));
        }
    }

    #[test]
    fn what_is_given_back_is_taken_again() {
        let mut slots = Slots::new();
        let taken: Vec<Slot> = (0..2000).filter_map(|_| slots.take(100)).collect();
        for (number, &slot) in taken.iter().enumerate() {
            slots.get_mut(slot)[..8].copy_from_slice(&number.to_le_bytes());
        }
        for (number, &slot) in taken.iter().enumerate() {
            assert_eq!(&slots.get(slot)[..8], number.to_le_bytes());
        }
        taken[..50].iter().for_each(|&slot| slots.give_back(slot));
        let again: Vec<Slot> = (0..50).filter_map(|_| slots.take(98)).collect();
        assert!(taken[..50].iter().rev().eq(&again));
        assert_eq!(slots.take(100).map(Slot::index), Some(2000));
    }
}
