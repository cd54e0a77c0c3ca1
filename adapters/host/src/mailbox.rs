//! Where one task leaves something for another.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::task::Waker;

use atomic_waker::AtomicWaker;

use crate::lock::lock;

/// Things for one task, which is woken when something is put there.
#[derive(Debug)]
pub(crate) struct Mailbox<T> {
    items: Mutex<VecDeque<T>>,
    waker: AtomicWaker,
}

impl<T> Default for Mailbox<T> {
    fn default() -> Self {
        Self { items: Mutex::default(), waker: AtomicWaker::new() }
    }
}

impl<T> Mailbox<T> {
    pub(crate) fn put(&self, item: T) {
        lock(&self.items).push_back(item);
        self.waker.wake();
    }

    /// Wakes the task though nothing is there: something that it looks at anyway has changed.
    pub(crate) fn wake(&self) {
        self.waker.wake();
    }

    /// The task behind `waker` is woken when something is put there from now on.
    pub(crate) fn listen(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// The oldest thing that is there.
    pub(crate) fn take(&self) -> Option<T> {
        lock(&self.items).pop_front()
    }
}
