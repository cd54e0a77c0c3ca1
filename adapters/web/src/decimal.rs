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
        let digits = shifted(whole, fraction, exponent)?;
        Some(Self(if negative { format!("-{digits}") } else { digits.into_owned() }))
    }

    /// With a sign in front, as latitudes and longitudes have it on the wire.
    pub(crate) fn signed(&self) -> String {
        if self.0.starts_with('-') { self.0.clone() } else { format!("+{}", self.0) }
    }

    /// Its digits.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The digits with the point moved.
fn shifted<'a>(whole: &'a str, fraction: &'a str, exponent: i32) -> Option<Cow<'a, str>> {
    let by = usize::try_from(exponent.unsigned_abs()).ok().filter(|&by| by <= MOST_SHIFT)?;
    let joined = |whole: &str, fraction: &str| {
        if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
    };
    if exponent == 0 {
        return Some(joined(whole, fraction).into());
    }
    let digits = if exponent > 0 {
        let fraction = format!("{fraction:0<by$}");
        let (up, down) = fraction.split_at(by);
        joined(&format!("{whole}{up}"), down)
    } else {
        let whole = format!("{whole:0>width$}", width = by + 1);
        let (up, down) = whole.split_at(whole.len() - by);
        joined(up, &format!("{down}{fraction}"))
    };
    Some(digits.into())
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
    fn what_is_no_number_is_none() {
        for bad in
            ["", "-", "+", ".5", "5.", "1e", "1e400", "1e-41", "NaN", "Infinity", "0x1", "1,5", "1 ", "--1", "1e1.5"]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
