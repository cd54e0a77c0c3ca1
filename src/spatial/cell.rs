//! Cells of the globe, a hundredth of a degree on each side, read from a position's text in a few instructions.

use crate::bytes::word;

/// A cell: the whole hundredths of a position's degrees, as its text has them. Digits behind those are cut off, so a
/// position is less than a hundredth farther from the equator, and from Greenwich, than its cell says.
///
/// It orders by rows from the south, and in each row from the west.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cell(u32);

impl Cell {
    /// No cell.
    pub(crate) const NONE: Self = Self(u32::MAX);

    /// The last row, that of the north pole, and the last column.
    pub(super) const LAST_ROW: u16 = 18_000;
    pub(super) const LAST_COLUMN: u16 = 36_000;

    /// How far apart rows, or columns, of two cells are at most that are [close](Self::is_close_to).
    pub(crate) const CLOSE: u16 = 1;

    #[cfg(test)]
    pub(super) const fn new(row: u16, column: u16) -> Self {
        Self((row as u32) << 16 | column as u32)
    }

    /// The cell of the position that `text` begins with, which is known to be valid and ends there or before a space.
    #[inline]
    pub(crate) fn of_valid(text: &[u8]) -> Self {
        Self::of_usual(text).unwrap_or_else(|| Self::of_any(text))
    }

    /// That of a text with at least two decimals in both numbers, and with no more than eight in the first.
    #[inline]
    fn of_usual(text: &[u8]) -> Option<Self> {
        let (north, decimals) = hundredths(text, 0)?;
        let behind = marks(word::at(text, decimals)?);
        let east = decimals + (behind.trailing_zeros() / 8) as usize;
        let (east_hundredths, _) = hundredths(text, east)?;
        let (row, column) =
            (from_edge(*text.first()?, north, 9000), from_edge(*text.get(east)?, east_hundredths, 18_000));
        Some(Self(row << 16 | column))
    }

    /// That of any.
    #[cold]
    fn of_any(text: &[u8]) -> Self {
        let text = text.split(|&byte| byte == b' ').next().unwrap_or_default();
        let east = memchr::memrchr2(b'+', b'-', text).unwrap_or_default();
        let hundredths = |number: &[u8]| {
            let mut parts = number[1..].split(|&byte| byte == b'.');
            let whole = parts.next().unwrap_or_default();
            let decimals = parts.next().unwrap_or_default();
            let decimals = decimals.iter().chain(b"00").take(2);
            whole.iter().chain(decimals).fold(0, |value, digit| value * 10 + u32::from(digit & 0xf))
        };
        let row = from_edge(text[0], hundredths(&text[..east]), 9000);
        Self(row << 16 | from_edge(text[east], hundredths(&text[east..]), 18_000))
    }

    /// Its row, 0 at the south pole.
    pub(crate) const fn row(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// Its column, 0 at the 180th meridian, from which it counts eastward.
    #[expect(clippy::cast_possible_truncation, reason = "it is in the lower half")]
    pub(crate) const fn column(self) -> u16 {
        self.0 as u16
    }

    /// Whether it is the same cell or one beside it, at a side or a corner. None is close to one across the 180th meridian,
    /// nor to [`NONE`](Self::NONE).
    #[inline]
    pub(crate) const fn is_close_to(self, other: Self) -> bool {
        self.row().abs_diff(other.row()) <= Self::CLOSE && self.column().abs_diff(other.column()) <= Self::CLOSE
    }

    /// Its place on a curve that goes through all cells, on which cells that are near each other mostly are: the bits of
    /// row and column by turns (a Morton code).
    pub(crate) const fn key(self) -> u32 {
        spread(self.row()) << 1 | spread(self.column())
    }
}

/// The bits of a number with a zero before each.
pub(super) const fn spread(number: u16) -> u32 {
    let bits = number as u32;
    let bits = (bits | bits << 8) & 0x00ff_00ff;
    let bits = (bits | bits << 4) & 0x0f0f_0f0f;
    let bits = (bits | bits << 2) & 0x3333_3333;
    (bits | bits << 1) & 0x5555_5555
}

/// A bit in each byte that is a sign, a point or a space, and in none that is a digit.
#[inline]
const fn marks(word: u64) -> u64 {
    !word & 0x1010_1010_1010_1010
}

/// The whole hundredths of a number whose sign is there, and where its decimals begin, if it has two of them.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "it has at most five digits")]
fn hundredths(text: &[u8], sign: usize) -> Option<(u32, usize)> {
    let word = word::at(text, sign + 1)?;
    let marks = marks(word);
    let whole = (marks.trailing_zeros() / 8) as usize;
    if !(1..=3).contains(&whole) {
        return None;
    }
    let behind = word >> (8 * whole);
    // A point, and no mark in the two bytes behind it.
    let has_two = behind & 0xff == u64::from(b'.') && marks >> (8 * whole) & 0x10_1000 == 0;
    let digits = word & ((1 << (8 * whole)) - 1) | (behind >> 8 & 0xffff) << (8 * whole);
    has_two.then(|| (word::number(word::worth(digits), whole + 2) as u32, sign + whole + 2))
}

/// So many hundredths of a degree from an edge that is `half` of them from the middle.
#[inline]
const fn from_edge(sign: u8, hundredths: u32, half: u32) -> u32 {
    if sign == b'-' { half - hundredths } else { half + hundredths }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::{Position, SplitMix64};

    #[test]
    fn a_cell_is_what_the_text_says_up_to_hundredths() {
        for (text, row, column) in [
            ("+34.068930-118.445127", 12_406, 18_000 - 11_844),
            ("+0.009999-0.009999", 9000, 18_000),
            ("-0.019999+0.019999", 8999, 18_001),
            ("+90.000000-180.000000", 18_000, 0),
            ("-90+180", 0, 36_000),
            ("+0034.1-007", 12_410, 17_300),
            ("-0-0", 9000, 18_000),
            ("+5.29+6.58", 9529, 18_658),
        ] {
            for text in [text.to_owned(), format!("{text} 1479413884.5")] {
                assert_eq!(Cell::of_valid(text.as_bytes()), Cell::new(row, column), "{text}");
            }
        }
    }

    #[test]
    fn the_fast_way_says_what_the_plain_way_says_and_what_the_value_is() {
        let mut random = SplitMix64::new(7);
        let mut number = |most: u64| {
            let (value, decimals) = (random.number() % (most * 1_000_000_000), random.number() % 10);
            let decimals = usize::try_from(decimals).expect("few");
            let text = format!("{}.{:09}", value / 1_000_000_000, value % 1_000_000_000);
            let cut = text.len() - 9 + decimals - usize::from(decimals == 0);
            format!(
                "{}{}{}",
                ["+", "-"][usize::from(value % 3 == 0)],
                ["", "0", "00"][usize::from(value % 29 == 0)],
                &text[..cut]
            )
        };
        let mut usual = 0;
        for _ in 0..100_000 {
            let text = format!("{}{} 1479413884", number(90), number(180));
            let (plain, fast) = (Cell::of_any(text.as_bytes()), Cell::of_usual(text.as_bytes()));
            usual += usize::from(fast.is_some());
            assert!(fast.is_none_or(|cell| cell == plain), "{text}: {fast:?} {plain:?}");
            let at = Position::of_valid(text.split(' ').next().expect("it has one").as_bytes()).expect("it is valid");
            for (degrees, hundredths) in [
                (at.latitude(), f64::from(plain.row()) - 9000.0),
                (at.longitude(), f64::from(plain.column()) - 18_000.0),
            ] {
                let beyond = (degrees * 100.0).abs() - hundredths.abs();
                assert!((-1e-6..1.0).contains(&beyond), "{text}: {hundredths}");
            }
        }
        assert!(usual > 50_000, "{usual}");
    }

    #[test]
    fn cells_beside_each_other_are_close() {
        let cell = Cell::new(100, 200);
        for (row, column, is_close) in
            [(100, 200, true), (101, 199, true), (99, 201, true), (102, 200, false), (100, 198, false)]
        {
            assert_eq!(cell.is_close_to(Cell::new(row, column)), is_close);
        }
        assert!(!Cell::new(Cell::LAST_ROW, Cell::LAST_COLUMN).is_close_to(Cell::NONE));
        assert!(!Cell::new(5, 0).is_close_to(Cell::new(5, Cell::LAST_COLUMN)));
    }

    #[test]
    fn a_key_is_the_bits_by_turns() {
        assert_eq!(Cell::new(0b101, 0b011).key(), 0b10_01_11);
        assert_eq!(Cell::new(u16::MAX, 0).key(), 0xaaaa_aaaa);
    }
}
