//! Locking, where a panic of another test's thread is no reason to stop.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, also what a thread that panicked has left locked.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
