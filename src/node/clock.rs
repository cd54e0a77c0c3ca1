//! Whether this server's clock can be trusted with saying what is too old.

use core::sync::atomic::{AtomicI64, Ordering};

use crate::herd::{Horizon, Limits};
use crate::values::{Now, Skew, Timestamp};

/// By how much a clock may differ from others', and may have run ahead, to be trusted.
const TRUSTED: i128 = 60_000_000_000;

/// When the wall clock last agreed with others, for passes to look at: by how much it was then past the clock that never
/// goes back, in nanoseconds.
#[derive(Debug)]
pub(super) struct Agreed(AtomicI64);

impl Agreed {
    /// It never has, or most neighbours say otherwise.
    const NEVER: i64 = i64::MIN;

    pub(super) const fn never() -> Self {
        Self(AtomicI64::new(Self::NEVER))
    }

    pub(super) fn set(&self, agreed: Option<i128>) {
        let agreed = agreed.and_then(|agreed| i64::try_from(agreed).ok());
        self.0.store(agreed.unwrap_or(Self::NEVER), Ordering::Release);
    }

    /// What is too old now; nothing where the clock is not to be trusted: it was never set, has run ahead of the clock that
    /// never goes back since it last agreed with a neighbour, or differs from most of them.
    pub(super) fn horizon(&self, limits: &Limits, now: Now) -> Horizon {
        let agreed = self.0.load(Ordering::Acquire);
        let is_trusted = agreed != Self::NEVER && now.wall >= limits.earliest_clock;
        if is_trusted && offset(now) - i128::from(agreed) <= TRUSTED {
            Horizon::of(limits, now.wall)
        } else {
            Horizon::NONE
        }
    }
}

impl Clone for Agreed {
    fn clone(&self) -> Self {
        Self(AtomicI64::new(self.0.load(Ordering::Acquire)))
    }
}

/// By how much the wall clock is past the one that never goes back.
fn offset(now: Now) -> i128 {
    now.wall.as_nanos() - i128::from(now.instant.as_nanos())
}

/// What is known of this server's clock.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    /// As [`Agreed`] has it.
    agreed: Option<i128>,
    /// Whether most neighbours' clocks differ.
    differs: bool,
}

impl Clock {
    /// What passes are to look at.
    pub(super) fn agreed(self) -> Option<i128> {
        self.agreed.filter(|_| !self.differs)
    }

    /// The server starts with a clock that is as good as any.
    pub(super) fn start(&mut self, now: Now) {
        self.agreed = Some(offset(now));
    }

    /// A neighbour has greeted and said what its clock was when it did. The greeting may have taken its time: so it is known
    /// that this clock is not ahead, where the two are near, and nothing where they are not. `all` is what is known of every
    /// neighbour's clock.
    pub(super) fn heard(&mut self, clock: Timestamp, all: impl Iterator<Item = Skew>, now: Now) {
        self.compare(Some(clock.since(now.wall)), all, now);
    }

    /// A neighbour has answered a greeting: its clock is so far `ahead`, if the answer says so. `all` is what is known of every
    /// neighbour's clock.
    pub(super) fn compare(&mut self, ahead: Option<Skew>, all: impl Iterator<Item = Skew>, now: Now) {
        let is_far = |ahead: Skew| ahead.as_nanos().abs() > TRUSTED;
        let (far, near): (Vec<Skew>, Vec<Skew>) = all.partition(|&ahead| is_far(ahead));
        self.differs = far.len() > near.len();
        if ahead.is_some_and(|ahead| !is_far(ahead)) && !self.differs {
            self.agreed = Some(offset(now));
        }
    }
}
