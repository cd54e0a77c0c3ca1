//! Which clients are about where: the slots of a shard by the cells of their positions.
//!
//! A slot stays filed under the cell that its client was in until the client is in none that is
//! [close](Cell::is_close_to) to that: so most clients that move change nothing here, and whoever looks for a position
//! looks in the cells around it too. Tombstones are not filed.

use core::mem;
use core::ops::RangeInclusive;
use std::collections::BTreeSet;

use super::cursor::Cursor;
use super::slab::{Layout, Slot};
use crate::spatial::{Cell, Cover};

/// The filed slots of one shard.
#[derive(Clone, Debug)]
pub(super) struct Filing {
    /// Each filed slot with the key of its cell before it: those of a range of keys follow on each other.
    order: BTreeSet<u64>,
    /// The cell of each, piece by piece as the slab has them.
    pieces: Vec<Piece>,
    /// How many bytes those take.
    bytes_of_pieces: usize,
    /// How many bytes it was last said to take.
    counted: usize,
    /// How far the shard's clients were filed, while not all of them are.
    building: Option<Cursor>,
}

/// The cells of the slots of one piece; none while none of them is filed.
#[derive(Clone, Debug, Default)]
struct Piece {
    cells: Box<[Cell]>,
    /// The units of a slot divide by this: multiply by it and leave out the last [`SHIFT`] bits.
    by_units: u32,
    filed: usize,
}

/// A piece has fewer units than this many bits hold, so that a division by multiplying is exact.
const SHIFT: u32 = 16;

/// As many entries of the order may be looked at for each that may be found.
const PER_RECORD: usize = 16;

/// More than may be looked at in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany;

impl Filing {
    /// One in which nothing is filed yet. `cursor` is where the shard's clients begin.
    pub(super) const fn new(cursor: Cursor) -> Self {
        Self { order: BTreeSet::new(), pieces: Vec::new(), bytes_of_pieces: 0, counted: 0, building: Some(cursor) }
    }

    /// How far the shard's clients were filed, while not all of them are.
    pub(super) const fn building(&mut self) -> &mut Option<Cursor> {
        &mut self.building
    }

    /// Whether all that should be is filed.
    pub(super) const fn is_complete(&self) -> bool {
        self.building.is_none()
    }

    /// Under which cell a slot is filed; [`Cell::NONE`] where it is not.
    #[inline]
    pub(super) fn cell(&self, slot: Slot) -> Cell {
        self.pieces.get(slot.piece()).map_or(Cell::NONE, |piece| piece.cell(slot))
    }

    /// Files a slot, of a piece with that layout, under a cell, in place of the one that it was filed under.
    #[cold]
    #[inline(never)]
    pub(super) fn file(&mut self, slot: Slot, cell: Cell, layout: Layout) {
        if slot.piece() >= self.pieces.len() {
            self.pieces.resize_with(slot.piece() + 1, Piece::default);
        }
        let piece = &mut self.pieces[slot.piece()];
        if piece.filed == 0 {
            *piece = Piece::new(layout);
            self.bytes_of_pieces += piece.bytes();
        }
        let before = piece.replace(slot, cell);
        if before == Cell::NONE {
            piece.filed += 1;
        } else {
            self.order.remove(&entry(before, slot));
        }
        self.order.insert(entry(cell, slot));
    }

    /// Files a slot no more, if it was; the cell that it was filed under.
    pub(super) fn unfile(&mut self, slot: Slot) -> Cell {
        let cell = self.cell(slot);
        if cell != Cell::NONE {
            self.order.remove(&entry(cell, slot));
            let piece = &mut self.pieces[slot.piece()];
            piece.replace(slot, Cell::NONE);
            piece.filed -= 1;
            if piece.filed == 0 {
                self.bytes_of_pieces -= piece.bytes();
                *piece = Piece::default();
            }
        }
        cell
    }

    /// What is in a slot has moved to another, of a piece with that layout.
    pub(super) fn move_to(&mut self, from: Slot, to: Slot, layout: Layout) {
        let cell = self.unfile(from);
        if cell != Cell::NONE {
            self.file(to, cell, layout);
        }
    }

    /// About how many bytes it took when this was last asked, and how many it takes now.
    pub(super) fn count(&mut self) -> (usize, usize) {
        let bytes = self.bytes();
        (mem::replace(&mut self.counted, bytes), bytes)
    }

    /// About how many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        // A tree's nodes are between half full and full.
        self.pieces.capacity() * size_of::<Piece>() + self.bytes_of_pieces + self.order.len() * size_of::<u64>() * 7 / 4
    }

    /// Adds those to `found` that are filed under the cells of a cover, at most `most` of them; how many others were looked
    /// at as well. `ranges` are of that cover.
    ///
    /// # Errors
    /// Where there are more, or too many others between them. Some were added then.
    pub(super) fn within(
        &self,
        (cover, ranges): (&Cover, &[RangeInclusive<u32>]),
        most: usize,
        found: &mut Vec<Slot>,
    ) -> Result<usize, TooMany> {
        let (all, most_looks) = (found.len() + most, PER_RECORD * (most + 4));
        let mut looks = 0;
        for range in ranges {
            for &entry in self.order.range(least(*range.start())..=most_of(*range.end())) {
                let (key, slot) = parts(entry);
                looks += 1;
                if cover.has(key) {
                    found.push(slot);
                }
                if found.len() > all || looks > most_looks {
                    return Err(TooMany);
                }
            }
        }
        Ok(looks)
    }

    /// Every filed slot with its cell, for whoever looks whether all is right.
    #[cfg(test)]
    pub(super) fn all(&self) -> impl Iterator<Item = (Slot, Cell)> {
        self.order.iter().map(|&entry| {
            let (key, slot) = parts(entry);
            assert_eq!(self.cell(slot).key(), key, "both ways say the same");
            (slot, self.cell(slot))
        })
    }

    /// How many slots are filed, as the pieces have them.
    #[cfg(test)]
    pub(super) fn filed(&self) -> usize {
        self.pieces.iter().map(|piece| piece.cells.iter().filter(|&&cell| cell != Cell::NONE).count()).sum()
    }
}

impl Piece {
    #[expect(clippy::cast_possible_truncation, reason = "a size has at least one unit")]
    fn new(Layout { units, slots }: Layout) -> Self {
        let by_units = (1_usize << SHIFT).div_ceil(units) as u32;
        Self { cells: vec![Cell::NONE; slots].into(), by_units, filed: 0 }
    }

    /// Which of the piece's slots it is.
    #[inline]
    const fn number(&self, slot: Slot) -> usize {
        (slot.unit().wrapping_mul(self.by_units) >> SHIFT) as usize
    }

    #[inline]
    fn cell(&self, slot: Slot) -> Cell {
        self.cells.get(self.number(slot)).copied().unwrap_or(Cell::NONE)
    }

    fn replace(&mut self, slot: Slot, cell: Cell) -> Cell {
        let number = self.number(slot);
        mem::replace(&mut self.cells[number], cell)
    }

    const fn bytes(&self) -> usize {
        size_of_val(&*self.cells)
    }
}

/// A filed slot: the key of its cell, then its number.
fn entry(cell: Cell, slot: Slot) -> u64 {
    least(cell.key()) | u64::from(slot.to_bits())
}

/// The first entry that there can be with a key, and the last.
fn least(key: u32) -> u64 {
    u64::from(key) << u32::BITS
}

fn most_of(key: u32) -> u64 {
    least(key) | u64::from(u32::MAX)
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is the slot's number")]
const fn parts(entry: u64) -> (u32, Slot) {
    ((entry >> u32::BITS) as u32, Slot::from_bits(entry as u32))
}

#[cfg(test)]
mod tests;
