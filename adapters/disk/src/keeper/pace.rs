//! How often and how much.

use std::time::Duration;

use crate::disk::Disk;
use crate::storage::Storage;

/// How much a crash of the machine may lose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncEvery {
    /// What came within that time.
    Time(Duration),
    /// Nothing that somebody was told to be safe.
    Each,
}

impl SyncEvery {
    pub(super) const fn period(self) -> Duration {
        match self {
            Self::Time(period) => period,
            Self::Each => Duration::ZERO,
        }
    }
}

/// When a [`Keeper`](crate::Keeper) does what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How much a crash may lose.
    pub sync: SyncEvery,
    /// How many bytes of logs are not worth a snapshot.
    pub least_log: u64,
    /// After how long there is a snapshot, if there is a single line in a log: what was forgotten is gone from the disk then.
    pub day: Duration,
}

impl Pace {
    /// What it is for a server.
    #[must_use]
    pub const fn new(sync: SyncEvery) -> Self {
        Self { sync, least_log: 64 << 20, day: Duration::from_hours(20) }
    }

    /// How long after a failure it is tried again, the first time and the longest.
    pub(super) const LEAST_PAUSE: Duration = Duration::from_secs(1);
    pub(super) const MOST_PAUSE: Duration = Duration::from_secs(30);

    /// How long after a step of a snapshot the next one comes: twice as long as each takes.
    pub(super) const SNAPSHOT_PAUSE: Duration = Duration::from_micros(250);

    /// Each start makes a log; so many have a snapshot made of them.
    const MOST_LOGS: usize = 16;

    /// How long what changed waits before it is written, so that a process that is killed leaves nearly all of it behind.
    const WRITE_EVERY: Duration = Duration::from_millis(100);
    const LEAST_WRITE_EVERY: Duration = Duration::from_millis(2);

    /// So many bytes at a time are better than more of them, or fewer.
    const WRITE_BYTES: u32 = 1 << 20;

    pub(super) fn write_every(&self) -> Duration {
        match self.sync {
            SyncEvery::Time(period) => Self::WRITE_EVERY.min(period),
            SyncEvery::Each => Self::WRITE_EVERY,
        }
    }

    /// How long to wait when so many bytes had come by now.
    pub(super) fn next_write(&self, took: usize) -> Duration {
        let times = u32::try_from(took).unwrap_or(u32::MAX) / Self::WRITE_BYTES + 1;
        (self.write_every() / times).max(Self::LEAST_WRITE_EVERY)
    }

    /// Whether a snapshot is to take the place of the logs. They may have half of its size: with the snapshot before, and
    /// the next one beside both of them, that is two and a half times what is kept, and leaves half of it for what is
    /// written meanwhile.
    pub(super) fn wants_snapshot<S: Storage>(&self, disk: &Disk<S>, wall: u64) -> bool {
        if !disk.has_log_lines() {
            return false;
        }
        let is_large = disk.log_bytes() > self.least_log.max(disk.snapshot_bytes() / 2);
        // A wall clock that was set back says nothing.
        let is_old = wall.checked_sub(disk.logs_begun()).is_none_or(|age| age >= self.day.as_secs());
        is_large || is_old || disk.logs() > Self::MOST_LOGS
    }
}
