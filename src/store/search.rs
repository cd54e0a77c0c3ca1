//! The nearest clients of a circle.

use core::cmp::Ordering;
use core::f64::consts::PI;
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
use crate::spatial::{Cell, Circle, Cover, angle_of};

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
    /// The cells of all that is looked for now: most of what is not within them is told by a few instructions.
    cells: Cover,
    /// A buffer.
    slots: Vec<Slot>,
}

#[derive(Debug)]
enum Phase {
    /// A part of the circle is to be chosen that has about as many clients as are to be found, or some more: nothing that
    /// has a greater haversine than `most`, and something that has a greater one than `beyond`.
    Sizing {
        most: f64,
        beyond: f64,
    },
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
    const MOST: usize = 2048;

    /// Half a kilometre: a part of that has no more cells than one of less.
    const LEAST: f64 = 1.5e-9;

    /// As many are gone through in one step.
    const STEP: usize = 256;

    /// Looks for the nearest clients of a circle that count, at most `bound` of them.
    pub(crate) fn new(circle: Circle, bound: usize, filter: Filter) -> Self {
        let phase = if bound == 0 { Phase::Over } else { Phase::Sizing { most: circle.most(), beyond: Self::LEAST } };
        let cells = Cover::closely_within(&circle, circle.most());
        Self { circle, bound, filter, nearest: BinaryHeap::new(), phase, cells, slots: Vec::new() }
    }

    /// The circle.
    #[must_use]
    pub const fn circle(&self) -> &Circle {
        &self.circle
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
        if let Some(client) = self.filter.pattern.only() {
            let record = store.report(client, horizon);
            if let Some(record) = record {
                self.consider(&record.record(), self.circle.most(), horizon);
            }
            self.phase = Phase::Over;
            return 2;
        }
        match mem::replace(&mut self.phase, Phase::Over) {
            Phase::Sizing { most, beyond } => self.choose(store, most, beyond),
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

    /// Chooses the part to be looked at next, of at most one haversine and of more than another: smaller and smaller ones,
    /// until the first shard, which has as many as any, has its share or not much more.
    fn choose(&mut self, store: &Store, mut most: f64, beyond: f64) -> u64 {
        let (shard, mut work) = (store.shard_numbered(0), 0);
        self.phase = loop {
            let is_least = most <= 4.0 * beyond;
            let enough = if is_least { Self::MOST } else { self.enough(most) };
            work += 4 + enough as u64 / 8;
            match self.fit(&shard, most, enough) {
                Some(part) => {
                    self.cells = Cover::closely_within(&self.circle, most);
                    break Phase::Part { part, shard: 0 };
                }
                None if is_least => break self.walk(),
                None => most /= 4.0,
            }
        };
        work
    }

    /// So many in the cells of a part, of one shard, are enough for it to have as many as are to be found, and some more.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a rough number")]
    fn enough(&self, most: f64) -> usize {
        let wanted = u32::try_from(2 * self.bound / SHARDS + 4).map_or(f64::MAX, f64::from);
        // Half as many cells as the part is wide, and those that are around it.
        let half = 100.0 * angle_of(most).to_degrees();
        let around = 1.0 + 2.0 / half;
        ((wanted * 4.0 / PI * around * around) as usize).min(Self::MOST)
    }

    /// That part of the circle, if the shard has no more than so many in its cells.
    fn fit(&mut self, shard: &Shard, most: f64, enough: usize) -> Option<Part> {
        // Each range has to be looked for, and at a pole few of them have too many others in them.
        for ranges in [4, 128] {
            let part = Part::new(&self.circle, most, ranges);
            self.slots.clear();
            if shard.within(part.area(), enough, &mut self.slots).is_ok() {
                return Some(part);
            }
            if self.slots.len() > enough {
                break;
            }
        }
        None
    }

    /// Looks at all of a part that is in a shard; how much work it was.
    fn look_at(&mut self, shard: &Shard, part: &Part, horizon: Horizon) -> Result<u64, TooMany> {
        let mut slots = mem::take(&mut self.slots);
        slots.clear();
        let looks = shard.within(part.area(), Self::MOST, &mut slots);
        if looks.is_ok() {
            shard.look_ahead_at(&slots);
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
        self.nearest.clear();
        Phase::Sizing { most: (most * 64.0).min(self.circle.most()), beyond: most }
    }

    /// Goes through all clients, from the first.
    fn walk(&mut self) -> Phase {
        self.nearest.clear();
        self.cells = Cover::closely_within(&self.circle, self.circle.most());
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
        let cell = kept.position_and_rest().map_or(Cell::NONE, Cell::of_valid);
        if !self.cells.has(cell.key()) {
            return;
        }
        let client = kept.client();
        if !self.filter.covers(client) {
            return;
        }
        let Some(at) = kept.place() else { return };
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
