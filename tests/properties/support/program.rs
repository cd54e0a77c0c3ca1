//! A program of operations on one node, for the fuzzer and for proptest: whatever happens to a
//! server, in any order, nothing panics and every limit holds.

use core::cmp::Ordering;
use core::mem;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use arbitrary::Arbitrary;
use herd::{
    Action, Event, FetchId, Herd, Limits, LinkStep, Member, Query, ServerId, ServerName, SessionId, Sighting, Status,
    Timestamp, Unavailable,
};

use super::driver::{Accepted, Driver};
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
    /// Something is said of the connection to a neighbour, whether there is one or not.
    Link(u8, Change),
    /// A fetch ends, with places or without.
    Fetched(u8, bool),
    /// So many milliseconds go by, unnoticed by the node.
    Wait(u16),
    /// The clock goes to where the node wants to be woken, and it is.
    Wake,
    /// The list of servers is another one: some of them, in some order, that server with some of the others, or not.
    Herd(Vec<u8>),
    /// A client reports by the typed door.
    Reports { client: u8, time: u8 },
    /// The server is about to stop.
    Stops,
    /// The limits are other ones: some of them larger, or smaller.
    Limits(u8),
    /// Something is heard of another region.
    Hears { region: u8, client: u8, time: u8 },
}

/// A line of a client or of a neighbour.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) enum Say {
    Iamat { client: u8, time: u8 },
    Whatsat { client: u8, radius: u8, bound: u8 },
    At { origin: u8, client: u8, time: u8, sender: u8 },
    Hello { sender: u8, incarnation: u8, fields: u8 },
    Refused { sender: u8, why: u8 },
    Kept { origin: u8, client: u8, time: u8, sender: u8 },
    All { sender: u8, range: u8 },
    Status,
    Departed { word: u8, origin: u8, client: u8, time: u8, sender: u8 },
}

/// What happens to a link.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) enum Change {
    Connected,
    Lost,
    /// It is asked what is to be done.
    Polled,
    Sent,
    Answered(Say),
    Received(Vec<u8>),
}

impl Say {
    fn line(&self) -> Vec<u8> {
        match *self {
            Self::Iamat { client, time } => format!("IAMAT {}\n", sighting(client, time)),
            Self::Whatsat { client, radius, bound } => format!("WHATSAT c{} {radius} {bound}\n", client % 8),
            Self::At { origin, client, time, sender } => {
                format!("AT s{} {} {} s{}\n", origin % 8, skew(origin), sighting(client, time), sender % 5)
            }
            Self::Kept { origin, client, time, sender } => {
                format!("KEPT s{} {} {} s{}\n", origin % 8, skew(origin), sighting(client, time), sender % 5)
            }
            Self::Departed { word, origin, client, time, sender } => {
                let word = ["GONE", "FORGOT", "AWAY", "MOVED"][usize::from(word % 4)];
                format!("{word} s{} {} {} s{}\n", origin % 8, skew(origin), departed(client, time), sender % 5)
            }
            Self::Status => "STATUS\n".into(),
            Self::All { sender, range } => format!("REPAIR s{} all 10/{range:02x}0\n", sender % 5),
            Self::Hello { sender, incarnation, fields } => {
                let fields = ["", " v=2", " same=0", " v=2 v=2"][usize::from(fields % 4)];
                format!("HELLO s{} {incarnation}{fields}\n", sender % 5)
            }
            Self::Refused { sender, why } => {
                format!("REFUSED s{} {}\n", sender % 5, ["unknown", "address", "else"][usize::from(why % 3)])
            }
        }
        .into_bytes()
    }
}

/// What an origin's clock said beside the client's: now and then too little for the time to be believed.
fn skew(origin: u8) -> &'static str {
    ["+0.5", "-0.5", "-21.5", "-100.5"][usize::from(origin / 64)]
}

/// A client, where it is, and when: in one of several spellings, all of them usual, some of them too long here.
fn sighting(client: u8, time: u8) -> String {
    let position = ["+1-1", "+34.068930-118.445127", "-7.5+2", "+89.9-179.99"][usize::from(time % 4)];
    format!("c{} {position} {}", client % 8, time_of(client, time))
}

/// A client that has departed, and up to when.
fn departed(client: u8, time: u8) -> String {
    format!("c{} {}", client % 8, time_of(client, time))
}

fn time_of(client: u8, time: u8) -> String {
    let seconds = 1_479_413_800 + u32::from(time / 2);
    let decimals = ["", ".5", ".392014450"][usize::from(client / 8 % 3)];
    format!("{seconds}{decimals}")
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
        max_ahead: Some(Duration::from_secs(21)),
        earliest_clock: Timestamp::default(),
        ..Limits::default()
    }
}

struct World {
    limits: Limits,
    driver: Driver,
    sessions: BTreeMap<u64, Accepted>,
    fetches: Vec<(FetchId, Query)>,
    trace: String,
    /// How much there was of what has a bound.
    there_was: [usize; 4],
}

impl World {
    fn new(limits: &Limits) -> Self {
        let herd = herds::herd(4, &[(0, 1), (0, 2), (2, 3)]);
        let mut world = Self {
            limits: limits.clone(),
            driver: Driver::new(&herd, 0, limits, 3),
            sessions: BTreeMap::new(),
            fetches: Vec::new(),
            trace: String::new(),
            there_was: [0; 4],
        };
        world.handle(|| Event::Started);
        world
    }

    fn step(&mut self, op: &Op) {
        match op {
            Op::Says(session, say) => self.receive(*session, &say.line()),
            Op::Sends(session, bytes) => self.receive(*session, bytes),
            Op::Ends(session) => self.pass(u64::from(session % 4), Driver::finish),
            Op::Link(which, change) => self.change(*which, change),
            Op::Fetched(which, found) => self.fetched(*which, *found),
            Op::Wait(millis) => self.driver.nanos += u64::from(*millis) * herds::MILLI,
            Op::Wake => self.wake(),
            Op::Herd(servers) => self.change_herd(servers),
            Op::Reports { client, time } => self.report(*client, *time),
            Op::Stops => self.handle(|| Event::Stopping),
            Op::Limits(which) => self.change_limits(*which),
            Op::Hears { region, client, time } => {
                let word = ["AWAY", "GONE"][usize::from(region / 8 % 2)];
                let line = format!("{word} s{} {} {}\n", region % 8, skew(*region), departed(*client, *time));
                let heard = self.driver.hear(line.as_bytes());
                let _ = writeln!(self.trace, "{heard:?}");
            }
        }
    }

    fn receive(&mut self, session: u8, bytes: &[u8]) {
        let id = u64::from(session % 4);
        let remote = (session < 128).then_some(herds::LOOPBACK);
        let session = self.sessions.entry(id).or_insert_with(|| self.driver.accept(SessionId(id), remote));
        if session.wants_input() {
            self.pass(id, |driver, session| driver.receive(session, bytes));
        }
    }

    /// One pass of a session, and as many more as it can resume; a session that is finished goes.
    fn pass(&mut self, id: u64, first: impl FnOnce(&mut Driver, &mut Accepted) -> Vec<u8>) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let mut out = first(&mut self.driver, session);
        loop {
            self.tell(id, &out);
            self.perform();
            let session = self.sessions.get_mut(&id).expect("nobody has taken it away");
            if !session.can_resume() {
                break;
            }
            out = self.driver.receive(session, &[]);
        }
        if self.sessions[&id].is_finished() {
            self.sessions.remove(&id);
        }
    }

    fn change(&mut self, which: u8, change: &Change) {
        let peers = self.driver.peers();
        let Some(&peer) = peers.get(usize::from(which) % peers.len().max(1)) else { return };
        match change {
            Change::Connected => self.handle(|| Event::Connected { peer, proven: false }),
            Change::Lost => self.handle(|| Event::Lost { peer, why: "lost" }),
            Change::Sent => self.handle(|| Event::Sent { peer }),
            Change::Answered(say) => self.hear(peer, &say.line()),
            Change::Received(bytes) => self.hear(peer, bytes),
            Change::Polled => {
                let step = self.driver.poll_link(peer);
                writeln!(self.trace, "{peer:?} {step:?}").expect("a String takes every write");
            }
        }
    }

    /// Each link is as the new list says, and those that are no more say so once they are asked.
    fn change_herd(&mut self, servers: &[u8]) {
        let names: BTreeSet<String> = servers.iter().map(|server| format!("s{}", server % 8)).collect();
        let links: Vec<String> = names.iter().skip(1).cloned().collect();
        let member = |name: &String| Member {
            name: ServerName::new(name).expect("one field"),
            address: name.clone(),
            links: if Some(name) == names.first() { links.clone() } else { Vec::new() },
        };
        let Ok(herd) = Herd::new(names.iter().map(member).collect()).map(Arc::new) else { return };
        let before = self.driver.peers();
        self.handle(|| Event::Herd(Arc::clone(&herd)));
        let node = self.driver.node();
        if let Some(me) = herd.find(b"s0") {
            let wanted: BTreeSet<_> = herd.neighbours(me).iter().map(|&peer| herd.name(peer).clone()).collect();
            let linked: BTreeSet<_> = node.links().iter().map(|link| node.name(link.peer)).collect();
            assert_eq!(linked, wanted);
        } else {
            assert_eq!(self.driver.peers(), before, "it is refused as a whole");
        }
        let after = self.driver.peers();
        for peer in before.into_iter().filter(|peer| !after.contains(peer)) {
            assert_eq!(self.driver.poll_link(peer), LinkStep::End);
        }
        for peer in after {
            self.handle(|| Event::Resolved { peer, addresses: &[herds::LOOPBACK] });
        }
    }

    /// From now on other limits hold, for whoever comes: who is there stays.
    fn change_limits(&mut self, which: u8) {
        let large = |bit: u8| if which & (1 << bit) == 0 { 1 } else { 2 };
        let limits = Limits {
            max_line: 32 * large(0),
            max_unsent: 128 * large(1),
            link_queue: 100 * large(2),
            fetches: large(3),
            fetch_queue: large(4),
            clients: 2 * large(5),
            handled: 4 * large(6),
            buffers: if large(7) == 1 { 64 } else { 256 << 20 },
            ..self.limits.clone()
        };
        self.limits = limits.clone();
        let limits = Arc::new(limits);
        self.handle(|| Event::Limits(Arc::clone(&limits)));
        assert_eq!(self.driver.node().limits(), *limits);
    }

    /// A report by the typed door is taken, and kept if it is newer, or changes nothing.
    fn report(&mut self, client: u8, time: u8) {
        let text = sighting(client, time);
        let fields: Vec<&[u8]> = text.as_bytes().split(|&byte| byte == b' ').collect();
        let sighting = Sighting::new(fields[0], fields[1], fields[2]).expect("a valid one");
        let before = self.driver.node().digest();
        let reported = self.driver.report_position(&sighting);
        let kept = self.driver.node().record(sighting.client);
        match reported {
            Ok(report) => {
                let kept = kept.expect("it is known now");
                assert_ne!(kept.record().order(&report.record()), Ordering::Less, "the newest is kept");
            }
            Err(_) => assert_eq!(self.driver.node().digest(), before),
        }
        self.perform();
    }

    fn hear(&mut self, peer: ServerId, bytes: &[u8]) {
        self.handle(|| Event::Received { peer, bytes });
    }

    fn fetched(&mut self, which: u8, found: bool) {
        if self.fetches.is_empty() {
            return;
        }
        let (fetch, query) = self.fetches.remove(usize::from(which) % self.fetches.len());
        let unavailable = || Unavailable { status: Status::RequestDenied, message: "no".into() };
        let outcome = if found { Ok(herds::places(&query)) } else { Err(unavailable()) };
        self.handle(|| Event::Fetched { fetch, outcome: outcome.clone() });
    }

    /// A wake that is asked for must be of use: it may not be asked for again at once, for ever.
    fn wake(&mut self) {
        for _ in 0..16 {
            match self.driver.wakes_at() {
                Some(next) => self.driver.nanos = self.driver.nanos.max(next.as_nanos()),
                None => return,
            }
            self.driver.wake();
            self.perform();
            if self.driver.wakes_at().is_none_or(|next| next.as_nanos() > self.driver.nanos) {
                return;
            }
        }
        panic!("it wants to be woken again and again at {:?}", self.driver.wakes_at());
    }

    fn handle<'a>(&mut self, event: impl Fn() -> Event<'a>) {
        self.driver.handle(event);
        self.perform();
    }

    fn perform(&mut self) {
        let notices = mem::take(&mut self.driver.notices);
        writeln!(self.trace, "{notices:?} {:?}", self.driver.wakes_at()).expect("a String takes every write");
        for action in mem::take(&mut self.driver.actions) {
            writeln!(self.trace, "{action:?}").expect("a String takes every write");
            match action {
                Action::Fetch { fetch, query } => self.fetches.push((fetch, query)),
                Action::Answer { session: SessionId(id), answer } => {
                    let mut out = Vec::new();
                    if let Some(session) = self.sessions.get_mut(&id) {
                        session.answer(answer, &mut out);
                    }
                    self.tell(id, &out);
                }
                Action::Close { .. }
                | Action::Look { .. }
                | Action::Forward { .. }
                | Action::Post
                | Action::WakeAt(_) => {}
            }
        }
    }

    fn tell(&mut self, id: u64, bytes: &[u8]) {
        writeln!(self.trace, "{id} {}", bytes.escape_ascii()).expect("a String takes every write");
    }

    /// Each bound holds, or there is no more than there was when it was lowered.
    fn hold_limits(&mut self) {
        let (limits, node) = (&self.limits, self.driver.node());
        assert!(node.clients() == node.records().count());
        let largest_queue = node.links().iter().map(|link| link.queued).max().unwrap_or(0);
        for (index, (what, there_is, most)) in [
            ("bytes wait for a neighbour", largest_queue, limits.link_queue),
            ("clients are kept", node.clients(), limits.clients),
            ("fetches are under way", self.fetches.len(), limits.fetches),
            ("fetches are under way or wait", node.fetches(), limits.fetches + limits.fetch_queue),
        ]
        .into_iter()
        .enumerate()
        {
            assert!(there_is <= most.max(self.there_was[index]), "{there_is} {what}, and there may be {most}");
            self.there_was[index] = there_is;
        }
    }
}
