//! The core itself, as a server of the model: every step is a call of [`herd::Node`] on a copy.
//!
//! A step is taken once and remembered by its number. Two states of a server have one number if
//! nothing that the core will ever look at differs: the text by which they are told apart is the `Debug`
//! text of the links, the comparisons and the memory of what was handled, and all reports. Left out is
//! what has no influence here: the counters, the fetches (nobody asks for places), and the generator
//! of the pauses' jitter (the pauses are too short to be jittered, see [`limits`]). Instants are told
//! by how far they are from now, and attempts not at all, since each server has one to a neighbour at
//! a time and nothing is said of any other.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use herd::{Attempt, Event, Herd, Instant, Limits, Node, Server, ServerId, ServerName, Timestamp};
use xxhash_rust::xxh3::xxh3_128;

use super::graphs::{self, Graph};
use super::run::{LOOPBACK, Run, at};
use super::site::{Input, Kept, Output, Place, Site, Step, Text, Wrong};
use super::table::Table;
use super::update::Update;

/// One state of one server.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) node: Node,
    pub(crate) me: usize,
    pub(crate) life: u8,
    pub(crate) now: Instant,
    /// What each connection that it opened is called.
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) kept: Kept,
}

/// Servers that run the core.
pub(crate) struct Nodes {
    herd: Arc<Herd>,
    updates: Vec<Update>,
    tables: Mutex<Tables>,
}

struct Tables {
    places: Table<u128, Known>,
    texts: Table<Vec<u8>, Written>,
    steps: HashMap<(Place, Input, u8), Step>,
}

/// What one server wrote to another.
pub(crate) struct Written {
    pub(crate) bytes: Arc<[u8]>,
    /// A bit for each update that it brings.
    pub(crate) brings: u64,
}

/// The defaults, but that a pause is so short that a quarter of it, which is left to chance, is nothing,
/// and that links do not close because they rest.
fn limits() -> Limits {
    let hour = Duration::from_hours(1);
    Limits {
        link_retry: Duration::from_nanos(3),
        link_idle: hour,
        idle_timeout: hour,
        handled: 64,
        ..Limits::default()
    }
}

impl Nodes {
    pub(crate) fn new(graph: Graph, updates: &[Update]) -> Self {
        let server = |index: usize| Server {
            name: ServerName::new(graphs::name(index)).expect("one field"),
            address: format!("127.0.0.1:{index}"),
            links: graph.links.iter().filter(|link| link.0 == index).map(|link| graphs::name(link.1).into()).collect(),
        };
        let herd = Herd::new((0..graph.servers).map(server).collect()).expect("the links connect all");
        let tables = Tables { places: Table::new(), texts: Table::new(), steps: HashMap::new() };
        Self { herd: Arc::new(herd), updates: updates.to_vec(), tables: Mutex::new(tables) }
    }

    /// How many states of single servers were met.
    pub(crate) fn places(&self) -> usize {
        self.tables.lock().expect("no step panics and the check goes on").places.len()
    }

    fn id(&self, server: usize) -> ServerId {
        self.herd.ids().nth(server).expect("a server of this herd")
    }

    fn start(&self, me: usize, life: u8) -> Known {
        let seed = me as u64 * 256 + u64::from(life);
        let node = Node::new(Arc::clone(&self.herd), self.id(me), limits(), seed);
        let now = Instant::from_nanos(1 << 60);
        for &peer in self.herd.neighbours(self.id(me)) {
            let resolved = Event::Resolved { peer, addresses: &[LOOPBACK] };
            node.handle(at(now), resolved, &mut Vec::new());
        }
        let attempts = vec![Attempt::default(); self.herd.servers().len()];
        Known { node, me, life, now, attempts, kept: Kept::default() }
    }

    fn take_step(&self, tables: &mut Tables, from: Place, input: Input, up: u8) -> Step {
        let mut known = match input {
            Input::Start(me, life) => self.start(me, life),
            _ => tables.places.get(from).clone(),
        };
        let bytes = match input {
            Input::Request(text) | Input::Answer(_, text) => tables.texts.get(text).bytes.clone(),
            Input::Client(update) => self.updates[update].line().into_bytes().into(),
            Input::Start(..) | Input::Lost(_) | Input::Wait(_) => Arc::default(),
        };
        let (texts, updates) = (&mut tables.texts, &*self.updates);
        let mut run = Run { known: &mut known, texts, updates, outputs: Vec::new(), wrong: None, up };
        match input {
            Input::Start(..) => run.handle(Event::Started),
            Input::Client(_) => drop(run.receive(&bytes)),
            Input::Request(_) => {
                let answer = run.receive(&bytes);
                if !answer.is_empty() {
                    let text = run.number(answer);
                    run.outputs.push(Output::Reply(text));
                }
            }
            Input::Answer(peer, _) => {
                run.handle(Event::Received { peer: self.id(peer), attempt: run.known.attempts[peer], bytes: &bytes });
            }
            Input::Lost(peer) => run.handle(Event::Lost { peer: self.id(peer), attempt: run.known.attempts[peer] }),
            Input::Wait(nanos) => {
                run.known.now = run.known.now + Duration::from_nanos(nanos);
                if run.known.node.next_wake().is_some_and(|wake| wake <= run.known.now) {
                    run.handle(Event::Woken);
                }
            }
        }
        let Run { outputs, mut wrong, .. } = run;
        if known.kept.iter().any(|line| went_back(&known.node, line)) {
            wrong = Some(Wrong::WentBack);
        }
        let mut kept: Vec<_> = known.node.reports().map(|kept| kept.line().to_vec()).collect();
        let key = known.key(&kept);
        kept.sort_unstable();
        known.kept = Arc::new(kept);
        Step { to: tables.places.number(key, || known), outputs, wrong }
    }
}

impl Site for Nodes {
    fn step(&self, from: Place, input: Input, up: u8) -> Step {
        let mut tables = self.tables.lock().expect("no step panics and the check goes on");
        if let Some(step) = tables.steps.get(&(from, input, up)) {
            return step.clone();
        }
        let step = self.take_step(&mut tables, from, input, up);
        tables.steps.insert((from, input, up), step.clone());
        step
    }

    fn kept(&self, place: Place) -> Kept {
        self.tables.lock().expect("as above").places.get(place).kept.clone()
    }

    fn wake(&self, place: Place) -> Option<u64> {
        let tables = self.tables.lock().expect("as above");
        let Known { node, now, .. } = tables.places.get(place);
        Some(node.next_wake()?.as_nanos().saturating_sub(now.as_nanos()))
    }

    fn brings(&self, text: Text) -> u64 {
        self.tables.lock().expect("as above").texts.get(text).brings
    }

    fn updates(&self) -> &[Update] {
        &self.updates
    }
}

impl Known {
    /// A number for all that makes a difference to what the core does next.
    fn key(&self, kept: &[Vec<u8>]) -> u128 {
        let text = format!("{:?}", self.node);
        let start = text.find("handled: ").expect("a node remembers what it handled");
        let end = text.rfind(", fetches: ").expect("a node may fetch");
        let mut key = format!("{} {} {kept:?}", self.me, self.life);
        let mut rest = &text[start..end];
        while let Some(next) = rest.find("Instant(").into_iter().chain(rest.find("Attempt(")).min() {
            let (before, number) = rest.split_at(next + "Instant(".len());
            let (number, after) = number.split_once(')').expect("what opens is closed");
            key.push_str(before);
            if before.ends_with("Instant(") {
                let then: i128 = number.parse().expect("nanoseconds");
                key.push_str(&(then - i128::from(self.now.as_nanos())).to_string());
            }
            rest = after;
        }
        key.push_str(rest);
        xxh3_128(key.as_bytes())
    }
}

/// Whether a node keeps an older report than `line` of its client, or none.
fn went_back(node: &Node, line: &[u8]) -> bool {
    let client = line.split(|&byte| byte == b' ').nth(2).expect("a report has fields");
    let time = |line: &[u8]| line.rsplit(|&byte| byte == b' ').next().and_then(Timestamp::parse);
    let Some(kept) = node.report(client) else { return true };
    (Some(kept.report().at()), kept.line()) < (time(line), line)
}
