//! A network in memory: servers of one herd, connections between them, and a clock. Whatever is on
//! its way arrives when the seed says, in order on each connection and in any order otherwise; bytes
//! arrive in pieces.

use core::mem;
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::sync::Arc;

use herd::{Action, Event, Herd, Limits, LinkStep, Node, ServerId, SessionId, SplitMix64};

use super::driver::{Accepted, Driver};
use super::herds;

/// A connection: who made it, to whom, and its number.
type Key = (usize, usize, u64);

/// The herd, what is on its way, and what has been seen.
#[derive(Debug)]
pub(crate) struct Network {
    herd: Arc<Herd>,
    limits: Limits,
    seed: SplitMix64,
    nanos: u64,
    servers: Vec<Option<Running>>,
    connections: BTreeMap<Key, Connection>,
    next_session: u64,
    next_connection: u64,
    /// How often each AT line, without its sender, was sent from one server to another.
    pub(crate) crossings: BTreeMap<(usize, usize, Vec<u8>), usize>,
    /// All that was done, in order.
    pub(crate) trace: String,
}

#[derive(Debug)]
struct Running {
    driver: Driver,
    sessions: BTreeMap<u64, Accepted>,
    /// The connection that it has to each neighbour, or asked for: it listens to no other.
    links: BTreeMap<usize, Key>,
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
            seed: SplitMix64::new(seed),
            nanos: 0,
            servers: herd.ids().map(|_| None).collect(),
            connections: BTreeMap::new(),
            next_session: 0,
            next_connection: 0,
            crossings: BTreeMap::new(),
            trace: String::new(),
        };
        for server in (0..herd.members().len()).filter(|server| !down.contains(server)) {
            network.start(server);
        }
        network
    }

    /// Starts a server that is down; it knows nothing.
    pub(crate) fn start(&mut self, server: usize) {
        let driver = Driver::new(&self.herd, server, &self.limits, self.seed.number());
        self.servers[server] = Some(Running { driver, sessions: BTreeMap::new(), links: BTreeMap::new() });
        self.handle(server, || Event::Started);
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
        self.servers[server].as_ref().expect("the server is up").driver.node()
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
        let (key, there) = ways[herds::below(&mut self.seed, ways.len())];
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
            let wake = |server: &Running| server.driver.wakes_at().map(herd::Instant::as_nanos);
            let next = self.servers.iter().flatten().filter_map(wake).min();
            let Some(next) = next.filter(|&next| next <= end) else {
                self.nanos = end;
                return;
            };
            self.nanos = self.nanos.max(next);
            for server in 0..self.servers.len() {
                if self.servers[server].as_ref().and_then(wake).is_some_and(|wake| wake <= self.nanos) {
                    self.wake(server);
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
                self.tell(key, |peer| Event::Connected { peer, proven: false });
            }
            (Flight::Bytes(mut bytes), Some(session)) => {
                let rest = bytes.split_off(1 + herds::below(&mut self.seed, bytes.len()));
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
        let connection = self.connections.get_mut(&key).expect("chosen among them");
        match connection.back.pop_front().expect("chosen as not empty") {
            Flight::Bytes(bytes) => self.tell(key, |peer| Event::Received { peer, bytes: &bytes }),
            Flight::Sent => self.tell(key, |peer| Event::Sent { peer }),
            Flight::Close | Flight::Open => {
                self.close(key);
                self.tell(key, |peer| Event::Lost { peer, why: "lost" });
            }
        }
    }

    /// Tells the server that opened a connection what became of it, unless it has closed it.
    fn tell<'a>(&mut self, key: Key, event: impl Fn(ServerId) -> Event<'a>) {
        let links = &mut self.servers[key.0].as_mut().expect("its connections went with it").links;
        if links.get(&key.1) != Some(&key) {
            return;
        }
        let peer = herds::id(&self.herd, key.1);
        if let Event::Lost { .. } = event(peer) {
            links.remove(&key.1);
        }
        self.handle(key.0, || event(peer));
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
        running.driver.nanos = self.nanos;
        let session = running.driver.accept(SessionId(id), Some(herds::LOOPBACK));
        running.sessions.insert(id, session);
        id
    }

    fn session(&self, server: usize, id: u64) -> Option<&Accepted> {
        self.servers[server].as_ref()?.sessions.get(&id)
    }

    fn end_session(&mut self, server: usize, id: u64) {
        self.servers[server].as_mut().expect("the server is up").sessions.remove(&id);
    }

    fn receive(&mut self, server: usize, id: u64, bytes: &[u8]) -> Vec<u8> {
        let Some(Running { driver, sessions, .. }) = &mut self.servers[server] else { return Vec::new() };
        let Some(session) = sessions.get_mut(&id) else { return Vec::new() };
        driver.nanos = self.nanos;
        let out = driver.receive(session, bytes);
        if session.is_finished() {
            sessions.remove(&id);
        }
        self.perform(server);
        out
    }

    fn handle<'a>(&mut self, server: usize, event: impl Fn() -> Event<'a>) {
        writeln!(self.trace, "{} {server} {:?}", self.nanos, event()).expect("a String takes every write");
        self.driver(server).handle(event);
        self.perform(server);
    }

    fn wake(&mut self, server: usize) {
        writeln!(self.trace, "{} {server} wakes", self.nanos).expect("a String takes every write");
        self.driver(server).wake();
        self.perform(server);
    }

    /// The driver of a server that is up, now.
    fn driver(&mut self, server: usize) -> &mut Driver {
        let driver = &mut self.servers[server].as_mut().expect("the server is up").driver;
        driver.nanos = self.nanos;
        driver
    }

    /// Does what a server wants done, until nothing is left to do.
    fn perform(&mut self, server: usize) {
        let driver = self.driver(server);
        let (actions, notices) = (mem::take(&mut driver.actions), mem::take(&mut driver.notices));
        writeln!(self.trace, "{} {server} {actions:?} {notices:?}", self.nanos).expect("a String takes every write");
        for action in actions {
            match action {
                Action::Forward { peer } => self.pull(server, peer),
                Action::Answer { .. }
                | Action::Close { .. }
                | Action::Look { .. }
                | Action::Post
                | Action::Fetch { .. }
                | Action::WakeAt(_) => {}
            }
        }
        self.driver(server).hold_rest();
    }

    /// Does what is to be done about a link.
    fn pull(&mut self, server: usize, peer: ServerId) {
        loop {
            let step = self.driver(server).poll_link(peer);
            writeln!(self.trace, "{} {server} {peer:?} {step:?}", self.nanos).expect("a String takes every write");
            let links = &mut self.servers[server].as_mut().expect("the server is up").links;
            match step {
                LinkStep::Connect => {
                    let key = (server, peer.index(), self.next_connection);
                    self.next_connection += 1;
                    assert_eq!(links.insert(peer.index(), key), None, "one connection at a time");
                    let there = VecDeque::from([Flight::Open]);
                    self.connections.insert(key, Connection { there, ..Connection::default() });
                }
                LinkStep::Send(bytes) => {
                    let key = *links.get(&peer.index()).expect("it sends on a connection");
                    self.note_crossings(key, &bytes);
                    let connection = self.connections.get_mut(&key).expect("it has not heard that it is lost");
                    connection.there.push_back(Flight::Bytes(bytes.to_vec()));
                    connection.back.push_back(Flight::Sent);
                }
                LinkStep::Close(_) => {
                    let key = links.remove(&peer.index()).expect("it closes a connection, or stops making one");
                    let connection = self.connections.get_mut(&key).expect("it has not heard that it is lost");
                    connection.there.push_back(Flight::Close);
                    connection.back.clear();
                }
                LinkStep::Wait(_) | LinkStep::End => return,
            }
        }
    }

    fn note_crossings(&mut self, key: Key, bytes: &[u8]) {
        for line in bytes.split_inclusive(|&byte| byte == b'\n').filter(|line| line.starts_with(b"AT ")) {
            let sender = line.iter().rposition(|&byte| byte == b' ').expect("an AT line has fields");
            *self.crossings.entry((key.0, key.1, line[..sender].to_vec())).or_default() += 1;
        }
    }
}
