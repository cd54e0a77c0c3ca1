//! How far to look, and how much to tell.

use core::fmt;

use super::decimal::{integer_up_to, is_decimal_up_to};

/// The most places that a client may ask for, and that one page of Google's has.
pub const MOST_RESULTS: u8 = 20;

/// What a WHATSAT asks of what is near.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nearby {
    /// How far from the client to look.
    pub(crate) radius: Radius,
    /// The most places to tell.
    pub(crate) bound: u8,
}

/// How far from a position to look: 0 to 50 km for places, 0 to 20,016 km, which is anywhere on the globe, for clients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Radius {
    metres: f64,
}

impl Radius {
    /// The largest radius that the protocol allows for places, in kilometres.
    pub const MOST_KM: u32 = 50;

    /// The largest that it allows for clients, in kilometres: nowhere on the globe is farther.
    pub const MOST_NEAR_KM: u32 = 20_016;

    /// Reads kilometres: `digits[.digits]`, from 0 to 50, checked exactly.
    #[must_use]
    pub fn parse_km(text: &[u8]) -> Option<Self> {
        Self::parse_km_up_to(text, Self::MOST_KM)
    }

    /// Reads kilometres from 0 to `most`, as [`parse_km`](Self::parse_km) does.
    #[must_use]
    pub fn parse_km_up_to(text: &[u8], most: u32) -> Option<Self> {
        if let Some(kilometres) = integer_up_to(text, most) {
            return Some(Self { metres: f64::from(kilometres) * 1000.0 });
        }
        if !is_decimal_up_to(text, most) {
            return None;
        }
        // Read as `10.5e3`, so that the metres are rounded once and `4.35` km is 4350 m.
        let metres = format!("{}e3", core::str::from_utf8(text).ok()?).parse().ok()?;
        Some(Self { metres })
    }

    /// So many kilometres, if they are not too many.
    #[inline]
    pub(crate) fn whole_km(kilometres: u8) -> Option<Self> {
        (u32::from(kilometres) <= Self::MOST_KM).then(|| Self { metres: f64::from(kilometres) * 1000.0 })
    }

    /// The radius in metres.
    #[must_use]
    pub const fn metres(self) -> f64 {
        self.metres
    }
}

impl fmt::Display for Radius {
    /// Kilometres, with as many decimals as the value needs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The point is moved and nothing is divided, so that what is read is the same again.
        let metres = self.metres.to_string();
        let (whole, decimals) = metres.split_once('.').unwrap_or((&metres, ""));
        let (whole, decimals) = (format!("{whole:0>4}"), decimals);
        let (kilometres, metres) = whole.split_at(whole.len() - 3);
        write!(f, "{kilometres}.{metres}{decimals}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_radius_that_is_written_is_the_same_when_it_is_read() {
        for text in ["0", "0.1", "4.35", "10", "50.000", "20016", "0.0000012345", "1234.5678901234"] {
            let radius = Radius::parse_km_up_to(text.as_bytes(), Radius::MOST_NEAR_KM).expect("valid");
            let again = Radius::parse_km_up_to(radius.to_string().as_bytes(), Radius::MOST_NEAR_KM);
            assert_eq!(again, Some(radius), "{text}: {radius}");
        }
    }

    #[test]
    fn a_radius_is_rounded_once() {
        assert_eq!(Radius::parse_km(b"4.35").map(Radius::metres), Some(4350.0));
        assert_eq!(Radius::parse_km(b"50.000").map(Radius::metres), Some(50_000.0));
        assert_eq!(Radius::parse_km(b"0").map(Radius::metres), Some(0.0));
        for text in ["-1", "51", "50.5", "50.0000000000000000001", "1e1", "+5", "", ".5", "5.", "nan"] {
            assert_eq!(Radius::parse_km(text.as_bytes()), None, "{text}");
        }
    }
}
