//! The file that says which of the others count.

use std::fmt::Write;
use std::str;

use xxhash_rust::xxh3::xxh3_64;

use super::{FileName, Flaw, VERSION};

/// Which files count, in the order in which they are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) server: String,
    /// The wall clock's seconds when the oldest of the logs was begun.
    pub(crate) begun: u64,
    pub(crate) snapshot: Option<u64>,
    /// The logs that are written no more.
    pub(crate) closed: Vec<ClosedLog>,
    /// The log that is being written; none after an orderly stop.
    pub(crate) log: Option<u64>,
}

/// A log that is written no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClosedLog {
    pub(crate) number: u64,
    /// How much of it counts: all of that was synced. What is behind it is no part of it.
    pub(crate) len: u64,
}

/// What is wrong with a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    Flawed(Flaw),
    Version(u32),
}

impl Manifest {
    /// Its text. The last line is a checksum of those before it.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("herd-disk {VERSION}\nserver {}\nbegun {}\n", self.server, self.begun);
        let mut line = |line: std::fmt::Arguments<'_>| writeln!(text, "{line}").expect("a String takes every write");
        if let Some(number) = self.snapshot {
            line(format_args!("snapshot {number}"));
        }
        for ClosedLog { number, len } in &self.closed {
            line(format_args!("log {number} {len}"));
        }
        if let Some(number) = self.log {
            line(format_args!("log {number}"));
        }
        let sum = xxh3_64(text.as_bytes());
        format!("{text}xxh3 {sum:016x}\n")
    }

    /// Reads what [`text`](Self::text) has written.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Unread> {
        let flawed = Unread::Flawed(Flaw::Manifest);
        let text = str::from_utf8(bytes).map_err(|_| flawed.clone())?;
        let (body, sum) = text.rfind("xxh3 ").map(|at| text.split_at(at)).ok_or(flawed.clone())?;
        if sum != format!("xxh3 {:016x}\n", xxh3_64(body.as_bytes())) {
            return Err(flawed);
        }
        let (first, rest) = body.split_once('\n').ok_or(flawed.clone())?;
        match first.strip_prefix("herd-disk ").and_then(|version| version.parse().ok()) {
            Some(VERSION) => Self::parse_body(rest).ok_or(flawed),
            Some(version) => Err(Unread::Version(version)),
            None => Err(flawed),
        }
    }

    fn parse_body(body: &str) -> Option<Self> {
        let mut lines = body.lines();
        let server = lines.next()?.strip_prefix("server ")?.to_owned();
        let begun = lines.next()?.strip_prefix("begun ")?.parse().ok()?;
        let mut manifest = Self { server, begun, snapshot: None, closed: Vec::new(), log: None };
        for line in lines {
            if manifest.log.is_some() {
                return None;
            }
            let mut fields = line.split(' ');
            match (fields.next()?, fields.next()?.parse().ok()?, fields.next(), fields.next()) {
                ("snapshot", number, None, None) => manifest.snapshot = Some(number),
                ("log", number, Some(len), None) => {
                    manifest.closed.push(ClosedLog { number, len: len.parse().ok()? });
                }
                ("log", number, None, None) => manifest.log = Some(number),
                _ => return None,
            }
        }
        Some(manifest)
    }

    /// Whether it names that file.
    pub(crate) fn names(&self, name: FileName) -> bool {
        match name {
            FileName::Snapshot(number) => self.snapshot == Some(number),
            FileName::Log(number) => self.log == Some(number) || self.closed.iter().any(|log| log.number == number),
        }
    }

    /// The greatest number of a file that it names.
    pub(crate) fn greatest(&self) -> u64 {
        let closed = self.closed.iter().map(|log| log.number);
        closed.chain(self.snapshot).chain(self.log).fold(0, u64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_read_as_it_was_written_or_not_at_all() {
        for closed in [vec![], vec![ClosedLog { number: 8, len: 4096 }, ClosedLog { number: 9, len: 46 }]] {
            for snapshot in [None, Some(7)] {
                let (server, closed) = ("café".to_owned(), closed.clone());
                let log = closed.is_empty().then_some(10);
                let manifest = Manifest { server, begun: 1_479_413_884, snapshot, closed, log };
                let text = manifest.text();
                assert_eq!(Manifest::parse(text.as_bytes()), Ok(manifest));
                for at in 0..text.len() {
                    let mut damaged = text.clone().into_bytes();
                    damaged[at] ^= 1;
                    assert_eq!(Manifest::parse(&damaged), Err(Unread::Flawed(Flaw::Manifest)), "{at}");
                    assert_eq!(Manifest::parse(&text.as_bytes()[..at]), Err(Unread::Flawed(Flaw::Manifest)), "{at}");
                }
            }
        }
    }

    #[test]
    fn another_version_is_told_from_damage() {
        let body = "herd-disk 2\nwhatever that has\n";
        let text = format!("{body}xxh3 {:016x}\n", xxh3_64(body.as_bytes()));
        assert_eq!(Manifest::parse(text.as_bytes()), Err(Unread::Version(2)));
    }
}
