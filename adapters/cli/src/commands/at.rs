//! An AT line, read for people.

use herd::{Position, Timestamp};
use serde::Serialize;

use crate::failure::Failure;
use crate::shown;
use herd_command::escaped;

/// What an AT line says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct At {
    pub(crate) server: String,
    pub(crate) skew: String,
    pub(crate) client: String,
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
    pub(crate) time: String,
}

impl At {
    /// Reads `AT server skew client position time`.
    pub(crate) fn parse(line: &[u8]) -> Option<Self> {
        let fields: Vec<&[u8]> = line.split(|&byte| byte == b' ').collect();
        let [b"AT", server, skew, client, position, time] = fields[..] else { return None };
        let position = Position::parse(position)?;
        let text = |field: &[u8]| String::from_utf8_lossy(field).into_owned();
        Some(Self {
            server: text(server),
            skew: text(skew),
            client: text(client),
            latitude: position.latitude(),
            longitude: position.longitude(),
            time: text(time),
        })
    }

    /// Where and since when, for people.
    pub(crate) fn describe(&self, now: Timestamp) -> String {
        let Self { latitude, longitude, .. } = self;
        let [server, client, time, skew] =
            [&self.server, &self.client, &self.time, &self.skew].map(|text| escaped(text));
        let age = Timestamp::parse(time.as_bytes()).map_or_else(String::new, |at| format!("{}, ", shown::ago(at, now)));
        let skew = shown::skew(&skew).unwrap_or(skew);
        format!(
            "{client} is at {:.6}° {}, {:.6}° {}\n  reported  {age}{}\n  to        {server}, skew {skew}",
            latitude.abs(),
            if *latitude < 0.0 { "S" } else { "N" },
            longitude.abs(),
            if *longitude < 0.0 { "W" } else { "E" },
            dated(&time),
        )
    }
}

/// A time as it is written, behind the date for people.
pub(crate) fn dated(time: &str) -> String {
    let utc = Timestamp::parse(time.as_bytes()).and_then(utc);
    utc.map_or_else(|| time.into(), |utc| format!("{utc} ({time})"))
}

/// A time of day for people, where it is in a year that they know: one of four digits.
pub(crate) fn utc(time: Timestamp) -> Option<String> {
    let seconds = u64::try_from(time.as_nanos() / 1_000_000_000).ok().filter(|&seconds| seconds < YEAR_10000)?;
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    Some(humantime::format_rfc3339_seconds(time).to_string())
}

/// When it begins.
const YEAR_10000: u64 = 253_402_300_800;

/// Refuses what could not stand in a line as a client's ID.
pub(crate) fn check_client(client: &str) -> Result<(), Failure> {
    if client.is_empty() || client.bytes().any(herd::wire::is_white_space) {
        return Err(Failure::Usage(format!(
            "invalid client ID {client:?}: it must not be empty or contain white space"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_at_line_is_read_for_people() {
        let line = b"AT Alford +0.263873386 kiwi.cs.ucla.edu +34.068930-118.445127 1479413884.392014450";
        let now = Timestamp::parse(b"1795032844").expect("a time");
        let text = At::parse(line).expect("an AT line").describe(now);
        assert_eq!(
            text,
            "kiwi.cs.ucla.edu is at 34.068930° N, 118.445127° W\n  \
             reported  10 years ago, 2016-11-17T20:18:04Z (1479413884.392014450)\n  \
             to        Alford, skew +264 ms"
        );
        let strange = At::parse(b"AT \x1bc +\x07 a\x1b[31m\"b\" +1+1 \x1b]0;x").expect("an AT line").describe(now);
        assert!(strange.starts_with(r#"a\x1b[31m"b" is at "#), "{strange}");
        assert!(!strange.contains(|char: char| char.is_control() && char != '\n'), "{strange}");
        assert_eq!(At::parse(b"AT Alford"), None);
    }

    #[test]
    fn a_time_in_no_year_that_people_know_is_shown_as_it_is() {
        assert_eq!(dated("253402300799.5"), "9999-12-31T23:59:59Z (253402300799.5)");
        for time in ["253402300800", "9223372036854775807", "-1", "soon"] {
            assert_eq!(dated(time), time);
        }
    }
}
