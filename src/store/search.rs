//! The nearest clients of a circle.

use core::cmp::Ordering;
use core::mem;
use core::ops::RangeInclusive;
use std::collections::BinaryHeap;

use super::cursor::Cursor;
use super::filing::TooMany;
use super::filter::Filter;
use super::shard::Shard;
use super::slab::Slot;
use super::store::{SHARDS, Store};
use crate::herd::Horizon;
use crate::pass::{Turn, Work};
use crate::report::{OwnedRecord, Record};
use crate::spatial::{Circle, Cover};
use crate::values::Position;

/// The search for the nearest clients of a circle, in steps that hold nobody up for long.
///
/// A client that is in the circle all the time, and counts, is found: as it is at some moment, unless as many others are
/// nearer. For that a client, which never changes its shard, is looked for in all that its shard has at one moment. Where
/// that is too much for one moment, all clients are gone through in the order of their hashes, which never change.
#[derive(Debug)]
pub struct Search {
    circle: Circle,
    bound: usize,
    filter: Filter,
    /// The nearest so far, the farthest of them first.
    nearest: BinaryHeap<Found>,
    phase: Phase,
    /// A buffer.
    slots: Vec<Slot>,
}

#[derive(Debug)]
enum Phase {
    /// A part of the circle is to be chosen that has about as many clients as are to be found, or some more: nothing that
    /// has a greater haversine.
    Sizing(f64),
    /// All shards from `shard` on are to be looked at for what is in that part.
    Part {
        part: Part,
        shard: usize,
    },
    /// All clients are gone through.
    Walking(Cursor),
    Over,
}

/// What has at most a haversine from the center of a circle.
#[derive(Debug)]
struct Part {
    most: f64,
    cover: Cover,
    ranges: Vec<RangeInclusive<u32>>,
}

#[derive(Debug)]
struct Found {
    haversine: f64,
    record: OwnedRecord,
}

impl Search {
    /// As many records are read at one moment: a third of a millisecond or so, since most must be waited for.
    const MOST: usize = 1024;

    /// As many are gone through in one step.
    const STEP: usize = 256;

    /// Looks for the nearest clients of a circle that count, at most `bound` of them.
    pub(crate) fn new(circle: Circle, bound: usize, filter: Filter) -> Self {
        let phase = if bound == 0 { Phase::Over } else { Phase::Sizing(circle.most()) };
        Self { circle, bound, filter, nearest: BinaryHeap::new(), phase, slots: Vec::new() }
    }

    /// What was found, the nearest first; of those that are as far away, in the order of their IDs.
    pub fn into_nearest(self) -> impl Iterator<Item = OwnedRecord> {
        self.nearest.into_sorted_vec().into_iter().map(|found| found.record)
    }

    /// About how much memory it takes.
    pub(crate) fn room(&self) -> usize {
        // Most lines are shorter than that.
        self.nearest.len() * (size_of::<Found>() + 128) + self.slots.capacity() * size_of::<Slot>()
    }

    /// Takes a step; how much work it was.
    fn step(&mut self, store: &Store, horizon: Horizon) -> u64 {
        match mem::replace(&mut self.phase, Phase::Over) {
            Phase::Sizing(most) => self.choose(store, most),
            Phase::Part { part, shard } if shard < SHARDS => {
                let work = self.look_at(&store.shard_numbered(shard), &part, horizon);
                self.phase = match work {
                    Ok(_) => Phase::Part { part, shard: shard + 1 },
                    Err(TooMany) => self.walk(),
                };
                work.unwrap_or(Self::MOST as u64)
            }
            Phase::Part { part, .. } => {
                self.phase = self.end_part(part.most);
                1
            }
            Phase::Walking(cursor) => self.go_on(store, cursor, horizon),
            Phase::Over => 0,
        }
    }

    /// Chooses the part to be looked at next, which is no more than `most`: smaller and smaller ones, until the first
    /// shard, which has as many as any, has its share or not much more.
    fn choose(&mut self, store: &Store, mut most: f64) -> u64 {
        // Below that, about a kilometre, there is no cell that has less.
        const LEAST: f64 = 6e-9;
        let (expected, mut work) = (self.bound * 3 / (2 * SHARDS) + 4, 0);
        self.phase = loop {
            let part = Part::new(&self.circle, most, 4);
            let enough = if most > LEAST { 4 * expected } else { Self::MOST };
            work += 4;
            let shard = store.shard_numbered(0);
            self.slots.clear();
            match shard.within(part.area(), enough.min(Self::MOST), &mut self.slots) {
                Ok(_) => break Phase::Part { part, shard: 0 },
                Err(TooMany) if most > LEAST => most /= 4.0,
                Err(TooMany) => break self.walk(),
            }
            work += enough as u64 / 4;
        };
        work
    }

    /// Looks at all of a part that is in a shard; how much work it was.
    fn look_at(&mut self, shard: &Shard, part: &Part, horizon: Horizon) -> Result<u64, TooMany> {
        let mut slots = mem::take(&mut self.slots);
        slots.clear();
        let looks = shard.within(part.area(), Self::MOST, &mut slots);
        if looks.is_ok() {
            for &slot in &slots {
                self.consider(&shard.record(slot), part.most, horizon);
            }
        }
        self.slots = slots;
        looks.map(|looks| (4 + looks / 16 + self.slots.len()) as u64)
    }

    /// A part was looked at in all shards. It will do if that is all of the circle, or has as many as are to be found;
    /// else a larger one is next.
    fn end_part(&mut self, most: f64) -> Phase {
        if most >= self.circle.most() || self.nearest.len() == self.bound {
            return Phase::Over;
        }
        // A circle's area goes with its haversine, and nobody knows who is beyond.
        let times = u8::try_from(2 * self.bound / self.nearest.len().max(1)).map_or(64, |times| times.clamp(4, 64));
        let larger = (most * f64::from(times)).max(1e-12).min(self.circle.most());
        self.nearest.clear();
        let part = Part::new(&self.circle, larger, 8);
        Phase::Part { part, shard: 0 }
    }

    /// Goes through all clients, from the first.
    fn walk(&mut self) -> Phase {
        self.nearest.clear();
        Phase::Walking(Cursor::default())
    }

    fn go_on(&mut self, store: &Store, mut cursor: Cursor, horizon: Horizon) -> u64 {
        let most = self.circle.most();
        let goes_on = store.walk(&mut cursor, Self::STEP, |shard, cursor| {
            let mut met = 0;
            for kept in shard.next(cursor, Self::STEP) {
                self.consider(&kept.record, most, horizon);
                met += 1;
            }
            met
        });
        if goes_on {
            self.phase = Phase::Walking(cursor);
        }
        Self::STEP as u64
    }

    /// Takes a client in if it counts and is nearer than the farthest of as many as are to be found.
    fn consider(&mut self, kept: &Record<'_>, most: f64, horizon: Horizon) {
        let client = kept.client();
        if !self.filter.covers(client) {
            return;
        }
        let Some(at) = kept.position().and_then(Position::of_valid) else { return };
        let haversine = self.circle.haversine(at);
        let is_full = self.nearest.len() == self.bound;
        let is_out = |worst: &Found| is_full && worst.order(haversine, client) == Ordering::Less;
        if haversine > most || self.nearest.peek().is_some_and(is_out) || !self.filter.is_timely(kept, horizon) {
            return;
        }
        if is_full {
            self.nearest.pop();
        }
        self.nearest.push(Found { haversine, record: OwnedRecord::from(*kept) });
    }
}

impl Part {
    /// Looked for in about so many ranges of cells.
    fn new(circle: &Circle, most: f64, ranges: usize) -> Self {
        let cover = Cover::within(circle, most);
        let ranges = cover.ranges(ranges);
        Self { most, cover, ranges }
    }

    fn area(&self) -> (&Cover, &[RangeInclusive<u32>]) {
        (&self.cover, &self.ranges)
    }
}

impl Found {
    /// How it is ordered to a client of that haversine.
    fn order(&self, haversine: f64, client: &[u8]) -> Ordering {
        self.haversine.total_cmp(&haversine).then_with(|| self.record.record().client().cmp(client))
    }
}

impl Ord for Found {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order(other.haversine, other.record.record().client())
    }
}

impl PartialOrd for Found {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Found {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Found {}

impl Store {
    /// Takes a turn's share of the steps of a search; whether it is done.
    pub(crate) fn search(&self, search: &mut Search, turn: &mut Turn) -> bool {
        let mut work = 0;
        while work < Work::PASS && !matches!(search.phase, Phase::Over) {
            work += search.step(self, turn.horizon);
        }
        turn.spend(work);
        matches!(search.phase, Phase::Over)
    }
}

#[cfg(test)]
mod tests;
