//! What the bus needs of the server that it belongs to.

use std::task::Waker;

use herd::{Event, Node, Post};

/// A server, as its bus sees it.
pub trait Host: Send + Sync + 'static {
    /// Its node.
    fn node(&self) -> &Node;

    /// Tells the node what happened, and does what it says.
    fn handle(&self, event: Event<'_>);

    /// Has the node do a turn's share of what there is to do for other regions, and appends what is to be sent; whether
    /// it has more to do.
    fn poll_regions(&self, posts: &mut Vec<Post>) -> bool;

    /// How far the server's stop has come. Whoever is behind the waker is woken when it goes on. From
    /// [`Stopping`](Phase::Stopping) on no arrival is read: the stop waits for that, and goes on when this was called.
    fn phase(&self, waker: &Waker) -> Phase;
}

/// How far a server's stop has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It runs.
    Running,
    /// It takes nothing new, and still sends answers and gets its own.
    Stopping,
    /// All of it ends.
    Over,
}
