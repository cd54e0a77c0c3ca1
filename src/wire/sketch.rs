//! A sketch of a set: few bytes, from which another server that holds nearly the same set can tell
//! exactly what differs.
//!
//! This is the rateless invertible Bloom lookup table of Yang, Gilad and Alizadeh ("Practical Rateless
//! Set Reconciliation", SIGCOMM 2024), for sets of 64-bit digests. Each digest is added, by exclusive
//! or, to the first cell and to ever rarer ones after it. Cells of two sets combined hold only what
//! differs; a cell with a single digest gives it away, and taking that out of its other cells leaves
//! further ones with a single digest. A sketch tells about two differences for each three cells,
//! whatever the size of the sets.

use super::base64::{push, read};
use crate::values::{SplitMix64, scramble};

/// The cells of a set of digests, from the first on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sketch {
    cells: Vec<Cell>,
}

/// Some digests, combined by exclusive or.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cell {
    sum: u64,
    /// The checks of the same digests: it matches `sum` where there is one digest alone.
    check: u32,
}

impl Cell {
    fn of(digest: u64) -> Self {
        Self { sum: digest, check: check(digest) }
    }

    fn to_bytes(self) -> [u8; Sketch::CELL] {
        let mut bytes = [0; Sketch::CELL];
        let (sum, check) = bytes.split_at_mut(size_of::<u64>());
        sum.copy_from_slice(&self.sum.to_be_bytes());
        check.copy_from_slice(&self.check.to_be_bytes());
        bytes
    }

    #[expect(clippy::cast_possible_truncation, reason = "each takes its own bits")]
    fn of_bytes(bytes: [u8; Sketch::CELL]) -> Self {
        let number = bytes.iter().fold(0_u128, |number, &byte| number << 8 | u128::from(byte));
        Self { sum: (number >> u32::BITS) as u64, check: number as u32 }
    }

    fn combine(&mut self, other: Self) {
        self.sum ^= other.sum;
        self.check ^= other.check;
    }

    /// The digest that is alone in it, if one is.
    fn alone(self) -> Option<u64> {
        (self != Self::default() && self.check == check(self.sum)).then_some(self.sum)
    }
}

impl Sketch {
    /// The bytes of one cell.
    const CELL: usize = 12;

    /// How many characters one cell takes in a line.
    pub(crate) const CELL_TEXT: usize = Self::CELL * 4 / 3;

    /// A sketch of so many cells, of no digest yet.
    pub(crate) fn new(cells: usize) -> Self {
        Self { cells: vec![Cell::default(); cells] }
    }

    /// A sketch of so many cells.
    pub(crate) fn of(digests: impl Iterator<Item = u64>, cells: usize) -> Self {
        let mut sketch = Self::new(cells);
        digests.for_each(|digest| sketch.toggle(digest));
        sketch
    }

    /// All of its digests, combined by exclusive or: each is in the first cell.
    pub(crate) fn digest(&self) -> u64 {
        self.cells.first().map_or(0, |cell| cell.sum)
    }

    /// How many cells it has.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether it has no cell at all, and tells nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// What is in just one of the two sets, in no order; `None` where that is too much to be told from
    /// so few cells.
    pub(crate) fn difference(mut self, other: &Self) -> Option<Vec<u64>> {
        for (cell, other) in self.cells.iter_mut().zip(&other.cells) {
            cell.combine(*other);
        }
        let (mut found, len) = (Vec::new(), self.cells.len());
        // Cells that may have a digest alone.
        let mut may: Vec<usize> = (0..len).collect();
        while let Some(index) = may.pop() {
            let Some(digest) = self.cells[index].alone() else { continue };
            // More than there are cells can only come from digests whose checks lie.
            if found.len() == len {
                return None;
            }
            found.push(digest);
            self.toggle(digest);
            may.extend(Indices::of(digest).take_while(|&index| index < len));
        }
        self.cells.iter().all(|&cell| cell == Cell::default()).then_some(found)
    }

    /// Adds a digest, or takes it out again.
    pub(crate) fn toggle(&mut self, digest: u64) {
        let cell = Cell::of(digest);
        let len = self.cells.len();
        for index in Indices::of(digest).take_while(|&index| index < len) {
            self.cells[index].combine(cell);
        }
    }

    /// Appends it to a line.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        push(self.cells.iter().map(|cell| cell.to_bytes()), out);
    }

    /// Reads what [`write`](Self::write) wrote.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        read(text, Cell::of_bytes).filter(|cells| !cells.is_empty()).map(|cells| Self { cells })
    }
}

/// Half of a digest that is no combination of other digests' halves, as the digests themselves are.
fn check(digest: u64) -> u32 {
    (scramble(digest ^ 0x6865_7264_2063_656c) >> 32) as u32
}

/// The cells of a digest, in rising order, without an end. Cell `i` has a digest with a chance of
/// `1 / (1 + i / 2)`.
struct Indices {
    chances: SplitMix64,
    next: u64,
}

impl Indices {
    const fn of(digest: u64) -> Self {
        Self { chances: SplitMix64::new(digest), next: 0 }
    }
}

impl Iterator for Indices {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let index = self.next;
        // The gap's inverse distribution, of section 4.2 of the paper: (i + 3/2) (1 / sqrt(chance) - 1),
        // in whole numbers, so that all servers agree on it.
        let root = self.chances.number().isqrt().max(1);
        let gap = (2 * index + 3).saturating_mul((1 << 32) - root).div_ceil(2 * root);
        self.next = index.saturating_add(gap).min(1 << 32);
        usize::try_from(index).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two sets that share `shared` digests and have `mine` and `theirs` of their own.
    fn differ(shared: u64, mine: u64, theirs: u64, cells: usize) -> Option<Vec<u64>> {
        let digest = |index: u64| SplitMix64::new(index).number();
        let one = Sketch::of((0..shared + mine).map(digest), cells);
        let other = (0..shared).chain(shared + mine..shared + mine + theirs).map(digest);
        let found = one.difference(&Sketch::of(other, cells));
        let mut expected: Vec<u64> = (shared..shared + mine + theirs).map(digest).collect();
        expected.sort_unstable();
        found.map(|mut found| {
            found.sort_unstable();
            assert_eq!(found, expected);
            found
        })
    }

    #[test]
    fn it_tells_what_differs_whatever_the_size() {
        for shared in [0, 1, 1000] {
            assert!(differ(shared, 0, 0, 1).is_some());
            assert!(differ(shared, 1, 0, 1).is_some());
            assert!(differ(shared, 30, 20, 100).is_some());
        }
    }

    #[test]
    fn too_much_is_told_as_too_much() {
        assert_eq!(differ(100, 30, 30, 20), None);
        assert_eq!(differ(1000, 1, 1, 1), None);
    }

    #[test]
    fn a_line_keeps_it() {
        let sketch = Sketch::of([1, 2, 3].into_iter(), 5);
        let mut line = Vec::new();
        sketch.write(&mut line);
        assert_eq!(line.len(), 5 * Sketch::CELL_TEXT);
        assert_eq!(Sketch::parse(&line), Some(sketch));
        for bad in ["-", "AAAA", "?", "AAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAA\u{e9}"] {
            assert_eq!(Sketch::parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
