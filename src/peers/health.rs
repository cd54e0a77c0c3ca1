//! How a link is, for people: nothing that it does depends on it.

use core::fmt;
use core::time::Duration;

use crate::values::{Instant, Now, Skew, Timestamp};

/// How long nothing must have come by repair before people are told what it brought.
const SETTLED: Duration = Duration::from_secs(3);

/// By how much two clocks may differ before people are told.
const CLOCKS: i128 = 1_000_000_000;

/// The longest reason that is kept, in bytes.
const MOST_REASON: usize = 200;

/// What is known of a link besides what it needs.
#[derive(Clone, Default)]
pub(crate) struct Health {
    /// Since when it is up, once it was.
    up_since: Option<Instant>,
    down: Option<Down>,
    /// It came up again, and people were not told yet what that brought.
    recovery: Option<Recovery>,
    /// Reports that went to the neighbour by repair, and that came from it.
    pub(crate) mended: Mended,
    /// Tombstones that are old enough to go, and wait until it is known that the neighbour has them.
    pub(crate) tombstones_waiting: usize,
    /// When the two last compared.
    pub(crate) compared: Option<Instant>,
    /// When it greeted, if there was no answer to that yet.
    greeted: Option<Instant>,
    /// How far the neighbour's clock is ahead, for all that is known.
    pub(crate) clock: Option<Skew>,
    /// The incarnation that the neighbour last named where this server connects to.
    pub(crate) answered: Option<u64>,
}

/// It cannot be reached, or was lost.
#[derive(Clone, Debug)]
struct Down {
    since: Instant,
    why: Box<str>,
    /// Whether people were told: not of one that is there again at once.
    is_told: bool,
}

#[derive(Clone, Copy, Debug)]
struct Recovery {
    down_since: Instant,
    up_since: Instant,
    /// What was mended until then.
    before: Mended,
    quiet_since: Instant,
}

/// How many reports repair has moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mended {
    pub(crate) sent: u64,
    pub(crate) received: u64,
}

/// What people are told of a neighbour that is there again.
pub(super) struct Recovered {
    pub(super) after: Duration,
    pub(super) brought: Mended,
}

/// What an answer says of two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clocks {
    /// Nothing.
    Unknown,
    /// They show the same, for all that can be told.
    Agree,
    /// The neighbour's is so far ahead.
    Differ(Skew),
}

impl Health {
    /// It cannot be reached, or was lost; whether people are to be told. Not of what may be there again at once, which is
    /// not `sure`.
    pub(super) fn failed(&mut self, why: &str, is_sure: bool, now: Instant) -> bool {
        self.up_since = None;
        if let Some(Recovery { down_since, .. }) = self.recovery.take() {
            // It was not there for long enough to be told.
            self.down = Some(Down { since: down_since, why: short(why), is_told: true });
            return false;
        }
        let down = self.down.get_or_insert_with(|| Down { since: now, why: Box::default(), is_told: false });
        down.why = short(why);
        let tells = is_sure && !down.is_told;
        down.is_told |= tells;
        tells
    }

    /// Lines are on their way.
    pub(super) fn rose(&mut self, now: Instant) {
        self.up_since = Some(now);
        if let Some(Down { since, is_told: true, .. }) = self.down.take() {
            let before = self.mended;
            self.recovery = Some(Recovery { down_since: since, up_since: now, before, quiet_since: now });
        }
    }

    /// When people are to be told what its coming back has brought, unless the two compare.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.recovery.map(|recovery| recovery.quiet_since + SETTLED)
    }

    /// What to tell them, if it is time and the two do not compare.
    pub(super) fn recovered(&mut self, now: Instant, is_comparing: bool) -> Option<Recovered> {
        let is_settled = |recovery: &mut Recovery| !is_comparing && recovery.quiet_since + SETTLED <= now;
        let Recovery { down_since, up_since, before, .. } = self.recovery.take_if(is_settled)?;
        let brought = Mended { sent: self.mended.sent - before.sent, received: self.mended.received - before.received };
        Some(Recovered { after: up_since.saturating_since(down_since), brought })
    }

    /// So many reports went by repair, or came.
    pub(crate) fn mend(&mut self, sent: u64, received: u64, now: Instant) {
        self.mended.sent += sent;
        self.mended.received += received;
        self.is_not_quiet(now);
    }

    /// The two compared, or began to where the neighbour asks.
    pub(crate) fn compared_at(&mut self, now: Instant) {
        self.compared = Some(now);
        self.is_not_quiet(now);
    }

    fn is_not_quiet(&mut self, now: Instant) {
        if let Some(recovery) = &mut self.recovery {
            recovery.quiet_since = now;
        }
    }

    /// A greeting is on its way.
    pub(super) fn greets(&mut self, now: Instant) {
        self.greeted.get_or_insert(now);
    }

    /// The connection is over: no answer will come.
    pub(super) fn forget_connection(&mut self) {
        self.greeted = None;
    }

    /// A greeting was answered: what that says of the two clocks. The time that the answer took explains some of what they
    /// differ by; what is beyond that, and a second, is to be told. This server's own clock may have been set meanwhile, so
    /// only what it says now counts.
    pub(super) fn greeted_back(&mut self, clock: Option<Timestamp>, now: Now) -> Clocks {
        let (Some(greeted), Some(clock)) = (self.greeted.take(), clock) else { return Clocks::Unknown };
        let took = now.instant.saturating_since(greeted);
        let (first, last) = (now.wall.before(took), now.wall);
        let ahead = clock.since(now.wall.before(took / 2));
        self.clock = Some(ahead);
        let beyond = if clock > last { clock.since(last) } else { clock.min(first).since(first) };
        if beyond.as_nanos().abs() > CLOCKS { Clocks::Differ(ahead) } else { Clocks::Agree }
    }

    /// The neighbour greeted, when its clock said that. Its greeting may have taken its time, so it only shows that two clocks
    /// do not, or no longer, differ by as much as was known; whether they agree.
    pub(super) fn heard_clock(&mut self, clock: Timestamp, wall: Timestamp) -> bool {
        let size = |ahead: Skew| ahead.as_nanos().abs();
        let ahead = clock.since(wall);
        if self.clock.is_some_and(|known| size(known) > CLOCKS && size(ahead) < size(known)) {
            self.clock = Some(ahead);
        }
        size(ahead) <= CLOCKS
    }

    /// Since when it is up.
    pub(crate) const fn up_since(&self) -> Option<Instant> {
        self.up_since
    }

    /// Since when it is not, and why.
    pub(crate) fn down(&self) -> Option<(Instant, &str)> {
        self.down.as_ref().map(|down| (down.since, &*down.why))
    }
}

fn short(why: &str) -> Box<str> {
    why[..why.floor_char_boundary(MOST_REASON)].into()
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Health")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    /// So many seconds after the start, where the wall clock has been set ahead by so many.
    fn now(seconds: u64, ahead: u64) -> Now {
        let wall = Timestamp::from_nanos(((seconds + ahead) * SECOND).into());
        Now { wall, instant: Instant::from_nanos(seconds * SECOND) }
    }

    #[test]
    fn a_clock_that_is_set_while_an_answer_comes_counts_as_it_is_now() {
        let mut health = Health::default();
        health.greets(now(10, 0).instant);
        let clocks = health.greeted_back(Some(now(11, 0).wall), now(12, 0));
        assert_eq!((clocks, health.clock), (Clocks::Agree, Some(Skew::default())));
        health.greets(now(20, 0).instant);
        let ahead = now(0, 0).wall.since(now(0, 100).wall);
        assert_eq!(health.greeted_back(Some(now(21, 0).wall), now(22, 100)), Clocks::Differ(ahead));
    }
}
