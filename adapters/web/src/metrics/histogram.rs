//! How long things took, in fixed steps.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The upper bounds of the steps: as Prometheus has them, in seconds, and in nanoseconds.
const BOUNDS: [(&str, u64); 16] = [
    ("0.0001", 100_000),
    ("0.00025", 250_000),
    ("0.0005", 500_000),
    ("0.001", 1_000_000),
    ("0.0025", 2_500_000),
    ("0.005", 5_000_000),
    ("0.01", 10_000_000),
    ("0.025", 25_000_000),
    ("0.05", 50_000_000),
    ("0.1", 100_000_000),
    ("0.25", 250_000_000),
    ("0.5", 500_000_000),
    ("1", 1_000_000_000),
    ("2.5", 2_500_000_000),
    ("5", 5_000_000_000),
    ("10", 10_000_000_000),
];

/// How many there were of each length. Any thread may add to it.
#[derive(Debug, Default)]
pub struct Histogram {
    /// One for each bound, and one for what is longer than the last.
    steps: [AtomicU64; BOUNDS.len() + 1],
    nanos: AtomicU64,
}

/// A histogram as it is read at one time.
pub(super) struct Read {
    /// Each bound, and how many there were up to that.
    pub(super) buckets: Vec<(&'static str, u64)>,
    /// How many there were.
    pub(super) count: u64,
    /// How long all of them took together.
    pub(super) nanos: u64,
}

impl Histogram {
    /// Something took that long.
    pub fn observe(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let step = BOUNDS.iter().position(|&(_, bound)| nanos <= bound).unwrap_or(BOUNDS.len());
        self.steps[step].fetch_add(1, Ordering::Relaxed);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    /// Whether anything was observed.
    pub(super) fn is_empty(&self) -> bool {
        self.steps.iter().all(|step| step.load(Ordering::Relaxed) == 0)
    }

    pub(super) fn read(&self) -> Read {
        let mut count = 0;
        let mut up_to = |step: &AtomicU64| {
            count += step.load(Ordering::Relaxed);
            count
        };
        let buckets = BOUNDS.iter().zip(&self.steps).map(|(&(bound, _), step)| (bound, up_to(step))).collect();
        let count = up_to(&self.steps[BOUNDS.len()]);
        Read { buckets, count, nanos: self.nanos.load(Ordering::Relaxed) }
    }
}
