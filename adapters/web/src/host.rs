//! What the door needs of the server that it belongs to.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use herd::{Answer, HostStatus, Instant, Node, Now, ServerName, SessionId, Turn};

use crate::metrics::Timed;
use crate::settings::Settings;

/// A wait that has been started, of whatever runtime.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// As [`Sleep`], for something else than a time.
pub type Wait = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A server, as the door sees it.
pub trait Host: Send + Sync + 'static {
    /// Its node.
    fn node(&self) -> &Node;

    /// What its clocks say.
    fn now(&self) -> Now;

    /// What the one says that never goes back.
    fn instant(&self) -> Instant;

    /// Does what the node said in a turn, and tells people what it noticed.
    fn perform(&self, turn: &mut Turn);

    /// What there is to say of the server that its node does not know.
    fn status(&self) -> HostStatus;

    /// Whether that server runs in the same process, so that it is up as long as this one is.
    fn runs(&self, server: &ServerName) -> bool;

    /// What it has timed, if it times anything.
    fn timed(&self) -> Option<&Timed> {
        None
    }

    /// The settings that the door has now.
    fn settings(&self) -> Arc<Settings>;

    /// Where the door listens.
    fn address(&self) -> SocketAddr;

    /// An id that is no other's in use, and the way for what the node has for it.
    fn letters(&self) -> Box<dyn Letters>;

    /// What to wait for before something is acknowledged that a turn has brought; nothing where a crash may lose it.
    fn ticket(&self) -> Option<u64>;

    /// Ready when that is safe, or cannot be. The task behind the waker is woken then.
    fn poll_safe(&self, ticket: u64, waker: &Waker) -> Poll<Result<(), NotSafe>>;

    /// Whether the server is being stopped: streams end, and the connection is polled when that begins.
    fn is_stopping(&self) -> bool;

    /// Waits, and never for less than this.
    fn sleep(&self, time: Duration) -> Sleep;

    /// Lets others have their turn.
    fn take_turns(&self) -> Wait;
}

/// The disk fails: nothing is safe until it works again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotSafe;

/// The way for what the node has for one id. Dropped, the id is free.
pub trait Letters: Send + Sync {
    /// The id.
    fn id(&self) -> SessionId;

    /// What has come, oldest first. The task is woken when there is something, and when what the id watches has changed.
    fn poll(&self, context: &mut Context<'_>) -> Poll<Letter>;
}

/// What a node has for an id.
#[derive(Clone, Debug)]
pub enum Letter {
    /// Places that were asked for.
    Answer(Answer),
    /// It is to be closed: buffers are full.
    Close,
}
