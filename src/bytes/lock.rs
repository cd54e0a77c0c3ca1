//! The one kind of lock that the core has.
//!
//! Sessions of one server may be served on many threads. What they share is held for moments: never across
//! a call of the host's, and always the hub before a shard, so that no two threads wait for each other.
use parking_lot::{Mutex, MutexGuard};

/// Something that one thread at a time may look at and change. It shares no cache line with anything else, nor with
/// the line that a processor reads along: whoever holds it would slow down others who do not want it.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    pub(crate) const fn new(inside: T) -> Self {
        Self(Mutex::new(inside))
    }

    /// Waits until nobody else holds it.
    #[inline]
    pub(crate) fn hold(&self) -> MutexGuard<'_, T> {
        self.0.lock()
    }

    /// Holds it, if nobody else does.
    #[inline]
    pub(crate) fn hold_if_free(&self) -> Option<MutexGuard<'_, T>> {
        self.0.try_lock()
    }
}

impl<T: Clone> Clone for Lock<T> {
    fn clone(&self) -> Self {
        Self::new(self.hold().clone())
    }
}
