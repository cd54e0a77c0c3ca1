//! A report: one sighting of a client as the server that heard it wrote it down.

use core::cmp::Ordering;
use core::ops::Range;

use bytes::BufMut;
use xxhash_rust::xxh3::xxh3_64;

use crate::herd::ServerId;
use crate::message::Sighting;
use crate::place::Place;
use crate::time::Timestamp;
use crate::word;

/// What is asked of a report each time, in sixteen bytes: when it was, who wrote it down, and where its
/// fields are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Nanoseconds since the epoch; [`FAR`](Self::FAR) where those do not fit, before 1677 or after 2262.
    pub(crate) at: i64,
    /// From the lowest on: two bytes of the server's number, then one each of where the client, the position
    /// and the time begin, and of how long the line is. The last four are [`Places::NOWHERE`] where a line is longer
    /// than a byte can say, and where the time is far: the line must be looked through.
    pub(crate) places: u64,
}

impl Head {
    /// Stands for nanoseconds that do not fit.
    pub(crate) const FAR: i64 = i64::MIN;

    /// How many bytes of `places` are used.
    pub(crate) const PLACES: usize = 6;

    /// The head of a line of `len` bytes, of a sighting whose client begins at `client`.
    pub(crate) fn new(origin: ServerId, sighting: &Sighting<'_>, client: usize, len: usize) -> Self {
        let position = client + sighting.client.len() + 1;
        let time = position + sighting.position.len() + 1;
        let at = i64::try_from(sighting.at.as_nanos()).unwrap_or(Self::FAR);
        if len > usize::from(u8::MAX) || at == Self::FAR {
            return Self::of(origin, at, Places::NOWHERE);
        }
        Self::short(origin, at, Places::new([client, position, time, len]))
    }

    #[inline]
    fn of(origin: ServerId, at: i64, places: Places) -> Self {
        Self { at, places: u64::from(origin.0) | u64::from(places.0) << 16 }
    }

    /// The head of a line that is not too long.
    #[inline]
    pub(crate) fn short(origin: ServerId, at: i64, places: Places) -> Self {
        debug_assert!(places.to_array().is_sorted_by(|one, next| one < next));
        Self::of(origin, at, places)
    }

    /// Whether it says all: the line is short, and the time near.
    #[inline]
    pub(crate) const fn is_whole(self) -> bool {
        self.places >> 40 != 0
    }

    /// How long the line is, if it is short.
    #[inline]
    pub(crate) const fn len(self) -> usize {
        (self.places >> 40) as usize & 0xff
    }

    /// Where the client and the space behind it are in a line, or nowhere if it does not say.
    #[inline]
    pub(crate) fn client_and_space(self) -> Range<usize> {
        let [_, _, client, position, ..] = self.places.to_le_bytes();
        client.into()..position.into()
    }

    /// Where the client, the position and the time begin in a line.
    #[inline]
    fn fields(self, line: &[u8]) -> [usize; 3] {
        if !self.is_whole() {
            return long_fields(line);
        }
        let [_, _, client, position, time, ..] = self.places.to_le_bytes();
        [client, position, time].map(usize::from)
    }

    /// The [number](Report::number) of a report that has that line, if that is as most are.
    #[inline]
    pub(crate) fn number(self, line: &[u8], place: Place) -> Option<u64> {
        // Odd, and about half ones: the first digits of the square root of 2.
        const TIME: u64 = 0x6a09_e667_f3bc_c909;
        let [_, _, _, _, time, ..] = self.places.to_le_bytes();
        // Where the skew is in nearly every line, and the end of the position with the space behind.
        let skew: &[u8; 24] = line.first_chunk()?;
        let position: &[u8; 16] = line.get(..time.into())?.last_chunk()?;
        let word = |text: &[u8], at: usize| word::at(text, at).unwrap_or_default();
        // A digit's change is in half of a byte.
        let skew = word(skew, 0) ^ word(skew, 8).rotate_left(4) ^ word(skew, 16).rotate_left(12);
        let position = word(position, 0) ^ word(position, 8).rotate_left(4);
        let when = self.at.cast_unsigned().wrapping_add(skew).wrapping_mul(TIME);
        Some(place.hash() ^ self.places ^ position ^ when)
    }

    #[inline]
    pub(crate) const fn origin(self) -> ServerId {
        ServerId((self.places & 0xffff) as u16)
    }
}

/// Where the client, the position and the time begin in a line, and how long that is: a byte each, the first lowest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places(u32);

impl Places {
    /// Of a line that must be looked through: the client's end is before its start.
    const NOWHERE: Self = Self::new([1, 0, 0, 0]);

    /// All of them are bytes.
    #[expect(clippy::cast_possible_truncation, reason = "no more was put in")]
    pub(crate) const fn new([client, position, time, len]: [usize; 4]) -> Self {
        Self((client | position << 8 | time << 16 | len << 24) as u32)
    }

    /// As [`new`](Self::new) takes them.
    #[inline]
    pub(crate) fn to_array(self) -> [usize; 4] {
        self.0.to_le_bytes().map(usize::from)
    }

    /// All so many bytes further on.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "it is less than a line")]
    pub(crate) const fn moved(self, by: usize) -> Self {
        Self(self.0.wrapping_add((by as u32).wrapping_mul(0x0101_0101)))
    }

    /// The same with another place for the client.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "it is less than a line")]
    pub(crate) const fn with_client(self, client: usize) -> Self {
        Self(self.0 & !0xff | client as u32)
    }
}

/// The same, found by the spaces.
#[cold]
fn long_fields(line: &[u8]) -> [usize; 3] {
    let behind = |from: usize| memchr::memchr(b' ', &line[from..]).map_or(from, |space| from + space + 1);
    let before = |to: usize| memchr::memrchr(b' ', &line[..to]).map_or(0, |space| space + 1);
    let time = before(line.len());
    [behind(behind(0)), before(time.saturating_sub(1)), time]
}

/// One sighting of a client, as it travels: the AT line from ORIGIN to time, in canonical spacing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report<'a> {
    pub(crate) line: &'a [u8],
    pub(crate) head: Head,
}

impl<'a> Report<'a> {
    /// Writes the line part by part, one space between fields; its head.
    pub(crate) fn write(
        mut write: impl FnMut(&[u8]),
        origin: (ServerId, &[u8]),
        skew: &[u8],
        sighting: &Sighting<'_>,
    ) -> Head {
        let Sighting { client, position, time, .. } = *sighting;
        let mut len = 0;
        for (index, field) in [origin.1, skew, client, position, time].into_iter().enumerate() {
            if index > 0 {
                write(b" ");
            }
            write(field);
            len += usize::from(index > 0) + field.len();
        }
        Head::new(origin.0, sighting, origin.1.len() + skew.len() + 2, len)
    }

    /// `ORIGIN SKEW client position time`.
    #[must_use]
    pub const fn line(&self) -> &'a [u8] {
        self.line
    }

    /// The server that the client talked to.
    #[must_use]
    pub const fn origin(&self) -> ServerId {
        self.head.origin()
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

    /// The position as the client wrote it.
    #[must_use]
    pub fn position(&self) -> &'a [u8] {
        let [_, position, time] = self.head.fields(self.line);
        &self.line[position..time - 1]
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

    /// A number for it that takes less to work out than its digest: for this server's own use, which does not mind
    /// that two reports may have the same, of one client and time, told to one server at one moment, of positions that
    /// differ in their first characters only. The client belongs at `place`.
    pub(crate) fn number(&self, place: Place) -> u64 {
        if self.head.is_whole()
            && let Some(number) = self.head.number(self.line, place)
        {
            return number;
        }
        digest_of(self.line)
    }

    /// Appends a copy for a neighbour: the word of its line, the report, and this server's `closing`.
    pub(crate) fn write_copy(&self, word: &[u8], closing: &[u8], out: &mut impl BufMut) {
        for part in [word, self.line, closing] {
            out.put_slice(part);
        }
    }

    /// The order in which one client's reports replace each other, the same on every server: by
    /// time, then by the bytes of the line. `Equal` only for one and the same report.
    #[must_use]
    pub fn order(&self, other: &Report<'_>) -> Ordering {
        self.at().cmp(&other.at()).then_with(|| self.line.cmp(other.line))
    }
}

/// No digest is less than this: one in four thousand million would be, and is this instead.
pub(crate) const LEAST_DIGEST: u64 = 1 << 32;

/// A number for the report that has that line, the same on every server.
#[inline]
pub(crate) fn digest_of(line: &[u8]) -> u64 {
    xxh3_64(line).max(LEAST_DIGEST)
}

/// A report that a server keeps, as [`Node::report`](crate::Node::report) hands it out: a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    line: Box<[u8]>,
    head: Head,
}

impl Kept {
    /// What is kept.
    #[must_use]
    pub const fn report(&self) -> Report<'_> {
        Report { line: &self.line, head: self.head }
    }

    /// `ORIGIN SKEW client position time`.
    #[must_use]
    pub const fn line(&self) -> &[u8] {
        &self.line
    }
}

impl From<Report<'_>> for Kept {
    fn from(report: Report<'_>) -> Self {
        Self { line: report.line.into(), head: report.head }
    }
}
