//! Taking connections, until the server stops.

use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use herd::TurnedAway;

use super::bound::INHERITS_OPTIONS;
use super::tally::Tally;
use crate::connection::Connection;
use crate::http::HttpConnection;
use crate::runtime::{Runtime, Stream};
use crate::shared::Shared;
use crate::shutdown::{Role, Task};
use crate::whole;

/// How long to wait when the system gives no more connections, mostly for want of files.
const PAUSE: Duration = Duration::from_millis(100);

/// How many connections are taken before others have their turn.
const IN_A_ROW: usize = 16;

/// Accepts connections until the server stops, and turns away those for which there is no room: to see where one comes
/// from it has to be accepted. The port is closed then, and what the system still holds for it.
pub(super) async fn run<R: Runtime>(shared: Arc<Shared<R>>, listener: R::Listener, door: Door, mut task: Task) {
    let (full, share, failed) = (Tally::default(), Tally::default(), Tally::default());
    let mut acceptor = Acceptor { shared, door, full, share, failed, in_a_row: 0 };
    loop {
        match task.until_stop(acceptor.next(&listener)).await {
            None => return,
            Some(Ok((stream, remote))) => acceptor.take(stream, remote),
            // Only that connection is concerned.
            Some(Err(error)) if is_about_one(&error) => {}
            Some(Err(error)) => {
                acceptor.failed.add(error);
                let _ = task.until_stop(R::sleep(PAUSE)).await;
            }
        }
    }
}

fn is_about_one(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// What is spoken on the connections that are taken.
pub(super) enum Door {
    /// The herd's own lines.
    Lines,
    /// HTTP.
    Http(Arc<herd_web::Door>),
}

struct Acceptor<R> {
    shared: Arc<Shared<R>>,
    door: Door,
    /// Those that were turned away, and from where the last one came.
    full: Tally<IpAddr>,
    share: Tally<IpAddr>,
    failed: Tally<io::Error>,
    in_a_row: usize,
}

impl<R: Runtime> Acceptor<R> {
    /// Waits for the next connection, and tells meanwhile what became of others.
    async fn next(&mut self, listener: &R::Listener) -> io::Result<(R::Stream, SocketAddr)> {
        if self.in_a_row == IN_A_ROW {
            self.in_a_row = 0;
            R::take_turns().await;
        }
        let mut accept = pin!(R::accept(listener));
        poll_fn(|context| {
            self.tell(context);
            let accepted = accept.as_mut().poll(context);
            self.in_a_row = if accepted.is_ready() { self.in_a_row + 1 } else { 0 };
            accepted
        })
        .await
    }

    fn take(&mut self, stream: R::Stream, remote: SocketAddr) {
        let shared = &self.shared;
        let seat = match shared.node.let_in(remote.ip()) {
            Ok(seat) => seat,
            Err(TurnedAway::Full) => return self.full.add(remote.ip()),
            Err(TurnedAway::Share) => return self.share.add(remote.ip()),
        };
        if !INHERITS_OPTIONS {
            // A connection that is gone already says so when it is read.
            let _ = stream.set_nodelay();
        }
        let task = Task::new(&shared.shutdown, Role::Connection);
        let serving = Arc::clone(shared);
        match &self.door {
            Door::Lines => {
                let mut connection = Connection::new(serving, task, seat, stream, remote);
                whole::spawn::<R>(&shared.shutdown, async move { connection.serve().await });
            }
            Door::Http(door) => {
                let connection = HttpConnection::new(serving, door, (task, seat), stream, remote);
                whole::spawn::<R>(&shared.shutdown, connection.serve());
            }
        }
    }

    fn tell(&mut self, context: &mut Context<'_>) {
        let server = self.shared.name();
        for (tally, why) in [(&mut self.full, TurnedAway::Full), (&mut self.share, TurnedAway::Share)] {
            if let Poll::Ready((count, from)) = tally.poll::<R>(context) {
                tracing::warn!(target: "herd::server", server, count, last = %from, reason = %why, "connections turned away");
            }
        }
        if let Poll::Ready((count, error)) = self.failed.poll::<R>(context) {
            tracing::warn!(target: "herd::server", server, count, %error, "connections could not be accepted");
        }
    }
}
