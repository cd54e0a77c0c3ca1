//! Whether somebody may watch a client, asked for each report: a few bits say no for nearly all of them.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::OnceLock;

use crate::report::ClientHash;
use crate::spatial::{Cell, Level};

/// What is watched, as far as bits can say: there is none until the first watch.
#[derive(Debug, Default)]
pub(crate) struct Interest(OnceLock<Box<Bits>>);

/// A bit that is set says that somebody may watch; one that is not, that nobody does.
///
/// Who begins to watch sets bits before looking at what is kept, and a shard is held for that look: so whoever takes
/// in a report there afterwards sees them.
#[derive(Debug)]
pub(crate) struct Bits {
    /// Whether any is set.
    is_set: AtomicBool,
    /// Those watched by their whole IDs, by their hashes.
    clients: Box<[AtomicU64]>,
    /// The first bytes of IDs that are watched by how they begin.
    first_bytes: [AtomicU64; 4],
    /// The blocks of cells in which circles are watched, level by level; and a bit for each level that has any.
    blocks: [Box<[AtomicU64]>; Level::ALL.len()],
    levels: AtomicU64,
    /// Whether a fence waits before it says that somebody has left.
    follows: AtomicBool,
}

/// A kind of bits, and which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Bit {
    /// That of a client by its ID, which others may have too.
    Client(usize),
    /// Those of clients whose IDs begin with that byte.
    FirstByte(u8),
    /// That of a block of cells.
    Block(Level, u32),
    /// That of a level at which there are blocks.
    Level(Level),
}

impl Bit {
    /// That of a client.
    #[expect(clippy::cast_possible_truncation, reason = "the lowest bits are meant")]
    pub(crate) const fn of(client: ClientHash) -> Self {
        Self::Client(client.bits() as usize % Bits::CLIENTS)
    }
}

impl Interest {
    /// The bits, if any of them is set.
    #[inline]
    pub(crate) fn bits(&self) -> Option<&Bits> {
        self.0.get().map(|bits| &**bits).filter(|bits| bits.is_set.load(Ordering::Relaxed))
    }

    /// The bits, to be changed.
    pub(crate) fn change(&self) -> &Bits {
        self.0.get_or_init(Box::default)
    }
}

impl Bits {
    /// As many as one in a hundred of them is set for ten thousand clients.
    const CLIENTS: usize = 1 << 20;

    /// Says whether any is set.
    pub(crate) fn set_any(&self, is_set: bool) {
        self.is_set.store(is_set, Ordering::Relaxed);
    }

    pub(crate) fn set(&self, bit: Bit, is_set: bool) {
        match bit {
            Bit::Client(bit) => set(&self.clients, bit, is_set),
            Bit::FirstByte(byte) => set(&self.first_bytes, byte.into(), is_set),
            Bit::Block(level, number) => set(&self.blocks[level.index()], number as usize, is_set),
            Bit::Level(level) => set(core::slice::from_ref(&self.levels), level.index(), is_set),
        }
    }

    /// Says whether a fence waits before it says that somebody has left.
    pub(crate) fn set_follows(&self, follows: bool) {
        self.follows.store(follows, Ordering::Relaxed);
    }

    /// A client whose report somebody may watch is watched wherever it goes next, if there is a fence that waits: it may have
    /// left that, and what follows outside decides. To be called while its shard is held, so that nothing of it is missed.
    pub(crate) fn follow(&self, client: ClientHash) {
        if self.follows.load(Ordering::Relaxed) {
            self.set(Bit::of(client), true);
        }
    }

    /// Follows nobody any more: of the bits of clients only those stay of which that is said.
    pub(crate) fn follow_nobody(&self, stays: impl Fn(Bit) -> bool) {
        for (index, word) in self.clients.iter().enumerate() {
            let mut left = word.load(Ordering::Relaxed);
            while left != 0 {
                let bit = index * BITS + left.trailing_zeros() as usize;
                if !stays(Bit::Client(bit)) {
                    self.set(Bit::Client(bit), false);
                }
                left &= left - 1;
            }
        }
    }

    /// Whether somebody watches a circle.
    #[inline]
    pub(crate) fn has_circles(&self) -> bool {
        self.levels.load(Ordering::Relaxed) != 0
    }

    /// Whether there are circles at a level.
    pub(crate) fn has_level(&self, level: Level) -> bool {
        self.levels.load(Ordering::Relaxed) >> level.index() & 1 != 0
    }

    /// Whether somebody may watch a circle that has a position of that cell, or of one that is close to it.
    #[inline]
    pub(crate) fn has_cell(&self, cell: Cell) -> bool {
        let mut levels = self.levels.load(Ordering::Relaxed);
        while levels != 0 {
            let level = Level::ALL[levels.trailing_zeros() as usize % Level::ALL.len()];
            if get(&self.blocks[level.index()], level.block(cell) as usize) {
                return true;
            }
            levels &= levels - 1;
        }
        false
    }

    /// Whether somebody may watch a client, wherever it is.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the lowest bits are meant")]
    pub(crate) fn may_watch(&self, hash: ClientHash, id: &[u8]) -> bool {
        get(&self.clients, hash.bits() as usize % Self::CLIENTS)
            || id.first().is_some_and(|&byte| get(&self.first_bytes, byte.into()))
    }
}

impl Default for Bits {
    fn default() -> Self {
        Self {
            is_set: AtomicBool::new(false),
            clients: zeros(Self::CLIENTS),
            first_bytes: Default::default(),
            blocks: Level::ALL.map(|level| zeros(level.blocks())),
            levels: AtomicU64::new(0),
            follows: AtomicBool::new(false),
        }
    }
}

const BITS: usize = u64::BITS as usize;

/// So many bits, none of them set.
fn zeros(bits: usize) -> Box<[AtomicU64]> {
    (0..bits.div_ceil(BITS)).map(|_| AtomicU64::new(0)).collect()
}

#[inline]
fn get(bits: &[AtomicU64], bit: usize) -> bool {
    bits.get(bit / BITS).is_some_and(|word| word.load(Ordering::Relaxed) >> (bit % BITS) & 1 != 0)
}

fn set(bits: &[AtomicU64], bit: usize, is_set: bool) {
    let mask = 1 << (bit % BITS);
    if is_set {
        bits[bit / BITS].fetch_or(mask, Ordering::Relaxed);
    } else {
        bits[bit / BITS].fetch_and(!mask, Ordering::Relaxed);
    }
}
