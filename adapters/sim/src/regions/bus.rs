//! The bus between regions: what becomes of each message.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use herd::{Delivery, Post, QuestionId, ReplyTo, Subject};

use super::server::region_name;
use crate::scenario::{MILLI, Nanos, SECOND};
use crate::seed::Seed;

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Carried,
    Lost,
    /// Nobody is there to hear it, and the bus says so.
    Unheard,
}

/// A message on its way to a server.
type OnItsWay = (usize, Delivery, Bytes);

/// The bus, with the trouble that it has.
#[derive(Debug)]
pub(super) struct Bus {
    /// How many of a hundred messages are lost, and how many come twice.
    lost: u64,
    twice: u64,
    /// How long they take at most.
    slow: Nanos,
    due: BTreeMap<(Nanos, u64), OnItsWay>,
    number: u64,
    regions: Vec<Region>,
    /// All that was ever told to the stream.
    stream: Vec<Bytes>,
}

/// A region, as the bus has it.
#[derive(Debug, Default)]
struct Region {
    is_down: bool,
    bridge: Option<usize>,
    fence: u64,
    /// What of the stream it has still to be told, and when.
    unread: BTreeSet<(Nanos, usize)>,
    /// When it can have a bridge again.
    bridge_at: Nanos,
}

impl Bus {
    pub(super) fn new(regions: usize, seed: &mut Seed) -> Self {
        let regions = (0..regions).map(|_| Region::default()).collect();
        let (lost, twice, slow) = (seed.below(20), seed.below(20), MILLI * seed.between(1, 400));
        Self { lost, twice, slow, due: BTreeMap::new(), number: 0, regions, stream: Vec::new() }
    }

    pub(super) fn is_up(&self, region: usize) -> bool {
        !self.regions[region].is_down
    }

    pub(super) fn set_up(&mut self, region: usize, is_up: bool, now: Nanos) {
        let region = &mut self.regions[region];
        (region.is_down, region.bridge, region.bridge_at) = (!is_up, None, now + SECOND);
    }

    /// Nothing is lost any more, nor slow.
    pub(super) fn heal(&mut self) {
        (self.lost, self.twice, self.slow) = (0, 0, MILLI);
    }

    pub(super) fn bridge(&self, region: usize) -> Option<usize> {
        self.regions[region].bridge
    }

    /// Whether a region has no bridge, and could have one.
    pub(super) fn wants_bridge(&self, region: usize, now: Nanos) -> bool {
        let region = &self.regions[region];
        region.bridge.is_none() && !region.is_down && region.bridge_at <= now
    }

    /// A server is the bridge of its region; its fencing number.
    pub(super) fn appoint(&mut self, region: usize, server: usize) -> u64 {
        let region = &mut self.regions[region];
        region.fence += 1;
        region.bridge = Some(server);
        region.fence
    }

    /// A server has crashed.
    pub(super) fn bridge_is_gone(&mut self, region: usize, server: usize) {
        let region = &mut self.regions[region];
        if region.bridge == Some(server) {
            region.bridge = None;
        }
    }

    /// Takes a message from a server of a region; what becomes of it. `there` says which servers of a region live.
    pub(super) fn carry(
        &mut self,
        (from, region): (usize, usize),
        post: &Post,
        now: Nanos,
        seed: &mut Seed,
        there: impl Fn(usize) -> Vec<usize>,
    ) -> Fate {
        if self.regions[region].is_down {
            return Fate::Lost;
        }
        let payload = post.payload.clone();
        if let Subject::Arrivals(_) = post.to {
            let number = self.stream.len();
            self.stream.push(payload);
            for index in 0..self.regions.len() {
                // It may come again, and late.
                for _ in 0..=u64::from(seed.percent(self.twice)) {
                    let at = now + seed.below(self.slow);
                    self.regions[index].unread.insert((at, number));
                }
            }
            return Fate::Carried;
        }
        if seed.percent(self.lost) {
            return Fate::Lost;
        }
        let reply = post.question.map(|QuestionId(id)| ReplyTo(format!("{from} {id}").into()));
        let to: Vec<(usize, Delivery)> = match &post.to {
            Subject::Everybody => {
                let all = (0..self.regions.len()).flat_map(&there);
                all.map(|server| (server, Delivery::Everybody)).collect()
            }
            Subject::Ask(name) => {
                let region = (0..self.regions.len()).find(|&region| region_name(region) == *name);
                let servers = region.filter(|&region| self.is_up(region)).map(&there).unwrap_or_default();
                if servers.is_empty() {
                    return Fate::Unheard;
                }
                vec![(*seed.pick(&servers), Delivery::Asked(reply.expect("it wants an answer")))]
            }
            Subject::Reply(ReplyTo(to)) => {
                let (server, id) = to.split_once(' ').expect("a server and a number");
                let id = QuestionId(id.parse().expect("a number"));
                vec![(server.parse().expect("a number"), Delivery::Answered(id, reply))]
            }
            Subject::Arrivals(_) => Vec::new(),
        };
        for (server, by) in to {
            for _ in 0..=u64::from(seed.percent(self.twice)) {
                self.number += 1;
                let at = now + seed.below(self.slow);
                self.due.insert((at, self.number), (server, by.clone(), payload.clone()));
            }
        }
        Fate::Carried
    }

    /// The next message that has arrived.
    pub(super) fn next_due(&mut self, now: Nanos) -> Option<OnItsWay> {
        let entry = self.due.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(entry.remove())
    }

    /// The next part of the stream that a region's bridge is told.
    pub(super) fn next_arrival(&mut self, region: usize, now: Nanos, seed: &mut Seed) -> Option<(usize, Bytes)> {
        let (again, later) = (seed.percent(self.twice), now + seed.below(self.slow));
        let region = &mut self.regions[region];
        let bridge = region.bridge.filter(|_| !region.is_down)?;
        let &(at, number) = region.unread.first().filter(|(at, _)| *at <= now)?;
        region.unread.remove(&(at, number));
        // It was not acknowledged in time.
        if again {
            region.unread.insert((later + MILLI, number));
        }
        Some((bridge, self.stream[number].clone()))
    }
}
