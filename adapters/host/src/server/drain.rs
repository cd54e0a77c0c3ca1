//! An orderly stop, from its first step to its last.

use std::mem;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use herd::{Event, ServerName, Turn};

use super::error::DrainError;
use crate::lock::lock;
use crate::runtime::Runtime;
use crate::shared::Shared;
use crate::shutdown::{Phase, Role};

/// How a server's stop is, and who waits for its end.
#[derive(Debug, Default)]
pub(super) struct Stop(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    is_begun: bool,
    /// What came of it, once it is over.
    outcome: Option<Result<(), DrainError>>,
    waiting: Vec<Waker>,
}

impl Stop {
    /// Whether it is this call that begins the stop.
    pub(super) fn begin(&self) -> bool {
        !mem::replace(&mut lock(&self.0).is_begun, true)
    }

    /// What came of the stop; the task behind `waker` is woken when that is known.
    pub(super) fn poll(&self, waker: &Waker) -> Poll<Result<(), DrainError>> {
        let mut state = lock(&self.0);
        if let Some(outcome) = &state.outcome {
            return Poll::Ready(outcome.clone());
        }
        if !state.waiting.iter().any(|other| other.will_wake(waker)) {
            state.waiting.push(waker.clone());
        }
        Poll::Pending
    }

    pub(super) fn end(&self, outcome: Result<(), DrainError>) {
        let mut state = lock(&self.0);
        state.outcome = Some(outcome);
        for waker in state.waiting.drain(..) {
            waker.wake();
        }
    }
}

/// Stops a server within `limit`, in the order in which nothing is lost:
///
/// 1. The port is closed, and no session takes another request. Each sends what it owes, says that no more will come,
///    and reads to the end.
/// 2. As soon as no session can bring anything new, links do so too: they send what is queued, and wait until the
///    neighbour has closed, which it does when it has read everything.
/// 3. What is left at the end of the time is cut off.
pub(super) async fn run<R: Runtime>(shared: &Arc<Shared<R>>, limit: Duration) -> Result<(), DrainError> {
    let (shutdown, server, begun) = (&shared.shutdown, shared.name(), Instant::now());
    let connections = shutdown.count(Role::Connection);
    tracing::info!(target: "herd::server", server, connections, drain = ?limit, "server stopping");
    let mut orderly = pin!(async {
        shutdown.advance(Phase::Stopping);
        shutdown.all_aware().await;
        shared.handle(&mut Turn::default(), Event::Stopping);
        shutdown.all_sent().await;
    });
    let mut time = pin!(R::sleep(limit));
    let in_time = std::future::poll_fn(|context| {
        if orderly.as_mut().poll(context).is_ready() {
            return Poll::Ready(true);
        }
        time.as_mut().poll(context).map(|()| false)
    })
    .await;
    let outcome = if in_time { Ok(()) } else { Err(undone(shared)) };
    if let Err(DrainError { connections, neighbours }) = &outcome {
        let neighbours = neighbours.iter().map(ServerName::as_str).collect::<Vec<_>>().join(", ");
        let queued: usize = shared.node.links().iter().map(|link| link.queued).sum();
        tracing::warn!(target: "herd::server", server, connections, neighbours, queued, drain = ?limit, "drain ran out");
    }
    shutdown.advance(Phase::Over);
    shutdown.all_ended().await;
    tracing::info!(target: "herd::server", server, took = ?begun.elapsed(), "server down");
    outcome
}

fn undone<R: Runtime>(shared: &Shared<R>) -> DrainError {
    let neighbours = shared.neighbours.ids().into_iter().map(|peer| shared.node.name(peer)).collect();
    DrainError { connections: shared.shutdown.count(Role::Connection), neighbours }
}
