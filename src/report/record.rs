//! A record of a client as it travels and as it is handed out: a report, a tombstone, or that it is away.

use core::cmp::Ordering;
use core::ops::Range;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::head::Head;
use crate::bytes::Sink;
use crate::values::{Position, ServerId, Skew, Timestamp};
use crate::wire::{Departed, RecordKind, Sighting, Written};

/// What a server keeps of a client: a report of where it was, a tombstone, which says that it was forgotten, or that it is
/// at home in another region. It is the AT, GONE or AWAY line from ORIGIN or region to time, in canonical spacing.
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

    /// The line of a client that has departed, written part by part, one space between fields; its head.
    pub(crate) fn write_departed(write: impl FnMut(&[u8]), origin: ServerId, departed: &Departed<'_>) -> Head {
        let Departed { kind, origin: name, skew, covers, .. } = *departed;
        write_fields(write, [name, skew, covers.client, covers.time]);
        Head::departed(kind, origin, covers.at)
    }

    /// The line of either.
    pub(crate) fn write_down(write: impl FnMut(&[u8]), origin: ServerId, written: &Written<'_>) -> Head {
        match written {
            Written::Report(report) => Self::write(write, (origin, report.origin), report.skew, &report.sighting),
            Written::Departed(departed) => Self::write_departed(write, origin, departed),
        }
    }

    /// `ORIGIN SKEW client position time`; without the position of a client that has departed.
    #[must_use]
    pub const fn line(&self) -> &'a [u8] {
        self.line
    }

    /// What it says of the client.
    #[must_use]
    pub const fn kind(&self) -> RecordKind {
        self.head.kind()
    }

    /// Whether it says where the client was.
    #[must_use]
    pub const fn is_report(&self) -> bool {
        matches!(self.kind(), RecordKind::Report)
    }

    /// Whether it says that the client was forgotten.
    #[must_use]
    pub const fn is_tombstone(&self) -> bool {
        matches!(self.kind(), RecordKind::Tombstone)
    }

    /// The name of the region that the client is at home in, where that is another one.
    #[must_use]
    pub fn region(&self) -> Option<&'a [u8]> {
        (self.kind() == RecordKind::Away).then(|| self.origin_name())
    }

    /// What its line begins with, for clients and in files: `AT `, `GONE ` or `AWAY `.
    #[must_use]
    pub const fn word(&self) -> &'static [u8] {
        self.kind().word()
    }

    /// Appends its line with the word before and an LF behind: as a client is told, and as
    /// [`Node::restore`](crate::Node::restore) takes it.
    pub fn write_line(&self, out: &mut Vec<u8>) {
        self.write_copy(self.word(), b"\n", out);
    }

    /// The name of the server that the client talked to, or that was asked to forget it; or of its region.
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

    /// The position as the client wrote it, in a report.
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

    /// The position and what comes behind it, in a report.
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

    /// A number for the record, the same on every server. One line may be that of a tombstone and say of a client that it
    /// is away: those are two records.
    #[inline]
    pub(crate) fn digest(&self) -> u64 {
        if self.kind() == RecordKind::Away { away_digest_of(self.line) } else { digest_of(self.line) }
    }

    /// Appends what other regions are told of it, where reports are of clients at home in that one: `AWAY region skew client
    /// time`. What is no report is told as it is.
    pub(crate) fn write_arrival(&self, region: &[u8], out: &mut Vec<u8>) {
        if !self.is_report() {
            return self.write_line(out);
        }
        let skew = self.line.split(|&byte| byte == b' ').nth(1).unwrap_or_default();
        for part in [b"AWAY ", region, b" ", skew, b" ", self.client(), b" ", self.time(), b"\n"] {
            out.extend_from_slice(part);
        }
    }

    /// Appends what is replied to a WHERE: `HOME region` and what stands in its AT line.
    pub(crate) fn write_home(&self, region: &[u8], out: &mut Vec<u8>) {
        for part in [b"HOME ", region, b" ", self.line, b"\n"] {
            out.extend_from_slice(part);
        }
    }

    /// The order in which one client's records replace each other, the same on every server: by time, then tombstones
    /// after all others, then by the bytes of the line. `Equal` only for one and the same record.
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

/// The seed of the digests of clients that are away.
const AWAY_SEED: u64 = 1;

#[cold]
fn away_digest_of(line: &[u8]) -> u64 {
    xxh3_64_with_seed(line, AWAY_SEED).max(LEAST_DIGEST)
}

/// A number for the report or the tombstone that has that line, the same on every server.
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

impl OwnedRecord {
    /// Reads the line of a record that another region has sent, as [`Record::write_line`] gave it there.
    pub(crate) fn of_elsewhere(line: &[u8]) -> Option<Self> {
        let written = Written::parse(line).ok()?;
        let mut line = Vec::new();
        let head = Record::write_down(|part| line.extend_from_slice(part), ServerId::NONE, &written);
        Some(Self { line: line.into(), head })
    }
}

impl From<Record<'_>> for OwnedRecord {
    fn from(report: Record<'_>) -> Self {
        Self { line: report.line.into(), head: report.head }
    }
}
