//! How long to wait before the next server is tried.

use std::time::Duration;

/// Pauses that grow while no server can be followed for long.
#[derive(Debug)]
pub(super) struct Pauses {
    /// How many servers there are.
    servers: u32,
    /// How often it has failed since one was followed for a while.
    failures: u32,
}

/// The first pause, once all servers have been tried, and the longest.
const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(30);

/// Who was followed for so long has a right to be tried again at once.
const WHILE: Duration = Duration::from_secs(10);

impl Pauses {
    pub(super) const fn new(servers: u32) -> Self {
        Self { servers, failures: 0 }
    }

    /// A server was lost that was followed for so long, or not at all; how long to wait before the next one, where `chance`
    /// is from 0 to 1: so those who have lost one server do not all come at the same time.
    pub(super) fn next(&mut self, followed: Duration, chance: f64) -> Duration {
        self.failures = if followed >= WHILE { 1 } else { self.failures.saturating_add(1) };
        let Some(rounds) = (self.failures / self.servers).checked_sub(1) else {
            return Duration::ZERO;
        };
        FIRST.saturating_mul(1 << rounds.min(16)).min(LONGEST).mul_f64(1.0 - chance / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_grow_and_begin_anew() {
        let mut pauses = Pauses::new(2);
        let mut next = |followed, chance| pauses.next(Duration::from_secs(followed), chance).as_millis();
        let first: Vec<_> = (0..6).map(|_| next(0, 0.0)).collect();
        assert_eq!(first, [0, 250, 250, 500, 500, 1000]);
        assert_eq!((0..100).map(|_| next(9, 0.0)).max(), Some(30_000));
        assert_eq!(next(9, 1.0), 15_000);
        assert_eq!((next(10, 0.0), next(0, 0.0), next(0, 0.0)), (0, 250, 250));
        assert_eq!(Pauses::new(1).next(WHILE, 0.0), FIRST, "nobody else is there");
    }
}
