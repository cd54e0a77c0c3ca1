//! A program of operations on one node, for the fuzzer and for proptest: whatever happens to a
//! server, in any order, nothing panics and every limit holds.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use arbitrary::Arbitrary;
use herd::{Action, Attempt, Batch, Event, FetchId, Limits, Node, Query, ServerId, Session, SessionId};
use herd::{Status, Unavailable};

use super::herds;

/// One thing that happens to a server. Numbers are taken modulo what there is.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) enum Op {
    /// A line comes on a session, which is opened if need be.
    Says(u8, Say),
    /// Bytes come on a session.
    Sends(u8, Vec<u8>),
    /// A session's other end sends no more.
    Ends(u8),
    /// A connection to a neighbour, counted from the newest, changes.
    Link(u8, Change),
    /// A fetch ends, with places or without.
    Fetched(u8, bool),
    /// So many milliseconds go by, unnoticed by the node.
    Wait(u16),
    /// The clock goes to where the node wants to be woken, and it is.
    Wake,
}

/// A line of a client or of a neighbour.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) enum Say {
    Iamat { client: u8, time: u8 },
    Whatsat { client: u8, radius: u8, bound: u8 },
    At { origin: u8, client: u8, time: u8, sender: u8 },
    Hello { sender: u8, incarnation: u8 },
    Kept { origin: u8, client: u8, time: u8, sender: u8 },
    All { sender: u8, range: u8 },
}

/// What happens to a connection that the node asked for.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) enum Change {
    Connected,
    Lost,
    Taken,
    Sent,
    Answered(Say),
    Received(Vec<u8>),
}

impl Say {
    fn line(&self) -> Vec<u8> {
        match *self {
            Self::Iamat { client, time } => format!("IAMAT c{} +1-1 {time}\n", client % 8),
            Self::Whatsat { client, radius, bound } => format!("WHATSAT c{} {radius} {bound}\n", client % 8),
            Self::At { origin, client, time, sender } => {
                format!("AT s{} +0.5 c{} +1-1 {time} s{}\n", origin % 5, client % 8, sender % 5)
            }
            Self::Kept { origin, client, time, sender } => {
                format!("KEPT s{} +0.5 c{} +1-1 {time} s{}\n", origin % 5, client % 8, sender % 5)
            }
            Self::All { sender, range } => format!("REPAIR s{} all 10/{range:02x}0\n", sender % 5),
            Self::Hello { sender, incarnation } => format!("HELLO s{} {incarnation}\n", sender % 5),
        }
        .into_bytes()
    }
}

/// Runs a program on the server in the middle of a small herd, holding every limit after each step.
/// What it returns is all that the node and its sessions said.
pub(crate) fn run(limits: &Limits, program: &[Op]) -> String {
    let mut world = World::new(limits);
    for op in program {
        world.step(op);
        world.hold_limits();
    }
    world.trace
}

/// The limits that programs run under: small, so that programs reach them.
pub(crate) fn small_limits() -> Limits {
    Limits {
        max_line: 64,
        max_unsent: 256,
        max_waiting: 2,
        link_queue: 200,
        fetches: 2,
        fetch_queue: 2,
        clients: 4,
        handled: 8,
        ..Limits::default()
    }
}

struct World {
    limits: Limits,
    node: Node,
    nanos: u64,
    sessions: BTreeMap<u64, Session>,
    attempts: Vec<(ServerId, Attempt)>,
    fetches: Vec<(FetchId, Query)>,
    trace: String,
}

impl World {
    fn new(limits: &Limits) -> Self {
        let herd = herds::herd(4, &[(0, 1), (0, 2), (2, 3)]);
        let mut world = Self {
            limits: limits.clone(),
            node: herds::node(&herd, 0, limits, 3),
            nanos: 0,
            sessions: BTreeMap::new(),
            attempts: Vec::new(),
            fetches: Vec::new(),
            trace: String::new(),
        };
        world.handle(Event::Started);
        world
    }

    fn step(&mut self, op: &Op) {
        match op {
            Op::Says(session, say) => self.receive(*session, &say.line()),
            Op::Sends(session, bytes) => self.receive(*session, bytes),
            Op::Ends(session) => {
                self.pass(u64::from(session % 4), |session, now| session.finish(now, Batch::default()));
            }
            Op::Link(which, change) => self.change(*which, change),
            Op::Fetched(which, found) => self.fetched(*which, *found),
            Op::Wait(millis) => self.nanos += u64::from(*millis) * herds::MILLI,
            Op::Wake => self.wake(),
        }
    }

    fn receive(&mut self, session: u8, bytes: &[u8]) {
        let id = u64::from(session % 4);
        let remote = (session < 128).then_some(herds::LOOPBACK);
        let now = herds::at(self.nanos).instant;
        let session = self.sessions.entry(id).or_insert_with(|| self.node.session(SessionId(id), remote, now));
        if session.wants_input(0) {
            self.pass(id, |session, now| session.receive(now, bytes, Batch::default()));
        }
    }

    /// One pass of a session, and as many more as it can resume; a session that is finished goes.
    fn pass(&mut self, id: u64, parse: impl FnOnce(&mut Session, herd::Now) -> herd::Requests) {
        let Some(mut session) = self.sessions.remove(&id) else { return };
        let now = herds::at(self.nanos);
        let mut requests = parse(&mut session, now);
        loop {
            let (mut actions, mut out) = (Vec::new(), Vec::new());
            let replies = self.node.serve(now, &session, requests, &mut actions);
            session.reply(replies, &mut out);
            self.tell(id, &out);
            self.sessions.insert(id, session);
            self.perform(actions);
            session = self.sessions.remove(&id).expect("just put there");
            if !session.can_resume(0) {
                break;
            }
            requests = session.receive(now, &[], Batch::default());
        }
        if !session.is_finished() {
            self.sessions.insert(id, session);
        }
    }

    fn change(&mut self, which: u8, change: &Change) {
        let newest_first = self.attempts.iter().rev();
        let Some(&(peer, attempt)) = newest_first.clone().nth(usize::from(which) % self.attempts.len().max(1)) else {
            return;
        };
        match change {
            Change::Connected => self.handle(Event::Connected { peer, attempt }),
            Change::Lost => self.handle(Event::Lost { peer, attempt }),
            Change::Sent => self.handle(Event::Sent { peer, attempt }),
            Change::Answered(say) => self.handle(Event::Received { peer, attempt, bytes: &say.line() }),
            Change::Received(bytes) => self.handle(Event::Received { peer, attempt, bytes }),
            Change::Taken => {
                let bytes = self.node.take(herds::at(self.nanos).instant, peer, attempt);
                assert!(bytes.is_empty() || bytes.ends_with(b"\n"), "only whole lines are sent");
                self.tell(0, &bytes);
            }
        }
    }

    fn fetched(&mut self, which: u8, found: bool) {
        if self.fetches.is_empty() {
            return;
        }
        let (fetch, query) = self.fetches.remove(usize::from(which) % self.fetches.len());
        let unavailable = || Unavailable { status: Status::RequestDenied, message: "no".into() };
        let outcome = if found { Ok(herds::places(&query)) } else { Err(unavailable()) };
        self.handle(Event::Fetched { fetch, outcome });
    }

    /// A wake that is asked for must be of use: it may not be asked for again at once, for ever.
    fn wake(&mut self) {
        for _ in 0..16 {
            match self.node.next_wake() {
                Some(next) if next.as_nanos() >= self.nanos => self.nanos = next.as_nanos(),
                Some(_) => {}
                None => return,
            }
            self.handle(Event::Woken);
            if self.node.next_wake().is_none_or(|next| next.as_nanos() > self.nanos) {
                return;
            }
        }
        panic!("it wants to be woken again and again at {:?}", self.node.next_wake());
    }

    fn handle(&mut self, event: Event<'_>) {
        let mut actions = Vec::new();
        self.node.handle(herds::at(self.nanos), event, &mut actions);
        self.perform(actions);
    }

    fn perform(&mut self, actions: Vec<Action>) {
        for action in actions {
            writeln!(self.trace, "{action:?}").expect("a String takes every write");
            match action {
                Action::Connect { peer, attempt } => self.attempts.push((peer, attempt)),
                Action::Fetch { fetch, query } => self.fetches.push((fetch, query)),
                Action::Reply { session: SessionId(id), answer } => {
                    let mut out = Vec::new();
                    if let Some(session) = self.sessions.get_mut(&id) {
                        session.answer(answer, &mut out);
                    }
                    self.tell(id, &out);
                }
                Action::Forward { .. } | Action::Disconnect { .. } | Action::Compared { .. } => {}
            }
        }
    }

    fn tell(&mut self, id: u64, bytes: &[u8]) {
        writeln!(self.trace, "{id} {}", bytes.escape_ascii()).expect("a String takes every write");
    }

    fn hold_limits(&self) {
        let limits = &self.limits;
        for (_, _, queued, _) in self.node.links() {
            assert!(queued <= limits.link_queue, "{queued} bytes wait for a neighbour");
        }
        assert!(self.node.clients() <= limits.clients, "{} clients are kept", self.node.clients());
        assert!(self.node.clients() == self.node.reports().count());
        assert!(self.fetches.len() <= limits.fetches, "{} fetches are under way", self.fetches.len());
        assert!(self.node.fetches() <= limits.fetches + limits.fetch_queue, "{} fetches", self.node.fetches());
    }
}
