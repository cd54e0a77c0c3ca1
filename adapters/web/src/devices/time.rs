//! When a device says that it was somewhere.

use herd::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::decimal::Decimal;

use super::fix::number;

/// A time, as it stands in an IAMAT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Time {
    /// POSIX seconds, with as many decimals as were told.
    pub(crate) text: String,
    /// Its value.
    pub(crate) at: Timestamp,
}

/// From where on a number means milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Milliseconds {
    /// From 2^31 - 1 on, as Traccar reads them: where OsmAnd's protocol is spoken.
    FromInt32,
    /// From 10^11 on, which are seconds of the year 5138, and milliseconds of 1973.
    FromFarFuture,
    /// Nowhere: what the herd keeps is seconds.
    Never,
}

impl Milliseconds {
    const fn least(self) -> u64 {
        match self {
            Self::FromInt32 => 0x7fff_ffff,
            Self::FromFarFuture => 100_000_000_000,
            Self::Never => u64::MAX,
        }
    }
}

impl Time {
    /// Reads POSIX seconds or milliseconds, `2015-10-01T08:00:00-0700` with or without a colon in its offset, a fraction and
    /// an offset, or `2014-06-04 09:10:11`. Without an offset it is in UTC.
    pub(crate) fn parse(text: &str, milliseconds: Milliseconds) -> Option<Self> {
        let text = text.trim_ascii();
        match number(text) {
            Some(number) => Self::of_number(number, milliseconds),
            None => Self::of_date(text),
        }
    }

    /// The time that is so many nanoseconds after the epoch.
    pub(crate) fn of(at: Timestamp) -> Option<Self> {
        let text = at.to_string();
        let text = text.trim_end_matches('0').trim_end_matches('.').to_owned();
        (Timestamp::parse(text.as_bytes()) == Some(at)).then_some(Self { text, at })
    }

    fn of_number(number: Decimal, milliseconds: Milliseconds) -> Option<Self> {
        let seconds = if number.whole() >= milliseconds.least() { number.of_thousandths() } else { number };
        let text = seconds.cut(9).as_str().to_owned();
        let at = Timestamp::parse(text.as_bytes())?;
        Some(Self { text, at })
    }

    fn of_date(text: &str) -> Option<Self> {
        let at = OffsetDateTime::parse(&as_rfc_3339(text)?, &Rfc3339).ok()?;
        Self::of(Timestamp::from_nanos(at.unix_timestamp_nanos()))
    }
}

/// The same date as RFC 3339 has it: with a `T`, and an offset with a colon.
fn as_rfc_3339(text: &str) -> Option<String> {
    let (date, clock) = text.split_at_checked("2015-10-01".len())?;
    let clock = clock.strip_prefix(['T', 't', ' '])?;
    let (clock, offset) = clock.find(['Z', 'z', '+', '-', ' ']).map_or((clock, "Z"), |at| clock.split_at(at));
    // In a query a `+` that was not escaped is a space.
    let (sign, offset) = match offset.split_at(1) {
        ("Z" | "z", "") => return Some(format!("{date}T{clock}Z")),
        (" ", offset) => ("+", offset),
        split => split,
    };
    let offset = match (offset.len(), offset.is_ascii()) {
        (2, true) => format!("{offset}:00"),
        (4, true) => format!("{}:{}", &offset[..2], &offset[2..]),
        _ => offset.to_owned(),
    };
    Some(format!("{date}T{clock}{sign}{offset}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str, milliseconds: Milliseconds) -> Option<String> {
        Some(Time::parse(text, milliseconds)?.text)
    }

    #[test]
    fn numbers_are_seconds_or_milliseconds() {
        use Milliseconds::{FromFarFuture, FromInt32};
        for (text, milliseconds, seconds) in [
            ("1377177267", FromInt32, "1377177267"),
            ("1442068686579", FromInt32, "1442068686.579"),
            ("1442068686579", FromFarFuture, "1442068686.579"),
            ("2147483646", FromInt32, "2147483646"),
            ("2147483647", FromInt32, "2147483.647"),
            ("2147483647", FromFarFuture, "2147483647"),
            ("99999999999", FromFarFuture, "99999999999"),
            ("1700000000.1234567891", FromFarFuture, "1700000000.123456789"),
            ("1.7e9", FromFarFuture, "1700000000"),
            ("-5", FromFarFuture, "-5"),
        ] {
            assert_eq!(parsed(text, milliseconds).as_deref(), Some(seconds), "{text}");
        }
    }

    #[test]
    fn dates_have_offsets_with_and_without_a_colon_or_none() {
        for (text, seconds) in [
            ("2015-10-01T08:00:00-0700", "1443711600"),
            ("2015-10-01T08:00:00-07:00", "1443711600"),
            ("2015-10-01T08:00:00-07", "1443711600"),
            ("2015-10-01T15:00:00Z", "1443711600"),
            ("2015-10-01t15:00:00z", "1443711600"),
            ("2015-10-01T17:00:00 02:00", "1443711600"),
            ("2015-10-01T15:00:00", "1443711600"),
            ("2014-06-04 09:10:11", "1401873011"),
            ("2025-06-15T13:45:12.862Z", "1749995112.862"),
            ("2025-06-15T13:45:12.862000+0000", "1749995112.862"),
            ("1969-12-31T23:59:59Z", "-1"),
        ] {
            assert_eq!(parsed(text, Milliseconds::FromInt32).as_deref(), Some(seconds), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "now",
            "NaN",
            "1e400",
            "2015-10-01",
            "2015-13-01T08:00:00Z",
            "2015-10-01T25:00:00Z",
            "2015-10-01T08:00:00+",
            "2015-10-01T08:00:00+7",
            "2015-10-01T08:00:00+07:00:00",
            "20151001T080000Z",
            "2015-10-01T08:00:00é",
            "2015-10-01TZé",
            "99999999999999999999999999",
        ] {
            assert_eq!(parsed(text, Milliseconds::FromInt32), None, "{text}");
        }
    }
}
