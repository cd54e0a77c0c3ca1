//! Blocks of cells: squares of a few sizes, so that a circle of any size is in a few of them.

use super::cell::Cell;

/// The size of a block: a hundredth of a degree times a power of two on each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// 0.64 degrees: some tens of kilometres.
    Small,
    /// 5.12 degrees.
    Middle,
    /// 40.96 degrees.
    Large,
    /// All of the globe.
    All,
}

impl Level {
    /// From the smallest blocks on.
    pub(crate) const ALL: [Self; 4] = [Self::Small, Self::Middle, Self::Large, Self::All];

    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// By how many powers of two a block's side is longer than a cell's.
    const fn shift(self) -> u32 {
        match self {
            Self::Small => 6,
            Self::Middle => 9,
            Self::Large => 12,
            Self::All => 16,
        }
    }

    /// How many bits of a cell's key say where in its block it is.
    pub(super) const fn free(self) -> u32 {
        2 * self.shift()
    }

    /// How many blocks there are.
    pub(crate) const fn blocks(self) -> usize {
        1 << (u32::BITS - self.free())
    }

    /// The block of a cell: its number in rows from the south, and in each of them from the west.
    #[inline]
    pub(crate) const fn block(self, cell: Cell) -> u32 {
        let (row, column) = (cell.row() as u32, cell.column() as u32);
        (row >> self.shift()) << (u16::BITS - self.shift()) | column >> self.shift()
    }
}
