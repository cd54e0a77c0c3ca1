//! How often somebody may do something.

use core::num::NonZeroU32;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

use crate::values::Instant;

/// Lets through so many a second on average, and those of ten seconds at once after a while of rest: so a device that was
/// out of reach can tell what it has seen.
///
/// It is the leaky bucket as a meter (GCRA, ITU-T I.371): one number, the time at which it is empty.
#[derive(Debug)]
pub(crate) struct Bucket {
    /// How long one takes to leak.
    each: u64,
    empty_at: AtomicU64,
}

impl Bucket {
    /// What may come at once.
    const BURST: Duration = Duration::from_secs(10);

    pub(crate) fn new(per_second: NonZeroU32) -> Self {
        let second = u64::try_from(Duration::from_secs(1).as_nanos()).unwrap_or(u64::MAX);
        Self { each: (second / u64::from(per_second.get())).max(1), empty_at: AtomicU64::new(0) }
    }

    /// How many there is room for now.
    pub(crate) fn room(&self, now: Instant) -> usize {
        let full_at = (now + Self::BURST).as_nanos();
        let room = full_at.saturating_sub(self.empty_at.load(Ordering::Relaxed).max(now.as_nanos()));
        usize::try_from(room / self.each).unwrap_or(usize::MAX)
    }

    /// So many came. More than there was room for are taken too: others may have taken that at the same time.
    pub(crate) fn take(&self, count: usize, now: Instant) {
        let more = self.each.saturating_mul(count as u64);
        let take = |empty_at: u64| Some(empty_at.max(now.as_nanos()).saturating_add(more));
        let taken = self.empty_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        debug_assert!(taken.is_ok(), "it is always changed");
    }

    /// Whether it is as a new one would be.
    pub(crate) fn is_empty(&self, now: Instant) -> bool {
        self.empty_at.load(Ordering::Relaxed) <= now.as_nanos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_seconds_worth_at_once_and_then_as_they_leak() {
        let bucket = Bucket::new(NonZeroU32::new(5).expect("not zero"));
        let at = |millis: u64| Instant::from_nanos(millis * 1_000_000);
        assert_eq!((bucket.room(at(0)), bucket.is_empty(at(0))), (50, true));
        bucket.take(50, at(0));
        assert_eq!((bucket.room(at(0)), bucket.room(at(199)), bucket.room(at(200))), (0, 0, 1));
        bucket.take(1, at(200));
        assert_eq!((bucket.room(at(200)), bucket.room(at(1200)), bucket.is_empty(at(10_199))), (0, 5, false));
        assert_eq!((bucket.room(at(10_200)), bucket.is_empty(at(10_200))), (50, true));
        bucket.take(60, at(20_000));
        assert_eq!((bucket.room(at(20_000)), bucket.room(at(22_000)), bucket.room(at(22_200))), (0, 0, 1));
    }
}
