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
pub fn wait_for<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    wait_longer_for(what, PATIENCE, look)
}

/// Looks again and again until there is something, and returns it.
///
/// # Panics
/// If there still is nothing after that time.
pub fn wait_longer_for<T>(what: &str, patience: Duration, look: impl FnMut() -> Option<T>) -> T {
    look_until(patience, look).unwrap_or_else(|| panic!("waited {patience:?} for {what}"))
}

/// Looks again and again until that is so; false if it still is not after [`PATIENCE`].
pub fn eventually(mut look: impl FnMut() -> bool) -> bool {
    look_until(PATIENCE, || look().then_some(())).is_some()
}

fn look_until<T>(patience: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        let found = look();
        if found.is_some() || start.elapsed() >= patience {
            return found;
        }
        sleep(BETWEEN_LOOKS);
    }
}
