//! The links of a herd, each direction by itself, and what is wrong with them at the moment.

use herd::{Herd, ServerId};

use crate::connection::ConnectionId;
use crate::scenario::{Manner, Nanos, Network};
use crate::seed::Seed;

/// One direction of a link.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// The wire the other way.
    pub(crate) reverse: u32,
    pub(crate) latency: Nanos,
    /// How many cuts there are at once.
    pub(crate) cuts: u32,
    /// What all delays of the moment add.
    pub(crate) extra: Nanos,
    /// How fast it is read at its end, if slowly.
    pub(crate) pace: Option<u64>,
    /// How many middleboxes of each manner stand before `to` at once.
    pub(crate) boxes: [u32; Manner::ALL.len()],
    /// The life of `from` in which a middlebox last took a connection of its in place of `to`.
    pub(crate) misled: Option<u32>,
    /// The lives of `from` and `to` in which `to` last took a greeting of `from`.
    pub(crate) met: Option<(u32, u32)>,
    /// Since when each of `from` and `to` would believe the other one, if they would.
    pub(crate) allowed_since: Option<Nanos>,
    /// When trouble last began or ended on it, or at an end of it.
    pub(crate) troubled_at: Nanos,
    /// How often `to` had moved when `from` last looked up where it is; none if it has not.
    pub(crate) resolved: Option<u32>,
    /// `from` has said that it has no link to `to`, and not asked for a connection since.
    pub(crate) ended: bool,
    /// The one connection to `to` that `from` has, or asked for.
    pub(crate) connection: Option<ConnectionId>,
    /// Whether `from` has said that `to` cannot be reached, and not since that it can.
    pub(crate) down: bool,
}

impl Wire {
    /// Whether something is wrong with it at the moment.
    pub(crate) fn is_troubled(&self) -> bool {
        self.cuts > 0 || self.extra > 0 || self.pace.is_some() || self.manner().is_some()
    }

    /// What the middlebox before `to` does, if there is one.
    pub(crate) fn manner(&self) -> Option<Manner> {
        Manner::ALL.into_iter().find(|&manner| self.boxes[manner as usize] > 0)
    }
}

/// All of them; those of one server stand together, in the order of its neighbours.
#[derive(Debug)]
pub(crate) struct Wires {
    all: Vec<Wire>,
    first: Vec<u32>,
    ids: Vec<ServerId>,
}

impl Wires {
    pub(crate) fn new(herd: &Herd, network: &Network, seed: &mut Seed) -> Self {
        let number = |index: usize| u32::try_from(index).expect("a herd has fewer links than that");
        let mut first = Vec::with_capacity(herd.members().len());
        let mut wires = Vec::new();
        for id in herd.ids() {
            first.push(number(wires.len()));
            for peer in herd.neighbours(id) {
                let latency = network.latency + seed.below(network.spread + 1);
                let (from, to) = (number(id.index()), number(peer.index()));
                wires.push(Wire { from, to, latency, ..Wire::default() });
            }
        }
        let mut wires = Self { all: wires, first, ids: herd.ids().collect() };
        for index in 0..wires.all.len() {
            let Wire { from, to, .. } = wires.all[index];
            wires.all[index].reverse = wires.find(herd, to as usize, from as usize).expect("links go both ways");
        }
        wires
    }

    pub(crate) fn get(&self, wire: u32) -> &Wire {
        &self.all[wire as usize]
    }

    pub(crate) fn get_mut(&mut self, wire: u32) -> &mut Wire {
        &mut self.all[wire as usize]
    }

    /// The wire between two servers, if they are neighbours.
    pub(crate) fn find(&self, herd: &Herd, from: usize, to: usize) -> Option<u32> {
        let neighbours = herd.neighbours(*self.ids.get(from)?);
        let index = neighbours.binary_search_by_key(&to, |peer| peer.index()).ok()?;
        Some(self.first[from] + u32::try_from(index).expect("a server has fewer links than that"))
    }

    /// Every wire.
    pub(crate) fn ids(&self) -> std::ops::Range<u32> {
        0..u32::try_from(self.all.len()).expect("few links")
    }

    /// All wires that start at a server.
    pub(crate) fn from(&self, server: usize) -> std::ops::Range<u32> {
        let end = self.first.get(server + 1).copied();
        self.first[server]..end.unwrap_or_else(|| u32::try_from(self.all.len()).expect("few links"))
    }

    /// Whether something is cut in either direction of a wire: a connection needs both.
    pub(crate) fn is_severed(&self, wire: u32) -> bool {
        let wire = self.get(wire);
        wire.cuts > 0 || self.get(wire.reverse).cuts > 0
    }
}
