//! Times, exact to the nanosecond, and the skew between two of them.
//!
//! The core never reads a clock. Whoever drives it passes a [`Now`] into each call that needs one:
//! the wall clock for skews, and a clock that never goes back for timers.

use core::fmt;
use core::time::Duration;
use std::io::Write as _;

use crate::bytes::word;

const NANOS: i128 = 1_000_000_000;

/// POSIX seconds with nine decimals, kept as whole nanoseconds since the epoch.
///
/// The herd protocol never sees a binary float here: two times are equal only when they are equal to
/// the nanosecond. Seconds fit in 64 bits signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i128);

impl Timestamp {
    /// The time that many nanoseconds after (or, when negative, before) the POSIX epoch.
    #[must_use]
    pub const fn from_nanos(nanos: i128) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the POSIX epoch.
    #[must_use]
    pub const fn as_nanos(self) -> i128 {
        self.0
    }

    /// Reads `[-]digits[.digits]` with at most nine decimals; the seconds must fit in an `i64`.
    ///
    /// Anything else (an exponent, `inf`, `_`, a leading `+`, a bare point) is `None`.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (negative, digits) = match text.split_first()? {
            (b'-', rest) => (true, rest),
            _ => (false, text),
        };
        let (seconds, decimals) = whole_seconds(digits)?;
        if seconds > i64::MAX.unsigned_abs() + u64::from(negative) {
            return None;
        }
        let nanos = if decimals.is_some_and(|decimals| decimals.len() > 9) { None } else { nanos_of(decimals) }?;
        let magnitude = i128::from(seconds) * NANOS + i128::from(nanos);
        let least = i128::from(i64::MIN) * NANOS;
        let value = if negative { -magnitude } else { magnitude };
        (value >= least).then_some(Self(value))
    }

    /// Before all others.
    pub(crate) const FIRST: Self = Self(i128::MIN);

    /// The time so long before this one.
    pub(crate) fn before(self, time: Duration) -> Self {
        Self(self.0.saturating_sub(i128::try_from(time.as_nanos()).unwrap_or(i128::MAX)))
    }

    /// The time that is so far past this one; the latest there is where that is later.
    #[must_use]
    pub const fn after(self, skew: Skew) -> Self {
        Self(self.0.saturating_add(skew.0))
    }

    /// How far this time is ahead of `other`: positive when `other` is earlier. Times that are made
    /// from numbers can be so far apart that no skew holds it; then it is the longest there is.
    #[must_use]
    pub const fn since(self, other: Self) -> Skew {
        Skew(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Timestamp {
    /// Seconds with nine decimals, as the wire has them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let nanos = NANOS.unsigned_abs();
        write!(f, "{sign}{}.{:09}", magnitude / nanos, magnitude % nanos)
    }
}

/// The digits that `text` begins with, as a number of 64 bits, and what stands behind a point that follows.
fn whole_seconds(text: &[u8]) -> Option<(u64, Option<&[u8]>)> {
    let mut seconds: u64 = 0;
    let mut at = 0;
    while let Some(&digit) = text.get(at).filter(|byte| byte.is_ascii_digit()) {
        seconds = seconds.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
        at += 1;
    }
    match text[at..].split_first() {
        _ if at == 0 => None,
        None => Some((seconds, None)),
        Some((b'.', decimals)) => Some((seconds, Some(decimals))),
        Some(_) => None,
    }
}

/// Decimals, at least one where there is a point, as nanoseconds; those behind the ninth are cut off.
fn nanos_of(decimals: Option<&[u8]>) -> Option<u32> {
    let Some(decimals) = decimals else { return Some(0) };
    if decimals.is_empty() || !decimals.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some((0..9).fold(0, |nanos, place| nanos * 10 + u32::from(decimals.get(place).unwrap_or(&b'0') - b'0')))
}

/// A server's clock when it received a report, minus the client's time in it.
///
/// Shown with a sign and nine decimals, always: `+0.263873386`, `-12.000000001`, `+0.000000000`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Skew(i128);

impl Skew {
    /// Nanoseconds, positive when the server's clock was ahead.
    #[must_use]
    pub const fn as_nanos(self) -> i128 {
        self.0
    }

    /// Appends the wire's form to `out`.
    pub fn write(self, out: &mut Vec<u8>) {
        let (text, len) = self.text();
        out.extend_from_slice(&text[..len]);
    }

    /// The wire's form, and how long it is.
    fn text(self) -> ([u8; Self::LONGEST], usize) {
        let mut text = [0; Self::LONGEST];
        let nanos = NANOS.unsigned_abs();
        let (seconds, nanos) = (self.0.unsigned_abs() / nanos, self.0.unsigned_abs() % nanos);
        let sign = if self.0 < 0 { '-' } else { '+' };
        let mut rest = &mut text[..];
        write!(rest, "{sign}{seconds}.{nanos:09}").expect("128 bits have no more digits");
        let len = Self::LONGEST - rest.len();
        (text, len)
    }

    /// The longest: a sign, 30 digits and a point, which is as much as 128 bits hold, and some more.
    const LONGEST: usize = 48;

    /// Writes the wire's form of a skew of so many nanoseconds; how long it is.
    #[inline]
    pub(crate) fn write_nanos(nanos: i64, to: &mut [u8; Self::ROOM]) -> usize {
        let small = nanos.unsigned_abs();
        to[0] = if nanos < 0 { b'-' } else { b'+' };
        let (seconds, rest) = (small / 1_000_000_000, small % 1_000_000_000);
        // Nearly every clock is right to ten seconds.
        let end = if seconds < 10 {
            to[1] = digit(seconds);
            2
        } else {
            write_whole(seconds, to)
        };
        if let Some(to) = to[end..].first_chunk_mut::<10>() {
            (to[0], to[1]) = (b'.', digit(rest / 100_000_000));
            to[2..].copy_from_slice(&word::digits(rest % 100_000_000).to_le_bytes());
        }
        end + 10
    }

    /// Room for every skew of 64 bits: a sign, ten digits, a point and nine, and some more.
    pub(crate) const ROOM: usize = 24;

    /// Reads a skew as a neighbour may write it: a sign, digits, and at least one decimal where there is a point. The
    /// seconds fit in 64 bits without the sign, as those between any two times do; without that bound a skew of many
    /// digits would win over every true one, where two reports have the same time.
    ///
    /// Decimals behind the ninth, of neighbours that round otherwise than this server, are cut off.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (negative, digits) = match text.split_first()? {
            (b'+', rest) => (false, rest),
            (b'-', rest) => (true, rest),
            _ => return None,
        };
        let (seconds, decimals) = whole_seconds(digits)?;
        let magnitude = i128::from(seconds) * NANOS + i128::from(nanos_of(decimals)?);
        Some(Self(if negative { -magnitude } else { magnitude }))
    }
}

/// Writes up to ten digits behind the sign; where they end.
#[inline(never)]
fn write_whole(seconds: u64, to: &mut [u8; Skew::ROOM]) -> usize {
    let (tens, eight) = (seconds / 100_000_000, word::digits(seconds % 100_000_000).to_le_bytes());
    let mut whole = [digit(tens / 10), digit(tens % 10), 0, 0, 0, 0, 0, 0, 0, 0];
    whole[2..].copy_from_slice(&eight);
    let zeros = whole.iter().take_while(|&&digit| digit == b'0').count();
    let end = 1 + whole.len() - zeros;
    to[1..end].copy_from_slice(&whole[zeros..]);
    end
}

/// A digit.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "it is below ten")]
const fn digit(value: u64) -> u8 {
    b'0' + value as u8
}

impl fmt::Display for Skew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (text, len) = self.text();
        f.write_str(&String::from_utf8_lossy(&text[..len]))
    }
}

/// A point on a clock that never goes back, in nanoseconds from a start of the caller's choosing.
///
/// `std::time::Instant` cannot be made without asking a clock, so the core has its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The instant that many nanoseconds after the start of the clock.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the start of the clock.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The instant so long before this one; the start of the clock where that is before it.
    pub(crate) fn before(self, time: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// The time from `earlier` to this instant; zero when `earlier` is later.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl core::ops::Add<Duration> for Instant {
    type Output = Self;

    /// The instant `rhs` later; the end of the clock where that is past it.
    fn add(self, rhs: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(rhs.as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// What the clocks say: read once a pass and handed to every call that needs it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// The wall clock, for skews. It may be wrong, and may jump.
    pub wall: Timestamp,
    /// A clock that never goes back, for timers.
    pub instant: Instant,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_exact_to_the_nanosecond() {
        for (text, nanos) in [
            ("1479413884.392014450", 1_479_413_884_392_014_450),
            ("0", 0),
            ("-0.5", -500_000_000),
            ("1.5", 1_500_000_000),
            ("007.000000001", 7_000_000_001),
            ("9223372036854775807.999999999", i128::from(i64::MAX) * NANOS + 999_999_999),
            ("-9223372036854775808", i128::from(i64::MIN) * NANOS),
        ] {
            assert_eq!(Timestamp::parse(text.as_bytes()), Some(Timestamp(nanos)), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_time_is_refused() {
        for text in [
            "",
            "-",
            ".",
            "1.",
            ".5",
            "1.1234567890",
            "+1",
            "1e3",
            "inf",
            "nan",
            "1_0",
            "--1",
            "1.2.3",
            "1.-2",
            " 1",
            "9223372036854775808",
            "-9223372036854775809",
            "-9223372036854775808.000000001",
            "99999999999999999999999",
        ] {
            assert_eq!(Timestamp::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_skew_always_has_a_sign_and_nine_decimals() {
        for (nanos, text) in [
            (263_873_386, "+0.263873386"),
            (-12_000_000_001, "-12.000000001"),
            (0, "+0.000000000"),
            (-1, "-0.000000001"),
            (9_999_999_999, "+9.999999999"),
            (10_000_000_000, "+10.000000000"),
            (-316_107_298_120_953_291, "-316107298.120953291"),
            (1_000_000_000_000_000_000, "+1000000000.000000000"),
            (i64::MAX.into(), "+9223372036.854775807"),
            (i64::MIN.into(), "-9223372036.854775808"),
            (i128::from(i64::MAX) * NANOS * 2, "+18446744073709551614.000000000"),
            (i128::from(u64::MAX) * NANOS * 2, "+36893488147419103230.000000000"),
        ] {
            assert_eq!(Skew(nanos).to_string(), text);
            if let Ok(nanos) = i64::try_from(nanos) {
                let mut short = [0; Skew::ROOM];
                let len = Skew::write_nanos(nanos, &mut short);
                assert_eq!(&short[..len], text.as_bytes());
            }
            let read = Skew::parse(text.as_bytes());
            let most = i128::from(u64::MAX) * NANOS + NANOS - 1;
            assert_eq!(read, (nanos.abs() <= most).then_some(Skew(nanos)), "{text}");
        }
    }

    #[test]
    fn a_skew_is_read_as_neighbours_write_it_and_is_bounded_like_a_time() {
        for (text, nanos) in [
            ("+0.5", 500_000_000),
            ("-12", -12 * NANOS),
            ("+0.26387338638305664", 263_873_386),
            ("-18446744073709551615.999999999", -(i128::from(u64::MAX) * NANOS + NANOS - 1)),
        ] {
            assert_eq!(Skew::parse(text.as_bytes()), Some(Skew(nanos)), "{text}");
        }
        for text in ["", "+", "0.5", "+.5", "+1.", "+1e3", "-nan", "-18446744073709551616", "-99999999999999999999"] {
            assert_eq!(Skew::parse(text.as_bytes()), None, "{text}");
        }
    }
}
