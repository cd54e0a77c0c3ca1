//! Where one task leaves something for another.

use std::mem;
use std::sync::Mutex;
use std::task::Waker;

use atomic_waker::AtomicWaker;

use crate::lock::lock;

/// Things for one task, which is woken when something is put there.
#[derive(Debug)]
pub(crate) struct Mailbox<T> {
    items: Mutex<Vec<T>>,
    waker: AtomicWaker,
}

impl<T> Default for Mailbox<T> {
    fn default() -> Self {
        Self { items: Mutex::default(), waker: AtomicWaker::new() }
    }
}

impl<T> Mailbox<T> {
    pub(crate) fn put(&self, item: T) {
        lock(&self.items).push(item);
        self.waker.wake();
    }

    /// Everything that is there; the task behind `waker` is woken when more comes.
    pub(crate) fn take(&self, waker: &Waker) -> Vec<T> {
        self.waker.register(waker);
        mem::take(&mut *lock(&self.items))
    }
}
