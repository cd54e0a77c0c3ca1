//! Regions on a bus that loses, repeats, delays and reorders what it carries, and that regions are cut off from.
//!
//! What happens inside a herd is the business of [`Run`](crate::Run). Here servers of a region hear each other at once, and
//! all that goes wrong is between regions: the bus, its stream of arrivals, the lease that says who is the bridge, servers that
//! crash. One seed decides everything.

mod bus;
mod checks;
mod clients;
mod load;
mod server;
mod traffic;
mod watcher;

use std::collections::BTreeMap;

use herd::{Action, Event, LinkStep, ServerId, SessionId};
use serde::Serialize;

use self::bus::{Bus, Fate};
use self::clients::Truth;
pub use self::load::Load;
use self::server::Server;
pub use self::traffic::{Messages, Traffic};
use self::watcher::Follower;
use crate::panics::caught;
use crate::scenario::{MILLI, Nanos, SECOND};
use crate::seed::Seed;

/// What happened to some regions, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RegionsStats {
    /// Reports and FORGETs of clients.
    pub told: u64,
    /// Reports with which a client came to another region.
    pub moves: u64,
    /// Questions of clients.
    pub asked: u64,
    /// Those that were answered with a report.
    pub answered: u64,
    /// Messages between regions.
    pub traffic: Traffic,
    /// Those of them that were lost.
    pub lost: u64,
    /// What watchers were told.
    pub watched: u64,
}

impl RegionsStats {
    /// Adds what happened in another run.
    pub const fn add(&mut self, other: &Self) {
        let Self { told, moves, asked, answered, traffic, lost, watched } = other;
        self.told += *told;
        self.moves += *moves;
        self.asked += *asked;
        self.answered += *answered;
        self.traffic.add(traffic);
        self.lost += *lost;
        self.watched += *watched;
    }
}

/// How some regions fared: what did not hold, if something did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionsOutcome {
    /// What, and when.
    pub violation: Option<String>,
    /// What happened.
    pub stats: RegionsStats,
}

/// For how long there is trouble, and clients tell something.
const TROUBLE: Nanos = 90 * SECOND;

/// How long all has to agree after that.
const REST: Nanos = 90 * SECOND;

/// How often something is done, at the most.
const STEP: Nanos = 5 * MILLI;

/// So often a server is asked what it has for other regions, before the others have their turn.
const POLLS: usize = 100;

/// Some regions.
#[derive(Debug)]
pub struct Regions {
    seed: Seed,
    now: Nanos,
    servers: Vec<Server>,
    /// The servers of each region.
    members: Vec<Vec<usize>>,
    bus: Bus,
    truth: Truth,
    followers: Vec<Follower>,
    /// Questions that wait for answers: who asks, and no older than what.
    waiting: BTreeMap<SessionId, Asked>,
    /// The time of the newest report that a server has answered of a client, since it started.
    answered: BTreeMap<(usize, String), u64>,
    /// The last answer that came.
    last_answer: Option<(SessionId, String)>,
    next_session: u64,
    stats: RegionsStats,
    violation: Option<String>,
}

/// A WHERE.
#[derive(Debug)]
struct Asked {
    client: String,
    /// The time of what the asking server knew.
    known: u64,
    out: Vec<u8>,
    session: herd::Session,
    server: usize,
}

impl Regions {
    /// So many regions, from one seed.
    #[must_use]
    pub fn new(number: u64, regions: usize) -> Self {
        let mut seed = Seed::new(number);
        let counts: Vec<usize> = (0..regions).map(|_| seed.index(3) + 1).collect();
        Self::of(seed, &counts)
    }

    /// Regions of so many servers each.
    fn of(mut seed: Seed, counts: &[usize]) -> Self {
        let (mut servers, mut members) = (Vec::new(), Vec::new());
        for (region, &count) in counts.iter().enumerate() {
            let first = servers.len();
            members.push((first..first + count).collect::<Vec<_>>());
            servers.extend((0..count).map(|index| Server::new(region, index, count)));
        }
        let bus = Bus::new(counts.len(), &mut seed);
        let mut regions = Self {
            seed,
            now: 0,
            servers,
            members,
            bus,
            truth: Truth::default(),
            followers: Vec::new(),
            waiting: BTreeMap::new(),
            answered: BTreeMap::new(),
            last_answer: None,
            next_session: 0,
            stats: RegionsStats::default(),
            violation: None,
        };
        for server in 0..regions.servers.len() {
            regions.start(server);
        }
        regions
    }

    /// Plays until all is at rest, or something does not hold.
    #[must_use]
    pub fn play(mut self) -> RegionsOutcome {
        if let Some(panic) = caught(|| self.play_to_the_end()) {
            self.violate(&panic);
        }
        RegionsOutcome { violation: self.violation, stats: self.stats }
    }

    fn play_to_the_end(&mut self) {
        while self.now < TROUBLE && self.violation.is_none() {
            self.trouble();
            self.clients_tell();
            self.clients_ask();
            self.somebody_watches();
            self.step();
        }
        self.heal();
        let rests_at = self.now + REST;
        while self.now < rests_at && self.violation.is_none() {
            self.step();
        }
        if self.violation.is_none() {
            self.check_rest();
        }
    }

    /// Something did not hold.
    fn violate(&mut self, what: &str) {
        let seconds = self.now / SECOND;
        self.violation.get_or_insert_with(|| format!("after {seconds} s: {what}"));
    }

    fn session_id(&mut self) -> SessionId {
        self.next_session += 1;
        SessionId(self.next_session)
    }

    /// A server starts, knowing nothing.
    fn start(&mut self, server: usize) {
        let life = self.seed.number();
        self.servers[server].start(life, self.now);
        for peer in self.neighbours_of(server) {
            if self.servers[peer].node.is_some() {
                self.resolve(server, peer);
                self.resolve(peer, server);
            }
        }
        self.happens(server, Event::Started);
        let region = self.servers[server].region;
        let is_up = self.bus.is_up(region);
        self.happens(server, Event::Bus(is_up));
    }

    /// A server is no more, and what it alone knew neither.
    fn crash(&mut self, server: usize) {
        self.servers[server].node = None;
        self.servers[server].links.clear();
        self.bus.bridge_is_gone(self.servers[server].region, server);
        self.followers.retain(|follower| follower.server != server);
        self.waiting.retain(|_, asked| asked.server != server);
        self.answered.retain(|(at, _), _| *at != server);
        for peer in self.neighbours_of(server) {
            self.servers[peer].links.remove(&server);
            if let Some(id) = self.id_at(peer, server) {
                self.happens(peer, Event::Lost { peer: id, why: "it crashed" });
            }
        }
    }

    /// The other servers of its region.
    fn neighbours_of(&self, server: usize) -> Vec<usize> {
        let region = &self.members[self.servers[server].region];
        region.iter().copied().filter(|&other| other != server).collect()
    }

    /// What a server calls another one of its region.
    fn id_at(&self, server: usize, other: usize) -> Option<ServerId> {
        self.servers[server].node.as_ref()?.server(self.servers[other].name.as_bytes())
    }

    fn resolve(&mut self, server: usize, peer: usize) {
        if let Some(id) = self.id_at(server, peer) {
            self.happens(server, Event::Resolved { peer: id, addresses: &[server::LOOPBACK] });
        }
    }

    /// Tells a server what happened, and does what it wants.
    fn happens(&mut self, server: usize, event: Event<'_>) {
        let host = &mut self.servers[server];
        let Some(node) = host.node.clone() else { return };
        host.turn.now = server::now(self.now);
        node.handle(&mut host.turn, event);
        self.perform(server);
    }

    /// Does what a server wants.
    fn perform(&mut self, server: usize) {
        let actions: Vec<Action> = self.servers[server].turn.actions.drain(..).collect();
        self.servers[server].turn.notices.clear();
        for action in actions {
            match action {
                Action::Forward { peer } => self.pull(server, peer),
                Action::Answer { session, answer } => self.take_answer(session, answer),
                Action::Look { session } => self.follow(session),
                Action::Post => self.servers[server].posts = true,
                Action::WakeAt(at) => {
                    let wake_at = &mut self.servers[server].wake_at;
                    *wake_at = Some(wake_at.map_or(at.as_nanos(), |earlier| earlier.min(at.as_nanos())));
                }
                Action::Fetch { .. } | Action::Close { .. } => {}
            }
        }
    }

    /// Does what is to be done about a link inside a region, where all is carried at once.
    fn pull(&mut self, server: usize, peer: ServerId) {
        loop {
            let host = &mut self.servers[server];
            let Some(node) = host.node.clone() else { return };
            host.turn.now = server::now(self.now);
            let step = node.poll_link(&mut host.turn, peer);
            let name = node.name(peer);
            let to = self.neighbours_of(server).into_iter().find(|&other| self.servers[other].name == name);
            let Some(to) = to else { return };
            match step {
                LinkStep::Connect if self.servers[to].node.is_some() => {
                    let id = self.session_id();
                    let session = self.servers[to].session(id, self.now);
                    self.servers[server].links.extend(session.map(|session| (to, session)));
                    self.happens(server, Event::Connected { peer, proven: false });
                }
                LinkStep::Connect => self.happens(server, Event::Lost { peer, why: "nobody listens" }),
                LinkStep::Send(bytes) => {
                    let Some(mut session) = self.servers[server].links.remove(&to) else { return };
                    let answer = self.servers[to].serve(&mut session, &bytes, self.now);
                    let is_over = session.is_finished();
                    if !is_over {
                        self.servers[server].links.insert(to, session);
                    }
                    self.happens(server, Event::Sent { peer });
                    self.happens(server, Event::Received { peer, bytes: &answer });
                    if is_over {
                        self.happens(server, Event::Lost { peer, why: "closed" });
                    }
                    self.perform(to);
                }
                LinkStep::Close(_) => _ = self.servers[server].links.remove(&to),
                LinkStep::Wait(_) | LinkStep::End => return self.perform(server),
            }
        }
    }

    /// Time passes, and what is due by then happens.
    fn step(&mut self) {
        self.now += STEP + self.seed.below(3 * STEP);
        for server in 0..self.servers.len() {
            if self.servers[server].wake_at.is_some_and(|at| at <= self.now) {
                self.servers[server].wake_at = None;
                self.happens(server, Event::Woken);
            }
        }
        while let Some((to, by, payload)) = self.bus.next_due(self.now) {
            if self.servers[to].node.is_some() && self.bus.is_up(self.servers[to].region) {
                self.happens(to, Event::Delivered { by, payload: &payload });
            }
        }
        self.deliver_arrivals();
        for server in 0..self.servers.len() {
            self.post(server);
        }
        self.follow_all();
    }

    /// Has a server do what there is to do for other regions, and carries what it says.
    fn post(&mut self, server: usize) {
        if !std::mem::take(&mut self.servers[server].posts) {
            return;
        }
        let host = &mut self.servers[server];
        let Some(node) = host.node.clone() else { return };
        host.turn.now = server::now(self.now);
        let mut posts = Vec::new();
        for _ in 0..POLLS {
            let has_more = node.poll_regions(&mut self.servers[server].turn, &mut posts);
            self.servers[server].posts |= has_more;
            self.perform(server);
            if !has_more {
                break;
            }
        }
        let region = self.servers[server].region;
        for post in posts {
            self.stats.traffic.take(&post);
            let fate = self.bus.carry((server, region), &post, self.now, &mut self.seed, |of| {
                let there = &self.members[of];
                there.iter().copied().filter(|&server| self.servers[server].node.is_some()).collect()
            });
            self.stats.lost += u64::from(fate != Fate::Carried);
            if let (Fate::Unheard, Some(question)) = (fate, post.question) {
                self.happens(server, Event::Unheard(question));
            }
        }
    }

    /// Gives each bridge what the stream has for its region.
    fn deliver_arrivals(&mut self) {
        for region in 0..self.members.len() {
            while let Some((bridge, payload)) = self.bus.next_arrival(region, self.now, &mut self.seed) {
                if self.servers[bridge].node.is_none() {
                    break;
                }
                self.happens(bridge, Event::Delivered { by: herd::Delivery::Arrivals, payload: &payload });
            }
        }
    }

    /// Something goes wrong, or is well again.
    fn trouble(&mut self) {
        for region in 0..self.members.len() {
            if self.seed.below(2000) == 0 {
                let is_up = !self.bus.is_up(region);
                self.set_up(region, is_up);
            }
            if self.bus.wants_bridge(region, self.now) {
                self.appoint(region);
            }
            // It is paused, and another one is the bridge meanwhile; it goes on as if nothing had been.
            if self.seed.below(4000) == 0 {
                self.appoint(region);
            }
        }
        let server = self.seed.index(self.servers.len());
        if self.servers[server].node.is_none() {
            if self.seed.below(40) == 0 {
                self.start(server);
            }
        } else if self.seed.below(2000) == 0 && self.may_crash(server) {
            self.crash(server);
        }
    }

    /// Whether all that a server knows is known to another one of its region too.
    fn may_crash(&self, server: usize) -> bool {
        let digest = |server: usize| self.servers[server].node.as_ref().map(|node| node.digest());
        self.neighbours_of(server).into_iter().any(|other| digest(other) == digest(server))
    }

    fn set_up(&mut self, region: usize, is_up: bool) {
        self.bus.set_up(region, is_up, self.now);
        for server in self.members[region].clone() {
            if !is_up {
                self.happens(server, Event::Bridge(None));
            }
            self.happens(server, Event::Bus(is_up));
        }
    }

    /// Makes a server its region's bridge. The one before does not always know that it is none any more.
    fn appoint(&mut self, region: usize) {
        let there = &self.members[region];
        let there: Vec<usize> = there.iter().copied().filter(|&server| self.servers[server].node.is_some()).collect();
        if there.is_empty() || !self.bus.is_up(region) {
            return;
        }
        let server = *self.seed.pick(&there);
        let before = self.bus.bridge(region).filter(|&before| before != server);
        if let Some(before) = before
            && self.seed.percent(50)
        {
            self.happens(before, Event::Bridge(None));
        }
        let fence = self.bus.appoint(region, server);
        self.happens(server, Event::Bridge(Some(fence)));
    }

    /// No more goes wrong.
    fn heal(&mut self) {
        self.bus.heal();
        for server in 0..self.servers.len() {
            if self.servers[server].node.is_none() {
                self.start(server);
            }
        }
        for region in 0..self.members.len() {
            if !self.bus.is_up(region) {
                self.set_up(region, true);
            }
            for server in self.members[region].clone() {
                self.happens(server, Event::Bridge(None));
            }
            self.appoint(region);
        }
    }
}
