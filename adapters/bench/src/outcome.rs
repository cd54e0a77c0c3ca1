//! What a load measured.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::ending::Ending;
use super::traffic::Kind;

/// The longest latency that is told apart, a minute.
const LONGEST: u64 = 60_000_000_000;

/// What a load measured.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// From when requests were due to their replies, in nanoseconds: updates, questions.
    latency: [Histogram<u64>; 2],
    /// How long the measuring took, in nanoseconds.
    pub(crate) nanos: u64,
    /// Replies within that time.
    pub(crate) replies: u64,
    /// Replies that were refusals or wrong, and requests that got none, also during the warm-up.
    pub(crate) errors: u64,
    /// How it ended: the worst of all threads.
    pub(crate) ending: Ending,
    /// What the first error was.
    pub(crate) first_error: Option<String>,
    /// Why the server cannot be reached any more, if it was lost.
    pub(crate) lost: Option<String>,
    /// CPU time of the server while it was measured.
    pub(crate) server_cpu: Option<Duration>,
    /// CPU time of the load itself.
    pub(crate) load_cpu: Duration,
    /// Resident memory of the server at the end, in bytes.
    pub(crate) resident: Option<u64>,
}

impl Outcome {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        let latency = || Histogram::new_with_bounds(1, LONGEST, 3).expect("bounds that the crate allows");
        Self {
            latency: [latency(), latency()],
            nanos: 0,
            replies: 0,
            errors: 0,
            ending: Ending::Whole,
            first_error: None,
            lost: None,
            server_cpu: None,
            load_cpu: Duration::ZERO,
            resident: None,
        }
    }

    /// So many requests took so many nanoseconds.
    pub(crate) fn record(&mut self, kind: Kind, nanos: u64, count: u64) {
        // A histogram with fixed bounds refuses what is past them.
        let recorded = self.latency[kind as usize].record_n(nanos.clamp(1, LONGEST), count);
        debug_assert!(recorded.is_ok(), "within the bounds");
    }

    /// Something went wrong so many times.
    pub(crate) fn error(&mut self, count: u64, what: impl FnOnce() -> String) {
        self.errors += count;
        if count > 0 && self.first_error.is_none() {
            self.first_error = Some(what());
        }
    }

    /// What another thread measured at the same time.
    pub(crate) fn add(&mut self, other: &Self) {
        for (all, more) in self.latency.iter_mut().zip(&other.latency) {
            all.add(more).expect("the same bounds");
        }
        self.nanos = self.nanos.max(other.nanos);
        self.replies += other.replies;
        self.errors += other.errors;
        self.ending = self.ending.max(other.ending);
        self.first_error = self.first_error.take().or_else(|| other.first_error.clone());
        self.lost = self.lost.take().or_else(|| other.lost.clone());
    }

    /// The latencies of that kind.
    pub(crate) const fn latency(&self, kind: Kind) -> &Histogram<u64> {
        &self.latency[kind as usize]
    }

    /// The latency that a part of all requests, of both kinds, did not exceed, in microseconds.
    pub(crate) fn micros_at(&self, quantile: f64) -> f64 {
        let mut all = self.latency[0].clone();
        all.add(&self.latency[1]).expect("the same bounds");
        micros(all.value_at_quantile(quantile))
    }

    /// Replies a second.
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    pub(crate) fn rate(&self) -> f64 {
        if self.nanos == 0 { 0.0 } else { self.replies as f64 * 1e9 / self.nanos as f64 }
    }

    /// The server's CPU time for a request, in microseconds.
    pub(crate) fn server_micros(&self) -> Option<f64> {
        self.server_cpu.map(|cpu| self.share(cpu))
    }

    /// The load's CPU time for a request, in microseconds.
    pub(crate) fn load_micros(&self) -> f64 {
        self.share(self.load_cpu)
    }

    #[expect(clippy::cast_precision_loss, reason = "for people")]
    fn share(&self, cpu: Duration) -> f64 {
        cpu.as_secs_f64() * 1e6 / self.replies.max(1) as f64
    }
}

/// Nanoseconds in microseconds.
#[expect(clippy::cast_precision_loss, reason = "for people")]
pub(crate) fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_add_up() {
        let (mut a, mut b) = (Outcome::new(), Outcome::new());
        a.record(Kind::Update, 1_000, 99);
        b.record(Kind::Question, 1_000_000, 1);
        (a.replies, a.nanos, b.replies, b.nanos) = (99, 1_000_000_000, 1, 500_000_000);
        b.error(2, || "refused".into());
        a.add(&b);
        assert_eq!((a.errors, a.first_error.as_deref()), (2, Some("refused")));
        assert!((a.rate() - 100.0).abs() < 1e-9);
        assert!(a.micros_at(0.5) < 1.1 && a.micros_at(1.0) > 999.0);
        a.server_cpu = Some(Duration::from_micros(200));
        assert_eq!(a.server_micros(), Some(2.0));
    }
}
