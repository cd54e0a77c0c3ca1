//! The connections of one link that are being closed.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use atomic_waker::AtomicWaker;

/// How many of one link may be closing at once. A plain neighbour is told each line on a connection of its own and may
/// take its time to close it, and each is an open file.
pub(crate) const MOST_CLOSING: usize = 7;

/// Counts them. Only one task may wait for room.
#[derive(Debug, Default)]
pub(super) struct Closings {
    count: AtomicUsize,
    waker: AtomicWaker,
}

impl Closings {
    /// Another one is closing, until what this returns is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> IsClosing {
        self.count.fetch_add(1, Ordering::AcqRel);
        IsClosing(Arc::clone(self))
    }

    /// Waits until one more may be opened, since that will be closed too.
    pub(super) async fn room(&self) {
        poll_fn(|context| {
            self.waker.register(context.waker());
            if self.count.load(Ordering::Acquire) < MOST_CLOSING { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// One connection that is being closed.
#[derive(Debug)]
pub(super) struct IsClosing(Arc<Closings>);

impl Drop for IsClosing {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::AcqRel);
        self.0.waker.wake();
    }
}
