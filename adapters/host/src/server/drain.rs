//! An orderly stop, from its first step to its last.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use herd::{Event, ServerName, Turn};

use crate::runtime::Runtime;
use crate::shared::Shared;
use crate::shutdown::{Phase, Role};
use crate::stopped::DrainError;

/// Stops a server within `limit`, in the order in which nothing is lost:
///
/// 1. The port is closed, and no session takes another request. Each sends what it owes, says that no more will come,
///    and reads to the end.
/// 2. As soon as no session can bring anything new, links do so too: they send what is queued, and wait until the
///    neighbour has closed, which it does when it has read everything.
/// 3. What is left at the end of the time is cut off.
///
/// Where a part of the server panics meanwhile, it is over at once.
pub(super) async fn run<R: Runtime>(shared: Arc<Shared<R>>, limit: Duration) {
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
        if shutdown.phase() == Phase::Over {
            return Poll::Ready(true);
        }
        if orderly.as_mut().poll(context).is_ready() {
            return Poll::Ready(true);
        }
        time.as_mut().poll(context).map(|()| false)
    })
    .await;
    let outcome = if in_time { Ok(()) } else { Err(undone(&shared)) };
    if let Err(DrainError { connections, neighbours }) = &outcome {
        let neighbours = neighbours.iter().map(ServerName::as_str).collect::<Vec<_>>().join(", ");
        let queued: usize = shared.node.links().iter().map(|link| link.queued).sum();
        tracing::warn!(target: "herd::server", server, connections, neighbours, queued, drain = ?limit, "drain ran out");
    }
    shutdown.advance(Phase::Over);
    shutdown.all_written().await;
    tracing::info!(target: "herd::server", server, took = ?begun.elapsed(), "server down");
    shutdown.stop.end(shutdown.failure().map_or(outcome.map_err(Into::into), Err));
}

fn undone<R: Runtime>(shared: &Shared<R>) -> DrainError {
    let neighbours = shared.neighbours.ids().into_iter().map(|peer| shared.node.name(peer)).collect();
    DrainError { connections: shared.shutdown.count(Role::Connection), neighbours }
}
