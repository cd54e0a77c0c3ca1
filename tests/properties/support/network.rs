//! A network in memory: servers of one herd, connections between them, and a clock. Whatever is on
//! its way arrives when the seed says, in order on each connection and in any order otherwise; bytes
//! arrive in pieces.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::sync::Arc;

use herd::{Action, Attempt, Batch, Event, Herd, Limits, Node, Session, SessionId};

use super::herds::{self, Seed};

/// A connection: who made it, and what they call it.
type Key = (usize, usize, Attempt);

/// The herd, what is on its way, and what has been seen.
#[derive(Debug)]
pub(crate) struct Network {
    herd: Arc<Herd>,
    limits: Limits,
    seed: Seed,
    nanos: u64,
    servers: Vec<Option<Running>>,
    connections: BTreeMap<Key, Connection>,
    next_session: u64,
    /// How often each AT line, without its sender, was sent from one server to another.
    pub(crate) crossings: BTreeMap<(usize, usize, Vec<u8>), usize>,
    /// All that was done, in order.
    pub(crate) trace: String,
}

#[derive(Debug)]
struct Running {
    node: Node,
    sessions: BTreeMap<u64, Session>,
}

/// What is on its way on one connection, each way in order.
#[derive(Debug, Default)]
struct Connection {
    session: Option<u64>,
    there: VecDeque<Flight>,
    back: VecDeque<Flight>,
}

#[derive(Debug)]
enum Flight {
    Open,
    Bytes(Vec<u8>),
    Sent,
    Close,
}

impl Network {
    /// A network whose servers have all been started, but those that are `down`.
    pub(crate) fn new(herd: &Arc<Herd>, limits: &Limits, seed: u64, down: &[usize]) -> Self {
        let mut network = Self {
            herd: Arc::clone(herd),
            limits: limits.clone(),
            seed: Seed(seed),
            nanos: 0,
            servers: herd.ids().map(|_| None).collect(),
            connections: BTreeMap::new(),
            next_session: 0,
            crossings: BTreeMap::new(),
            trace: String::new(),
        };
        for server in (0..herd.servers().len()).filter(|server| !down.contains(server)) {
            network.start(server);
        }
        network
    }

    /// Starts a server that is down; it knows nothing.
    pub(crate) fn start(&mut self, server: usize) {
        let seed = self.seed.below(usize::MAX) as u64;
        let node = herds::node(&self.herd, server, &self.limits, seed);
        self.servers[server] = Some(Running { node, sessions: BTreeMap::new() });
        self.handle(server, Event::Started);
    }

    /// Kills a server: what was on its way to it or from it is lost.
    pub(crate) fn crash(&mut self, server: usize) {
        self.servers[server] = None;
        let of_it = |key: &Key| key.0 == server || key.1 == server;
        for key in self.connections.keys().copied().filter(of_it).collect::<Vec<_>>() {
            if key.0 == server {
                self.close(key);
            } else if let Some(connection) = self.connections.get_mut(&key) {
                connection.there.clear();
                connection.back = VecDeque::from([Flight::Close]);
            }
        }
    }

    pub(crate) fn is_up(&self, server: usize) -> bool {
        self.servers[server].is_some()
    }

    /// The node of a server that is up.
    pub(crate) fn node(&self, server: usize) -> &Node {
        &self.servers[server].as_ref().expect("the server is up").node
    }

    /// A client connects, sends all of `lines`, and half-closes: what it gets at once.
    pub(crate) fn client(&mut self, server: usize, lines: &[u8]) -> Vec<u8> {
        let id = self.open_session(server);
        let out = self.receive(server, id, lines);
        self.end_session(server, id);
        out
    }

    /// One thing that is on its way arrives; whether there was one.
    pub(crate) fn deliver(&mut self) -> bool {
        let ways: Vec<(Key, bool)> = self
            .connections
            .iter()
            .flat_map(|(&key, connection)| {
                let there = (!connection.there.is_empty()).then_some((key, true));
                there.into_iter().chain((!connection.back.is_empty()).then_some((key, false)))
            })
            .collect();
        if ways.is_empty() {
            return false;
        }
        let (key, there) = ways[self.seed.below(ways.len())];
        if there {
            self.arrive_there(key);
        } else {
            self.arrive_back(key);
        }
        true
    }

    /// Lets everything happen that happens within so many milliseconds; panics if it does not end.
    pub(crate) fn settle(&mut self, millis: u64) {
        let end = self.nanos + millis * herds::MILLI;
        for _ in 0..1_000_000 {
            if self.deliver() {
                continue;
            }
            let wake = |server: &Running| server.node.next_wake().map(herd::Instant::as_nanos);
            let next = self.servers.iter().flatten().filter_map(wake).min();
            let Some(next) = next.filter(|&next| next <= end) else {
                self.nanos = end;
                return;
            };
            self.nanos = self.nanos.max(next);
            for server in 0..self.servers.len() {
                if self.servers[server].is_some() {
                    self.handle(server, Event::Woken);
                }
            }
        }
        panic!("the flood does not end");
    }

    fn arrive_there(&mut self, key: Key) {
        let connection = self.connections.get_mut(&key).expect("chosen among them");
        let (flight, session) = (connection.there.pop_front(), connection.session);
        match (flight.expect("chosen as not empty"), session) {
            (Flight::Open, _) if self.is_up(key.1) => {
                let session = self.open_session(key.1);
                self.connections.get_mut(&key).expect("still there").session = Some(session);
                self.handle(key.0, Event::Connected { peer: herds::id(&self.herd, key.1), attempt: key.2 });
            }
            (Flight::Bytes(mut bytes), Some(session)) => {
                let rest = bytes.split_off(1 + self.seed.below(bytes.len()));
                if !rest.is_empty() {
                    self.connections.get_mut(&key).expect("still there").there.push_front(Flight::Bytes(rest));
                }
                let out = self.receive(key.1, session, &bytes);
                if !out.is_empty() {
                    self.back(key, Flight::Bytes(out));
                }
                if self.session(key.1, session).is_none() {
                    self.back(key, Flight::Close);
                }
            }
            (Flight::Close, _) => self.close(key),
            _ => self.back(key, Flight::Close),
        }
    }

    fn arrive_back(&mut self, key: Key) {
        let (peer, attempt) = (herds::id(&self.herd, key.1), key.2);
        let connection = self.connections.get_mut(&key).expect("chosen among them");
        match connection.back.pop_front().expect("chosen as not empty") {
            Flight::Bytes(bytes) => self.handle(key.0, Event::Received { peer, attempt, bytes: &bytes }),
            Flight::Sent => self.handle(key.0, Event::Sent { peer, attempt }),
            Flight::Close | Flight::Open => {
                self.close(key);
                self.handle(key.0, Event::Lost { peer, attempt });
            }
        }
    }

    fn back(&mut self, key: Key, flight: Flight) {
        if let Some(connection) = self.connections.get_mut(&key) {
            connection.back.push_back(flight);
        }
    }

    fn close(&mut self, key: Key) {
        if let Some(Connection { session: Some(session), .. }) = self.connections.remove(&key)
            && self.is_up(key.1)
        {
            self.end_session(key.1, session);
        }
    }

    fn open_session(&mut self, server: usize) -> u64 {
        self.next_session += 1;
        let id = self.next_session;
        let running = self.servers[server].as_mut().expect("the server is up");
        let session = running.node.session(SessionId(id), Some(herds::LOOPBACK), herds::at(self.nanos).instant);
        running.sessions.insert(id, session);
        id
    }

    fn session(&self, server: usize, id: u64) -> Option<&Session> {
        self.servers[server].as_ref()?.sessions.get(&id)
    }

    fn end_session(&mut self, server: usize, id: u64) {
        self.servers[server].as_mut().expect("the server is up").sessions.remove(&id);
    }

    fn receive(&mut self, server: usize, id: u64, bytes: &[u8]) -> Vec<u8> {
        let Some(Running { node, sessions }) = &mut self.servers[server] else { return Vec::new() };
        let Some(session) = sessions.get_mut(&id) else { return Vec::new() };
        let (now, mut actions, mut out) = (herds::at(self.nanos), Vec::new(), Vec::new());
        let requests = session.receive(now, bytes, Batch::default());
        let replies = node.serve(now, session, requests, &mut actions);
        session.reply(replies, &mut out);
        if session.is_finished() {
            sessions.remove(&id);
        }
        self.perform(server, actions);
        out
    }

    fn handle(&mut self, server: usize, event: Event<'_>) {
        writeln!(self.trace, "{} {server} {event:?}", self.nanos).expect("a String takes every write");
        let running = self.servers[server].as_mut().expect("the server is up");
        let mut actions = Vec::new();
        running.node.handle(herds::at(self.nanos), event, &mut actions);
        self.perform(server, actions);
    }

    fn perform(&mut self, server: usize, actions: Vec<Action>) {
        for action in actions {
            writeln!(self.trace, "{} {server} {action:?}", self.nanos).expect("a String takes every write");
            match action {
                Action::Connect { peer, attempt } => {
                    let there = VecDeque::from([Flight::Open]);
                    let connection = Connection { there, ..Connection::default() };
                    self.connections.insert((server, peer.index(), attempt), connection);
                }
                Action::Forward { peer, attempt } => self.forward((server, peer.index(), attempt)),
                Action::Disconnect { peer, attempt, .. } => {
                    if let Some(connection) = self.connections.get_mut(&(server, peer.index(), attempt)) {
                        connection.there.push_back(Flight::Close);
                        connection.back.clear();
                    }
                }
                Action::Reply { .. } | Action::Fetch { .. } | Action::Compared { .. } => {}
            }
        }
    }

    fn forward(&mut self, key: Key) {
        let running = self.servers[key.0].as_mut().expect("the server is up");
        let bytes = running.node.take(herds::at(self.nanos).instant, herds::id(&self.herd, key.1), key.2);
        writeln!(self.trace, "{} {key:?} {}", self.nanos, bytes.escape_ascii()).expect("a String takes every write");
        for line in bytes.split_inclusive(|&byte| byte == b'\n').filter(|line| line.starts_with(b"AT ")) {
            let sender = line.iter().rposition(|&byte| byte == b' ').expect("an AT line has fields");
            *self.crossings.entry((key.0, key.1, line[..sender].to_vec())).or_default() += 1;
        }
        if let Some(connection) = self.connections.get_mut(&key).filter(|_| !bytes.is_empty()) {
            connection.there.push_back(Flight::Bytes(bytes.to_vec()));
            connection.back.push_back(Flight::Sent);
        }
    }
}
