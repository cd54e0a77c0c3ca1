//! A connection of HTTP's, from its first byte to its last: the door says what is answered.

mod host;
mod stream;

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use herd::{Instant, Seat};
use herd_web::Peer;

pub(crate) use self::host::{HostLetters, door};
use self::stream::{HttpStream, Written};
use crate::closing::Closing;
use crate::runtime::{Runtime, Sleep};
use crate::shared::Shared;
use crate::shutdown::{Phase, Task};

/// As many requests are answered before others have their turn.
const IN_A_ROW: u64 = 8;

/// A connection that speaks HTTP.
pub(crate) struct HttpConnection<R: Runtime> {
    shared: Arc<Shared<R>>,
    connection: herd_web::Connection<HttpStream<R>>,
    peer: Arc<Peer>,
    written: Arc<Written>,
    /// What it waits for, and until when.
    rest: (Rest, Instant),
    alarm: Option<(Instant, Sleep)>,
    task: Task,
    /// Last, since fields are dropped in this order: only a connection that is closed makes room for another one.
    _seat: Seat,
}

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    /// For a whole head of a request, behind so many.
    Head(u64),
    /// For the other end to read, which has so much.
    Reader(u64),
    /// For nothing that it could wait for too long.
    Nothing,
}

/// Why a connection ends that is not over.
enum End {
    /// It is over.
    Over(Result<(), Box<dyn std::error::Error + Send + Sync>>),
    /// Nothing came, or went, for too long.
    Idle,
    /// Buffers are full, and this one has the most.
    NoRoom,
    /// The time of a stop is over.
    CutOff,
}

impl<R: Runtime> HttpConnection<R> {
    pub(crate) fn new(
        shared: Arc<Shared<R>>,
        door: &Arc<herd_web::Door>,
        (task, seat): (Task, Seat),
        stream: R::Stream,
        remote: SocketAddr,
    ) -> Self {
        let peer = Arc::new(Peer::new(remote));
        let written = Arc::new(Written::default());
        let stream = HttpStream::new(&shared, stream, &peer, &written);
        let (connection, now) = (door.accept(stream, Arc::clone(&peer)), shared.clock.instant());
        Self { shared, connection, peer, written, rest: (Rest::Nothing, now), alarm: None, task, _seat: seat }
    }

    /// Serves it until it is to be closed.
    pub(crate) async fn serve(mut self) {
        let end = loop {
            match poll_fn(|context| self.poll(context)).await {
                Some(end) => break end,
                None => R::take_turns().await,
            }
        };
        self.log_end(&end);
        if let End::Over(Ok(())) = end {
            // What was answered last is not to be lost with what was not read. Others wait for the end of a stop: clients
            // keep connections open that they may use again, and do not look at them meanwhile.
            let mut stream = self.connection.into_stream();
            Box::pin(Closing::new(stream.inner()).await_end_briefly::<R>(&mut self.task)).await;
        }
    }

    fn log_end(&self, end: &End) {
        let (server, client) = (self.shared.name(), self.peer.remote);
        let why: &dyn std::fmt::Display = match end {
            End::Over(Ok(())) => &"closed",
            End::Over(Err(error)) => error,
            End::Idle => &"idle for too long",
            End::NoRoom => &"buffers full",
            End::CutOff => &"drain ran out",
        };
        tracing::debug!(target: "herd::http", server, %client, reason = %why, "connection closed");
    }

    /// One turn; ready when it is over, or others are to have theirs.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<End>> {
        match self.task.phase(context.waker()) {
            Phase::Running => {}
            Phase::Stopping => self.connection.stop(),
            Phase::Over => return Poll::Ready(Some(End::CutOff)),
        }
        let before = self.peer.answered();
        if let Poll::Ready(over) = self.connection.poll(context) {
            return Poll::Ready(Some(End::Over(over.map_err(Into::into))));
        }
        if self.written.is_to_be_closed() {
            return Poll::Ready(Some(End::NoRoom));
        }
        if self.peer.answered() - before >= IN_A_ROW {
            return Poll::Ready(None);
        }
        self.wait(context).map(|()| Some(End::Idle))
    }

    /// Ready when it has waited for too long.
    fn wait(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let now = self.shared.clock.instant();
        let rest = match (self.written.blocked_at(), self.peer.rests_at()) {
            (Some(written), _) => Rest::Reader(written),
            (None, Some(answered)) => Rest::Head(answered),
            (None, None) => Rest::Nothing,
        };
        if rest == Rest::Nothing {
            self.rest.0 = rest;
            return Poll::Pending;
        }
        if rest != self.rest.0 {
            // Not with each poll: the node is asked for them.
            let limits = self.shared.node.limits();
            let most = if matches!(rest, Rest::Head(_)) { limits.line_timeout } else { limits.idle_timeout };
            self.rest = (rest, now + most);
        }
        self.wait_until(self.rest.1, now, context)
    }

    fn wait_until(&mut self, deadline: Instant, mut now: Instant, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let left = deadline.saturating_since(now);
            if left == Duration::ZERO {
                return Poll::Ready(());
            }
            self.alarm.take_if(|(at, _)| deadline < *at);
            if self.alarm.as_ref().is_some_and(|(at, _)| now < *at) {
                // When it goes off it wakes this task, whichever of the task's wakers it has.
                return Poll::Pending;
            }
            let (_, sleep) = self.alarm.get_or_insert_with(|| (deadline, Box::pin(R::sleep(left))));
            ready!(sleep.as_mut().poll(context));
            self.alarm = None;
            now = self.shared.clock.instant();
        }
    }
}
