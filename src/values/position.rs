//! Positions on the globe, written as in ISO 6709.

use core::fmt;

use super::decimal::is_decimal_up_to;

/// A point on the globe, read from the decimal-degree form of ISO 6709: `+34.068930-118.445127`.
///
/// The herd keeps a client's position as the client wrote it; this is its value, for whoever looks
/// for what is near. Degrees; latitude in -90..=90, north positive; longitude in -180..=180, east
/// positive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    latitude: f64,
    longitude: f64,
}

impl Position {
    /// The position at those degrees, or `None` outside the globe or where one is not a number.
    #[must_use]
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let on_globe = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        on_globe.then_some(Self { latitude, longitude })
    }

    /// Reads sign, latitude, sign, longitude: both signs are required, digits with an optional
    /// fraction, nothing after them.
    ///
    /// ISO 6709 also allows a trailing `/`, a height, and minutes and seconds; the herd protocol
    /// does not. The bounds are checked on the digits, so `+90.000000000000000000001+0` is refused
    /// although no `f64` can tell it from 90.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (latitude, longitude) = split(text)?;
        Self::new(degrees(latitude)?, degrees(longitude)?)
    }

    /// What [`parse`](Self::parse) reads, of a text that is known to be valid.
    #[must_use]
    pub(crate) fn of_valid(text: &[u8]) -> Option<Self> {
        let east = 1 + text.get(1..)?.iter().position(|byte| matches!(byte, b'+' | b'-'))?;
        let (latitude, longitude) = text.split_at(east);
        Self::new(degrees(latitude)?, degrees(longitude)?)
    }

    /// Whether [`parse`](Self::parse) would succeed, without the cost of the floats.
    #[must_use]
    pub fn is_valid(text: &[u8]) -> bool {
        split(text).is_some()
    }

    /// Degrees north of the equator.
    #[must_use]
    pub const fn latitude(self) -> f64 {
        self.latitude
    }

    /// Degrees east of Greenwich.
    #[must_use]
    pub const fn longitude(self) -> f64 {
        self.longitude
    }
}

impl fmt::Display for Position {
    /// ISO 6709, with as many decimals as the value needs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:+}{:+}", self.latitude, self.longitude)
    }
}

/// The two signed halves of a valid position.
fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    if !matches!(text.first(), Some(b'+' | b'-')) {
        return None;
    }
    let second = 1 + memchr::memchr2(b'+', b'-', &text[1..])?;
    let (latitude, longitude) = text.split_at(second);
    (is_decimal_up_to(&latitude[1..], 90) && is_decimal_up_to(&longitude[1..], 180)).then_some((latitude, longitude))
}

/// The value of a signed number, as near as an `f64` comes to it.
fn degrees(text: &[u8]) -> Option<f64> {
    if let Some(value) = few_digits(text) {
        return Some(value);
    }
    core::str::from_utf8(text).ok()?.parse().ok()
}

/// The value of a sign and up to fifteen digits with a point among them. Both the digits and the power
/// of ten are exact, so their quotient is rounded once: it is what a longer way would come to.
#[expect(clippy::cast_precision_loss, reason = "the digits are checked to be below 2 to the power of 53")]
fn few_digits(text: &[u8]) -> Option<f64> {
    const TENS: [f64; 16] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let (sign, digits) = text.split_first()?;
    if digits.len() > 16 {
        return None;
    }
    let mut value: u64 = 0;
    let mut point = digits.len();
    for (place, &byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            value = value * 10 + u64::from(digit);
        } else {
            point = place + 1;
        }
    }
    let magnitude = if value >> 53 == 0 { value as f64 / TENS.get(digits.len() - point)? } else { return None };
    Some(if *sign == b'-' { -magnitude } else { magnitude })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_decimal_degrees() {
        for (text, latitude, longitude) in [
            ("+34.068930-118.445127", 34.068_93, -118.445_127),
            ("-0+0", 0.0, 0.0),
            ("+90-180", 90.0, -180.0),
            ("-90.000+180.0", -90.0, 180.0),
            ("+0034.5+007", 34.5, 7.0),
        ] {
            let position = Position::parse(text.as_bytes()).expect(text);
            assert_eq!((position.latitude(), position.longitude()), (latitude, longitude), "{text}");
            assert!(Position::is_valid(text.as_bytes()));
        }
    }

    #[test]
    fn refuses_every_other_form() {
        for text in [
            "",
            "+",
            "+-",
            "+34.-118.5",
            "+.5+1",
            "34.0-118.0",
            "+34.0",
            "+91.0+0.0",
            "+90.0000000000000000000001+0",
            "+0+180.1",
            "+1e1+2",
            "nan",
            "+34.0-118.0/",
            "+34.0-118.0+5",
            "++1+1",
            "+1+",
            "+34 -118",
            "+1..0+1",
        ] {
            assert!(!Position::is_valid(text.as_bytes()), "{text}");
            assert_eq!(Position::parse(text.as_bytes()), None, "{text}");
        }
    }
}
