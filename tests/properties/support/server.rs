//! One server, its clients and one neighbour, all in the hands of a test.

use std::time::Duration;

use herd::{Action, Attempt, Batch, Event, Limits, Node, Session, SessionId};

use super::herds;

/// Server `s0` of a herd of two. Its neighbour `s1` is the test.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) node: Node,
    pub(crate) nanos: u64,
    /// What the node asked for and no call has returned yet.
    pub(crate) actions: Vec<Action>,
    next_session: u64,
}

impl Server {
    pub(crate) fn new(limits: &Limits) -> Self {
        let node = herds::node(&herds::herd(2, &[(0, 1)]), 0, limits, 11);
        Self { node, nanos: 0, actions: Vec::new(), next_session: 0 }
    }

    /// Someone connects, sends those bytes, and goes on waiting: the session, and what it got.
    pub(crate) fn receive(&mut self, bytes: &[u8]) -> (Session, Vec<u8>) {
        let now = herds::at(self.nanos);
        let mut session = self.node.session(SessionId(self.next_session), Some(herds::LOOPBACK), now.instant);
        self.next_session += 1;
        let requests = session.receive(now, bytes, Batch::default());
        let replies = self.node.serve(now, &session, requests, &mut self.actions);
        let mut out = Vec::new();
        session.reply(replies, &mut out);
        (session, out)
    }

    pub(crate) fn handle(&mut self, event: Event<'_>) {
        self.node.handle(herds::at(self.nanos), event, &mut self.actions);
    }

    /// Time goes by; the node is woken whenever it wants to be.
    pub(crate) fn wait(&mut self, time: Duration) {
        let end = self.nanos + u64::try_from(time.as_nanos()).expect("a short time");
        while let Some(next) = self.node.next_wake().filter(|next| next.as_nanos() <= end) {
            self.nanos = self.nanos.max(next.as_nanos());
            self.handle(Event::Woken);
        }
        self.nanos = end;
    }

    /// The connection that it asked for since it was last asked.
    pub(crate) fn connects(&mut self) -> Option<Attempt> {
        let connect = |action: &Action| match *action {
            Action::Connect { attempt, .. } => Some(attempt),
            _ => None,
        };
        let attempt = self.actions.iter().find_map(connect);
        self.actions.retain(|action| connect(action).is_none());
        attempt
    }

    /// Whether it gave that connection up since it was last asked.
    pub(crate) fn disconnects(&mut self, of: Attempt) -> bool {
        let is = |action: &Action| matches!(*action, Action::Disconnect { attempt, .. } if attempt == of);
        let disconnects = self.actions.iter().any(is);
        self.actions.retain(|action| !is(action));
        disconnects
    }

    pub(crate) fn connected(&mut self, attempt: Attempt) {
        self.handle(Event::Connected { peer: self.peer(), attempt });
    }

    pub(crate) fn lost(&mut self, attempt: Attempt) {
        self.handle(Event::Lost { peer: self.peer(), attempt });
    }

    pub(crate) fn sent(&mut self, attempt: Attempt) {
        self.handle(Event::Sent { peer: self.peer(), attempt });
    }

    pub(crate) fn answered(&mut self, attempt: Attempt, bytes: &[u8]) {
        self.handle(Event::Received { peer: self.peer(), attempt, bytes });
    }

    /// What it sends on that connection now; nothing unless it said that there is something. Where it asks
    /// whether anything differs, that is not told, and it is answered that nothing does.
    pub(crate) fn takes(&mut self, on: Attempt) -> String {
        let text = self.takes_all(on);
        let (compares, lines): (Vec<_>, Vec<_>) =
            text.split_inclusive('\n').partition(|line| line.starts_with("REPAIR s0 groups "));
        if !compares.is_empty() {
            self.answered(on, b"REPAIR s1 end\n");
        }
        lines.concat()
    }

    /// The same, with all that it says.
    pub(crate) fn takes_all(&mut self, on: Attempt) -> String {
        let is = |action: &Action| matches!(*action, Action::Forward { attempt, .. } if attempt == on);
        if !self.actions.iter().any(is) {
            return String::new();
        }
        self.actions.retain(|action| !is(action));
        let bytes = self.node.take(herds::at(self.nanos).instant, self.peer(), on);
        String::from_utf8(bytes.to_vec()).expect("these tests speak ASCII")
    }

    fn peer(&self) -> herd::ServerId {
        self.node.links().next().expect("it has one neighbour").0
    }
}
