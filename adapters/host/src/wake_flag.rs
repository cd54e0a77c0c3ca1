//! How one task is told that there is something for it to look at.

use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;

use atomic_waker::AtomicWaker;

/// A flag for one task, which is woken when it is set. Being set twice is being set once, so that nothing is lost and
/// nothing piles up.
#[derive(Debug, Default)]
pub(crate) struct WakeFlag {
    is_set: AtomicBool,
    waker: AtomicWaker,
}

impl WakeFlag {
    pub(crate) fn set(&self) {
        self.is_set.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Takes the flag down; whether it was set. The task behind `waker` is woken when it is set again.
    pub(crate) fn take(&self, waker: &Waker) -> bool {
        self.waker.register(waker);
        self.is_set.swap(false, Ordering::AcqRel)
    }
}
