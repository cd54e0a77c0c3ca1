//! A report: one sighting of a client as the server that heard it wrote it down.

use core::cmp::Ordering;

use bytes::BufMut;
use xxhash_rust::xxh3::xxh3_64;

use crate::herd::ServerId;
use crate::message::Sighting;
use crate::time::{Skew, Timestamp};

/// Where the fields of a report's line are, and what they are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) origin: ServerId,
    pub(crate) at: Timestamp,
    pub(crate) client: u32,
    pub(crate) position: u32,
    pub(crate) time: u32,
}

impl Layout {
    /// Appends `SKEW fields` to `out`, behind `ORIGIN ` at `start`: the fields of a sighting as they
    /// stand in canonical spacing already.
    #[inline]
    pub(crate) fn write_fields(
        out: &mut Vec<u8>,
        start: usize,
        origin: ServerId,
        skew: Skew,
        sighting: &Sighting<'_>,
        fields: &[u8],
    ) -> Self {
        skew.write(out);
        out.push(b' ');
        let client = held(out.len() - start);
        out.extend_from_slice(fields);
        let position = client + held(sighting.client.len() + 1);
        let time = position + held(sighting.position.len() + 1);
        Self { origin, at: sighting.at, client, position, time }
    }

    /// Appends `ORIGIN SKEW client position time` to `out`, one space between fields.
    pub(crate) fn write(
        out: &mut Vec<u8>,
        origin: (ServerId, &[u8]),
        skew: impl FnOnce(&mut Vec<u8>),
        sighting: &Sighting<'_>,
    ) -> Self {
        let start = out.len();
        let offset = |out: &Vec<u8>| held(out.len() - start);
        out.extend_from_slice(origin.1);
        out.push(b' ');
        skew(out);
        out.push(b' ');
        let client = offset(out);
        out.extend_from_slice(sighting.client);
        out.push(b' ');
        let position = offset(out);
        out.extend_from_slice(sighting.position);
        out.push(b' ');
        let time = offset(out);
        out.extend_from_slice(sighting.time);
        Self { origin: origin.0, at: sighting.at, client, position, time }
    }
}

/// A place in a line, which is held to [`MOST_LINE`](crate::Limits::MOST_LINE).
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "a line has at most 2 to the power of 30 bytes")]
const fn held(offset: usize) -> u32 {
    debug_assert!(offset <= u32::MAX as usize);
    offset as u32
}

/// One sighting of a client, as it travels: the AT line from ORIGIN to time, in canonical spacing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report<'a> {
    pub(crate) line: &'a [u8],
    pub(crate) layout: Layout,
}

impl<'a> Report<'a> {
    /// `ORIGIN SKEW client position time`.
    #[must_use]
    pub const fn line(&self) -> &'a [u8] {
        self.line
    }

    /// The server that the client talked to.
    #[must_use]
    pub const fn origin(&self) -> ServerId {
        self.layout.origin
    }

    /// The client's ID.
    #[must_use]
    pub fn client(&self) -> &'a [u8] {
        &self.line[self.layout.client as usize..self.layout.position as usize - 1]
    }

    /// The position as the client wrote it.
    #[must_use]
    pub fn position(&self) -> &'a [u8] {
        &self.line[self.layout.position as usize..self.layout.time as usize - 1]
    }

    /// The time as the client wrote it.
    #[must_use]
    pub fn time(&self) -> &'a [u8] {
        &self.line[self.layout.time as usize..]
    }

    /// The value of [`time`](Self::time).
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.layout.at
    }

    /// Appends a copy for a neighbour: the word of its line, the report, and this server's `closing`.
    #[inline]
    pub(crate) fn write_copy(&self, word: &[u8], closing: &[u8], out: &mut impl BufMut) {
        for part in [word, self.line, closing] {
            out.put_slice(part);
        }
    }

    /// A number for the report, the same on every server.
    pub(crate) fn digest(&self) -> u64 {
        xxh3_64(self.line)
    }

    /// The order in which one client's reports replace each other, the same on every server: by
    /// time, then by the bytes of the line. `Equal` only for one and the same report.
    #[must_use]
    pub fn order(&self, other: &Report<'_>) -> Ordering {
        self.at().cmp(&other.at()).then_with(|| self.line.cmp(other.line))
    }
}
