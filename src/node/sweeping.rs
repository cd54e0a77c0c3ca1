//! Going through what is kept, a step at a time, to take out what is over.
//!
//! A report goes a minute after it was [hidden](Horizon), everywhere alike and without a message. A tombstone goes when it
//! is older than `gone-for` and every neighbour has shown since then that it has it, in its present run: so nothing that it
//! covers can come back. Neither goes while this server's clock is not trusted.

use core::time::Duration;

use super::hub::Hub;
use super::sweep::{Sweep, period};
use crate::herd::Horizon;
use crate::pass::{Notice, Turn};
use crate::store::{Cursor, Kept, Shards, Store, Verdict};
use crate::values::Instant;

/// How long after a step the next one is: so all others have their turns.
const PAUSE: Duration = Duration::from_millis(2);

impl Hub {
    /// Takes a step, if it is time.
    pub(super) fn sweep(&mut self, store: &Store, turn: &mut Turn) {
        let now = turn.now.instant;
        if self.sweep.due.is_none_or(|due| now < due) {
            return;
        }
        if self.identity.limits.keep_for.is_none() && store.departed().tombstones == 0 {
            self.links.iter_mut().for_each(|link| link.health.tombstones_waiting = 0);
            return self.sweep = Sweep::default();
        }
        let period = period(&self.identity.limits);
        let pause = if turn.horizon == Horizon::NONE {
            self.tell_of_clock(now, turn);
            period
        } else if self.step(store, turn) {
            PAUSE
        } else {
            self.end_sweep(now);
            period
        };
        self.sweep.due = Some(now + pause);
    }

    /// Looks at what comes next; whether there was anything.
    fn step(&mut self, store: &Store, turn: &mut Turn) -> bool {
        let Self { links, sweep, counters, watches, .. } = self;
        sweep.waiting.resize(links.len(), 0);
        let mut verdict = |kept: &Kept<'_>| {
            let heard_at = kept.record.heard_at();
            let goes = match (kept.came, turn.horizon.too_old_to_flood_for(heard_at)) {
                (None, _) => turn.horizon.is_long_over(heard_at),
                (Some(_), None) => false,
                (Some(came), Some(since)) => {
                    // A neighbour that was compared with before may have been lost since, on a link that is at rest.
                    let since = came.max(turn.now.instant.before(since));
                    let mut waits = false;
                    for (link, waiting) in links.iter().zip(&mut sweep.waiting) {
                        let lacks = !link.has_tombstone(since);
                        *waiting += usize::from(lacks);
                        waits |= lacks;
                    }
                    !waits
                }
            };
            if goes { Verdict::Remove } else { Verdict::Keep }
        };
        let goes_on = store.sweep(
            &mut sweep.cursor,
            &mut verdict,
            |kept| match kept.came {
                Some(_) => counters.tombstones_dropped += 1,
                None => counters.expired += 1,
            },
            watches.interest().bits(),
        );
        turn.spend(Store::SWEEP as u64);
        if !self.watches.is_empty() {
            self.deliver(store, Shards::all(), turn);
        }
        goes_on
    }

    /// All was looked at. Neighbours of which it is not known whether they have the tombstones are asked.
    fn end_sweep(&mut self, now: Instant) {
        self.sweep.cursor = Cursor::default();
        for (link, waiting) in self.links.iter_mut().zip(self.sweep.waiting.drain(..)) {
            link.health.tombstones_waiting = waiting;
            if waiting > 0 {
                link.repair.find_tombstones(now);
            }
        }
    }

    /// The clock is not trusted: nothing goes. People are told once an hour.
    fn tell_of_clock(&mut self, now: Instant, turn: &mut Turn) {
        const PAUSE: Duration = Duration::from_hours(1);
        if self.sweep.told_at.is_none_or(|told| told + PAUSE <= now) {
            self.sweep.told_at = Some(now);
            turn.notices.push(Notice::ClockNotTrusted);
        }
    }
}
