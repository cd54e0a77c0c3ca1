//! A run: a scenario, played step by step.

mod ages;
mod carry;
mod checks;
mod clients;
mod disks;
mod events;
mod fair;
mod fast_path;
mod feed;
mod fetches;
mod forgotten;
mod links;
mod lists;
mod makes;
mod middleboxes;
mod moves;
mod notices;
mod passes;
mod promise;
mod pull;
mod reading;
mod records;
mod regions;
mod stops;
mod strangers;
mod trusts;
mod turns;
mod watches;

use std::collections::HashSet;
use std::sync::Arc;

use foldhash::fast::FixedState;
use herd::{Herd, Limits, ServerId, Turn};

use crate::calendar::{Calendar, Due};
use crate::connection::{ConnectionId, Connections};
use crate::digest::Digest;
use crate::host::Host;
use crate::oracle::Oracle;
use crate::overheard::Overheard;
use crate::panics::caught;
use crate::scenario::{BadScenario, MILLI, Nanos, SECOND, Scenario};
use crate::seed::Seed;
use crate::stats::{Stats, Tracker};
use crate::trace::Trace;
use crate::violation::{Invariant, Violation};
use crate::wires::Wires;

use self::fair::{Effort, Waiting};
pub use self::fast_path::FastPath;
use self::feed::Told;
use self::fetches::Fetch;
use self::forgotten::Forgotten;
pub(crate) use self::stops::Stopping;

/// How long clients may have to wait for their replies once all trouble is over: on a connection that takes little at a
/// time, places are waited for again and again.
const TIME_TO_ANSWER: Nanos = 120 * SECOND;

/// How often a herd is looked at once nothing keeps its servers from agreeing.
const LOOK: Nanos = 250 * MILLI;

/// What a run does besides playing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether to follow each update through the herd, for [`Spread`](crate::Spread).
    pub spread: bool,
    /// Whether sessions take the fast path.
    pub fast: FastPath,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What did not hold, if something did not: the run ended there.
    pub violation: Option<Violation>,
    /// What happened, in numbers.
    pub stats: Stats,
    /// One number for all that was done, and when: every byte that anybody sent, every action of every server.
    pub digest: u64,
}

/// A scenario under way.
#[derive(Debug)]
pub struct Run {
    scenario: Scenario,
    options: Options,
    limits: Limits,
    herd: Arc<Herd>,
    now: Nanos,
    /// From when on nothing keeps servers from agreeing: trouble is over, and no client has told anything new.
    quiet_at: Nanos,
    /// How soon servers must agree then, where they did not at once.
    within: Option<Nanos>,
    /// From when on all was quiet when they last agreed.
    agreed_since: Option<Nanos>,
    done: bool,
    calendar: Calendar,
    seed: Seed,
    hosts: Vec<Host>,
    wires: Wires,
    connections: Connections,
    clients: Vec<Client>,
    oracle: Oracle,
    /// Each update that was sent on a wire, in those lives of the two servers.
    crossings: HashSet<(u64, u64), FixedState>,
    fetches: Vec<Fetch>,
    /// Tombstones that clients asked for.
    forgotten: Vec<Forgotten>,
    /// What strangers have heard; nothing where there are none.
    overheard: Overheard,
    listens_in: bool,
    tracker: Option<Tracker>,
    stats: Stats,
    trace: Option<Trace>,
    violation: Option<Violation>,
    digest: Digest,
    turn: Turn,
    /// Sessions that wait for their turns.
    waiting: Vec<Waiting>,
    /// What a server wants is being done.
    performs: bool,
    scratch: Scratch,
}

/// A client: the connection that it has, and how fast it reads.
#[derive(Clone, Debug, Default)]
struct Client {
    connection: Option<ConnectionId>,
    pace: Option<u64>,
}

/// Buffers that are used again.
#[derive(Debug, Default)]
struct Scratch {
    out: Vec<u8>,
    /// What a server is told in a pass.
    told: Vec<Told>,
    /// What the session of a pass has done in it.
    effort: Effort,
    /// The line of the pass that is to be refused.
    last: Vec<u8>,
}

impl Run {
    /// A run of that scenario, at its very start.
    ///
    /// # Errors
    /// Where its servers are no herd.
    pub fn new(scenario: Scenario) -> Result<Self, BadScenario> {
        Self::with(scenario, Options::default())
    }

    /// The same, with other options.
    ///
    /// # Errors
    /// Where its servers are no herd.
    pub fn with(scenario: Scenario, options: Options) -> Result<Self, BadScenario> {
        let herd = scenario.herd()?;
        let mut seed = Seed::new(scenario.seed ^ 0x5eed);
        let servers = herd.members().len();
        let mut run = Self {
            options,
            limits: scenario.bounds.limits(),
            now: 0,
            quiet_at: scenario.quiet_at(),
            within: None,
            agreed_since: None,
            done: false,
            calendar: Calendar::default(),
            hosts: Host::all(&scenario)?,
            wires: Wires::new(&herd, &scenario.network, &mut seed),
            connections: Connections::default(),
            clients: vec![Client::default(); scenario.clients()],
            oracle: Oracle::new(servers, scenario.bounds.clients),
            crossings: HashSet::default(),
            fetches: Vec::new(),
            forgotten: Vec::new(),
            overheard: Overheard::default(),
            listens_in: scenario.has_strangers(),
            tracker: options.spread.then(|| Tracker::new(servers)),
            stats: Stats::default(),
            trace: None,
            violation: None,
            digest: Digest::default(),
            turn: Turn::default(),
            waiting: Vec::new(),
            performs: false,
            scratch: Scratch::default(),
            seed,
            herd,
            scenario,
        };
        for server in 0..servers {
            run.note_allowed(server);
            run.note_alone(server);
        }
        run.plan();
        Ok(run)
    }

    /// Writes down what happens from now on.
    pub fn trace(&mut self, mut trace: Trace) {
        trace.begin(&self.scenario);
        self.trace = Some(trace);
    }

    /// The trace, for [`Trace::finish`].
    pub fn take_trace(&mut self) -> Option<Trace> {
        self.trace.take()
    }

    /// Plays to the end, or to the first thing that does not hold. A panic counts as that.
    pub fn play(&mut self) -> Outcome {
        let outcome = self.play_once();
        if self.options.fast == FastPath::Both && outcome.violation.is_none() {
            self.play_without(&outcome);
        }
        self.record_counters();
        Outcome { violation: self.violation.clone(), ..outcome }
    }

    fn play_once(&mut self) -> Outcome {
        let panic = caught(|| {
            self.start();
            while self.step() {}
            self.finish();
        });
        if let Some(panic) = panic {
            self.violate(Invariant::NoPanic, None, panic);
        }
        self.stats.virtual_nanos = self.now;
        if let Some(tracker) = &self.tracker {
            self.stats.spread = tracker.spread();
        }
        Outcome { violation: self.violation.clone(), stats: self.stats.clone(), digest: self.digest.number() }
    }

    /// One thing happens; whether another one will.
    pub fn step(&mut self) -> bool {
        if self.done || self.violation.is_some() {
            return false;
        }
        let Some((at, due)) = self.calendar.next() else { return false };
        debug_assert!(at >= self.now, "time does not go back");
        self.now = at;
        self.stats.steps += 1;
        match due {
            Due::Planned(index) => self.happens(index),
            Due::Over(index) => self.is_over(index),
            Due::Syn(id, tries) => self.syn(id, tries),
            Due::Opened(id) => self.opened(id),
            Due::Refused(id) => self.lost(id),
            Due::Arrive(id, way) => self.arrive(id, way),
            Due::Read(id, way) => self.read_slowly(id, way),
            Due::Ack(id, way, len) => self.acked(id, way, len as usize),
            Due::Reset(id, side) => self.reset(id, side),
            Due::Idle(id) => self.idle(id),
            Due::Turn(id) => self.turn(id),
            Due::Wake(server, life) => self.wake(server as usize, life),
            Due::Stopped(server, life) => self.stopped(server as usize, life),
            Due::Disk(server, life) => self.disk_turn(server as usize, life),
            Due::Fetched(fetch) => self.fetched(fetch as usize),
            Due::Look => self.look(),
        }
        true
    }

    /// The virtual time, in nanoseconds since the start.
    #[must_use]
    pub const fn now(&self) -> Nanos {
        self.now
    }

    /// What has happened so far, in numbers.
    #[must_use]
    pub const fn stats(&self) -> &Stats {
        &self.stats
    }

    /// What did not hold, if something did not.
    #[must_use]
    pub const fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    /// The node of a server that is up.
    #[must_use]
    pub fn node(&self, server: usize) -> Option<&herd::Node> {
        self.hosts.get(server)?.node.as_deref()
    }

    /// Starts all servers: done by [`play`](Self::play), for those who [`step`](Self::step) themselves.
    pub fn start(&mut self) {
        for server in 0..self.hosts.len() {
            if !self.scenario.absent.contains(&server) {
                self.start_server(server);
            }
        }
    }

    /// Puts what the scenario says into the calendar.
    fn plan(&mut self) {
        for (index, planned) in (0..).zip(&self.scenario.events) {
            self.calendar.put(planned.at, Due::Planned(index));
            let forever = matches!(planned.what, crate::What::Crash { lasts: None, .. });
            if planned.what.lasts() > 0 && !forever {
                self.calendar.put(planned.at + planned.what.lasts(), Due::Over(index));
            }
            if let crate::What::Places { server, .. } = planned.what {
                self.hosts[server].excused = true;
            }
        }
        self.calendar.put(self.quiet_at, Due::Look);
    }

    /// What a server's neighbour is called.
    fn name_of(&self, server: usize, peer: ServerId) -> &str {
        &self.scenario.servers[self.hosts[server].ids.server(peer)]
    }
}
