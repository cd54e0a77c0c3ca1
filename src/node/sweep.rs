//! How far it is, to go through what is kept and to take out what is over.

use core::time::Duration;

use crate::herd::Limits;
use crate::store::Cursor;
use crate::values::Instant;

/// How far the sweep is that is under way, and when it goes on or the next one begins.
#[derive(Clone, Debug, Default)]
pub(super) struct Sweep {
    pub(super) cursor: Cursor,
    pub(super) due: Option<Instant>,
    /// Of each neighbour, how many tombstones that are old enough have waited for it so far.
    pub(super) waiting: Vec<usize>,
    /// When people were told last that nothing goes.
    pub(super) told_at: Option<Instant>,
}

impl Sweep {
    /// There may be something that will be over.
    pub(super) fn is_needed(&mut self, limits: &Limits, now: Instant) {
        let due = now + period(limits);
        self.due = Some(self.due.map_or(due, |before| before.min(due)));
    }

    /// The server starts, or its limits are others.
    pub(super) fn begin(&mut self, limits: &Limits, now: Instant) {
        if limits.keep_for.is_some() || self.due.is_some() {
            self.is_needed(limits, now);
        }
    }

    /// When it is to go on.
    pub(super) const fn deadline(&self) -> Option<Instant> {
        self.due
    }
}

/// How long after a sweep the next one begins.
pub(super) fn period(limits: &Limits) -> Duration {
    let shortest = limits.keep_for.map_or(limits.gone_for, |keep| keep.min(limits.gone_for));
    (shortest / 8).clamp(Duration::from_secs(1), Duration::from_mins(1))
}
