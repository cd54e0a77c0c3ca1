//! A run: a scenario, played step by step.

mod carry;
mod checks;
mod clients;
mod drive;
mod events;
mod links;

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use foldhash::fast::FixedState;
use herd::{Action, Batch, FetchId, Herd, HerdError, Limits, Query};

use crate::calendar::{Calendar, Due};
use crate::connection::{ConnectionId, Connections};
use crate::host::Host;
use crate::oracle::Oracle;
use crate::scenario::{Nanos, SECOND, Scenario};
use crate::seed::Seed;
use crate::stats::{Stats, Tracker};
use crate::trace::{Record, Trace};
use crate::violation::{Invariant, Violation};
use crate::wires::Wires;

/// How long servers may take to hold the same once all trouble is over.
///
/// A link may have to time out (5 s), pause (5 s), connect and greet (some round trips, one second each at
/// the worst of latencies), and compare what it holds with its neighbour; and an update may have to
/// pass every link of the longest way through a herd like that. Neighbours that rest compare again
/// after a while: two minutes are enough for one comparison to fail and the next to succeed.
pub const TIME_TO_CONVERGE: Nanos = 120 * SECOND;

/// How often a herd at rest is looked at.
const LOOK: Nanos = SECOND;

/// What a run does besides playing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether to follow each update through the herd, for [`Spread`](crate::Spread).
    pub spread: bool,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What did not hold, if something did not: the run ended there.
    pub violation: Option<Violation>,
    /// What happened, in numbers.
    pub stats: Stats,
}

/// A scenario under way.
#[derive(Debug)]
pub struct Run {
    scenario: Scenario,
    limits: Limits,
    herd: Arc<Herd>,
    now: Nanos,
    calm_at: Nanos,
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
    fetches: Vec<(u32, u32, FetchId, Query, bool)>,
    tracker: Option<Tracker>,
    stats: Stats,
    trace: Option<Trace>,
    violation: Option<Violation>,
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
    batch: Batch,
    actions: Vec<Action>,
    out: Vec<u8>,
    /// Clients of whom a server was told something.
    touched: Vec<u32>,
}

impl Run {
    /// A run of that scenario, at its very start.
    ///
    /// # Errors
    /// Where its servers are no herd.
    pub fn new(scenario: Scenario) -> Result<Self, HerdError> {
        Self::with(scenario, Options::default())
    }

    /// The same, with other options.
    ///
    /// # Errors
    /// Where its servers are no herd.
    pub fn with(scenario: Scenario, options: Options) -> Result<Self, HerdError> {
        let herd = scenario.herd()?;
        let mut seed = Seed::new(scenario.seed ^ 0x5eed);
        let servers = herd.servers().len();
        let mut run = Self {
            limits: scenario.bounds.limits(),
            now: 0,
            calm_at: scenario.calm_at(),
            done: false,
            calendar: Calendar::default(),
            hosts: herd.ids().map(Host::new).collect(),
            wires: Wires::new(&herd, &scenario.network, &mut seed),
            connections: Connections::default(),
            clients: vec![Client::default(); scenario.clients()],
            oracle: Oracle::new(servers, scenario.bounds.clients),
            crossings: HashSet::default(),
            fetches: Vec::new(),
            tracker: options.spread.then(|| Tracker::new(servers)),
            stats: Stats::default(),
            trace: None,
            violation: None,
            scratch: Scratch::default(),
            seed,
            herd,
            scenario,
        };
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
        let played = catch_unwind(AssertUnwindSafe(|| {
            self.start();
            while self.step() {}
            self.finish();
        }));
        if let Err(panic) = played {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("something");
            self.violate(Invariant::NoPanic, None, format!("panicked: {text}"));
        }
        self.stats.virtual_nanos = self.now;
        if let Some(tracker) = &self.tracker {
            self.stats.spread = tracker.spread();
        }
        Outcome { violation: self.violation.clone(), stats: self.stats.clone() }
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
            Due::Wake(server, life) => self.wake(server as usize, life),
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
            self.start_server(server);
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
        self.calendar.put(self.calm_at, Due::Look);
    }

    fn violate(&mut self, invariant: Invariant, server: Option<usize>, what: String) {
        if self.violation.is_none() {
            let server = server.map(|server| self.scenario.servers[server].clone());
            let violation = Violation { invariant, at: self.now, server, what };
            let text = violation.to_string();
            self.record(|record| Record { kind: "violation", text: &text, ..record });
            self.violation = Some(violation);
        }
    }

    /// Writes a record into the trace, if there is one.
    fn record<'a>(&mut self, fill: impl FnOnce(Record<'a>) -> Record<'a>) {
        if let Some(trace) = &mut self.trace {
            let at = self.now;
            let empty = Record { at, kind: "", server: None, peer: None, client: None, connection: None, text: "" };
            trace.record(&fill(empty), &self.scenario);
        }
    }

    const fn is_traced(&self) -> bool {
        self.trace.is_some()
    }
}
