//! What happens again and again, told at once and then once a minute.

use core::time::Duration;

use crate::values::Instant;

/// How often something has happened that was not told yet, and when it was told last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seldom {
    told_at: Option<Instant>,
    count: u64,
}

impl Seldom {
    /// How long nothing is told after it was.
    const PAUSE: Duration = Duration::from_mins(1);

    /// It has happened so often again; how often since it was told last, if that is to be told now.
    pub(super) fn add(&mut self, count: u64, now: Instant) -> Option<u64> {
        self.count += count;
        let is_time = self.told_at.is_none_or(|told_at| told_at + Self::PAUSE <= now);
        if self.count == 0 || !is_time {
            return None;
        }
        self.told_at = Some(now);
        Some(core::mem::take(&mut self.count))
    }

    /// Whether it was so in the last minutes.
    pub(super) fn was_lately(&self, now: Instant) -> bool {
        self.told_at.is_some_and(|told_at| now < told_at + 2 * Self::PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_at_once_and_then_once_a_minute_with_all_that_there_was() {
        let mut seldom = Seldom::default();
        let mut add = |count, seconds: u64| seldom.add(count, Instant::from_nanos(seconds * 1_000_000_000));
        assert_eq!(
            [add(0, 5), add(2, 5), add(3, 6), add(0, 64), add(1, 65), add(0, 200)],
            [None, Some(2), None, None, Some(4), None]
        );
    }
}
