//! How many records there are of each kind but reports.

use core::ops::AddAssign;

use crate::wire::RecordKind;

/// How many records are not reports, by their kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct KindCounts {
    /// Clients that are known to be forgotten.
    pub(crate) tombstones: usize,
    /// Clients that are at home in another region.
    pub(crate) away: usize,
}

impl KindCounts {
    /// A record of that kind is kept.
    pub(super) fn add(&mut self, kind: RecordKind) {
        if let Some(count) = self.count(kind) {
            *count += 1;
        }
    }

    /// One is kept no more.
    pub(super) fn remove(&mut self, kind: RecordKind) {
        if let Some(count) = self.count(kind) {
            *count -= 1;
        }
    }

    /// One is kept in the place of another.
    pub(super) fn replace(&mut self, before: RecordKind, now: RecordKind) {
        self.add(now);
        self.remove(before);
    }

    const fn count(&mut self, kind: RecordKind) -> Option<&mut usize> {
        match kind {
            RecordKind::Report => None,
            RecordKind::Tombstone => Some(&mut self.tombstones),
            RecordKind::Away => Some(&mut self.away),
        }
    }
}

impl AddAssign for KindCounts {
    fn add_assign(&mut self, other: Self) {
        self.tombstones += other.tombstones;
        self.away += other.away;
    }
}
