//! The one place that drives a node in memory: what an adapter does, without sockets and without a clock.
//!
//! Each node has a twin. Whatever happens to one happens to the other, but that sessions with the twin read no line many
//! bytes at a time. The two must say and do the same, byte for byte: so whatever a property feeds a session is read both
//! ways.

use core::fmt::Debug;
use core::mem;
use core::ops::Deref;
use std::net::IpAddr;
use std::sync::Arc;

use herd::wire::Forget;
use herd::{
    Action, Answer, Changed, Event, Heard, Herd, Instant, Limits, LinkStep, Node, Notice, Now, OwnedRecord, Received,
    Refusal, ServerId, Session, SessionId, Sighting, Turn,
};

use super::herds;

/// A node and its twin.
#[derive(Debug)]
pub(crate) struct Driver {
    node: Node,
    plain: Node,
    turn: Turn,
    plain_turn: Turn,
    /// Nanoseconds since the start.
    pub(crate) nanos: u64,
    /// The earliest time for which it asked to be woken since it last was.
    wakes_at: Option<Instant>,
    /// What the node wants done, but for being woken, and nobody has taken yet.
    pub(crate) actions: Vec<Action>,
    /// What people may want to know, and nobody has taken yet.
    pub(crate) notices: Vec<Notice>,
}

/// A connection that was accepted: a session with each of the two. The first is there to be asked.
#[derive(Debug)]
pub(crate) struct Accepted {
    session: Session,
    plain: Session,
}

impl Deref for Accepted {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl Accepted {
    /// Gives it places; what it then sends is appended to `out`.
    pub(crate) fn answer(&mut self, answer: Answer, out: &mut Vec<u8>) {
        let (start, mut plain) = (out.len(), Vec::new());
        self.plain.answer(answer.clone(), &mut plain);
        self.session.answer(answer, out);
        assert_eq!(out[start..].escape_ascii().to_string(), plain.escape_ascii().to_string());
        self.hold();
    }

    /// Both are in the same state, for all that can be asked.
    fn hold(&self) {
        let state = |session: &Session| {
            let takes = (session.can_resume(), session.wants_input());
            (takes, session.is_finished(), session.is_waiting(), session.deadline(), session.neighbour())
        };
        assert_eq!(state(&self.session), state(&self.plain));
    }
}

impl Driver {
    /// The server with that index, which believes all its neighbours and has not started.
    pub(crate) fn new(herd: &Arc<Herd>, me: usize, limits: &Limits, seed: u64) -> Self {
        Self::of(|| Arc::clone(herd), me, limits, seed)
    }

    /// The same, of a herd for each of the two: rates are counted in it.
    pub(crate) fn of(herd: impl Fn() -> Arc<Herd>, me: usize, limits: &Limits, seed: u64) -> Self {
        let [node, plain] = [(); 2].map(|()| herds::node(&herd(), me, limits, seed));
        Self {
            node,
            plain,
            turn: Turn::default(),
            plain_turn: Turn::default(),
            nanos: 0,
            wakes_at: None,
            actions: Vec::new(),
            notices: Vec::new(),
        }
    }

    pub(crate) const fn node(&self) -> &Node {
        &self.node
    }

    /// When it is to be [woken](Self::wake).
    pub(crate) const fn wakes_at(&self) -> Option<Instant> {
        self.wakes_at
    }

    /// The neighbours, in the order of their ids.
    pub(crate) fn peers(&self) -> Vec<ServerId> {
        self.node.links().into_iter().map(|link| link.peer).collect()
    }

    /// Someone connects from there.
    pub(crate) fn accept(&self, id: SessionId, remote: Option<IpAddr>) -> Accepted {
        let session = |node: &Node| node.session(id, remote, herds::at(self.nanos).instant);
        let mut plain = session(&self.plain);
        plain.set_fast(false);
        Accepted { session: session(&self.node), plain }
    }

    /// Those bytes come in one piece, none of them to go on with what was held back: what is replied.
    pub(crate) fn receive(&mut self, accepted: &mut Accepted, bytes: &[u8]) -> Vec<u8> {
        self.pass(accepted, |session, node, turn| session.receive(node, turn, bytes))
    }

    /// So much of what it replied is unsent.
    pub(crate) fn holds(&mut self, Accepted { session, plain }: &mut Accepted, unsent: usize) {
        session.holds(&self.node, &mut self.turn, unsent);
        plain.holds(&self.plain, &mut self.plain_turn, unsent);
    }

    /// The other end sends no more: what is replied.
    pub(crate) fn finish(&mut self, accepted: &mut Accepted) -> Vec<u8> {
        self.pass(accepted, Session::finish)
    }

    fn pass(
        &mut self,
        Accepted { session, plain }: &mut Accepted,
        begin: impl for<'a> Fn(&'a mut Session, &'a Node, &'a mut Turn) -> Received<'a>,
    ) -> Vec<u8> {
        let now = herds::at(self.nanos);
        let run = |session: &mut Session, node: &Node, turn: &mut Turn| {
            turn.now = now;
            let received = begin(session, node, turn);
            let lines: Vec<_> = received.lines().map(<[u8]>::to_vec).collect();
            let asks = (received.is_empty(), received.may_wait());
            let served = received.serve();
            let refused = served.refused();
            let mut out = Vec::new();
            served.reply(&mut out);
            (out, lines, asks, refused)
        };
        let said = run(session, &self.node, &mut self.turn);
        let plainly = run(plain, &self.plain, &mut self.plain_turn);
        assert_eq!(said.0.escape_ascii().to_string(), plainly.0.escape_ascii().to_string());
        assert_eq!(said, plainly);
        self.collect();
        assert_eq!(self.node.counters(), self.plain.counters());
        assert_eq!(self.node.digest(), self.plain.digest());
        assert_eq!(self.node.links(), self.plain.links());
        said.0
    }

    /// Something happens.
    pub(crate) fn handle<'a>(&mut self, event: impl Fn() -> Event<'a>) {
        self.both(|node, turn| node.handle(turn, event()));
    }

    /// The time has come for which it asked.
    pub(crate) fn wake(&mut self) {
        self.wakes_at = None;
        self.handle(|| Event::Woken);
    }

    /// What is to be done about a link. Where that is to wait, it must have asked to be woken as early.
    pub(crate) fn poll_link(&mut self, peer: ServerId) -> LinkStep {
        let step = self.both(|node, turn| node.poll_link(turn, peer));
        if let LinkStep::Send(bytes) = &step {
            assert!(bytes.ends_with(b"\n"), "only whole lines are sent, and some: {}", bytes.escape_ascii());
        }
        if let LinkStep::Wait(Some(until)) = step {
            let wakes_at = self.wakes_at;
            assert!(
                wakes_at.is_some_and(|at| at <= until),
                "a link waits until {until:?}, the node until {wakes_at:?}"
            );
        }
        step
    }

    /// Nothing is to be done about any link, when all was done that it [said](Self::actions).
    pub(crate) fn hold_rest(&mut self) {
        for peer in self.peers() {
            let step = self.poll_link(peer);
            assert!(matches!(step, LinkStep::Wait(_)), "it did not say that there is something to do: {step:?}");
        }
    }

    /// A client reports by the typed door.
    pub(crate) fn report_position(&mut self, sighting: &Sighting<'_>) -> Result<OwnedRecord, Refusal> {
        self.both(|node, turn| node.report_position(turn, sighting))
    }

    /// A client is forgotten by the typed door.
    pub(crate) fn forget(&mut self, forget: &Forget<'_>) -> Result<OwnedRecord, Refusal> {
        self.both(|node, turn| node.forget(turn, forget))
    }

    /// Lines of another region come by the door for those.
    pub(crate) fn hear(&mut self, lines: &[u8]) -> Heard {
        self.both(|node, turn| node.hear(turn, lines))
    }

    /// What the clocks say.
    pub(crate) fn now(&self) -> Now {
        herds::at(self.nanos)
    }

    /// Takes back a report of an earlier run.
    pub(crate) fn restore(&mut self, line: &[u8]) {
        self.both(|node, _| node.restore(line)).expect("a report of this herd");
    }

    /// Has it collect what changes.
    pub(crate) fn collect_changes(&mut self, most: usize) {
        self.both(|node, _| node.collect_changes(most));
    }

    /// What changed since this was last asked.
    pub(crate) fn take_changes(&mut self) -> Changed {
        self.both(|node, _| {
            let mut changed = Changed::default();
            node.take_changes(&mut changed);
            changed
        })
    }

    fn both<T: Debug + PartialEq>(&mut self, call: impl Fn(&Node, &mut Turn) -> T) -> T {
        (self.turn.now, self.plain_turn.now) = (herds::at(self.nanos), herds::at(self.nanos));
        let said = call(&self.node, &mut self.turn);
        assert_eq!(said, call(&self.plain, &mut self.plain_turn));
        self.collect();
        said
    }

    /// Takes what both want done, which must be the same.
    fn collect(&mut self) {
        let (actions, plain) = (mem::take(&mut self.turn.actions), mem::take(&mut self.plain_turn.actions));
        assert_eq!(actions.len(), plain.len(), "{actions:?} and {plain:?}");
        for (action, plain) in actions.iter().zip(&plain) {
            assert_eq!(format!("{action:?}"), format!("{plain:?}"));
        }
        for action in actions {
            match action {
                Action::WakeAt(at) => self.wakes_at = Some(self.wakes_at.map_or(at, |earlier| earlier.min(at))),
                action => self.actions.push(action),
            }
        }
        let notices = mem::take(&mut self.turn.notices);
        assert_eq!(notices, mem::take(&mut self.plain_turn.notices));
        self.notices.extend(notices);
    }
}
