//! The thread that writes.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use herd::{Changed, Cursor, Event, Node, Turn};
use herd_disk::{Event as Happened, Keeper, Next, Now, Pace, Source, Taken};

use super::Data;
use super::restore::{Opened, wall_seconds};
use super::timed::TimedFolder;
use crate::lock::lock;
use crate::runtime::Runtime;
use crate::shared::Shared;
use crate::shutdown::{Phase, Role, Task};
use crate::whole;

/// Changes that wait for the thread, in bytes: half a second of a million reports a second. What there is no room for is
/// not lost: a snapshot takes its place.
const MOST_CHANGES: usize = 64 << 20;

/// How long it rests at most before it looks whether there is a server left.
const MOST_REST: Duration = Duration::from_secs(1);

/// Starts it, for a server that has just been made. It ends behind all tasks of the server.
/// It is to be started behind one of them at least.
pub(crate) fn start<R: Runtime>(shared: &Arc<Shared<R>>, opened: Opened) {
    let Opened { data, disk, settings, .. } = opened;
    shared.node.collect_changes(MOST_CHANGES);
    let mut task = Task::new(&shared.shutdown, Role::Disk);
    task.brings_nothing();
    let kept = Kept {
        shared: Arc::clone(shared),
        data: Arc::clone(&data),
        changed: Changed::default(),
        cursor: Cursor::default(),
    };
    let keeper = Keeper::new(disk, Pace::new(settings.sync), now(shared));
    lock(&data.waiting).status = keeper.status();
    let writing = Writing { keeper, kept, task, turn: Turn::default() };
    whole::spawn_blocking::<R>(&shared.shutdown, move || writing.run());
}

/// Tells what was found.
pub(crate) fn tell(opened: &Opened, node: &Node, server: &str) {
    let Opened { data, disk, recovered, .. } = opened;
    for (damage, aside) in &recovered.aside {
        tracing::warn!(target: "herd::data", server, %damage, kept_as = aside, "damaged file set aside");
    }
    if let Some(tail) = &recovered.torn {
        let (file, offset, bytes) = (&tail.file, tail.offset, tail.bytes);
        tracing::warn!(target: "herd::data", server, file, offset, bytes, "torn tail cut off");
    }
    let (clients, lines, bytes) = (node.clients(), recovered.lines, disk.bytes());
    tracing::info!(target: "herd::data", server, dir = data.dir, clients, lines, bytes, "data read");
}

/// A node, as the keeper sees it.
struct Kept<R> {
    shared: Arc<Shared<R>>,
    data: Arc<Data>,
    changed: Changed,
    cursor: Cursor,
}

impl<R: Runtime> Source for Kept<R> {
    fn take(&mut self) -> Taken<'_> {
        // First: whoever reads it later may have brought what is not in these changes.
        self.data.taken.fetch_add(1, Ordering::SeqCst);
        self.shared.node.take_changes(&mut self.changed);
        Taken { lines: self.changed.lines(), missed: self.changed.missed }
    }

    fn begin_copy(&mut self) {
        self.cursor = Cursor::default();
    }

    fn copy(&mut self, out: &mut Vec<u8>) -> bool {
        self.shared.node.copy_next(&mut self.cursor, out)
    }
}

/// What the thread has.
struct Writing<R: Runtime> {
    keeper: Keeper<TimedFolder>,
    kept: Kept<R>,
    task: Task,
    turn: Turn,
}

impl<R: Runtime> Writing<R> {
    fn run(mut self) {
        let waker = Waker::from(Arc::clone(&self.kept.data));
        // Where the runtime ends, so do all tasks, and nobody stops the server.
        while self.task.phase(&waker) != Phase::Over && !self.kept.shared.shutdown.has_ended() {
            let is_awaited = lock(&self.kept.data.waiting).awaited > self.keeper.taken();
            let next = self.keeper.turn(now(&self.kept.shared), is_awaited, &mut self.kept);
            self.tell();
            if let Next::At(at) = next {
                self.rest(at);
            }
        }
        self.until_all_ended(&waker);
        self.close();
    }

    /// Waits until that time, or until it is called.
    fn rest(&self, at: Duration) {
        let data = &self.kept.data;
        let (taken, is_failing) = (self.keeper.taken(), self.keeper.is_failing());
        let time = at.saturating_sub(now(&self.kept.shared).instant).min(MOST_REST);
        let is_idle = |waiting: &mut super::Waiting| !waiting.is_called && (is_failing || waiting.awaited <= taken);
        let waited = data.signal.wait_timeout_while(lock(&data.waiting), time, is_idle);
        let (mut waiting, _) = waited.unwrap_or_else(std::sync::PoisonError::into_inner);
        waiting.is_called = false;
    }

    /// Tells whoever waits, and people, what came of a turn.
    fn tell(&mut self) {
        let Self { keeper, kept, turn, .. } = self;
        let (data, shared) = (&kept.data, &kept.shared);
        data.safe.store(keeper.safe(), Ordering::SeqCst);
        let (is_failing, safe) = (keeper.is_failing(), keeper.safe());
        if data.is_failing.swap(is_failing, Ordering::SeqCst) != is_failing && data.is_each {
            shared.handle(turn, Event::TakesReports(!is_failing));
        }
        let woken: Vec<_> = {
            let mut waiting = lock(&data.waiting);
            waiting.status = keeper.status();
            waiting.tasks.extract_if(.., |(ticket, _)| is_failing || *ticket <= safe).collect()
        };
        for (_, waker) in woken {
            waker.wake();
        }
        for event in keeper.events() {
            log(data, shared.name(), &event);
        }
    }

    /// Waits until no task of the server is left that could bring something.
    fn until_all_ended(&self, waker: &Waker) {
        let data = &self.kept.data;
        let mut ended = pin!(self.kept.shared.shutdown.all_ended());
        while ended.as_mut().poll(&mut Context::from_waker(waker)) == Poll::Pending {
            let waited = data.signal.wait_while(lock(&data.waiting), |waiting| !waiting.is_called);
            waited.unwrap_or_else(std::sync::PoisonError::into_inner).is_called = false;
        }
    }

    /// Writes what is left. A server that has ended by a panic may have left things half done: nothing more of it is
    /// written.
    fn close(self) {
        let Self { keeper, mut kept, task, .. } = self;
        let shared = Arc::clone(&kept.shared);
        if shared.shutdown.failure().is_none()
            && let Err(error) = keeper.close(now(&shared), &mut kept)
        {
            let dir = &kept.data.dir;
            tracing::error!(target: "herd::data", server = shared.name(), dir, %error, "data may be lost");
        }
        drop(task);
    }
}

fn log(data: &Data, server: &str, event: &Happened) {
    let dir = &data.dir;
    match event {
        Happened::Fails(error) => {
            tracing::error!(target: "herd::data", server, dir, %error, remedy = data.remedy(), "data cannot be written");
        }
        Happened::Works { after } => {
            tracing::info!(target: "herd::data", server, dir, ?after, "data is written again");
        }
        Happened::Compacted { took, bytes } => {
            tracing::debug!(target: "herd::data", server, dir, ?took, bytes, "data compacted");
        }
        Happened::NotCompacted(error) => {
            let remedy = "make room on the disk";
            tracing::warn!(target: "herd::data", server, dir, %error, remedy, "data cannot be compacted");
        }
        Happened::Outrun { missed } => {
            tracing::warn!(target: "herd::data", server, dir, missed, "disk too slow, snapshot in place of changes");
        }
    }
}

/// What the clocks say.
fn now<R: Runtime>(shared: &Shared<R>) -> Now {
    Now { instant: shared.clock.elapsed(), wall: wall_seconds() }
}
