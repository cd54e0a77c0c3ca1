//! What is asked of a record each time, in sixteen bytes.

use core::ops::Range;

use crate::values::{ServerId, Timestamp};
use crate::wire::{RecordKind, Sighting};

/// When a record was, who wrote it down, and where its fields are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Nanoseconds since the epoch; [`FAR`](Self::FAR) where those do not fit, before 1677 or after 2262.
    pub(crate) at: i64,
    /// From the lowest on: two bytes of the server's number, then the [`FieldOffsets`]. Those are
    /// [`NOWHERE`](FieldOffsets::NOWHERE) where a line is longer than a byte can say, and where the time is far: the
    /// line must be looked through.
    pub(crate) offsets: u64,
}

impl Head {
    /// Stands for nanoseconds that do not fit.
    pub(crate) const FAR: i64 = i64::MIN;

    /// How many bytes of `offsets` are used.
    pub(crate) const OFFSETS: usize = 6;

    /// The head of a line of `len` bytes, of a sighting whose client begins at `client`.
    pub(crate) fn new(origin: ServerId, sighting: &Sighting<'_>, client: usize, len: usize) -> Self {
        let position = client + sighting.client.len() + 1;
        let time = position + sighting.position.len() + 1;
        let at = i64::try_from(sighting.at.as_nanos()).unwrap_or(Self::FAR);
        if len > usize::from(u8::MAX) || at == Self::FAR {
            return Self::of(origin, at, FieldOffsets::NOWHERE);
        }
        Self::short(origin, at, FieldOffsets::new([client, position, time, len]))
    }

    /// The head of a line without a position, which must be looked through. A region is no server, so what is kept of a
    /// client that is away has no origin.
    pub(crate) fn departed(kind: RecordKind, origin: ServerId, at: Timestamp) -> Self {
        let at = i64::try_from(at.as_nanos()).unwrap_or(Self::FAR);
        match kind {
            RecordKind::Away => Self::of(ServerId::NONE, at, FieldOffsets::AWAY),
            RecordKind::Tombstone | RecordKind::Report => Self::of(origin, at, FieldOffsets::TOMBSTONE),
        }
    }

    /// Of which kind of record it is.
    #[inline]
    pub(crate) const fn kind(self) -> RecordKind {
        const TOMBSTONE: u64 = FieldOffsets::TOMBSTONE.0 as u64;
        const AWAY: u64 = FieldOffsets::AWAY.0 as u64;
        match self.offsets >> 16 {
            TOMBSTONE => RecordKind::Tombstone,
            AWAY => RecordKind::Away,
            _ => RecordKind::Report,
        }
    }

    /// Whether its origin is a server that nobody had heard of.
    #[inline]
    pub(crate) fn is_of_stranger(self) -> bool {
        self.origin() == ServerId::NONE && self.kind() != RecordKind::Away
    }

    #[inline]
    fn of(origin: ServerId, at: i64, offsets: FieldOffsets) -> Self {
        Self { at, offsets: u64::from(origin.0) | u64::from(offsets.0) << 16 }
    }

    /// The head of a line that is not too long.
    #[inline]
    pub(crate) fn short(origin: ServerId, at: i64, offsets: FieldOffsets) -> Self {
        debug_assert!(offsets.to_array().is_sorted_by(|one, next| one < next));
        Self::of(origin, at, offsets)
    }

    /// Whether it says all: the line is short, and the time near.
    #[inline]
    pub(crate) const fn is_whole(self) -> bool {
        self.offsets >> 40 != 0
    }

    /// How long the line is, if it is short.
    #[inline]
    pub(crate) const fn len(self) -> usize {
        (self.offsets >> 40) as usize & 0xff
    }

    /// Where the client and the space behind it are in a line, or nowhere if it does not say.
    #[inline]
    pub(crate) fn client_and_space(self) -> Range<usize> {
        let [_, _, client, position, ..] = self.offsets.to_le_bytes();
        client.into()..position.into()
    }

    /// Where the client, the position and the time begin in a line; without a position, that where the time does.
    #[inline]
    pub(crate) fn fields(self, line: &[u8]) -> [usize; 3] {
        if !self.is_whole() {
            let [client, position, time] = long_fields(line);
            let position = if self.kind() == RecordKind::Report { position } else { time };
            return [client, position, time];
        }
        let [_, _, client, position, time, ..] = self.offsets.to_le_bytes();
        [client, position, time].map(usize::from)
    }

    /// As it is, but of that server's.
    pub(crate) const fn with_origin(self, origin: ServerId) -> Self {
        Self { at: self.at, offsets: self.offsets & !0xffff | origin.0 as u64 }
    }

    /// The server that the client talked to; [`ServerId::NONE`] for one whose name stands in the line alone, and for a
    /// region.
    #[inline]
    pub(crate) const fn origin(self) -> ServerId {
        ServerId((self.offsets & 0xffff) as u16)
    }
}

/// Where the client, the position and the time begin in a line, and how long that is: a byte each, the first lowest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FieldOffsets(u32);

impl FieldOffsets {
    /// Of a line that must be looked through: the client's end is before its start.
    const NOWHERE: Self = Self::new([1, 0, 0, 0]);

    /// Of a tombstone, and of a client that is away: those are looked through too.
    const TOMBSTONE: Self = Self::new([2, 0, 0, 0]);
    const AWAY: Self = Self::new([3, 0, 0, 0]);

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

    /// As they are, but that the client begins elsewhere.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "it is less than a line")]
    pub(crate) const fn with_client(self, client: usize) -> Self {
        Self(self.0 & !0xff | client as u32)
    }
}

/// Where the fields of a line begin, found by the spaces.
#[cold]
fn long_fields(line: &[u8]) -> [usize; 3] {
    let behind = |from: usize| memchr::memchr(b' ', &line[from..]).map_or(from, |space| from + space + 1);
    let before = |to: usize| memchr::memrchr(b' ', &line[..to]).map_or(0, |space| space + 1);
    let time = before(line.len());
    [behind(behind(0)), before(time.saturating_sub(1)), time]
}
