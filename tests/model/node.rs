//! The core itself, as a server of the model: every step is a call of [`herd::Node`] on a copy.
//!
//! A step is taken once and remembered by its number. Two states of a server have one number if
//! nothing that the core will ever look at differs: the text by which they are told apart is the `Debug`
//! text of the links, the comparisons and the memory of what was handled, all reports, and when it is to be woken.
//! Left out is what has no influence here: the counters, the fetches (nobody asks for places), whether people were
//! told that a neighbour cannot be reached, and the generator of the pauses' jitter (the pauses are too short to be
//! jittered, see [`limits`]). Instants are told by how far they are from now.

use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use herd::{Action, Event, Herd, Instant, Limits, Member, Node, ServerId, ServerName, Timestamp, Turn};
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
    /// The earliest time for which it asked to be woken since it last was.
    pub(crate) wakes_at: Option<Instant>,
    /// When it has something to do, if nothing happens until then: a time for which it asked may have lost its reason.
    acts_at: Option<Instant>,
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
/// that links do not close because they rest, and that nobody greets for the clocks alone.
fn limits() -> Limits {
    let hour = Duration::from_hours(1);
    Limits {
        link_retry: Duration::from_nanos(3),
        link_idle: hour,
        compare_clocks: false,
        idle_timeout: hour,
        handled: 64,
        ..Limits::default()
    }
}

impl Nodes {
    pub(crate) fn new(graph: Graph, updates: &[Update]) -> Self {
        let server = |index: usize| Member {
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
            node.handle(&mut Turn::at(at(now)), Event::Resolved { peer, addresses: &[LOOPBACK] });
        }
        Known { node, me, life, now, wakes_at: None, acts_at: None, kept: Kept::default() }
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
        let mut run = Run::new(&mut known, texts, updates, up);
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
            Input::Answer(peer, _) => run.handle(Event::Received { peer: self.id(peer), bytes: &bytes }),
            Input::Lost(peer) => run.handle(Event::Lost { peer: self.id(peer), why: "lost" }),
            Input::Wait(nanos) => run.wait(Duration::from_nanos(nanos)),
        }
        let Run { outputs, mut wrong, .. } = run;
        if known.kept.iter().any(|line| went_back(&known.node, line)) {
            wrong = Some(Wrong::WentBack);
        }
        let mut kept: Vec<_> = known.node.records().map(|kept| kept.line().to_vec()).collect();
        let key = known.key(&kept);
        kept.sort_unstable();
        known.kept = Arc::new(kept);
        let number =
            tables.places.number(key, || Known { acts_at: acts_at(&known.node.clone(), known.wakes_at), ..known });
        Step { to: number, outputs, wrong }
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
        let &Known { acts_at, now, .. } = tables.places.get(place);
        Some(acts_at?.as_nanos().saturating_sub(now.as_nanos()))
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
        let text = format!("wakes_at: {:?}, {:?}", self.wakes_at, self.node);
        let end = text.rfind(", fetches: ").expect("a node may fetch");
        let mut key = format!("{} {} {kept:?}", self.me, self.life);
        let mut rest = &text[..end];
        while let Some((before, number)) = rest.split_once("Instant(") {
            let (number, after) = number.split_once(')').expect("what opens is closed");
            let then: i128 = number.parse().expect("nanoseconds");
            key.push_str(before);
            key.push_str(&(then - i128::from(self.now.as_nanos())).to_string());
            rest = after;
        }
        key.push_str(rest);
        xxh3_128(key.as_bytes())
    }
}

/// When a node that is woken whenever it asks for it does something, if nothing else happens.
fn acts_at(node: &Node, mut wakes_at: Option<Instant>) -> Option<Instant> {
    let before = format!("{node:?}");
    while let Some(now) = wakes_at.take() {
        let mut turn = Turn::at(at(now));
        node.handle(&mut turn, Event::Woken);
        for action in turn.actions {
            match action {
                Action::WakeAt(next) => wakes_at = Some(next),
                _ => return Some(now),
            }
        }
        if format!("{node:?}") != before {
            return Some(now);
        }
        assert!(wakes_at.is_none_or(|next| next > now), "a wake is of use, or is not asked for again at once");
    }
    None
}

/// Whether a node keeps an older report than `line` of its client, or none.
fn went_back(node: &Node, line: &[u8]) -> bool {
    let client = line.split(|&byte| byte == b' ').nth(2).expect("a report has fields");
    let time = |line: &[u8]| line.rsplit(|&byte| byte == b' ').next().and_then(Timestamp::parse);
    let Some(kept) = node.record(client) else { return true };
    (Some(kept.record().at()), kept.line()) < (time(line), line)
}
