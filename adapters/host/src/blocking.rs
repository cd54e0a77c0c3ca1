//! Work that may block, awaited.

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use atomic_waker::AtomicWaker;

use crate::lock::lock;
use crate::runtime::Runtime;

/// Does that on a thread where it may block, and returns what came of it.
pub(crate) async fn run<R: Runtime, T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let slot = Arc::new((Mutex::new(None), AtomicWaker::new()));
    let filled = Arc::clone(&slot);
    R::spawn_blocking(move || {
        *lock(&filled.0) = Some(work());
        filled.1.wake();
    });
    poll_fn(|context| {
        slot.1.register(context.waker());
        lock(&slot.0).take().map_or(Poll::Pending, Poll::Ready)
    })
    .await
}
