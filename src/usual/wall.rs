//! Skews without division: decimal digits are subtracted from decimal digits.
//!
//! A time is told in decimal and so is a skew, and the digits of a difference take fewer steps than a number
//! that is read, subtracted and written. Of the skew the number is read, which is shorter than the time.

use super::shape::NANOS;
use crate::time::{Skew, Timestamp};
use crate::word;

/// A time with ten digits and nine decimals, as text: `1479413884.392014450`.
pub(super) type Text = [u8; 20];

/// How many of those are the same in times that are not far apart, mostly.
const FIRST: usize = 4;

/// What a server's clock says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wall {
    /// Nanoseconds since the epoch.
    nanos: i64,
    /// The same as text, where it has ten digits: those that are [`FIRST`], and the others with the first highest.
    first: [u8; FIRST],
    rest: u128,
}

impl Wall {
    /// The clock says `now`, if that can be said in nanoseconds of 64 bits.
    pub(crate) fn new(now: Timestamp) -> Option<Self> {
        let nanos = i64::try_from(now.as_nanos()).ok()?;
        let mut text = Text::default();
        if let Ok(nanos) = u64::try_from(nanos) {
            let (seconds, decimals) = (nanos / NANOS, nanos % NANOS);
            text[..8].copy_from_slice(&word::digits(seconds / 100).to_le_bytes());
            text[8..10].copy_from_slice(&word::digits(seconds % 100).to_le_bytes()[6..]);
            text[10] = b'.';
            text[11..19].copy_from_slice(&word::digits(decimals / 10).to_le_bytes());
            text[19] = b'0' + (decimals % 10) as u8;
        }
        let (first, rest) = halves(&text);
        Some(Self { nanos, first, rest })
    }

    /// Nanoseconds since the epoch.
    #[inline]
    pub(crate) const fn nanos(&self) -> i64 {
        self.nanos
    }

    /// Writes the skew of a client whose clock says `time`, if that is right to ten seconds; what it says in
    /// nanoseconds since the epoch, and how long the skew is.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call is a fiftieth of what an IAMAT takes")]
    pub(super) fn skew(&self, time: &Text, to: &mut [u8; Skew::ROOM]) -> Option<(i64, usize)> {
        let (first, rest) = halves(time);
        if first != self.first {
            return None;
        }
        let difference = self.rest.wrapping_sub(rest);
        // All ones where the client's clock is ahead, else zero.
        let ahead = difference.cast_signed() >> (u128::BITS - 1);
        let distance = ((difference.cast_signed() ^ ahead) - ahead).cast_unsigned();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the halves of it, and its sign")]
        let (upper, lower, ahead) = (digits((distance >> 64) as u64), digits(distance as u64), ahead as u64);
        // Five digits of seconds that are to be zero, one more, the point, and the first decimal.
        if upper >> 24 != 0 {
            return None;
        }
        let tenths = (upper >> 16) * 10 + (upper & 0xff);
        let nanos = tenths * 100_000_000 + word::number(lower.swap_bytes(), 8);
        let skew = (nanos ^ ahead).wrapping_sub(ahead).cast_signed();
        // The minus is the plus and two.
        let sign = u64::from(b'+') + (ahead & 2);
        let start = (upper & 0x0f_000f) | u64::from_be_bytes(*b"\0\0\0\0\x000.0") | sign << 24;
        #[expect(clippy::cast_possible_truncation, reason = "no more was put in")]
        let start = start as u32;
        to[..4].copy_from_slice(&start.to_be_bytes());
        to[4..12].copy_from_slice(&(lower | u64::from_be_bytes([b'0'; 8])).to_be_bytes());
        Some((self.nanos - skew, 12))
    }
}

#[inline]
fn halves(time: &Text) -> ([u8; FIRST], u128) {
    let (first, rest) = time.split_first_chunk().expect("it is longer");
    (*first, u128::from_be_bytes(*rest.first_chunk().expect("it is as long")))
}

/// The digits that a difference of digits is, from what eight bytes less eight bytes are.
#[inline]
const fn digits(difference: u64) -> u64 {
    // A byte that took one of the next is less than zero, and has this bit, unlike a digit. It took 16 where a digit
    // takes ten, so six of them go.
    let took = difference & u64::from_ne_bytes([0x10; 8]);
    (difference - (took >> 2) - (took >> 3)) & u64::from_ne_bytes([0x0f; 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skew_is_what_division_makes_of_it() {
        let wall: i64 = 1_479_413_884_392_014_450;
        let clock = Wall::new(Timestamp::from_nanos(wall.into())).expect("it is near");
        let distances = (0..64).map(|bit| 1_i64 << bit >> 1).chain([3, 999_999_999, 1_392_014_450, 9_999_999_999]);
        let mut near = 0;
        for skew in distances.flat_map(|distance| [distance, -distance]) {
            let Some(time) = wall.checked_sub(skew).filter(|time| *time >= 0) else { continue };
            let text = Timestamp::from_nanos(time.into()).to_string();
            let Ok(text) = text.as_bytes().try_into() else { continue };
            let (mut found, mut expected) = ([0; Skew::ROOM], [0; Skew::ROOM]);
            let len = Skew::write_nanos(skew, &mut expected);
            let Some((at, found_len)) = clock.skew(text, &mut found) else {
                assert!(skew.unsigned_abs() >= 10_000_000_000, "{skew}");
                continue;
            };
            near += 1;
            assert_eq!((at, &found[..found_len]), (time, &expected[..len]), "{skew}");
        }
        assert!(near > 60);
    }

    #[test]
    fn a_time_that_begins_otherwise_is_left_to_division() {
        let clock = |text: &[u8; 20]| Wall::new(Timestamp::parse(text).expect("a time")).expect("it is near");
        let skew = |wall, time| clock(wall).skew(time, &mut [0; Skew::ROOM]);
        // Near, and a digit of the first differs; and far, while the others are the same.
        assert_eq!(skew(b"1480000000.000000000", b"1479999999.999999999"), None);
        assert_eq!(skew(b"1480000001.000000000", b"1379000001.000000000"), None);
        assert_eq!(skew(b"1480000001.000000000", b"1480000011.000000000"), None);
        let before_ten_digits = Wall::new(Timestamp::default()).expect("it is near");
        assert_eq!(before_ten_digits.skew(b"0000000000.000000000", &mut [0; Skew::ROOM]), Some((0, 12)));
        let before_the_epoch = Wall::new(Timestamp::from_nanos(-5)).expect("it is near");
        assert_eq!(before_the_epoch.skew(b"0000000000.000000000", &mut [0; Skew::ROOM]), None);
    }
}
