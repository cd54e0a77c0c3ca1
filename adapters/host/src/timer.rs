//! The one timer of a server: it wakes the node when the node wants to be woken.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;

use atomic_waker::AtomicWaker;
use herd::{Event, Instant, Turn};

use crate::runtime::{Runtime, Sleep};
use crate::shared::Shared;
use crate::shutdown::Task;

const NEVER: u64 = u64::MAX;

/// When the node wants to be woken: the earliest time that it named since it last was.
#[derive(Debug)]
pub(crate) struct Timer {
    at: AtomicU64,
    waker: AtomicWaker,
}

impl Default for Timer {
    fn default() -> Self {
        Self { at: AtomicU64::new(NEVER), waker: AtomicWaker::new() }
    }
}

impl Timer {
    /// Wakes the node at that time, or earlier if it was to be woken earlier.
    pub(crate) fn set(&self, at: Instant) {
        if at.as_nanos() < self.at.fetch_min(at.as_nanos(), Ordering::AcqRel) {
            self.waker.wake();
        }
    }
}

/// Runs the timer of a server until its stop is over.
pub(crate) async fn run<R: Runtime>(shared: Arc<Shared<R>>, mut task: Task) {
    let mut turn = Turn::default();
    let mut sleep: Option<(u64, Sleep)> = None;
    loop {
        let due = poll_fn(|context| {
            shared.timer.waker.register(context.waker());
            let at = shared.timer.at.load(Ordering::Acquire);
            if sleep.as_ref().is_none_or(|(set, _)| *set != at) {
                let time = Instant::from_nanos(at).saturating_since(shared.clock.instant());
                sleep = (at != NEVER).then(|| (at, Box::pin(R::sleep(time)) as Sleep));
            }
            match &mut sleep {
                Some((_, sleep)) => sleep.as_mut().poll(context),
                None => Poll::Pending,
            }
        });
        if task.until_over(due).await.is_none() {
            return;
        }
        sleep = None;
        // Before the node is told: what it names from then on is for the next time.
        shared.timer.at.store(NEVER, Ordering::Release);
        shared.handle(&mut turn, Event::Woken);
    }
}
