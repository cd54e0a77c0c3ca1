//! Scenarios that are made from a seed.

mod clocks;
mod disks;
mod forgets;
mod regions;
mod secrets;
mod troubles;
mod watches;

use super::{Bounds, Data, MILLI, Nanos, Network, Planned, SECOND, Scenario, What};
use crate::faults::{Fault, Faults};
use crate::graph::{Graph, Shape};
use crate::seed::Seed;

/// The most AT lines that the clients of a generated scenario may cause, so that a herd of a hundred
/// takes a fraction of a second too.
const WORK: usize = 12_000;

/// The seconds in which everything happens, repairs aside.
const STAGE: Nanos = 20 * SECOND;

/// What a generated scenario is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// The fewest servers and the most.
    pub servers: (usize, usize),
    /// What goes wrong.
    pub faults: Faults,
    /// Who is linked with whom.
    pub shape: Shape,
}

impl Default for Recipe {
    fn default() -> Self {
        Self { servers: (5, 9), faults: Faults::ALL, shape: Shape::Any }
    }
}

impl Recipe {
    /// The scenario that `seed` stands for; another recipe makes another one of it.
    #[must_use]
    pub fn scenario(&self, seed: u64) -> Scenario {
        let mut chance = Seed::new(seed);
        let (low, high) = self.servers;
        let servers = low.max(1) + chance.index(high.max(low) - low + 1);
        let graph = self.shape.graph(servers, &mut chance);
        let network = self.network(&mut chance);
        let bounds = self.bounds(&network, &mut chance);
        let (events, absent, removed, data) = (Vec::new(), Vec::new(), None, Vec::new());
        let mut stage = Stage { graph: &graph, faults: self.faults, events, absent, removed, data, chance };
        stage.clients();
        stage.troubles();
        let has_secrets = self.faults.has(Fault::Secrets) && !graph.links.is_empty() && stage.chance.percent(60);
        let trust = if has_secrets { stage.secrets() } else { Vec::new() };
        let mut scenario = Scenario::build(&graph).seed(seed).network(network).bounds(bounds).scenario();
        (scenario.events, scenario.absent, scenario.data) = (stage.events, stage.absent, stage.data);
        scenario.events.sort_by_key(|planned| planned.at);
        if self.faults.has(Fault::Makes) && stage.chance.percent(50) {
            scenario.older = (0..servers).filter(|_| stage.chance.percent(40)).collect();
        }
        if self.faults.has(Fault::Keys) && stage.chance.percent(40) {
            let is_mixed = stage.chance.percent(50);
            let mut key = || if is_mixed && stage.chance.percent(20) { stage.chance.index(3) } else { 1 };
            scenario.keys = (0..servers).map(|_| key()).collect();
        }
        if !scenario.older.is_empty() {
            // Who greets without fields is not told that somebody was forgotten, or is away.
            let is_told = |what: &What| !forgets::is_one(what) && !matches!(what, What::Hear { .. });
            scenario.events.retain(|planned| is_told(&planned.what));
        }
        scenario.trust = trust;
        scenario
    }

    fn network(&self, chance: &mut Seed) -> Network {
        let mut network = Network::default();
        if self.faults.has(Fault::Latency) {
            network.latency = *chance.pick(&[MILLI / 10, MILLI, 20 * MILLI, 100 * MILLI]);
            network.spread = network.latency * chance.below(4);
            network.jitter = network.latency * chance.below(4);
            network.bandwidth = *chance.pick(&[4 << 10, 64 << 10, 1 << 20, 100 << 20]);
        }
        if self.faults.has(Fault::Chunking) {
            network.cut = true;
            network.segment = *chance.pick(&[7, 30, 100, 1000, 16 << 10]);
        }
        // A piece comes as a whole, and nobody sees that it is on its way: on a slow line pieces are small.
        let eighth = usize::try_from(network.bandwidth / 8).unwrap_or(usize::MAX);
        network.segment = network.segment.min(eighth);
        if self.faults.has(Fault::Slow) {
            // A small window over a long way is so slow that nothing would ever be settled.
            let least = if network.latency > MILLI { 8 << 10 } else { 100 };
            network.window = *chance.pick(&[least, 2 * least, 16 << 10, 64 << 10]);
        }
        network
    }

    fn bounds(&self, network: &Network, chance: &mut Seed) -> Bounds {
        let mut bounds = Bounds::default();
        if self.faults != Faults::NONE {
            bounds.link_idle = *chance.pick(&[0, 500 * MILLI, 10 * SECOND]);
            // Nobody who sets it sets it to less than a line takes to be answered.
            let answered = 4 * (network.latency + network.spread + network.jitter);
            bounds.link_timeout = answered.max(*chance.pick(&[SECOND, 5 * SECOND]));
            bounds.repair_interval = *chance.pick(&[SECOND, 5 * SECOND, 30 * SECOND]);
            bounds.link_retry = *chance.pick(&[SECOND, 5 * SECOND]);
        }
        if self.faults.has(Fault::Slow) {
            bounds.link_queue = *chance.pick(&[500, 4 << 10, 16 << 20]);
            bounds.max_unsent = *chance.pick(&[500, 8 << 10, 256 << 10]);
            bounds.max_waiting = *chance.pick(&[1, 4, 64]);
        }
        if self.faults.has(Fault::Places) {
            bounds.fetches = *chance.pick(&[1, 4, 32]);
            bounds.places_timeout = *chance.pick(&[500 * MILLI, 5 * SECOND]);
        }
        if self.faults.has(Fault::Watches) {
            bounds.watches = *chance.pick(&[2, 64]);
            bounds.watch_queue = *chance.pick(&[1, 3, 16_384]);
        }
        if self.faults.has(Fault::Forgets) && chance.percent(60) {
            bounds.gone_for = *chance.pick(&[SECOND, 3 * SECOND, 8 * SECOND]);
        }
        if self.faults.has(Fault::Expiry) && chance.percent(30) {
            bounds.keep_for = Some(*chance.pick(&[2 * SECOND, 6 * SECOND, 15 * SECOND]));
        }
        bounds
    }
}

/// A scenario under way.
struct Stage<'a> {
    graph: &'a Graph,
    faults: Faults,
    chance: Seed,
    events: Vec<Planned>,
    /// Who is added to the herd, and who is removed.
    absent: Vec<usize>,
    removed: Option<usize>,
    /// What servers have on disk.
    data: Vec<Data>,
}

impl Stage<'_> {
    fn put(&mut self, at: Nanos, what: What) {
        self.events.push(Planned { at, what });
    }

    fn server(&mut self) -> usize {
        self.chance.index(self.graph.servers)
    }

    /// Clients that move, ask, and sometimes talk nonsense.
    fn clients(&mut self) {
        let copies = (2 * self.graph.links.len()).max(1);
        let says = (WORK / copies).clamp(4, 100);
        let people = self.chance.between(2, 12);
        let mut homes: Vec<usize> = (0..people).map(|_| self.server()).collect();
        for _ in 0..says {
            let at = self.chance.below(STAGE);
            let client = self.chance.index(homes.len());
            if self.chance.percent(10) {
                homes[client] = self.server();
            }
            let lines = if self.chance.percent(10) { self.chance.between(2, 12) } else { 1 };
            let text = (0..lines).map(|_| self.line(at, people)).collect();
            self.put(at, What::Say { client, server: homes[client], text });
            if self.chance.percent(3) {
                self.put(at + MILLI, What::HangUp { client });
            }
        }
    }

    fn line(&mut self, at: Nanos, people: u64) -> String {
        let who = self.chance.below(people + 1);
        match self.chance.below(100) {
            0..60 if self.faults.has(Fault::Watches) && self.chance.percent(60) => {
                let (place, when) = (self.place(), self.client_time(at));
                format!("IAMAT c{who} {place} {when}\n")
            }
            0..60 => {
                let latitude = self.chance.between(0, 90_000_000);
                let longitude = self.chance.between(0, 180_000_000);
                let signs = self.chance.pick(&[("+", "+"), ("+", "-"), ("-", "+"), ("-", "-")]);
                let when = self.client_time(at);
                format!(
                    "IAMAT c{who} {}{}.{:06}{}{}.{:06} {when}\n",
                    signs.0,
                    latitude / 1_000_000,
                    latitude % 1_000_000,
                    signs.1,
                    longitude / 1_000_000,
                    longitude % 1_000_000
                )
            }
            60..96 => format!("WHATSAT c{who} {} {}\n", self.chance.below(51), self.chance.below(21)),
            96 => " \t \n".into(),
            97 => format!("WHATSAT c{who} 51 5\n"),
            98 => format!("AT s0 +0.5 c{who} +1+1 1 s1\n"),
            _ => "Hello, herd\n".into(),
        }
    }

    /// When a client says that it was there: mostly now by a clock of its own, sometimes a while ago,
    /// sometimes at one and the same moment as others, and now and then in the future, where clocks are wrong.
    fn client_time(&mut self, at: Nanos) -> String {
        if self.faults.has(Fault::Clocks) && self.chance.percent(3) {
            let day = 86_400_i64;
            let ahead = *self.chance.pick(&[day / 2, day - 1, 2 * day, 400 * day, 9_223_372_000_000_000_000]);
            return format!("{}", 1_479_413_884 + ahead);
        }
        text_of(self.moment(at))
    }

    /// About that time, or another one of the scenario.
    fn moment(&mut self, at: Nanos) -> Nanos {
        match self.chance.below(10) {
            0 => SECOND,
            1 => self.chance.below(STAGE),
            _ => at + self.chance.below(SECOND),
        }
    }
}

/// A time as lines have it.
fn text_of(nanos: Nanos) -> String {
    format!("{}.{:09}", 1_479_413_884 + nanos / SECOND, nanos % SECOND)
}
