//! When a disk is written, synced and compacted, and what becomes of it when it fails.

mod pace;

use std::io;
use std::time::Duration;

pub use self::pace::{Pace, SyncEvery};
use crate::disk::Disk;
use crate::storage::Storage;

/// Where what is to be kept comes from.
pub trait Source {
    /// Takes all changes since it was last called. Calls are counted, from 1: when this is the `n`th, whatever changed
    /// before it began is in it, or was in one before.
    fn take(&mut self) -> Taken<'_>;

    /// Begins to hand over everything that is kept now.
    fn begin_copy(&mut self);

    /// Appends the next of it to `out`, as whole lines: so many that nobody waits for long. False when nothing is left.
    fn copy(&mut self, out: &mut Vec<u8>) -> bool;
}

/// What has changed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Taken<'a> {
    /// Whole lines, in the order in which the changes came for each client.
    pub lines: &'a [u8],
    /// How many changes there was no room for.
    pub missed: u64,
}

/// What the clocks say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// A clock that never goes back, since whenever.
    pub instant: Duration,
    /// The wall clock, in seconds.
    pub wall: u64,
}

/// What happened that people may want to know.
#[derive(Debug)]
pub enum Event {
    /// The log cannot be written. Told once, until it [works again](Self::Works).
    Fails(io::Error),
    /// Everything is on disk again.
    Works {
        /// How long it was not.
        after: Duration,
    },
    /// A snapshot has taken the place of the logs.
    Compacted {
        /// How long that took.
        took: Duration,
        /// How many bytes there are now.
        bytes: u64,
    },
    /// A snapshot could not be written. The logs go on, and it is tried again.
    NotCompacted(io::Error),
    /// Changes came faster than they could be written. A snapshot takes their place.
    Outrun {
        /// How many were not written.
        missed: u64,
    },
}

/// When to call [`Keeper::turn`] again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// At once.
    Now,
    /// At that time of [`Now::instant`], or earlier if somebody waits for what is not safe.
    At(Duration),
}

/// Keeps what a server keeps on disk, too.
///
/// Call [`turn`](Self::turn) from one thread, again and again, when it says so.
pub struct Keeper<S: Storage> {
    disk: Disk<S>,
    pace: Pace,
    /// How often changes were taken; those of how many of these calls are safe.
    taken: u64,
    safe: u64,
    /// Of what is appended and not synced, the last call.
    appended: u64,
    written_at: Duration,
    /// When a sync was begun last, and up to when everything is known to be on disk.
    sync_began: Duration,
    synced_at: Duration,
    /// How long until changes are taken again; shorter, the more there were.
    every: Duration,
    snapshot_began: Duration,
    snapshot_retry: Retry,
    failing: Option<Failing>,
    events: Vec<Event>,
    chunk: Vec<u8>,
}

struct Failing {
    since: Duration,
    error: String,
}

/// When to try again what has failed.
#[derive(Clone, Copy, Debug, Default)]
struct Retry {
    at: Duration,
    pause: Duration,
}

impl Retry {
    fn failed(&mut self, now: Duration) {
        self.pause = (self.pause * 2).clamp(Pace::LEAST_PAUSE, Pace::MOST_PAUSE);
        self.at = now + self.pause;
    }
}

/// How a keeper is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// How many bytes all files take.
    pub bytes: u64,
    /// Up to when everything is on disk, of [`Now::instant`].
    pub synced_at: Duration,
    /// How many bytes were written since the last sync.
    pub unsynced: u64,
    /// Whether a snapshot is being written.
    pub compacting: bool,
    /// Since when the disk fails, of [`Now::instant`], and how.
    pub failing: Option<(Duration, String)>,
    /// Whether changes are missing that a snapshot will bring.
    pub behind: bool,
}

impl<S: Storage> Keeper<S> {
    /// Keeps what changes from now on, beside what is on the disk already.
    pub fn new(disk: Disk<S>, pace: Pace, now: Now) -> Self {
        Self {
            disk,
            pace,
            taken: 0,
            safe: 0,
            appended: 0,
            written_at: now.instant,
            sync_began: now.instant,
            synced_at: now.instant,
            every: pace.write_every(),
            snapshot_began: now.instant,
            snapshot_retry: Retry::default(),
            failing: None,
            events: Vec::new(),
            chunk: Vec::new(),
        }
    }

    /// How many calls of [`Source::take`] there were.
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    /// The changes of so many calls of [`Source::take`] are safe: they are there after a crash.
    pub const fn safe(&self) -> u64 {
        self.safe
    }

    /// Whether the disk fails: nothing becomes safe until it works again.
    pub const fn is_failing(&self) -> bool {
        self.failing.is_some()
    }

    /// How it is.
    pub fn status(&self) -> Status {
        Status {
            bytes: self.disk.bytes(),
            synced_at: self.synced_at,
            unsynced: self.disk.unsynced_bytes(),
            compacting: self.disk.is_in_snapshot(),
            failing: self.failing.as_ref().map(|failing| (failing.since, failing.error.clone())),
            behind: !self.disk.is_whole(),
        }
    }

    /// What happened since this was last called.
    pub fn events(&mut self) -> impl Iterator<Item = Event> + '_ {
        self.events.drain(..)
    }

    /// The disk, to look at.
    pub const fn disk(&self) -> &Disk<S> {
        &self.disk
    }

    /// Does what is due. `is_awaited` says whether somebody waits for changes that were not [taken](Self::taken) yet.
    pub fn turn(&mut self, now: Now, is_awaited: bool, source: &mut impl Source) -> Next {
        if self.disk.is_open() && self.is_due(now, is_awaited) {
            self.write(now, source);
        }
        self.snapshot_step(now, source);
        self.next(now)
    }

    /// Writes and syncs what has changed, and closes the folder in order.
    ///
    /// # Errors
    /// Where the disk fails: what was not safe may be lost.
    pub fn close(mut self, now: Now, source: &mut impl Source) -> io::Result<()> {
        if self.disk.is_open() {
            self.take(now, source);
        }
        if !self.disk.is_whole() {
            self.begin_snapshot(now, source);
            while self.disk.is_in_snapshot() {
                self.copy(now, source);
            }
        }
        let is_whole = self.disk.is_whole();
        self.disk.close()?;
        if is_whole { Ok(()) } else { Err(io::Error::other("some changes could not be written")) }
    }

    fn is_due(&self, now: Now, is_awaited: bool) -> bool {
        is_awaited || now.instant >= self.written_at + self.every || now.instant >= self.sync_due()
    }

    fn sync_due(&self) -> Duration {
        if self.disk.is_dirty() { self.sync_began + self.pace.sync.period() } else { Duration::MAX }
    }

    /// Takes what changed, and makes it safe if that is due.
    fn write(&mut self, now: Now, source: &mut impl Source) {
        let took = self.take(now, source);
        self.every = self.pace.next_write(took);
        self.written_at = now.instant;
        if !self.disk.is_open() {
            return;
        }
        if !self.disk.is_dirty() {
            self.synced(now);
            if let Err(error) = self.disk.attest() {
                self.failed(now, error);
            }
        } else if now.instant >= self.sync_due() {
            self.sync_began = now.instant;
            match self.disk.sync() {
                Ok(()) => self.synced(now),
                Err(error) => self.failed(now, error),
            }
        }
    }

    /// Takes what changed and appends it; how many bytes.
    fn take(&mut self, now: Now, source: &mut impl Source) -> usize {
        self.taken += 1;
        let Taken { lines, missed } = source.take();
        if missed > 0 {
            if self.disk.is_whole() {
                self.events.push(Event::Outrun { missed });
            }
            self.disk.missed();
        }
        let appended = if lines.is_empty() { Ok(()) } else { self.disk.append(lines) };
        let len = lines.len();
        match appended {
            Ok(()) => self.appended = self.taken,
            Err(error) => self.failed(now, error),
        }
        len
    }

    /// All that was appended is on disk.
    fn synced(&mut self, now: Now) {
        if self.disk.is_whole() {
            self.safe = self.appended;
            self.synced_at = now.instant;
        }
    }

    /// The log is at its end.
    fn failed(&mut self, now: Now, error: io::Error) {
        self.snapshot_retry.failed(now.instant);
        if self.failing.is_none() {
            self.failing = Some(Failing { since: now.instant, error: error.to_string() });
            self.events.push(Event::Fails(error));
        }
    }

    /// Goes on with a snapshot, or begins one.
    fn snapshot_step(&mut self, now: Now, source: &mut impl Source) {
        if self.disk.is_in_snapshot() {
            self.copy(now, source);
        } else if now.instant >= self.snapshot_retry.at && self.wants_snapshot(now) {
            self.begin_snapshot(now, source);
        }
    }

    fn wants_snapshot(&self, now: Now) -> bool {
        !self.disk.is_whole() || self.pace.wants_snapshot(&self.disk, now.wall)
    }

    fn begin_snapshot(&mut self, now: Now, source: &mut impl Source) {
        match self.disk.begin_snapshot(now.wall) {
            Ok(()) => {
                self.snapshot_began = now.instant;
                source.begin_copy();
            }
            Err(error) => self.snapshot_failed(now, error),
        }
    }

    fn copy(&mut self, now: Now, source: &mut impl Source) {
        let mut chunk = std::mem::take(&mut self.chunk);
        chunk.clear();
        let is_more = source.copy(&mut chunk);
        let written = self.disk.snapshot(&chunk);
        self.chunk = chunk;
        if let Err(error) = written {
            self.snapshot_failed(now, error);
        } else if !is_more {
            self.end_snapshot(now);
        }
    }

    fn end_snapshot(&mut self, now: Now) {
        // What has been appended since it began is as safe as the snapshot then.
        if let Err(error) = self.disk.sync() {
            self.failed(now, error);
            return;
        }
        if let Err(error) = self.disk.end_snapshot() {
            self.snapshot_failed(now, error);
            return;
        }
        self.snapshot_retry = Retry::default();
        let took = now.instant.saturating_sub(self.snapshot_began);
        self.events.push(Event::Compacted { took, bytes: self.disk.bytes() });
        self.synced(now);
        if self.disk.is_whole()
            && let Some(failing) = self.failing.take()
        {
            self.events.push(Event::Works { after: now.instant.saturating_sub(failing.since) });
        }
    }

    fn snapshot_failed(&mut self, now: Now, error: io::Error) {
        if !self.disk.is_open() {
            self.failed(now, error);
            return;
        }
        // Told once, too: the pause is none before the first time.
        if self.snapshot_retry.pause.is_zero() {
            self.events.push(Event::NotCompacted(error));
        }
        self.snapshot_retry.failed(now.instant);
    }

    fn next(&self, now: Now) -> Next {
        if self.disk.is_in_snapshot() {
            // Nobody waits for one that only saves room: it leaves the processor to others in between.
            return if self.disk.is_whole() { Next::At(now.instant + Pace::SNAPSHOT_PAUSE) } else { Next::Now };
        }
        let wants = self.wants_snapshot(now);
        let snapshot = if wants { self.snapshot_retry.at } else { Duration::MAX };
        let write =
            if self.disk.is_open() { (self.written_at + self.every).min(self.sync_due()) } else { Duration::MAX };
        let next = snapshot.min(write);
        if next <= now.instant { Next::Now } else { Next::At(next) }
    }
}
