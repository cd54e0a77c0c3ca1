//! A piece of output that waits.

use std::ops::Deref;

use memmap2::MmapMut;

/// How large a piece is, if it is not the first and short.
pub(super) const PIECE: usize = 32 << 10;

/// Bytes that are appended to up to a capacity that does not change.
///
/// A whole piece is memory of its own that goes back to the system with it. An allocator keeps what thousands of clients
/// made a server hold that did not read, since something small always lies behind it.
#[derive(Debug)]
pub(super) struct Piece {
    memory: Memory,
    len: usize,
}

#[derive(Debug)]
enum Memory {
    Heap(Box<[u8]>),
    Map(MmapMut),
}

impl Piece {
    /// An empty one for so many bytes, and [`PIECE`] at the most.
    pub(super) fn with_capacity(capacity: usize) -> Self {
        let map = if capacity < PIECE { None } else { MmapMut::map_anon(PIECE).ok() };
        let heap = || Memory::Heap(vec![0; capacity.min(PIECE)].into());
        Self { memory: map.map_or_else(heap, Memory::Map), len: 0 }
    }

    pub(super) fn capacity(&self) -> usize {
        self.memory().len()
    }

    /// Appends as much of `bytes` as there is room for; what is left of them.
    pub(super) fn fill<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let memory = match &mut self.memory {
            Memory::Heap(memory) => &mut memory[..],
            Memory::Map(memory) => &mut memory[..],
        };
        let room = &mut memory[self.len..];
        let (taken, rest) = bytes.split_at(bytes.len().min(room.len()));
        room[..taken.len()].copy_from_slice(taken);
        self.len += taken.len();
        rest
    }

    fn memory(&self) -> &[u8] {
        match &self.memory {
            Memory::Heap(memory) => memory,
            Memory::Map(memory) => memory,
        }
    }
}

impl Deref for Piece {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.memory()[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_what_it_has_room_for() {
        let bytes: Vec<u8> = (0..=255).cycle().take(2 * PIECE).collect();
        for capacity in [1, 100, PIECE - 1, PIECE, 2 * PIECE] {
            let mut piece = Piece::with_capacity(capacity);
            assert_eq!((piece.capacity(), piece.len()), (capacity.min(PIECE), 0));
            let rest = piece.fill(&bytes[..1]);
            assert_eq!((rest, &*piece), (&[][..], &bytes[..1]));
            let rest = piece.fill(&bytes[1..]);
            assert_eq!((&*piece, rest), bytes.split_at(capacity.min(PIECE)));
            assert_eq!(piece.fill(&bytes), bytes);
        }
    }
}
