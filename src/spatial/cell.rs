//! Cells of the globe, a hundredth of a degree on each side, read from a position's text in a few instructions.

/// A cell: the whole hundredths of a position's degrees, as its text has them. Digits behind those are cut off, so a
/// position is less than a hundredth farther from the equator, and from Greenwich, than its cell says.
///
/// It orders by rows from the south, and in each row from the west.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cell(u32);

impl Cell {
    /// No cell: beyond the last row and the last column, and far from both ends of each.
    pub(crate) const NONE: Self = Self::from_parts(50_000, 50_000);

    /// The last row, that of the north pole, and the last column.
    pub(super) const LAST_ROW: u16 = 18_000;
    pub(super) const LAST_COLUMN: u16 = 36_000;

    /// How far apart rows, or columns, of two cells are at most that are [close](Self::is_close_to).
    pub(crate) const CLOSE: u16 = 1;

    #[cfg(test)]
    pub(super) const fn new(row: u16, column: u16) -> Self {
        Self::from_parts(row as u32, column as u32)
    }

    /// The cell of a row and a column of 16 bits each.
    pub(super) const fn from_parts(row: u32, column: u32) -> Self {
        Self(row << 16 | column)
    }

    /// The cell of the position that `text` begins with, which is known to be valid and ends there or before a space.
    #[inline]
    pub(crate) fn of_valid(text: &[u8]) -> Self {
        Self::of_usual(text).unwrap_or_else(|| Self::of_any(text))
    }

    /// That of a text with at least two decimals in both numbers, of which the first has no more than ten digits.
    #[inline]
    pub(crate) fn of_usual(text: &[u8]) -> Option<Self> {
        let text: &[u8; WINDOW] = text.first_chunk()?;
        let (north, marks) = hundredths(word_at(text, 1))?;
        // The mark behind the point, in this word or in the next.
        let east = match marks & marks.wrapping_sub(1) {
            0 => 9 + (self::marks(word_at(text, 9)).trailing_zeros() / 8) as usize,
            behind => 1 + (behind.trailing_zeros() / 8) as usize,
        };
        let sign = text[east % WINDOW];
        let (east, _) = hundredths(word_at(text, east + 1))?;
        Some(Self(from_edge(text[0], north, 9000) << 16 | from_edge(sign, east, 18_000)))
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

    /// Whether two valid positions, and what is behind them, are in the same cell, where a glance tells that: in the form of
    /// `+34.068930-118.445127`, with two digits and six decimals in the first number.
    #[inline]
    pub(crate) fn are_same_at_a_glance(one: &[u8], other: &[u8]) -> bool {
        // A sign, two digits, a point and two decimals; a sign, and six bytes that have two decimals in them.
        const FIRST: u64 = 0x0000_ffff_ffff_ffff;
        const LAST: u64 = 0xffff_ffff_ffff_ff00;
        const POINT: u64 = (b'.' as u64) << 24;
        const SIGN: u64 = (b'+' as u64) << 8;
        // All bits but those that a minus has otherwise than a plus; no other byte that can be there has all of these.
        const SIGN_BITS: u64 = 0xf9 << 8;
        let ends = |text: &[u8]| {
            let text = text.first_chunk::<17>()?;
            let (first, last) = (text.first_chunk()?, text.last_chunk()?);
            Some((u64::from_le_bytes(*first), u64::from_le_bytes(*last)))
        };
        let (Some((first, last)), Some((other_first, other_last))) = (ends(one), ends(other)) else { return false };
        let form = (first ^ POINT) & 0xff << 24 | (last ^ SIGN) & SIGN_BITS;
        form | (first ^ other_first) & FIRST | (last ^ other_last) & LAST == 0
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
        // How far apart they are in both, and one more, in one subtraction: without a borrow, where it is no less than 0.
        let apart = self.0.wrapping_sub(other.0).wrapping_add(Self::from_parts(1, 1).0);
        apart >> 16 <= 2 && apart & 0xffff <= 2
    }

    /// Its place on a curve that goes through all cells, on which cells that are near each other mostly are: the bits of
    /// row and column by turns (a Morton code).
    pub(crate) const fn key(self) -> u32 {
        spread(self.row()) << 1 | spread(self.column())
    }

    /// The cell of that key.
    pub(super) const fn of_key(key: u32) -> Self {
        Self((gather(key >> 1) as u32) << 16 | gather(key) as u32)
    }
}

/// Every second bit of a number, from the lowest on: what [`spread`] was given.
#[expect(clippy::cast_possible_truncation, reason = "the upper half is left out")]
const fn gather(bits: u32) -> u16 {
    let bits = bits & 0x5555_5555;
    let bits = (bits | bits >> 1) & 0x3333_3333;
    let bits = (bits | bits >> 2) & 0x0f0f_0f0f;
    let bits = (bits | bits >> 4) & 0x00ff_00ff;
    (bits | bits >> 8) as u16
}

/// The bits of a number with a zero before each.
pub(super) const fn spread(number: u16) -> u32 {
    let bits = number as u32;
    let bits = (bits | bits << 8) & 0x00ff_00ff;
    let bits = (bits | bits << 4) & 0x0f0f_0f0f;
    let bits = (bits | bits << 2) & 0x3333_3333;
    (bits | bits << 1) & 0x5555_5555
}

/// How much is looked at of a position and what is behind it.
const WINDOW: usize = 32;

/// The eight bytes from there on, of those that there are.
#[inline]
fn word_at(text: &[u8; WINDOW], at: usize) -> u64 {
    let at = at.min(WINDOW - 8);
    text[at..at + 8].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// A bit in each byte that is a sign, a point or a space, and in none that is a digit.
#[inline]
const fn marks(word: u64) -> u64 {
    !word & 0x1010_1010_1010_1010
}

/// The whole hundredths of the number that a word begins with, if it has two decimals, and the word's [`marks`].
#[inline]
const fn hundredths(word: u64) -> Option<(u32, u64)> {
    const POINT_AND_TWO: u64 = u64::from_le_bytes(*b".00\0\0\0\0\0");
    let marks = marks(word);
    // Eight times as many bits as there are digits before the first mark, and four.
    let bits = marks.trailing_zeros();
    let behind = word.wrapping_shr(bits.wrapping_sub(4));
    if (behind ^ POINT_AND_TWO) & 0xf0_f0ff != 0 {
        return None;
    }
    // Without the point, and moved to the end, behind zeros.
    let whole = (marks & marks.wrapping_neg()) >> 4;
    let whole = whole.wrapping_sub(1);
    let digits = (word & whole | (word >> 8) & !whole) ^ 0x3030_3030_3030_3030;
    let digits = digits.wrapping_shl(52_u32.wrapping_sub(bits));
    // Pairs, then all of them, of which there are at most six before what does not fit in sixteen bits.
    let pairs = (digits.wrapping_mul(10 << 8 | 1) >> 8) & 0x00ff_00ff_00ff_00ff;
    Some(((pairs.wrapping_mul(10_000 << 32 | 100 << 16 | 1) >> 48) as u32, marks))
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
    fn a_cell_is_found_by_its_key() {
        let mut random = SplitMix64::new(3);
        for _ in 0..10_000 {
            let cell = Cell((random.number() >> 32) as u32);
            assert_eq!(Cell::of_key(cell.key()), cell);
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
        assert!(usual > 15_000, "{usual}");
    }

    #[test]
    fn a_glance_is_right_where_it_says_that_cells_are_the_same() {
        let (mut random, mut same) = (SplitMix64::new(9), 0);
        let numbers =
            ["34.068930", "34.068939", "34.06", "34.0", "4.068930", "034.068930", "34", "34.0689301", "34.078930"];
        for _ in 0..200_000 {
            let mut position = || {
                let mut part = || (random.number(), random.number());
                let ((north, north_sign), (east, east_sign)) = (part(), part());
                let pick = |number: u64| numbers[usize::try_from(number % 9).expect("few")];
                let sign = |number: u64| ["+", "-"][usize::from(number.is_multiple_of(8))];
                let hundred = if east_sign.is_multiple_of(3) { "1" } else { "" };
                let (north_sign, east_sign) = (sign(north_sign), sign(east_sign / 3));
                format!("{north_sign}{}{east_sign}{hundred}{} 1479413884.25", pick(north), pick(east))
            };
            let (one, other) = (position(), position());
            if Cell::are_same_at_a_glance(one.as_bytes(), other.as_bytes()) {
                same += 1;
                assert_eq!(Cell::of_any(one.as_bytes()), Cell::of_any(other.as_bytes()), "{one} {other}");
            }
        }
        assert!(same > 500, "{same}");
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
