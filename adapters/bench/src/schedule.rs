//! When requests are due, and when it is over. Time is nanoseconds since the load began.

use std::time::Duration;

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Send a request that was due then.
    Send {
        /// When it was due.
        due: u64,
    },
    /// Send nothing before then.
    Wait {
        /// When to ask again.
        until: u64,
    },
    /// Send nothing any more.
    Over,
}

/// When one thread's requests are due.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    /// Nanoseconds from one request to the next; `None` where each is due when the one before is answered.
    interval: Option<f64>,
    sent: u64,
    warm_up: u64,
    end: Option<u64>,
    /// How many are still to be sent once it is warm.
    left: Option<u64>,
}

impl Schedule {
    /// `rate` requests a second, or as many as can be; until `end` or `count` requests after `warm_up`.
    pub(crate) fn new(rate: Option<f64>, warm_up: Duration, end: Option<Duration>, count: Option<u64>) -> Self {
        Self {
            interval: rate.map(|rate| 1e9 / rate),
            sent: 0,
            warm_up: nanos(warm_up),
            end: end.map(nanos),
            left: count,
        }
    }

    /// Whether what was due then is measured.
    pub(crate) const fn is_measured(&self, due: u64) -> bool {
        due >= self.warm_up
    }

    /// When measuring begins.
    pub(crate) const fn warm_up(&self) -> u64 {
        self.warm_up
    }

    /// When it is over, where a time was set.
    pub(crate) const fn end(&self) -> Option<u64> {
        self.end
    }

    /// Whether requests are due at times of their own.
    pub(crate) const fn is_open(&self) -> bool {
        self.interval.is_some()
    }

    /// What there is to do at `now`.
    pub(crate) fn next(&self, now: u64) -> Next {
        let due = self.interval.map_or(now, |interval| due(self.sent, interval));
        if self.left == Some(0) || self.end.is_some_and(|end| due >= end) {
            return Next::Over;
        }
        if due > now { Next::Wait { until: due } } else { Next::Send { due } }
    }

    /// A request that was due then has been sent.
    pub(crate) fn sent(&mut self, due: u64) {
        self.sent += 1;
        if self.is_measured(due)
            && let Some(left) = &mut self.left
        {
            *left -= 1;
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "off by less \
    than a nanosecond for months"
)]
fn due(number: u64, interval: f64) -> u64 {
    (number as f64 * interval) as u64
}

/// A time that fits: 584 years.
pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Outcome;
    use crate::traffic::Kind;

    const MS: u64 = 1_000_000;

    #[test]
    fn closed_loops_send_at_once_and_count() {
        let mut schedule = Schedule::new(None, Duration::from_millis(1), None, Some(1));
        assert_eq!(schedule.next(7), Next::Send { due: 7 });
        schedule.sent(7);
        assert_eq!(schedule.next(MS), Next::Send { due: MS }, "the warm-up does not count");
        schedule.sent(MS);
        assert_eq!(schedule.next(2 * MS), Next::Over);
    }

    #[test]
    fn an_open_loop_counts_a_stall() {
        // A thousand a second for a second. The server takes no time, but for 100 ms in the middle it
        // does nothing, so what is due then is answered at 500 ms.
        let mut schedule = Schedule::new(Some(1_000.0), Duration::ZERO, Some(Duration::from_secs(1)), None);
        let mut outcome = Outcome::new();
        let mut now = 0;
        loop {
            match schedule.next(now) {
                Next::Send { due } => {
                    schedule.sent(due);
                    outcome.record(Kind::Update, now - due, 1);
                    if now == 400 * MS {
                        now = 500 * MS;
                    }
                }
                Next::Wait { until } => now = until,
                Next::Over => break,
            }
        }
        let latency = outcome.latency(Kind::Update);
        assert_eq!(latency.len(), 1_000);
        assert!(latency.max() >= 98 * MS, "{}", latency.max());
        let late = latency.count_between(MS, u64::MAX);
        assert!((98..=101).contains(&late), "{late} requests saw the stall");
    }
}
