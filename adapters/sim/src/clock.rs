//! A server's wall clock, and how wrong it is or was.

use herd::{Instant, Now, Timestamp};

use crate::scenario::{Nanos, SECOND};

/// What every clock shows at the start, if it is right: nanoseconds since the POSIX epoch.
const EPOCH: i128 = 1_479_413_884_000_000_000;

/// By how much two clocks may differ that agree, or one may run ahead of itself, for a server to trust its own; and a
/// second for what they drift.
const AGREES: i128 = 61 * SECOND as i128;

/// A wall clock that may be wrong, jump and drift.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    /// How far it was ahead of the true time when it was last set, when that was, and how much too fast it has run since,
    /// in millionths.
    error: i128,
    set_at: Nanos,
    drift: i32,
    /// Whether its server has ever had no neighbour in its list, and so no other clock to go by.
    pub(crate) is_alone: bool,
    /// When it was set before, and how far ahead it was from then on.
    past: Vec<(Nanos, i128)>,
}

impl Clock {
    /// What it says, and the clock that never goes back.
    pub(crate) fn now(&self, at: Nanos) -> Now {
        let wall = EPOCH + i128::from(at) + self.error(at);
        Now { wall: Timestamp::from_nanos(wall), instant: Instant::from_nanos(at) }
    }

    /// How far it is ahead of the true time, in nanoseconds.
    pub(crate) fn error(&self, at: Nanos) -> i128 {
        self.error + i128::from(at - self.set_at) * i128::from(self.drift) / 1_000_000
    }

    /// It jumps, and runs otherwise from now on.
    pub(crate) fn set(&mut self, at: Nanos, jump: i64, drift: i32) {
        if at > self.set_at {
            self.past.push((self.set_at, self.error));
        }
        (self.error, self.set_at, self.drift) = (self.error(at) + i128::from(jump), at, drift);
    }

    /// How far ahead it was at some time since then, each time that it was set.
    fn errors_since(&self, start: Nanos) -> impl Iterator<Item = i128> {
        let ends = self.past.iter().skip(1).map(|&(at, _)| at).chain([self.set_at]);
        let past = self.past.iter().zip(ends).filter(move |&(_, end)| end > start).map(|(&(_, error), _)| error);
        past.chain([self.error])
    }

    /// Whether a server that has run since `start` may trust it now: it has not run ahead since it was as a neighbour's was
    /// at some time.
    pub(crate) fn may_be_trusted<'a>(
        &self,
        (start, at): (Nanos, Nanos),
        mut neighbours: impl Iterator<Item = &'a Self>,
    ) -> bool {
        let now = self.error(at);
        let so_far = || self.errors_since(start).filter(|own| now - own <= AGREES);
        // A greeting may have been on its way for as long again.
        let agrees = |own: i128, other: i128| (-2 * AGREES..=AGREES).contains(&(own - other));
        let has_agreed = |peer: &Self| so_far().any(|own| peer.errors_since(0).any(|other| agrees(own, other)));
        if self.is_alone { so_far().next().is_some() } else { neighbours.any(has_agreed) }
    }
}
