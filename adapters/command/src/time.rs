//! A span of time on a command line or in a setting.

use std::ops::RangeInclusive;
use std::time::Duration;

/// How one is written, for messages.
pub const TIME: &str = "a time in seconds or with a unit, as in 500ms, 10s or 5m";

/// Reads whole seconds, or numbers with units.
#[must_use]
pub fn parse_time(text: &str) -> Option<Duration> {
    match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => humantime::parse_duration(text).ok(),
    }
}

/// Reads a time within these bounds.
pub fn time(bounds: RangeInclusive<Duration>) -> impl Fn(&str) -> Result<Duration, String> + Clone {
    move |text| {
        let time = parse_time(text).ok_or_else(|| format!("not {TIME}"))?;
        let [least, most] = [*bounds.start(), *bounds.end()].map(humantime::format_duration);
        if bounds.contains(&time) { Ok(time) } else { Err(format!("not a time from {least} to {most}")) }
    }
}

/// Reads a time that is as long as anybody likes.
///
/// # Errors
/// What is wrong with the text, as the end of a message.
pub fn any_time(text: &str) -> Result<Duration, String> {
    const YEAR: u64 = 31_557_600;
    time(Duration::from_millis(1)..=Duration::from_secs(100 * YEAR))(text)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{any_time, time};

    #[test]
    fn what_is_wrong_is_told() {
        let read = time(Duration::from_millis(10)..=Duration::from_hours(24));
        assert_eq!((read("10"), read("1h 5m")), (Ok(Duration::from_secs(10)), Ok(Duration::from_mins(65))));
        for text in ["", "forever", "1x", "5 5", "-1s", "1.5"] {
            let told = "not a time in seconds or with a unit, as in 500ms, 10s or 5m";
            assert_eq!(read(text).unwrap_err(), told, "{text}");
        }
        assert_eq!(read("9ms").unwrap_err(), "not a time from 10ms to 1day");
        for text in ["0", "101years", "18446744073709551615"] {
            assert_eq!(any_time(text).unwrap_err(), "not a time from 1ms to 100years", "{text}");
        }
    }
}
