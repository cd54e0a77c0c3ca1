//! One client talks with one server: its bytes come in any cutting, places come at any moment, and
//! it takes its replies when it likes.

use core::mem;
use std::collections::VecDeque;

use herd::{Action, Event, FetchId, Limits, Query, SessionId};

use super::driver::{Accepted, Driver};
use super::herds;

/// One thing that happens in a conversation.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// The client sends these bytes in one piece.
    Bytes(Vec<u8>),
    /// The fetch with this index among those under way ends.
    Fetched(usize),
    /// The client takes so many bytes of what it is owed.
    Taken(usize),
}

/// A client, the server's session for it, and the server: one of a herd of two, the other of which
/// cannot be reached.
#[derive(Debug)]
pub(crate) struct Conversation {
    limits: Limits,
    driver: Driver,
    session: Accepted,
    fetches: Vec<(FetchId, Query)>,
    /// Sent by the client, not read by the server yet.
    pending: VecDeque<Vec<u8>>,
    client_ended: bool,
    server_saw_end: bool,
    /// Owed to the client, not taken yet.
    unsent: Vec<u8>,
    received: Vec<u8>,
}

impl Conversation {
    pub(crate) fn new(limits: &Limits) -> Self {
        let driver = Driver::new(&herds::herd(2, &[(0, 1)]), 0, limits, 7);
        let session = driver.accept(SessionId(0), Some(herds::LOOPBACK));
        Self {
            limits: limits.clone(),
            driver,
            session,
            fetches: Vec::new(),
            pending: VecDeque::new(),
            client_ended: false,
            server_saw_end: false,
            unsent: Vec::new(),
            received: Vec::new(),
        }
    }

    /// All that the client ever receives when these things happen, and then the rest: it half-closes,
    /// every fetch ends, it takes all that it is owed.
    pub(crate) fn of(limits: &Limits, steps: impl IntoIterator<Item = Step>) -> Vec<u8> {
        let mut conversation = Self::new(limits);
        for step in steps {
            conversation.step(step);
        }
        conversation.end()
    }

    pub(crate) fn step(&mut self, step: Step) {
        match step {
            Step::Bytes(bytes) => self.pending.push_back(bytes),
            Step::Fetched(_) if self.fetches.is_empty() => {}
            Step::Fetched(which) => self.fetched(which % self.fetches.len()),
            Step::Taken(most) => {
                let len = most.min(self.unsent.len());
                self.received.extend(self.unsent.drain(..len));
            }
        }
        self.read();
    }

    /// Bytes that the client sent and the server has not read, as it takes no more for now.
    pub(crate) fn unread(&self) -> usize {
        self.pending.iter().map(Vec::len).sum()
    }

    /// Bytes that the server owes and the client has not taken.
    pub(crate) fn unsent(&self) -> usize {
        self.unsent.len()
    }

    /// Lets everything come to its end.
    pub(crate) fn end(mut self) -> Vec<u8> {
        self.client_ended = true;
        self.read();
        while !self.fetches.is_empty() || !self.unsent.is_empty() {
            self.step(Step::Taken(usize::MAX));
            self.step(Step::Fetched(0));
        }
        assert!(self.session.is_finished(), "nothing is left to happen, and the session is not finished");
        assert!(!self.session.is_waiting() && self.driver.node().fetches() == 0);
        self.received
    }

    /// The server reads as much as it is willing to.
    fn read(&mut self) {
        loop {
            self.driver.holds(&mut self.session, self.unsent.len());
            let out = if self.session.can_resume() {
                self.driver.receive(&mut self.session, &[])
            } else if !self.session.wants_input() {
                return;
            } else if let Some(bytes) = self.pending.pop_front() {
                assert!(self.unsent.len() < self.limits.max_unsent, "it reads although too much is unsent");
                self.driver.receive(&mut self.session, &bytes)
            } else if self.client_ended && !self.server_saw_end {
                self.server_saw_end = true;
                self.driver.finish(&mut self.session)
            } else {
                return;
            };
            self.unsent.extend(out);
            self.perform();
        }
    }

    fn perform(&mut self) {
        for action in mem::take(&mut self.driver.actions) {
            match action {
                Action::Answer { answer, .. } => self.session.answer(answer, &mut self.unsent),
                Action::Fetch { fetch, query } => self.fetches.push((fetch, query)),
                Action::Close { .. }
                | Action::Look { .. }
                | Action::Forward { .. }
                | Action::Post
                | Action::WakeAt(_) => {}
            }
        }
    }

    fn fetched(&mut self, which: usize) {
        let (fetch, query) = self.fetches.remove(which);
        self.driver.handle(|| Event::Fetched { fetch, outcome: Ok(herds::places(&query)) });
        self.perform();
    }
}
