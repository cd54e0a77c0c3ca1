//! Numbers by their digits: a position or a time is kept as it was written, and never goes through a float.

use std::borrow::Cow;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// As many digits as an exponent may move the point, in front of it or behind.
const MOST_SHIFT: usize = 40;

/// A number as its digits say: `-` or nothing, digits, and perhaps a point with digits behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decimal(String);

impl Decimal {
    /// Reads a decimal number, as JSON writes them or a little laxer: a `+` in front, and an exponent that moves the point
    /// by not too many digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (digits, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let is_number = !whole.is_empty() && all_digits(whole) && all_digits(fraction);
        if !is_number || (mantissa.contains('.') && fraction.is_empty()) {
            return None;
        }
        if exponent == 0 {
            return Some(Self(if negative { format!("-{mantissa}") } else { mantissa.to_owned() }));
        }
        let digits = shifted(whole, fraction, exponent)?;
        Some(Self(if negative { format!("-{digits}") } else { digits }))
    }

    /// With a sign in front, as latitudes and longitudes have it on the wire.
    pub(crate) fn signed(&self) -> String {
        if self.0.starts_with('-') { self.0.clone() } else { format!("+{}", self.0) }
    }

    /// Its digits.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// A thousandth of it: seconds of milliseconds.
    pub(crate) fn of_thousandths(&self) -> Self {
        let (whole, decimals) = self.split();
        let digits = shifted(whole, decimals, -3).expect("three digits are not many");
        Self(format!("{}{digits}", if self.is_negative() { "-" } else { "" }))
    }

    /// With so many decimals at most; further ones are cut off.
    pub(crate) fn cut(mut self, most: usize) -> Self {
        if let Some(point) = self.0.find('.') {
            self.0.truncate(point + 1 + most);
        }
        self
    }

    /// Whether there is a minus in front, also of a zero.
    pub(crate) fn is_negative(&self) -> bool {
        self.0.starts_with('-')
    }

    /// Whether all its digits are 0.
    pub(crate) fn is_zero(&self) -> bool {
        self.0.bytes().all(|byte| matches!(byte, b'-' | b'.' | b'0'))
    }

    /// Without its sign and what stands behind the point; the greatest there is where it is greater.
    pub(crate) fn whole(&self) -> u64 {
        self.split().0.parse().unwrap_or(u64::MAX)
    }

    /// What stands before the point without the sign, and what stands behind it.
    fn split(&self) -> (&str, &str) {
        let digits = self.0.trim_start_matches('-');
        digits.split_once('.').unwrap_or((digits, ""))
    }
}

/// The digits with the point moved.
fn shifted(whole: &str, fraction: &str, exponent: i32) -> Option<String> {
    let by = usize::try_from(exponent.unsigned_abs()).ok().filter(|&by| by <= MOST_SHIFT)?;
    let joined = |whole: &str, fraction: &str| {
        if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
    };
    Some(if exponent > 0 {
        let fraction = format!("{fraction:0<by$}");
        let (up, down) = fraction.split_at(by);
        joined(&format!("{whole}{up}"), down)
    } else {
        let whole = format!("{whole:0>width$}", width = by + 1);
        let (up, down) = whole.split_at(whole.len() - by);
        joined(up, &format!("{down}{fraction}"))
    })
}

/// From a JSON number, or a text that has one.
impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let text = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(raw);
        Self::parse(text)
            .ok_or_else(|| D::Error::custom(format_args!("expected a decimal number, found {}", short(raw))))
    }
}

/// A text that is not too long to be told.
pub(crate) fn short(text: &str) -> Cow<'_, str> {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &text[..end]).into(),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        Decimal::parse(text).map(|decimal| decimal.as_str().to_owned())
    }

    #[test]
    fn digits_stay_as_they_are() {
        for same in ["0", "34.068930", "-118.445127", "-0.0", "1479413884.392014450", "34.068930000000000001"] {
            assert_eq!(read(same).as_deref(), Some(same));
        }
        assert_eq!(Decimal::parse("+1.5").expect("a number").signed(), "+1.5");
        assert_eq!(Decimal::parse("-1.5").expect("a number").signed(), "-1.5");
    }

    #[test]
    fn an_exponent_moves_the_point() {
        for (text, digits) in [
            ("1.5e1", "15"),
            ("1.25E+1", "12.5"),
            ("-5.0e-05", "-0.000050"),
            ("123.4e-2", "1.234"),
            ("1e3", "1000"),
            ("12e-2", "0.12"),
        ] {
            assert_eq!(read(text).as_deref(), Some(digits), "{text}");
        }
    }

    #[test]
    fn milliseconds_are_seconds_with_three_digits_more() {
        for (text, seconds) in [
            ("1442068686579", "1442068686.579"),
            ("1442068686579.25", "1442068686.57925"),
            ("-5", "-0.005"),
            ("0", "0.000"),
        ] {
            assert_eq!(Decimal::parse(text).expect(text).of_thousandths().as_str(), seconds, "{text}");
        }
        for (text, whole, is_zero) in [("-12.9", 12, false), ("0.0", 0, true), ("-0", 0, true), ("0.01", 0, false)] {
            let number = Decimal::parse(text).expect(text);
            assert_eq!((number.whole(), number.is_zero()), (whole, is_zero), "{text}");
        }
        assert_eq!(Decimal::parse("99999999999999999999").expect("digits").whole(), u64::MAX);
        for (text, cut) in [("1.1234567891", "1.123456789"), ("1.5", "1.5"), ("12345678901", "12345678901")] {
            assert_eq!(Decimal::parse(text).expect(text).cut(9).as_str(), cut);
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for bad in
            ["", "-", "+", ".5", "5.", "1e", "1e400", "1e-41", "NaN", "Infinity", "0x1", "1,5", "1 ", "--1", "1e1.5"]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
