//! Telling what happens, for people or for programs.

use std::io::{self, Write};

use herd::Timestamp;
use serde_json::{Value, json};

use super::follower::Change;
use super::{Kind, Subject};
use crate::commands::at::utc;
use crate::format;
use crate::record::Record;
use crate::shown;
use crate::terminal::wrapped;
use herd_command::{escaped, readable};

/// Writes a line for each thing that happens.
pub(super) struct Teller<'a, W: Write> {
    subject: &'a Subject,
    is_json: bool,
    /// How many columns a line may have.
    columns: Option<usize>,
    out: W,
}

/// As many columns as there have to be for the date to stand in each line.
const DATED: usize = 60;

impl Change {
    /// What it is called.
    fn name(self) -> String {
        match self {
            Self::Told(word) => word.as_str().to_ascii_lowercase(),
            Self::Inside => "inside".into(),
            Self::Gone => "gone".into(),
        }
    }
}

impl<'a, W: Write> Teller<'a, W> {
    pub(super) const fn new(subject: &'a Subject, is_json: bool, columns: Option<usize>, out: W) -> Self {
        Self { subject, is_json, columns, out }
    }

    /// Hands on what was written.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Something happened to a client.
    pub(super) fn change(&mut self, change: Change, record: &Record) -> io::Result<()> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let place = record.place();
        let distance = self.subject.centre.zip(place).map(|(centre, place)| centre.distance_km(place));
        if !self.is_json {
            let place = place.map(shown::position).unwrap_or_default();
            let distance = distance.map(shown::distance).unwrap_or_default();
            let client = format!("{:12}", readable(&record.client));
            return self.line(record.at, &change.name(), &[&client, &place, &distance]);
        }
        let mut told = json!({
            "event": change.name(),
            "client": text(&record.client),
            "origin": text(&record.origin),
            "skew": text(&record.skew),
            "time": text(&record.time),
        });
        if let Some(place) = place {
            told["latitude"] = place.latitude().into();
            told["longitude"] = place.longitude().into();
        }
        if let Some(distance) = distance {
            told["distance"] = distance.into();
        }
        self.json(told)
    }

    /// All that was so at the start has been told: so many are there.
    pub(super) fn watching(&mut self, server: &str, count: usize) -> io::Result<()> {
        if self.is_json {
            return self.json(json!({ "event": "watching", "server": server, "clients": count }));
        }
        let target = escaped(&self.subject.target);
        let clients = if count == 1 { "client" } else { "clients" };
        let there = if self.is_circle() { " inside" } else { "" };
        let (at, count) = (format!("via {}", escaped(server)), format!("{count} {clients}{there}"));
        self.line(shown::now(), "watching", &[&target, &at, &count])
    }

    /// What happened for a while is not known: what is so now will be told when it is.
    pub(super) fn gap(&mut self, server: &str, why: &str) -> io::Result<()> {
        if self.is_json {
            return self.json(json!({ "event": "gap", "server": server, "why": why }));
        }
        self.line(shown::now(), "gap", &[&escaped(&format!("{server}: {why}"))])
    }

    /// Lines were lost, since they were not read quickly enough.
    pub(super) fn again(&mut self, server: &str) -> io::Result<()> {
        if self.is_json {
            return self.json(json!({ "event": "again", "server": server }));
        }
        self.line(shown::now(), "again", &[&escaped(&format!("{server}: too much was waiting to be read"))])
    }

    const fn is_circle(&self) -> bool {
        matches!(self.subject.kind, Kind::Fence) || self.subject.centre.is_some()
    }

    fn json(&mut self, mut told: Value) -> io::Result<()> {
        told["target"] = self.subject.target.as_str().into();
        writeln!(self.out, "{}", format::line(&told))
    }

    fn line(&mut self, at: Timestamp, what: &str, words: &[&str]) -> io::Result<()> {
        let time = utc(at).unwrap_or_else(|| at.to_string());
        // Where there is little room, the time of day.
        let is_short = self.columns.is_some_and(|columns| columns < DATED);
        let time = time.split_once('T').filter(|_| is_short).map_or(&*time, |(_, of_day)| of_day);
        let what = format!("{what:9}");
        let words: Vec<&str> = [time, &what].into_iter().chain(words.iter().copied()).collect();
        writeln!(self.out, "{}", wrapped(&words, self.columns))
    }
}

#[cfg(test)]
mod tests {
    use herd::Position;
    use herd::wire::WatchWord;

    use super::*;

    fn told(subject: &Subject, is_json: bool, columns: usize) -> String {
        let mut out = Vec::new();
        let mut teller = Teller::new(subject, is_json, Some(columns), &mut out);
        let record = |line: &[u8]| Record::parse(line).expect("a record");
        teller
            .change(Change::Told(WatchWord::Seen), &record(b"AT A +0.25 truck-7\x1b +34.1-118.4 1479413884.5"))
            .expect("a Vec");
        teller
            .change(Change::Told(WatchWord::Forgotten), &record(b"GONE A +0.25 truck-7 1479413884.5"))
            .expect("a Vec");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn each_change_is_a_line_for_people() {
        let centre = Position::new(34.07, -118.44);
        let circle = Subject { kind: Kind::Watch, target: "+34.07-118.44 5".into(), centre };
        let wide = "\
2016-11-17T20:18:04Z  seen       truck-7\\x1b   34.10000 -118.40000  4.97 km
2016-11-17T20:18:04Z  forgotten  truck-7
";
        assert_eq!(told(&circle, false, 80), wide);
        let narrow = "\
20:18:04Z  seen       truck-7\\x1b
  34.10000 -118.40000  4.97 km
20:18:04Z  forgotten  truck-7
";
        assert_eq!(told(&circle, false, 40), narrow);
    }

    #[test]
    fn each_change_is_a_line_of_json_for_programs() {
        let all = Subject { kind: Kind::Watch, target: "*".into(), centre: None };
        let lines = [
            r#"{"client":"truck-7\u001b","event":"seen","latitude":34.1,"longitude":-118.4,"origin":"A","skew":"+0.25","target":"*","time":"1479413884.5"}"#,
            r#"{"client":"truck-7","event":"forgotten","origin":"A","skew":"+0.25","target":"*","time":"1479413884.5"}"#,
        ];
        assert_eq!(told(&all, true, 40), lines.map(|line| format!("{line}\n")).concat());
    }
}
