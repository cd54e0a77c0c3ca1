//! A record of a client as it travels and as it is handed out: a report, or a tombstone.

use core::cmp::Ordering;
use core::ops::Range;

use xxhash_rust::xxh3::xxh3_64;

use super::head::Head;
use crate::bytes::Sink;
use crate::values::{Position, ServerId, Skew, Timestamp};
use crate::wire::{Forget, Sighting};

/// What a server keeps of a client: a report of where it was, or a tombstone, which says that it was forgotten. It is the
/// AT line or the GONE line from ORIGIN to time, in canonical spacing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    pub(crate) line: &'a [u8],
    pub(crate) head: Head,
}

impl<'a> Record<'a> {
    /// Writes the line part by part, one space between fields; its head.
    pub(crate) fn write(
        write: impl FnMut(&[u8]),
        origin: (ServerId, &[u8]),
        skew: &[u8],
        sighting: &Sighting<'_>,
    ) -> Head {
        let Sighting { client, position, time, .. } = *sighting;
        let len = write_fields(write, [origin.1, skew, client, position, time]);
        Head::new(origin.0, sighting, origin.1.len() + skew.len() + 2, len)
    }

    /// The line of a tombstone, written part by part, one space between fields; its head.
    pub(crate) fn write_tombstone(
        write: impl FnMut(&[u8]),
        origin: (ServerId, &[u8]),
        skew: &[u8],
        forget: &Forget<'_>,
    ) -> Head {
        write_fields(write, [origin.1, skew, forget.client, forget.time]);
        Head::tombstone(origin.0, forget.at)
    }

    /// `ORIGIN SKEW client position time`, or `ORIGIN SKEW client time` of a tombstone.
    #[must_use]
    pub const fn line(&self) -> &'a [u8] {
        self.line
    }

    /// Whether it says that the client was forgotten.
    #[must_use]
    pub const fn is_tombstone(&self) -> bool {
        self.head.is_tombstone()
    }

    /// What its line begins with, for clients and in files: `AT ` or `GONE `.
    #[must_use]
    pub const fn word(&self) -> &'static [u8] {
        if self.is_tombstone() { b"GONE " } else { b"AT " }
    }

    /// Appends its line with the word before and an LF behind: as a client is told, and as
    /// [`Node::restore`](crate::Node::restore) takes it.
    pub fn write_line(&self, out: &mut Vec<u8>) {
        self.write_copy(self.word(), b"\n", out);
    }

    /// The name of the server that the client talked to, or that was asked to forget it.
    #[must_use]
    pub fn origin_name(&self) -> &'a [u8] {
        self.line.split(|&byte| byte == b' ').next().unwrap_or_default()
    }

    /// The client's ID.
    #[inline]
    #[must_use]
    pub fn client(&self) -> &'a [u8] {
        &self.line[self.client_range()]
    }

    /// Where the client's ID is in the line.
    #[inline]
    pub(crate) fn client_range(&self) -> Range<usize> {
        let [client, position, _] = self.head.fields(self.line);
        client..position - 1
    }

    /// The position as the client wrote it; a tombstone has none.
    #[must_use]
    pub fn position(&self) -> Option<&'a [u8]> {
        let [_, position, time] = self.head.fields(self.line);
        self.line.get(position..time - 1)
    }

    /// The position and what comes behind it, where the head is whole.
    #[inline]
    pub(crate) fn usual_position(&self) -> Option<&'a [u8]> {
        let [_, _, _, position, ..] = self.head.offsets.to_le_bytes();
        self.line.get(position.into()..)
    }

    /// The value of [`position`](Self::position).
    #[must_use]
    pub fn place(&self) -> Option<Position> {
        Position::of_valid(self.position()?)
    }

    /// The position and what comes behind it; a tombstone has none.
    #[inline]
    pub(crate) fn position_and_rest(&self) -> Option<&'a [u8]> {
        let [_, position, time] = self.head.fields(self.line);
        (position < time).then(|| self.line.get(position..))?
    }

    /// The time as the client wrote it.
    #[must_use]
    pub fn time(&self) -> &'a [u8] {
        let [_, _, time] = self.head.fields(self.line);
        &self.line[time..]
    }

    /// The value of [`time`](Self::time).
    #[must_use]
    pub fn at(&self) -> Timestamp {
        match self.head.at {
            Head::FAR => Timestamp::parse(self.time()).expect("only valid times are written down"),
            nanos => Timestamp::from_nanos(nanos.into()),
        }
    }

    /// When it was heard: what the clock of its origin said, its time and the skew.
    #[must_use]
    pub fn heard_at(&self) -> Timestamp {
        let skew = self.line.split(|&byte| byte == b' ').nth(1).and_then(Skew::parse);
        self.at().after(skew.expect("only valid skews are written down"))
    }

    /// Appends a copy for a neighbour: the word of its line, the record, and this server's `closing`.
    pub(crate) fn write_copy(&self, word: &[u8], closing: &[u8], out: &mut impl Sink) {
        for part in [word, self.line, closing] {
            out.put(part);
        }
    }

    /// The order in which one client's records replace each other, the same on every server: by time, then tombstones
    /// after reports, then by the bytes of the line. `Equal` only for one and the same record.
    #[must_use]
    pub fn order(&self, other: &Record<'_>) -> Ordering {
        let by_kind = || self.is_tombstone().cmp(&other.is_tombstone());
        self.at().cmp(&other.at()).then_with(by_kind).then_with(|| self.line.cmp(other.line))
    }
}

/// Writes fields with one space between; how long they are together.
fn write_fields<const N: usize>(mut write: impl FnMut(&[u8]), fields: [&[u8]; N]) -> usize {
    let mut len = 0;
    for (index, field) in fields.into_iter().enumerate() {
        if index > 0 {
            write(b" ");
        }
        write(field);
        len += usize::from(index > 0) + field.len();
    }
    len
}

/// No digest is less than this: one in four thousand million would be, and is this instead.
const LEAST_DIGEST: u64 = 1 << 32;

/// A number for the record that has that line, the same on every server.
// Not inlined: it has many things to keep at hand, and who calls it as many others.
#[inline(never)]
pub(crate) fn digest_of(line: &[u8]) -> u64 {
    xxh3_64(line).max(LEAST_DIGEST)
}

/// A copy of a record that a server keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedRecord {
    line: Box<[u8]>,
    head: Head,
}

impl OwnedRecord {
    /// The record, to be looked at.
    #[must_use]
    pub const fn record(&self) -> Record<'_> {
        Record { line: &self.line, head: self.head }
    }

    /// As [`Record::line`].
    #[must_use]
    pub const fn line(&self) -> &[u8] {
        &self.line
    }
}

impl From<Record<'_>> for OwnedRecord {
    fn from(report: Record<'_>) -> Self {
        Self { line: report.line.into(), head: report.head }
    }
}
