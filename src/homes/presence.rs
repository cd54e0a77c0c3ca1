//! Where a region has clients, as squares of some five degrees on each side.

use std::collections::BTreeSet;

use crate::spatial::{Cell, Circle, Cover, Level};
use crate::wire::base64;

/// The squares: what a region tells everybody, as `HERE` and their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Presence(BTreeSet<u16>);

impl Presence {
    const LEVEL: Level = Level::Middle;

    const WORD: &[u8] = b"HERE ";

    /// The squares of a circle, and of all that may be just outside of it.
    pub(crate) fn of(circle: &Circle) -> Self {
        Self(Cover::of(circle).blocks_at(Self::LEVEL).map(number).collect())
    }

    /// Adds that of a position, which is known to be valid.
    pub(crate) fn add(&mut self, position: &[u8]) {
        self.0.insert(number(Self::LEVEL.block(Cell::of_valid(position))));
    }

    /// Adds all of another.
    pub(crate) fn join(&mut self, other: &Self) {
        self.0.extend(&other.0);
    }

    /// Whether any square is in both.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        let (few, many) = if self.0.len() < other.0.len() { (self, other) } else { (other, self) };
        few.0.iter().any(|square| many.0.contains(square))
    }

    /// Reads its line.
    pub(crate) fn parse(line: &[u8]) -> Option<Self> {
        let squares = base64::read(line.strip_prefix(Self::WORD)?, u16::from_be_bytes)?;
        Some(Self(squares.into_iter().collect()))
    }

    /// Appends its line.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(Self::WORD);
        base64::push(self.0.iter().map(|square| square.to_be_bytes()), out);
        out.push(b'\n');
    }
}

#[expect(clippy::cast_possible_truncation, reason = "there are 16,384 of them")]
const fn number(block: u32) -> u16 {
    block as u16
}
