//! What comes of a stop, and who waits for that.

use std::mem;
use std::sync::Mutex;
use std::task::{Poll, Waker};

use herd::ServerName;

use crate::lock::lock;

/// How a server ended that did not end in order. It is down all the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StopError {
    /// The time that a stop may take ran out.
    #[error(transparent)]
    CutShort(#[from] DrainError),
    /// A part of it panicked, so all of it ended at once: a bug. Its port is closed, its connections are dropped. Start
    /// another one in its place; its neighbours bring it what it has missed.
    #[error("ended by a panic: {message}")]
    Panicked {
        /// What the first panic said.
        message: String,
    },
}

/// What a stop had to leave undone when its time had run out.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("stopped with work left: {}", self.told())]
pub struct DrainError {
    /// Connections that were cut off: replies were still owed, or the other end has not closed.
    pub connections: usize,
    /// Neighbours that may not have been told everything. What they lack they find at others that know, or not at all.
    pub neighbours: Vec<ServerName>,
}

impl DrainError {
    fn told(&self) -> String {
        let plural = if self.connections == 1 { "" } else { "s" };
        let mut told = format!("{} connection{plural} cut off", self.connections);
        for (index, neighbour) in self.neighbours.iter().enumerate() {
            told += if index == 0 { ", neighbours not told everything: " } else { ", " };
            told += neighbour.as_str();
        }
        told
    }
}

/// How a server's stop is, and who waits for its end.
#[derive(Debug, Default)]
pub(crate) struct Stop(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    is_begun: bool,
    /// What came of it, once it is over.
    outcome: Option<Result<(), StopError>>,
    waiting: Vec<Waker>,
}

impl Stop {
    /// Whether it is this call that begins the stop.
    pub(crate) fn begin(&self) -> bool {
        !mem::replace(&mut lock(&self.0).is_begun, true)
    }

    /// What came of the stop; the task behind `waker` is woken when that is known.
    pub(crate) fn poll(&self, waker: &Waker) -> Poll<Result<(), StopError>> {
        let mut state = lock(&self.0);
        if let Some(outcome) = &state.outcome {
            return Poll::Ready(outcome.clone());
        }
        if !state.waiting.iter().any(|other| other.will_wake(waker)) {
            state.waiting.push(waker.clone());
        }
        Poll::Pending
    }

    /// It is over; what is said of that first counts.
    pub(crate) fn end(&self, outcome: Result<(), StopError>) {
        let mut state = lock(&self.0);
        state.is_begun = true;
        state.outcome.get_or_insert(outcome);
        for waker in state.waiting.drain(..) {
            waker.wake();
        }
    }
}
