//! The one kind of lock that the core has.
//!
//! Sessions of one server may be served on many threads. What they share is held for moments: never across
//! a call of the host's, and always the hub before a shard, so that no two threads wait for each other.
#![expect(clippy::disallowed_types, reason = "this is the one place")]

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Something that one thread at a time may look at and change.
#[derive(Debug, Default)]
pub(crate) struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    pub(crate) const fn new(inside: T) -> Self {
        Self(Mutex::new(inside))
    }

    /// Waits until nobody else holds it.
    ///
    /// The core does not panic; were a thread to do so with a lock, what it leaves is still whole enough
    /// to go on with.
    #[inline]
    pub(crate) fn hold(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds it, if nobody else does.
    #[inline]
    pub(crate) fn hold_if_free(&self) -> Option<MutexGuard<'_, T>> {
        self.0.try_lock().ok()
    }
}

impl<T: Clone> Clone for Lock<T> {
    fn clone(&self) -> Self {
        Self::new(self.hold().clone())
    }
}
