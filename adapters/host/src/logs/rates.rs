//! How many lines of one kind are logged: so many at once, then so many a second.
//!
//! Without a bound, whoever connects and closes in a loop fills a disk with lines about that, and one client at
//! `herd::wire=debug` keeps a server busy with nothing but its log.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::queue::Queue;

/// What the log itself has to tell. These lines are never left out.
pub(super) const OWN: &str = "herd::log";

/// How long after a line was left out that is told.
const TELL_IN: Duration = Duration::from_secs(2);

/// So many lines at once, and then one each so often.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    burst: u32,
    interval: Duration,
}

/// Of lines for whoever runs a herd.
const EVENTS: Rate = Rate { burst: 100, interval: Duration::from_millis(100) };

/// Of lines for whoever looks for a fault: at `debug` and `trace`.
const DETAILS: Rate = Rate { burst: 10_000, interval: Duration::from_millis(1) };

/// The rates of all kinds of lines. A kind is a place in the source, so there are not many.
#[derive(Debug)]
pub(super) struct Rates {
    queue: Arc<Queue>,
    start: Instant,
    kinds: RwLock<HashMap<Identifier, Kind>>,
}

#[derive(Debug)]
struct Kind {
    /// The target and the message.
    name: String,
    bucket: Bucket,
    left_out: AtomicU64,
}

/// When the next line would come, had all come evenly: nanoseconds since the start.
#[derive(Debug)]
struct Bucket {
    rate: Rate,
    next: AtomicU64,
}

impl Bucket {
    /// Takes one, if there is one at that time.
    fn take(&self, now: Duration) -> bool {
        let (now, interval) = (nanos(now), nanos(self.rate.interval));
        let most = now + interval * u64::from(self.rate.burst - 1);
        let take = |next: u64| (next <= most).then(|| next.max(now) + interval);
        self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX / 2)
}

impl Rates {
    pub(super) fn new(queue: Arc<Queue>) -> Self {
        Self { queue, start: Instant::now(), kinds: RwLock::default() }
    }

    /// Whether this one is logged. One that is not is counted.
    fn allows(&self, event: &Event<'_>) -> bool {
        let id = event.metadata().callsite();
        if let Some(kind) = self.kinds.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return self.takes(kind);
        }
        let mut kinds = self.kinds.write().unwrap_or_else(PoisonError::into_inner);
        self.takes(kinds.entry(id).or_insert_with(|| Kind::of(event)))
    }

    fn takes(&self, kind: &Kind) -> bool {
        let is_allowed = kind.bucket.take(self.start.elapsed());
        if !is_allowed && kind.left_out.fetch_add(1, Ordering::Relaxed) == 0 {
            self.queue.tell_in(TELL_IN);
        }
        is_allowed
    }

    /// What was left out since this was last asked: of each kind its name, and how many lines.
    pub(super) fn left_out(&self) -> Vec<(String, u64)> {
        let kinds = self.kinds.read().unwrap_or_else(PoisonError::into_inner);
        let taken = kinds.values().map(|kind| (&kind.name, kind.left_out.swap(0, Ordering::Relaxed)));
        let mut left_out: Vec<_> =
            taken.filter(|&(_, lines)| lines > 0).map(|(name, lines)| (name.clone(), lines)).collect();
        left_out.sort_unstable();
        left_out
    }
}

impl Kind {
    fn of(event: &Event<'_>) -> Self {
        let metadata = event.metadata();
        let mut message = Message(String::new());
        event.record(&mut message);
        // `DEBUG` is more than `INFO`.
        let rate = if *metadata.level() > Level::INFO { DETAILS } else { EVENTS };
        let bucket = Bucket { rate, next: AtomicU64::new(0) };
        Self { name: format!("{}: {}", metadata.target(), message.0), bucket, left_out: AtomicU64::new(0) }
    }
}

/// The message of an event.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

/// The layer of a subscriber that leaves out what is too much.
#[derive(Debug)]
pub(super) struct RateLayer(pub(super) Arc<Rates>);

impl<S: Subscriber> Layer<S> for RateLayer {
    fn event_enabled(&self, event: &Event<'_>, _context: Context<'_, S>) -> bool {
        event.metadata().target() == OWN || self.0.allows(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_an_even_pace() {
        let bucket = Bucket { rate: Rate { burst: 3, interval: Duration::from_secs(1) }, next: AtomicU64::new(0) };
        let taken = |millis| bucket.take(Duration::from_millis(millis));
        assert_eq!([0, 0, 0, 0, 999, 1000, 1000].map(taken), [true, true, true, false, false, true, false]);
        // What was saved up is bounded.
        assert_eq!([60_000; 4].map(taken), [true, true, true, false]);
    }
}
