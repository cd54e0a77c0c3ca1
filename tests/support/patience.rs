//! Waiting for what must come, and no longer than needed.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long anything may take that must come, on a machine that has much else to do.
pub const PATIENCE: Duration = Duration::from_secs(20);

const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// Looks again and again until there is something, and returns it.
///
/// # Panics
/// If there still is nothing after [`PATIENCE`].
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let mut found = None;
    let is_there = eventually(|| {
        found = look();
        found.is_some()
    });
    assert!(is_there, "waited {PATIENCE:?} for {what}");
    found.expect("it is there")
}

/// Looks again and again until that is so; false if it still is not after [`PATIENCE`].
pub fn eventually(mut look: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        if look() {
            return true;
        }
        if start.elapsed() >= PATIENCE {
            return false;
        }
        sleep(BETWEEN_LOOKS);
    }
}
