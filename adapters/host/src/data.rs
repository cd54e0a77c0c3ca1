//! What a server keeps on disk: read before it starts, and written by a thread of its own.
//!
//! Where the disk may be behind for a time, nobody but that thread has anything to do with it. With `sync = "each"` a
//! connection takes a [ticket](Data::ticket) behind each pass that brought something, and withholds its output from there
//! on until that is [safe](Data::poll_safe).

mod error;
mod report;
mod restore;
mod thread;
mod timed;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Poll, Wake, Waker};
use std::time::Duration;

use herd::DataStatus;
use herd_disk::{Status, SyncEvery};

pub use self::error::DataError;
pub(crate) use self::report::report;
pub(crate) use self::restore::{Opened, Stored, folder_of};
pub(crate) use self::thread::{start, tell};
use crate::config::{DataSettings, show_sync};
use crate::lock::lock;

/// What tasks and the disk's thread share.
#[derive(Debug)]
pub(crate) struct Data {
    /// Whether replies wait for the disk.
    pub(crate) is_each: bool,
    dir: String,
    sync: String,
    /// How often changes were begun to be taken, and of how many of these times they are safe.
    taken: AtomicU64,
    safe: AtomicU64,
    is_failing: AtomicBool,
    waiting: Mutex<Waiting>,
    signal: Condvar,
    /// How long syncs took.
    pub(crate) timed: Arc<herd_web::Timed>,
}

#[derive(Debug, Default)]
struct Waiting {
    /// Who waits, and for which of the times.
    tasks: Vec<(u64, Waker)>,
    /// The last of these.
    awaited: u64,
    /// Whether the thread has something to look at.
    is_called: bool,
    /// How the disk was after the last turn of its keeper, and when that was by the server's clock.
    status: Status,
}

/// The disk fails: nothing is safe until it works again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("disk failing")]
pub struct NotSafe;

impl Data {
    fn new(settings: &DataSettings, dir: String, timed: Arc<herd_web::Timed>) -> Self {
        Self {
            is_each: settings.sync == SyncEvery::Each,
            dir,
            sync: show_sync(settings.sync),
            taken: AtomicU64::new(0),
            safe: AtomicU64::new(0),
            is_failing: AtomicBool::new(false),
            waiting: Mutex::default(),
            signal: Condvar::new(),
            timed,
        }
    }

    /// What to wait for, for whoever has just brought something: it is among the changes that are taken the next time.
    pub(crate) fn ticket(&self) -> u64 {
        self.taken.load(Ordering::SeqCst) + 1
    }

    /// Ready when that is safe, or cannot be. With a waker, the task behind it is woken then.
    pub(crate) fn poll_safe(&self, ticket: u64, waker: Option<&Waker>) -> Poll<Result<(), NotSafe>> {
        let polled = || match self.safe.load(Ordering::SeqCst) {
            safe if safe >= ticket => Poll::Ready(Ok(())),
            _ if self.is_failing.load(Ordering::SeqCst) => Poll::Ready(Err(NotSafe)),
            _ => Poll::Pending,
        };
        if polled().is_ready() {
            return polled();
        }
        let mut waiting = lock(&self.waiting);
        // Whoever changes it takes the lock next, to wake who waits.
        let polled = polled();
        if let (Some(waker), Poll::Pending) = (waker, &polled) {
            waiting.tasks.push((ticket, waker.clone()));
            waiting.awaited = waiting.awaited.max(ticket);
            self.signal.notify_one();
        }
        polled
    }

    /// How it is, for people, at that time of the server's clock.
    pub(crate) fn status(&self, now: Duration) -> DataStatus {
        let status = lock(&self.waiting).status.clone();
        let since = |then: Duration| now.saturating_sub(then).into();
        DataStatus {
            dir: self.dir.clone(),
            sync: self.sync.clone(),
            bytes: status.bytes,
            waiting: status.unsynced,
            synced: since(status.synced_at),
            compacting: status.compacting,
            failing: status.failing.as_ref().map(|(then, _)| since(*then)),
            why: status.failing.map(|(_, why)| why),
        }
    }

    /// What needs a person.
    pub(crate) fn wrong(&self) -> Option<String> {
        let (_, why) = lock(&self.waiting).status.failing.clone()?;
        Some(format!("the data folder {} cannot be written: {why}: {}", self.dir, self.remedy()))
    }

    /// What to do about a disk that fails.
    fn remedy(&self) -> &'static str {
        if self.is_each {
            "make room, or mend the disk; until then reports are refused"
        } else {
            "make room, or mend the disk; until then a restart loses what is not on it"
        }
    }
}

/// Wakes the thread, when the server's phase is another one.
impl Wake for Data {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        lock(&self.waiting).is_called = true;
        self.signal.notify_one();
    }
}
