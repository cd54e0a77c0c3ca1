//! A server, as its HTTP door sees it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use herd::{HostStatus, Instant, Node, Now, ServerName, SessionId, Turn};
use herd_web::{Door, Host, Letters, NotSafe, Sleep, Wait};

use crate::lock::lock;
use crate::mailbox::Mailbox;
use crate::runtime::Runtime;
use crate::shared::{Letter, Shared};
use crate::shutdown::Phase;

/// The door of that server, which listens there and runs `beside` others.
pub(crate) fn door<R: Runtime>(shared: &Arc<Shared<R>>, address: SocketAddr, beside: Vec<ServerName>) -> Arc<Door> {
    Door::new(Arc::new(HttpHost { shared: Arc::clone(shared), address, beside }))
}

struct HttpHost<R: Runtime> {
    shared: Arc<Shared<R>>,
    address: SocketAddr,
    /// The servers of this process.
    beside: Vec<ServerName>,
}

impl<R: Runtime> Host for HttpHost<R> {
    fn node(&self) -> &Node {
        &self.shared.node
    }

    fn now(&self) -> Now {
        self.shared.clock.now()
    }

    fn instant(&self) -> Instant {
        self.shared.clock.instant()
    }

    fn perform(&self, turn: &mut Turn) {
        self.shared.perform(turn, None);
    }

    fn status(&self) -> HostStatus {
        self.shared.status()
    }

    fn runs(&self, server: &ServerName) -> bool {
        self.beside.contains(server)
    }

    fn timed(&self) -> Option<&herd_web::Timed> {
        Some(&self.shared.timed)
    }

    fn settings(&self) -> Arc<herd_web::Settings> {
        Arc::clone(&lock(&self.shared.http))
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn letters(&self) -> Box<dyn Letters> {
        Box::new(HostLetters::new(&self.shared))
    }

    fn ticket(&self) -> Option<u64> {
        self.shared.data.as_ref().filter(|data| data.is_each).map(|data| data.ticket())
    }

    fn poll_safe(&self, ticket: u64, waker: &Waker) -> Poll<Result<(), NotSafe>> {
        match &self.shared.data {
            Some(data) => data.poll_safe(ticket, Some(waker)).map_err(|_| NotSafe),
            None => Poll::Ready(Ok(())),
        }
    }

    fn is_stopping(&self) -> bool {
        self.shared.shutdown.phase() != Phase::Running
    }

    fn sleep(&self, time: Duration) -> Sleep {
        Box::pin(R::sleep(time))
    }

    fn take_turns(&self) -> Wait {
        Box::pin(R::take_turns())
    }
}

/// The way for what the node has for one id, which is free again when this is dropped.
pub(crate) struct HostLetters<R: Runtime> {
    shared: Arc<Shared<R>>,
    id: SessionId,
    mailbox: Arc<Mailbox<Letter>>,
}

impl<R: Runtime> HostLetters<R> {
    pub(crate) fn new(shared: &Arc<Shared<R>>) -> Self {
        let (id, mailbox) = (shared.session_id(), Arc::default());
        shared.expect_letters(id, &mailbox);
        Self { shared: Arc::clone(shared), id, mailbox }
    }
}

impl<R: Runtime> Letters for HostLetters<R> {
    fn id(&self) -> SessionId {
        self.id
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<herd_web::Letter> {
        self.mailbox.listen(context.waker());
        match self.mailbox.take() {
            Some(Letter::Answer(answer)) => Poll::Ready(herd_web::Letter::Answer(answer)),
            Some(Letter::Close) => Poll::Ready(herd_web::Letter::Close),
            None => Poll::Pending,
        }
    }
}

impl<R: Runtime> Drop for HostLetters<R> {
    fn drop(&mut self) {
        self.shared.expect_no_letters(self.id, false);
    }
}
