//! What is too old, as a server's clock says it now.

use core::time::Duration;

use super::limits::Limits;
use crate::report::Record;
use crate::values::Timestamp;
use crate::wire::{Departed, RecordKind, Sighted};

/// Which of what was heard, by the clocks of those who wrote it down, is too old for something.
///
/// [`NONE`](Self::NONE) is that of a clock that is [not trusted](crate::Notice::ClockNotTrusted): nothing is too old then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Horizon {
    /// What was heard before that does not travel by flood, and a tombstone from before that may go.
    flood: Timestamp,
    /// All but tombstones that was heard before that is over: hidden, and not accepted.
    expiry: Timestamp,
}

/// What a neighbour tells of a client, as far as the times in it go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    at: Timestamp,
    /// What the clock said of the server that wrote it down.
    heard_at: Timestamp,
    /// Whether it comes by flood, and not by repair.
    floods: bool,
    kind: RecordKind,
}

/// Why what a neighbour tells counts as not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Untimely {
    /// Its time is too far past the clock of the server that wrote it down.
    TooFarAhead,
    /// It is over, or too old to travel by flood.
    TooOld,
}

impl Told {
    pub(crate) const fn report(report: &Sighted<'_>, floods: bool) -> Self {
        Self { at: report.sighting.at, heard_at: report.origin_clock(), floods, kind: RecordKind::Report }
    }

    pub(crate) const fn departed(departed: &Departed<'_>, floods: bool) -> Self {
        Self { at: departed.covers.at, heard_at: departed.origin_clock(), floods, kind: departed.kind }
    }
}

impl Default for Horizon {
    fn default() -> Self {
        Self::NONE
    }
}

impl Horizon {
    /// How long a report is over before it is deleted: as much as the clocks of servers may differ.
    pub(crate) const HIDDEN: Duration = Duration::from_mins(1);

    /// How many digits the seconds of a day and a bit have.
    const DIGITS: usize = 5;

    /// Nothing is too old.
    pub(crate) const NONE: Self = Self { flood: Timestamp::FIRST, expiry: Timestamp::FIRST };

    /// That of a clock that says `wall`.
    pub(crate) fn of(limits: &Limits, wall: Timestamp) -> Self {
        let expiry = limits.keep_for.map_or(Timestamp::FIRST, |keep| wall.before(keep));
        Self { flood: wall.before(limits.gone_for), expiry }
    }

    /// Why what a neighbour tells is not to be listened to, if it is not.
    pub(crate) fn judge(&self, told: &Told, limits: &Limits, wall: Timestamp) -> Option<Untimely> {
        if limits.is_told_too_far_ahead(told.at, told.heard_at, wall) {
            return Some(Untimely::TooFarAhead);
        }
        let is_too_old = told.floods && self.is_too_old_to_flood(told.heard_at);
        let is_over = told.kind != RecordKind::Tombstone && self.is_over(told.heard_at);
        (is_too_old || is_over).then_some(Untimely::TooOld)
    }

    /// Whether what was heard then does not travel by flood.
    pub(crate) fn is_too_old_to_flood(&self, heard_at: Timestamp) -> bool {
        heard_at < self.flood
    }

    /// For how long that has been so, if it is.
    pub(crate) fn too_old_to_flood_for(&self, heard_at: Timestamp) -> Option<Duration> {
        let nanos = u64::try_from(self.flood.since(heard_at).as_nanos()).unwrap_or(u64::MAX);
        self.is_too_old_to_flood(heard_at).then_some(Duration::from_nanos(nanos))
    }

    /// Whether a report that was heard then is over.
    fn is_over(&self, heard_at: Timestamp) -> bool {
        heard_at < self.expiry
    }

    /// Whether a record is over, which a tombstone never is. When it was heard takes a look through its line.
    pub(crate) fn hides(&self, record: &Record<'_>) -> bool {
        self.expires() && !record.is_tombstone() && self.is_over(record.heard_at())
    }

    /// Whether a report that was heard then is to be deleted.
    pub(crate) fn is_long_over(&self, heard_at: Timestamp) -> bool {
        heard_at < self.expiry.before(Self::HIDDEN)
    }

    /// Whether reports can be over at all.
    #[inline]
    pub(crate) fn expires(&self) -> bool {
        self.expiry > Timestamp::FIRST
    }

    /// Of which time, in nanoseconds, a report must be not to be over, whatever its skew is: as far as no clock of a client
    /// is more than about a day ahead.
    pub(crate) fn least_kept(&self) -> i64 {
        self.bounds(false, Self::DIGITS).0
    }

    /// Of which time, in nanoseconds, a report must be not to be too old whatever its skew, and how many digits the whole
    /// seconds of that may have where it is negative: `digits_ahead`, or few enough. `floods` tells how it travels.
    pub(crate) fn bounds(&self, floods: bool, digits_ahead: usize) -> (i64, usize) {
        let least = if floods { self.flood.max(self.expiry) } else { self.expiry };
        if least == Timestamp::FIRST {
            return (i64::MIN, digits_ahead);
        }
        let digits = digits_ahead.min(Self::DIGITS);
        let ahead = 10_i128.pow(u32::try_from(digits).unwrap_or(0)) * 1_000_000_000;
        let earliest = least.as_nanos().saturating_add(ahead);
        (i64::try_from(earliest).unwrap_or(if earliest < 0 { i64::MIN } else { i64::MAX }), digits)
    }
}
