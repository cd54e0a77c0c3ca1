//! The clocks of this machine, as the core wants them.

use std::time::{Duration, Instant, SystemTime};

use herd::{Now, Timestamp};

/// Reads the wall clock, and a clock that never goes back and began when this was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock that begins now.
    #[must_use]
    pub(crate) fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// What the clocks say. A wall clock before 1970 reads as before the epoch, as it should.
    #[must_use]
    pub(crate) fn now(&self) -> Now {
        let wall = match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => nanos(since),
            Err(before) => -nanos(before.duration()),
        };
        Now { wall: Timestamp::from_nanos(wall), instant: self.instant() }
    }

    /// How long ago that was.
    #[must_use]
    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// The clock that never goes back, alone.
    #[must_use]
    pub(crate) fn instant(&self) -> herd::Instant {
        herd::Instant::from_nanos(u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }
}

fn nanos(duration: Duration) -> i128 {
    i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX)
}
