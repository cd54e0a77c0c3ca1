//! Numbers as people like to read them.

use herd::values::Skew;
use herd::{Position, Timestamp};

/// `0.52 km`: as many decimals as say something.
pub(crate) fn distance(km: f64) -> String {
    let decimals = match km {
        _ if km < 9.995 => 2,
        _ if km < 999.95 => 1,
        _ => 0,
    };
    format!("{km:.decimals$} km")
}

/// `SW 225°`: the point of the compass, and degrees from north by east.
pub(crate) fn bearing(degrees: f64) -> String {
    const POINTS: [&str; 8] = ["N", "NE", "E", "SE", "S", "SW", "W", "NW"];
    // Each has half a point to either side.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 8")]
    let point = ((degrees.rem_euclid(360.0) + 22.5) / 45.0) as usize % POINTS.len();
    format!("{} {:.0}°", POINTS[point], degrees.round().rem_euclid(360.0))
}

/// How long ago that was, in the unit that says enough. What is ahead of this machine's clock is now.
pub(crate) fn age(heard: Timestamp, now: Timestamp) -> String {
    span(seconds_since(heard, now))
}

/// `5 s`, `12 min`, `3 h`, `40 d`, `10 y`: a time in the unit that says enough.
pub(crate) fn span(seconds: f64) -> String {
    match seconds.max(0.0) {
        seconds if seconds < 119.5 => format!("{seconds:.0} s"),
        seconds if seconds < 7170.0 => format!("{:.0} min", seconds / 60.0),
        seconds if seconds < 171_000.0 => format!("{:.0} h", seconds / 3600.0),
        seconds if seconds < 2.0 * YEAR => format!("{:.0} d", seconds / 86_400.0),
        seconds => format!("{:.0} y", seconds / YEAR),
    }
}

/// `10 years ago`: an age in words.
pub(crate) fn ago(heard: Timestamp, now: Timestamp) -> String {
    let seconds = seconds_since(heard, now);
    let words = match span(seconds.abs()) {
        span if span.ends_with(" d") => span.replace(" d", " days"),
        span => span.replace(" y", " years"),
    };
    match seconds {
        _ if seconds >= 0.5 => format!("{words} ago"),
        _ if seconds > -0.5 => "just now".into(),
        _ => format!("{words} from now"),
    }
}

/// How long a year is, in seconds.
const YEAR: f64 = 365.25 * 86_400.0;

/// `+264 ms`, `-12.5 s`: how far a server's clock was ahead of a report's time.
pub(crate) fn skew(text: &str) -> Option<String> {
    let nanos = Skew::parse(text.as_bytes())?.as_nanos();
    #[expect(clippy::cast_precision_loss, reason = "it is for people")]
    let seconds = nanos as f64 / 1e9;
    Some(if seconds.abs() < 0.9995 { format!("{:+.0} ms", seconds * 1e3) } else { offset(seconds) })
}

/// How far a clock is ahead, in the largest unit that fits.
pub(crate) fn offset(seconds: f64) -> String {
    match seconds.abs() {
        0.0..1000.0 => format!("{seconds:+.1} s"),
        1000.0..172_800.0 => format!("{:+.1} h", seconds / 3600.0),
        _ => format!("{:+.0} d", seconds / 86_400.0),
    }
}

/// How many seconds passed from one to the other.
pub(crate) fn seconds_since(heard: Timestamp, now: Timestamp) -> f64 {
    // To the microsecond, which is what a float of any time that people use can tell.
    let micros = now.since(heard).as_nanos() / 1000;
    #[expect(clippy::cast_precision_loss, reason = "it is for people")]
    let seconds = micros as f64 / 1e6;
    seconds
}

/// `34.06893 -118.44513`: to a metre, as maps take it.
pub(crate) fn position(position: Position) -> String {
    format!("{:.5} {:.5}", position.latitude(), position.longitude())
}

/// What this machine's clock says.
pub(crate) fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(i128::try_from(since.as_nanos()).unwrap_or(i128::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_say_enough() {
        let distances = [0.0, 0.004, 0.5249, 9.994, 9.996, 123.46, 999.96, 20_015.1].map(distance);
        assert_eq!(
            distances,
            ["0.00 km", "0.00 km", "0.52 km", "9.99 km", "10.0 km", "123.5 km", "1000 km", "20015 km"]
        );
        let bearings = [0.0, 22.4, 22.6, 90.0, 225.2, 315.0, 337.6, 359.7].map(bearing);
        assert_eq!(bearings, ["N 0°", "N 22°", "NE 23°", "E 90°", "SW 225°", "NW 315°", "N 338°", "N 0°"]);
        let at = |seconds: i128| Timestamp::from_nanos(seconds * 1_000_000_000);
        let ages = [-5, 0, 119, 120, 7000, 7200, 170_000, 172_800].map(|seconds| age(at(1000), at(1000 + seconds)));
        assert_eq!(ages, ["0 s", "0 s", "119 s", "2 min", "117 min", "2 h", "47 h", "2 d"]);
        let ages = [-7200, 0, 3, 7200, 3_456_000, 315_576_000].map(|seconds| ago(at(1000), at(1000 + seconds)));
        assert_eq!(ages, ["2 h from now", "just now", "3 s ago", "2 h ago", "40 days ago", "10 years ago"]);
        let skews = ["+0.263873386", "-0.004", "-12.5", "+7200", "+315576000.1", "soon"].map(skew);
        assert_eq!(skews.map(Option::unwrap_or_default), ["+264 ms", "-4 ms", "-12.5 s", "+2.0 h", "+3653 d", ""]);
    }
}
