//! What is to happen, as plain data: whatever a seed is made into, a person writes, a file holds.

mod bounds;
mod builder;
mod data;
mod generate;
mod manner;
mod ruse;
mod trusting;
mod what;

use std::sync::Arc;

use herd::{Herd, HerdError, InvalidName, Member, ServerName};
use serde::{Deserialize, Serialize};

use crate::graph::Graph;
use crate::list::List;

pub use bounds::Bounds;
pub use builder::Builder;
pub use data::{Ailment, Data};
pub use generate::Recipe;
pub use manner::{Illness, Manner};
pub use ruse::Ruse;
pub use trusting::Trusting;
pub use what::{Planned, What};

/// Nanoseconds since the start of a run, or a span of so many.
pub type Nanos = u64;

/// Nanoseconds of a millisecond.
pub const MILLI: Nanos = 1_000_000;

/// Nanoseconds of a second.
pub const SECOND: Nanos = 1_000_000_000;

/// A herd, its network, and what happens to them and when. The same scenario always runs the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// Where everything comes from that is left open here: jitter, where bytes are cut, the nodes' own seeds.
    pub seed: u64,
    /// The servers' names.
    pub servers: Vec<String>,
    /// The two ends of each link, as indexes into the servers.
    pub links: Vec<(usize, usize)>,
    /// Servers that are in nobody's list at the start, but their own, and do not run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<usize>,
    /// Servers of an older make: they greet without fields, and understand no greeting that has some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub older: Vec<usize>,
    /// The number of each server's hash key; 0 is none, and so is what is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<usize>,
    /// Whom each server believes at the start: by their addresses, where that is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trust: Vec<Trusting>,
    /// What each server has on disk; nothing, where that is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<Data>,
    /// How the network is when nothing is wrong with it.
    pub network: Network,
    /// The servers' limits, where they are not the core's own defaults.
    pub bounds: Bounds,
    /// What happens, in the order of its times.
    pub events: Vec<Planned>,
}

/// How bytes travel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// How long a byte is on its way, at least. Each link adds a share of `spread` of its own.
    pub latency: Nanos,
    /// The most that a link adds to the latency, always the same.
    pub spread: Nanos,
    /// The most that is added to the latency of each segment, at random.
    pub jitter: Nanos,
    /// Bytes a second on each connection and in each direction.
    pub bandwidth: u64,
    /// The most bytes that travel in one piece; with `cut`, pieces of any length up to that.
    pub segment: usize,
    /// Whether pieces are of random lengths.
    pub cut: bool,
    /// Bytes that a connection takes from its sender before the other end has read them.
    pub window: usize,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            latency: MILLI,
            spread: 0,
            jitter: MILLI / 10,
            bandwidth: 100 << 20,
            segment: 16 << 10,
            cut: false,
            window: 64 << 10,
        }
    }
}

impl Scenario {
    /// Starts a scenario that is written by hand.
    #[must_use]
    pub fn build(graph: &Graph) -> Builder {
        Builder::new(graph)
    }

    /// The herd of its servers.
    ///
    /// # Errors
    /// Where a scenario that a person wrote names a server twice, or leaves one without a way to the others.
    pub fn herd(&self) -> Result<Arc<Herd>, BadScenario> {
        Ok(Arc::new(self.herd_of(&vec![true; self.servers.len()], &vec![0; self.servers.len()])?))
    }

    /// The herd of some of its servers, whose addresses were written anew so often.
    ///
    /// # Errors
    /// Where these are none.
    pub(crate) fn herd_of(&self, members: &[bool], addresses: &[u32]) -> Result<Herd, BadScenario> {
        let mut links = vec![Vec::new(); self.servers.len()];
        for &(a, b) in &self.links {
            let is_member = |server: usize| members.get(server).copied().unwrap_or(true);
            if is_member(a) && is_member(b) && a < links.len() {
                links[a].push(self.servers.get(b).cloned().unwrap_or_else(|| format!("#{b}")));
            }
        }
        let mut servers = Vec::with_capacity(self.servers.len());
        for (index, (name, links)) in self.servers.iter().zip(links).enumerate() {
            if members[index] {
                let address = format!("{index}.{}", addresses[index]);
                servers.push(Member { name: ServerName::new(name)?, address, links });
            }
        }
        Ok(Herd::new(servers)?)
    }

    /// The number of a server's hash key. One of an older make knows of none.
    #[must_use]
    pub fn key(&self, server: usize) -> usize {
        if self.older.contains(&server) {
            return 0;
        }
        self.keys.get(server).copied().unwrap_or(0)
    }

    /// Whom a server believes at the start. One of an older make knows of no secrets.
    #[must_use]
    pub fn trusting(&self, server: usize) -> Trusting {
        if self.older.contains(&server) {
            return Trusting::default();
        }
        self.trust.get(server).cloned().unwrap_or_default()
    }

    /// What a server has on disk.
    #[must_use]
    pub fn data(&self, server: usize) -> Data {
        self.data.get(server).copied().unwrap_or_default()
    }

    /// Whether there is ever a stranger in it.
    pub(crate) fn has_strangers(&self) -> bool {
        self.events.iter().any(|planned| matches!(planned.what, What::Stranger { .. } | What::Impostor { .. }))
    }

    /// When the last thing has happened and the last trouble is over.
    #[must_use]
    pub fn calm_at(&self) -> Nanos {
        self.events.iter().map(|planned| planned.at.saturating_add(planned.what.lasts())).max().unwrap_or(0)
    }

    /// When the last thing has happened, and the last trouble is over that keeps servers from agreeing.
    #[must_use]
    pub fn quiet_at(&self) -> Nanos {
        let lasts = |what: &What| if what.is_aside() { 0 } else { what.lasts() };
        self.events.iter().map(|planned| planned.at.saturating_add(lasts(&planned.what))).max().unwrap_or(0)
    }

    /// How many clients it has.
    #[must_use]
    pub fn clients(&self) -> usize {
        let client = |planned: &Planned| planned.what.client().map_or(0, |client| client + 1);
        self.events.iter().map(client).max().unwrap_or(0)
    }

    /// It as JSON, as `--scenario` reads it.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain data has nothing that JSON lacks")
    }

    /// Reads what [`to_json`](Self::to_json) wrote, or a person.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn from_json(json: &str) -> Result<Self, BadScenario> {
        let mut scenario: Self = serde_json::from_str(json)?;
        scenario.events.sort_by_key(|planned| planned.at);
        scenario.check()?;
        Ok(scenario)
    }

    /// Its servers are a herd, and so are those of each list at each time; every event's servers are servers, and
    /// every link's ends are linked.
    pub(crate) fn check(&self) -> Result<(), BadScenario> {
        self.herd()?;
        let linked = |a: usize, b: usize| self.links.iter().any(|&link| link == (a, b) || link == (b, a));
        for planned in &self.events {
            let on_link = planned.what.link().is_none_or(|(from, to)| linked(from, to));
            let mut servers = planned.what.server().into_iter().chain(planned.what.posed_as());
            let at_server = servers.all(|server| server < self.servers.len());
            let listed = planned.what.listing().is_none_or(|(_, listing)| listing.member() < self.servers.len());
            let fits = on_link && at_server && listed;
            if !fits {
                return Err(BadScenario::Nowhere { what: planned.what.name(), at: planned.at });
            }
        }
        self.check_lists()
    }

    fn check_lists(&self) -> Result<(), BadScenario> {
        let listings: Vec<_> = self.events.iter().filter_map(|planned| planned.what.listing()).collect();
        if self.absent.is_empty() && listings.is_empty() {
            return Ok(());
        }
        for server in 0..self.servers.len() {
            let mut list = List::first(self, server)?;
            for &(_, listing) in listings.iter().filter(|(of, _)| *of == server) {
                list = list.change(self, listing)?;
            }
        }
        Ok(())
    }
}

/// Why text is no scenario.
#[derive(Debug, thiserror::Error)]
pub enum BadScenario {
    /// It is not JSON of that shape.
    #[error("not a scenario: {0}")]
    Json(#[from] serde_json::Error),
    /// Its servers are no herd.
    #[error("its servers are no herd: {0}")]
    Herd(#[from] HerdError),
    /// A server cannot be called that.
    #[error("its servers are no herd: {0}")]
    Name(#[from] InvalidName),
    /// An event names a server, or a link, that is not there.
    #[error("the {what:?} at {at} ns is of a server or a link that is not there")]
    Nowhere {
        /// The event's kind.
        what: &'static str,
        /// Its time.
        at: Nanos,
    },
}

impl Scenario {
    /// The same without a server, its links, and all that happens to them; none where there is no such server.
    /// Where nothing else joins them, its neighbours are linked instead.
    pub(crate) fn without_server(&self, server: usize) -> Option<Self> {
        if server >= self.servers.len() {
            return None;
        }
        let mut other = self.clone();
        other.servers.remove(server);
        let ends = self.links.iter().filter(|&&(a, b)| a == server || b == server);
        let neighbours: Vec<usize> = ends.map(|&(a, b)| if a == server { b } else { a }).collect();
        other.links.retain(|&(a, b)| a != server && b != server);
        other.absent.retain(|&absent| absent != server);
        other.older.retain(|&older| older != server);
        if server < other.keys.len() {
            other.keys.remove(server);
        }
        if server < other.trust.len() {
            other.trust.remove(server);
        }
        if server < other.data.len() {
            other.data.remove(server);
        }
        let shift = |index: &mut usize| *index -= usize::from(*index > server);
        for (a, b) in &mut other.links {
            shift(a);
            shift(b);
        }
        other.absent.iter_mut().chain(&mut other.older).for_each(shift);
        other.events.retain_mut(|planned| planned.what.servers_mut().iter().all(|index| **index != server));
        for planned in &mut other.events {
            planned.what.servers_mut().into_iter().for_each(shift);
        }
        if other.herd().is_err() {
            let place = |index: usize| index - usize::from(index > server);
            other.links.extend(neighbours.windows(2).map(|pair| (place(pair[0]), place(pair[1]))));
        }
        Some(other)
    }
}
