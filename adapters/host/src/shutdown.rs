//! How far a server is from its end, and the tasks that take part in its stop.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Poll, Waker};

use slab::Slab;

use crate::lock::lock;
use crate::stopped::{Stop, StopError};

/// How far it has come. It never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Everything is served.
    Running,
    /// Nothing new is taken in; what is owed and queued is sent.
    Stopping,
    /// Every task ends at once.
    Over,
}

/// What a task does, as far as a stop is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A connection that was accepted: it owes replies.
    Connection,
    /// A link to a neighbour, or a connection of one that is being closed: there is something to tell.
    Link,
    /// One that owes nobody anything.
    Other,
    /// The one that speaks with other regions.
    Bus,
    /// The one that writes what all the others have left.
    Disk,
}

/// Where one server is between its start and its end.
#[derive(Debug, Default)]
pub(crate) struct Shutdown {
    server: String,
    phase: AtomicU8,
    /// The panic that has ended it, if one has.
    failure: OnceLock<StopError>,
    /// Its stop, and who waits for that.
    pub(crate) stop: Stop,
    /// Tasks that do not know of the stop yet, and may still bring something new.
    unaware: AtomicUsize,
    connections: AtomicUsize,
    links: AtomicUsize,
    others: AtomicUsize,
    bus: AtomicUsize,
    disk: AtomicUsize,
    /// Woken during a stop, when a task has learned of it or has ended.
    progress: Mutex<Vec<Waker>>,
    /// One for each task that has asked for the phase: woken when there is another one.
    tasks: Mutex<Slab<Waker>>,
}

impl Shutdown {
    /// That of a server of this name, which runs.
    pub(crate) fn of(server: &str) -> Self {
        Self { server: server.into(), ..Self::default() }
    }

    /// The server's name.
    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// A panic ends it; whether it is the first that does.
    pub(crate) fn fail(&self, panic: StopError) -> bool {
        self.failure.set(panic).is_ok()
    }

    /// The panic that has ended it, if one has.
    pub(crate) fn failure(&self) -> Option<StopError> {
        self.failure.get().cloned()
    }

    pub(crate) fn phase(&self) -> Phase {
        // In one order with `unaware`, for both sides: a task that is counted there is waited for, or learns of the
        // stop before it brings anything.
        match self.phase.load(Ordering::SeqCst) {
            0 => Phase::Running,
            1 => Phase::Stopping,
            _ => Phase::Over,
        }
    }

    /// Goes on to that phase, and lets every task know.
    pub(crate) fn advance(&self, phase: Phase) {
        self.phase.fetch_max(phase as u8, Ordering::SeqCst);
        self.wake_all();
        self.progressed();
    }

    /// Wakes every task, for what each has to look at.
    pub(crate) fn wake_all(&self) {
        for (_, waker) in &*lock(&self.tasks) {
            waker.wake_by_ref();
        }
    }

    /// How many tasks of that role there are.
    pub(crate) fn count(&self, role: Role) -> usize {
        self.counter(role).load(Ordering::SeqCst)
    }

    /// Waits until every task knows of the stop: nothing new can come any more.
    pub(crate) async fn all_aware(&self) {
        self.progress(|| self.unaware.load(Ordering::SeqCst) == 0).await;
    }

    /// Waits until no task has anything left to send.
    pub(crate) async fn all_sent(&self) {
        self.progress(|| self.count(Role::Connection) + self.count(Role::Link) == 0).await;
    }

    /// Waits until no task is left that could bring something.
    pub(crate) async fn all_ended(&self) {
        self.progress(|| self.has_ended()).await;
    }

    /// Whether none is left that could.
    pub(crate) fn has_ended(&self) -> bool {
        let all = [Role::Connection, Role::Link, Role::Other];
        all.iter().all(|&role| self.count(role) == 0)
    }

    /// Waits until none is left at all: what they brought is written then.
    pub(crate) async fn all_written(&self) {
        self.progress(|| self.has_ended() && self.count(Role::Bus) + self.count(Role::Disk) == 0).await;
    }

    async fn progress(&self, is_reached: impl Fn() -> bool) {
        poll_fn(|context| {
            let mut waiting = lock(&self.progress);
            if !waiting.iter().any(|other| other.will_wake(context.waker())) {
                waiting.push(context.waker().clone());
            }
            drop(waiting);
            if is_reached() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    fn counter(&self, role: Role) -> &AtomicUsize {
        match role {
            Role::Connection => &self.connections,
            Role::Link => &self.links,
            Role::Other => &self.others,
            Role::Bus => &self.bus,
            Role::Disk => &self.disk,
        }
    }

    fn progressed(&self) {
        if self.phase() != Phase::Running {
            for waker in std::mem::take(&mut *lock(&self.progress)) {
                waker.wake();
            }
        }
    }
}

/// One task's part in the stop of its server; dropped, the task has ended.
#[derive(Debug)]
pub(crate) struct Task {
    shutdown: Arc<Shutdown>,
    role: Role,
    is_aware: bool,
    /// Where the waker is that was left for it.
    seat: Option<usize>,
}

impl Task {
    pub(crate) fn new(shutdown: &Arc<Shutdown>, role: Role) -> Self {
        shutdown.counter(role).fetch_add(1, Ordering::SeqCst);
        shutdown.unaware.fetch_add(1, Ordering::SeqCst);
        Self { shutdown: Arc::clone(shutdown), role, is_aware: false, seat: None }
    }

    /// The present phase; the task behind `waker` is woken when there is another one. A task that has learned of a stop
    /// brings nothing new from then on.
    pub(crate) fn phase(&mut self, waker: &Waker) -> Phase {
        if self.seat.is_none() {
            self.seat = Some(lock(&self.shutdown.tasks).insert(waker.clone()));
        }
        let phase = self.shutdown.phase();
        if phase != Phase::Running {
            self.learn();
        }
        phase
    }

    /// Waits for something, or until the server stops.
    pub(crate) async fn until_stop<T>(&mut self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        poll_fn(|context| match self.phase(context.waker()) {
            Phase::Running => future.as_mut().poll(context).map(Some),
            Phase::Stopping | Phase::Over => Poll::Ready(None),
        })
        .await
    }

    /// Waits for something, or until the stop is over.
    pub(crate) async fn until_over<T>(&mut self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        poll_fn(|context| match self.phase(context.waker()) {
            Phase::Running | Phase::Stopping => future.as_mut().poll(context).map(Some),
            Phase::Over => Poll::Ready(None),
        })
        .await
    }

    /// It brings nothing new, so nobody waits until it has learned of a stop.
    pub(crate) fn brings_nothing(&mut self) {
        self.learn();
    }

    fn learn(&mut self) {
        if !self.is_aware {
            self.is_aware = true;
            self.shutdown.unaware.fetch_sub(1, Ordering::SeqCst);
            self.shutdown.progressed();
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(seat) = self.seat {
            lock(&self.shutdown.tasks).remove(seat);
        }
        self.learn();
        self.shutdown.counter(self.role).fetch_sub(1, Ordering::SeqCst);
        self.shutdown.progressed();
    }
}
