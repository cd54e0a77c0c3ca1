//! An AT line, read for people.

use herd::{Position, Timestamp};
use serde::Serialize;

use crate::failure::Failure;
use crate::text::escaped;

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
    pub(crate) fn describe(&self) -> String {
        let Self { latitude, longitude, .. } = self;
        let [server, client, time, skew] =
            [&self.server, &self.client, &self.time, &self.skew].map(|text| escaped(text));
        let since =
            Timestamp::parse(time.as_bytes()).and_then(utc).map_or(time.clone(), |utc| format!("{utc} ({time})"));
        format!(
            "{client} is at {:.6}° {}, {:.6}° {}\n  since  {since}\n  told   {server}, whose clock was {}",
            latitude.abs(),
            if *latitude < 0.0 { "S" } else { "N" },
            longitude.abs(),
            if *longitude < 0.0 { "W" } else { "E" },
            describe_skew(&skew),
        )
    }
}

/// A time of day for people, where it is in a year that they know.
pub(crate) fn utc(time: Timestamp) -> Option<String> {
    let nanos = u64::try_from(time.as_nanos()).ok()?;
    let time = std::time::UNIX_EPOCH.checked_add(std::time::Duration::from_nanos(nanos))?;
    Some(humantime::format_rfc3339_seconds(time).to_string())
}

/// `+0.263873386` as `263 ms ahead of the client's`.
fn describe_skew(skew: &str) -> String {
    let side = if skew.starts_with('-') { "behind" } else { "ahead of" };
    let nanos = Timestamp::parse(skew.trim_start_matches(['+', '-']).as_bytes())
        .and_then(|time| u64::try_from(time.as_nanos()).ok());
    match nanos.map(std::time::Duration::from_nanos) {
        None => format!("{skew} s off the client's"),
        Some(time) if time.is_zero() => "the same as the client's".into(),
        Some(time) => {
            // Two units say enough.
            let text = humantime::format_duration(time).to_string();
            let short: Vec<&str> = text.split(' ').take(2).collect();
            format!("{} {side} the client's", short.join(" "))
        }
    }
}

/// Refuses what could not stand in a line as a client's ID.
pub(crate) fn check_client(client: &str) -> Result<(), Failure> {
    if client.is_empty() || client.bytes().any(herd::wire::is_white_space) {
        return Err(Failure::Usage(format!("{client:?} is no client's ID: it must not be empty nor hold white space")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_at_line_is_read_for_people() {
        let line = b"AT Alford +0.263873386 kiwi.cs.ucla.edu +34.068930-118.445127 1479413884.392014450";
        let text = At::parse(line).expect("an AT line").describe();
        assert_eq!(
            text,
            "kiwi.cs.ucla.edu is at 34.068930° N, 118.445127° W\n  \
             since  2016-11-17T20:18:04Z (1479413884.392014450)\n  \
             told   Alford, whose clock was 263ms 873us ahead of the client's"
        );
        let strange = At::parse(b"AT \x1bc +\x07 a\x1b[31m\"b\" +1+1 \x1b]0;x").expect("an AT line").describe();
        assert!(strange.starts_with(r#"a\x1b[31m"b" is at "#), "{strange}");
        assert!(!strange.contains(|char: char| char.is_control() && char != '\n'), "{strange}");
        assert_eq!(describe_skew("-12.000000001"), "12s 1ns behind the client's");
        assert_eq!(At::parse(b"AT Alford"), None);
    }
}
