//! What a run amounted to.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::scenario::Nanos;

/// Counts of one run, or of many added up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Stats {
    /// Virtual time that has passed.
    pub virtual_nanos: Nanos,
    /// Things that happened.
    pub steps: u64,
    /// Lines that servers took from clients and neighbours.
    pub messages: u64,
    /// Those of them that were updates from neighbours.
    pub updates: u64,
    /// Bytes that were sent between servers.
    pub link_bytes: u64,
    /// IAMATs that servers accepted.
    pub iamats: u64,
    /// FORGETs that servers accepted.
    pub forgets: u64,
    /// WHATSATs that servers accepted.
    pub whatsats: u64,
    /// NEARs that servers accepted.
    pub nears: u64,
    /// Requests to watch, WATCH and FENCE, that servers accepted.
    pub watches: u64,
    /// Changes of what servers keep, as their feeds told them.
    pub changes: u64,
    /// Replies that clients got and that were right.
    pub replies: u64,
    /// Connections between servers that were asked for.
    pub connects: u64,
    /// Lines of strangers that servers took and refused, and greetings that strangers answered.
    pub strangers: u64,
    /// How much of each kind of trouble there was.
    pub faults: BTreeMap<&'static str, u64>,
    /// What servers told people, as a server logs it at `info` and above.
    pub told: BTreeMap<&'static str, u64>,
    /// The longest time from the end of all trouble until all servers held the same.
    pub settled_after: Nanos,
    /// The greatest part of the time that they may take which they took, in hundredths.
    pub promise_used: u64,
    /// The most bytes that waited for one neighbour.
    pub most_queued: usize,
    /// How updates spread, where that was measured.
    pub spread: Spread,
}

/// How updates spread through a herd.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    /// Updates that reached every server.
    pub updates: u64,
    /// Copies of them that servers took, all added up.
    pub copies: u64,
    /// The most links that one of them passed.
    pub most_hops: u64,
    /// Links passed to each server, all added up.
    pub hops: u64,
    /// Servers reached, all added up.
    pub reached: u64,
    /// The longest time until the last server had one.
    pub longest: Nanos,
    /// Times until the last server had it, all added up.
    pub time: Nanos,
}

impl Stats {
    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        self.virtual_nanos += other.virtual_nanos;
        self.steps += other.steps;
        self.messages += other.messages;
        self.updates += other.updates;
        self.link_bytes += other.link_bytes;
        self.iamats += other.iamats;
        self.forgets += other.forgets;
        self.whatsats += other.whatsats;
        self.nears += other.nears;
        self.watches += other.watches;
        self.changes += other.changes;
        self.replies += other.replies;
        self.connects += other.connects;
        self.strangers += other.strangers;
        self.settled_after = self.settled_after.max(other.settled_after);
        self.promise_used = self.promise_used.max(other.promise_used);
        self.most_queued = self.most_queued.max(other.most_queued);
        for (kind, count) in &other.faults {
            *self.faults.entry(kind).or_default() += count;
        }
        for (event, count) in &other.told {
            *self.told.entry(event).or_default() += count;
        }
        let (spread, more) = (&mut self.spread, &other.spread);
        spread.updates += more.updates;
        spread.copies += more.copies;
        spread.most_hops = spread.most_hops.max(more.most_hops);
        spread.hops += more.hops;
        spread.reached += more.reached;
        spread.longest = spread.longest.max(more.longest);
        spread.time += more.time;
    }
}

/// Follows each update from server to server.
#[derive(Debug)]
pub(crate) struct Tracker {
    servers: usize,
    paths: Vec<Option<Path>>,
}

#[derive(Debug)]
struct Path {
    born: Nanos,
    last: Nanos,
    copies: u64,
    reached: usize,
    /// One more than the links it passed to each server; zero where it has not been.
    hops: Vec<u16>,
}

impl Tracker {
    pub(crate) fn new(servers: usize) -> Self {
        Self { servers, paths: Vec::new() }
    }

    /// A server took a report: from a client, or from another server.
    pub(crate) fn took(&mut self, report: u32, server: usize, from: Option<usize>, at: Nanos) {
        let index = report as usize;
        if self.paths.len() <= index {
            self.paths.resize_with(index + 1, || None);
        }
        let servers = self.servers;
        let path = self.paths[index].get_or_insert_with(|| Path {
            born: at,
            last: at,
            copies: 0,
            reached: 0,
            hops: vec![0; servers],
        });
        path.copies += u64::from(from.is_some());
        if path.hops[server] == 0 {
            path.hops[server] = from.map_or(0, |from| path.hops[from]) + 1;
            path.reached += 1;
            path.last = at;
        }
    }

    /// What became of all of them.
    pub(crate) fn spread(&self) -> Spread {
        let mut spread = Spread::default();
        for path in self.paths.iter().flatten().filter(|path| path.reached == self.servers) {
            let hops = path.hops.iter().map(|&hops| u64::from(hops) - 1);
            spread.updates += 1;
            spread.copies += path.copies;
            spread.most_hops = spread.most_hops.max(hops.clone().max().unwrap_or(0));
            spread.hops += hops.sum::<u64>();
            spread.reached += path.reached as u64;
            spread.longest = spread.longest.max(path.last - path.born);
            spread.time += path.last - path.born;
        }
        spread
    }
}
