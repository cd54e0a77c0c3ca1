//! Scenarios that are written by hand.

use super::{Ailment, Bounds, Data, Illness, MILLI, Manner, Nanos, Network, Planned, Ruse, Scenario, Trusting, What};
use crate::graph::Graph;

/// Puts a scenario together, in any order. All times are in milliseconds since the start.
///
/// ```
/// use herd_sim::{Graph, Run, Scenario};
///
/// let scenario = Scenario::build(&Graph::cycle(3))
///     .says(10, 0, 0, "IAMAT kiwi +34.068930-118.445127 1479413884.392014450\n")
///     .cut(20, 500, 0, 1)
///     .says(600, 1, 2, "WHATSAT kiwi 10 5\n")
///     .scenario();
/// let outcome = Run::new(scenario)?.play();
/// assert_eq!(outcome.violation, None);
/// # Ok::<(), herd_sim::BadScenario>(())
/// ```
#[derive(Clone, Debug)]
pub struct Builder {
    scenario: Scenario,
}

impl Builder {
    pub(super) fn new(graph: &Graph) -> Self {
        let servers = (0..graph.servers).map(|index| format!("s{index}")).collect();
        let links = graph.links.clone();
        let (network, bounds) = (Network::default(), Bounds::default());
        let (absent, older, keys, trust, data) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let events = Vec::new();
        Self {
            scenario: Scenario { seed: 1, servers, links, absent, older, keys, trust, data, network, bounds, events },
        }
    }

    /// Takes another seed than 1.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.scenario.seed = seed;
        self
    }

    /// Takes another network.
    #[must_use]
    pub fn network(mut self, network: Network) -> Self {
        self.scenario.network = network;
        self
    }

    /// Takes other limits.
    #[must_use]
    pub fn bounds(mut self, bounds: Bounds) -> Self {
        self.scenario.bounds = bounds;
        self
    }

    /// At `at`, anything happens.
    #[must_use]
    pub fn at(mut self, at: u64, what: What) -> Self {
        self.scenario.events.push(Planned { at: at * MILLI, what });
        self
    }

    /// A client sends text to a server.
    #[must_use]
    pub fn says(self, at: u64, client: usize, server: usize, text: &str) -> Self {
        self.at(at, What::Say { client, server, text: text.into() })
    }

    /// A client sends no more.
    #[must_use]
    pub fn hangs_up(self, at: u64, client: usize) -> Self {
        self.at(at, What::HangUp { client })
    }

    /// A client reads so many bytes a second, or as fast as they come.
    #[must_use]
    pub fn reads(self, at: u64, client: usize, pace: Option<u64>) -> Self {
        self.at(at, What::Read { client, pace })
    }

    /// Nothing gets through between two neighbours; then their connections go on.
    #[must_use]
    pub fn cut(self, from: u64, to: u64, one: usize, other: usize) -> Self {
        self.at(from, What::Cut { from: one, to: other, both: true, lasts: span(from, to), reset: false })
    }

    /// Nothing gets through from a server to its neighbour, while the other way is open.
    #[must_use]
    pub fn cut_one_way(self, from: u64, to: u64, sender: usize, receiver: usize) -> Self {
        self.at(from, What::Cut { from: sender, to: receiver, both: false, lasts: span(from, to), reset: false })
    }

    /// All links between the servers of `island` and the others are cut, and reset in the end.
    #[must_use]
    pub fn partition(mut self, from: u64, to: u64, island: &[usize]) -> Self {
        for (a, b) in self.scenario.links.clone() {
            if island.contains(&a) != island.contains(&b) {
                self = self.at(from, What::Cut { from: a, to: b, both: true, lasts: span(from, to), reset: true });
            }
        }
        self
    }

    /// The connections between two neighbours break.
    #[must_use]
    pub fn breaks(self, at: u64, one: usize, other: usize) -> Self {
        self.at(at, What::Break { from: one, to: other })
    }

    /// A server crashes, forgets everything, and comes back.
    #[must_use]
    pub fn crash(self, from: u64, to: u64, server: usize) -> Self {
        self.at(from, What::Crash { server, lasts: Some(span(from, to)), silent: false, keeps: false })
    }

    /// A server stops in good order, and comes back with nothing.
    #[must_use]
    pub fn stops(self, from: u64, to: u64, server: usize) -> Self {
        self.at(from, What::Stop { server, lasts: span(from, to), keeps: false })
    }

    /// A server crashes and does not come back.
    #[must_use]
    pub fn dies(self, at: u64, server: usize) -> Self {
        self.at(at, What::Crash { server, lasts: None, silent: true, keeps: false })
    }

    /// A middlebox stands before a server, on the way from a neighbour.
    #[must_use]
    pub fn middlebox(self, from: u64, to: u64, neighbour: usize, server: usize, how: Manner) -> Self {
        self.at(from, What::Middlebox { from: neighbour, to: server, how, lasts: span(from, to) })
    }

    /// A server is in nobody's list at the start, and does not run.
    #[must_use]
    pub fn absent(mut self, server: usize) -> Self {
        self.scenario.absent.push(server);
        self
    }

    /// A server is of an older make.
    #[must_use]
    pub fn older(mut self, server: usize) -> Self {
        self.scenario.older.push(server);
        self
    }

    /// The servers have these hash keys, by their numbers; 0 is none.
    #[must_use]
    pub fn keys(mut self, keys: &[usize]) -> Self {
        self.scenario.keys = keys.to_vec();
        self
    }

    /// All servers have that secret, and ask for proofs, from the start.
    #[must_use]
    pub fn secret(mut self, number: usize) -> Self {
        self.scenario.trust = vec![Trusting::secrets(&[number]); self.scenario.servers.len()];
        self
    }

    /// A server believes others from now on.
    #[must_use]
    pub fn trusts(self, at: u64, server: usize, to: Trusting) -> Self {
        self.at(at, What::Trust { server, to })
    }

    /// Somebody connects to a server from the address of a neighbour, and says that it is that.
    #[must_use]
    pub fn stranger(self, at: u64, server: usize, poses_as: usize, ruse: Ruse) -> Self {
        self.at(at, What::Stranger { server, poses_as, there: true, ruse })
    }

    /// Somebody answers at the address of a server while that is down.
    #[must_use]
    pub fn impostor(self, from: u64, to: u64, server: usize) -> Self {
        self.at(from, What::Impostor { server, lasts: span(from, to) })
    }

    /// A server's list has another address of another one from now on.
    #[must_use]
    pub fn readdresses(self, at: u64, server: usize, member: usize) -> Self {
        self.at(at, What::Readdress { server, member })
    }

    /// A server has tighter limits for a while, without a restart.
    #[must_use]
    pub fn limits(self, from: u64, to: u64, server: usize) -> Self {
        self.at(from, What::Limit { server, lasts: span(from, to) })
    }

    /// A server moves to another address, and its connections lead nowhere.
    #[must_use]
    pub fn moves(self, at: u64, server: usize) -> Self {
        self.at(at, What::Move { server, breaks: false })
    }

    /// A server has another one in its list from now on; one that has itself in it starts.
    #[must_use]
    pub fn enlists(self, at: u64, server: usize, member: usize) -> Self {
        self.at(at, What::Enlist { server, member })
    }

    /// A server has another one in its list no more.
    #[must_use]
    pub fn delists(self, at: u64, server: usize, member: usize) -> Self {
        self.at(at, What::Delist { server, member })
    }

    /// A server's wall clock jumps by so many milliseconds.
    #[must_use]
    pub fn clock_jumps(self, at: u64, server: usize, by: i64) -> Self {
        self.at(at, What::Clock { server, jump: by * 1_000_000, drift: 0 })
    }

    /// All servers have that on disk.
    #[must_use]
    pub fn data(mut self, data: Data) -> Self {
        self.scenario.data = vec![data; self.scenario.servers.len()];
        self
    }

    /// The machine of a server crashes, and is back later.
    #[must_use]
    pub fn power_cut(self, from: u64, to: u64, server: usize) -> Self {
        self.at(from, What::Crash { server, lasts: Some(span(from, to)), silent: true, keeps: true })
    }

    /// A server's disk is ill.
    #[must_use]
    pub fn disk(self, from: u64, to: u64, server: usize, how: Ailment) -> Self {
        self.at(from, What::Disk { server, how, lasts: span(from, to) })
    }

    /// A server's places source is ill.
    #[must_use]
    pub fn places(self, from: u64, to: u64, server: usize, how: Illness) -> Self {
        self.at(from, What::Places { server, how, lasts: span(from, to) })
    }

    /// The scenario, its events in the order of their times.
    ///
    /// # Panics
    /// Where an event names a server or a link that is not there.
    #[must_use]
    pub fn scenario(mut self) -> Scenario {
        self.scenario.events.sort_by_key(|planned| planned.at);
        if let Err(why) = self.scenario.check() {
            panic!("{why}");
        }
        self.scenario
    }
}

fn span(from: u64, to: u64) -> Nanos {
    to.saturating_sub(from) * MILLI
}
