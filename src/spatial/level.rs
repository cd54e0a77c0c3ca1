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

    /// How many bits of a cell's key say where in its block it is.
    pub(super) const fn free(self) -> u32 {
        match self {
            Self::Small => 12,
            Self::Middle => 18,
            Self::Large => 24,
            Self::All => 32,
        }
    }

    /// How many blocks there are.
    pub(crate) const fn blocks(self) -> usize {
        1 << (u32::BITS - self.free())
    }

    /// The block of a cell.
    #[inline]
    pub(crate) const fn block(self, cell: Cell) -> u32 {
        self.block_of_key(cell.key())
    }

    /// That of the cell with that key.
    #[inline]
    pub(super) const fn block_of_key(self, key: u32) -> u32 {
        match key.checked_shr(self.free()) {
            Some(block) => block,
            None => 0,
        }
    }
}
