//! All clients of a circle, or of a pattern, each once: for whoever is told of changes from then on.

use core::ops::RangeInclusive;

use super::cursor::Cursor;
use super::filter::Filter;
use super::shard::Shard;
use super::slab::Slot;
use super::store::Store;
use crate::herd::Horizon;
use crate::report::{ClientHash, Record};
use crate::spatial::{Circle, Cover};

/// Goes through the clients that somebody wants to be told of, in steps that hold nobody up for long.
///
/// They come in the order of their hashes, which never change, or at least shard by shard: so of each it can be told
/// whether it [was met](Self::has_met), as it was then, or will be.
#[derive(Debug)]
pub(crate) struct Gather {
    area: Option<Area>,
    filter: Filter,
    /// The one client that it is about, where that is one.
    only: Option<(ClientHash, Box<[u8]>)>,
    cursor: Cursor,
    /// A buffer.
    slots: Vec<Slot>,
}

#[derive(Debug)]
struct Area {
    circle: Circle,
    cover: Cover,
    ranges: Vec<RangeInclusive<u32>>,
}

impl Gather {
    /// As many records are read in one step.
    const MOST: usize = 1024;

    /// Goes through the clients that count, of a circle if there is one.
    pub(crate) fn new(store: &Store, circle: Option<Circle>, filter: Filter) -> Self {
        let only = filter.pattern.only().map(|client| (store.hash(client), client.into()));
        let area = circle.map(|circle| {
            let cover = Cover::of(&circle);
            Area { circle, ranges: cover.ranges(Self::RANGES), cover }
        });
        Self { area, filter, only, cursor: Cursor::default(), slots: Vec::new() }
    }

    /// A circle is looked for in about so many ranges of cells.
    const RANGES: usize = 16;

    /// Which shard is to be held for the next [step](Self::step); none where all were met.
    pub(crate) fn next_shard(&self) -> Option<usize> {
        let range = self.cursor.range()?;
        Some(Shard::of(self.only.as_ref().map_or(range, |(hash, _)| hash.range())))
    }

    /// Whether a client of that hash was met, if it counted when it would have been.
    pub(crate) fn has_met(&self, store: &Store, hash: ClientHash, client: &[u8]) -> bool {
        self.cursor.has_passed(hash, || store.secret(client))
    }

    /// Visits the clients that come next in that shard; how much work it was.
    pub(crate) fn step(
        &mut self,
        shard: &Shard,
        horizon: Horizon,
        mut visit: impl FnMut(ClientHash, &Record<'_>),
    ) -> u64 {
        let (filter, area) = (&self.filter, &self.area);
        let counts = |record: &Record<'_>| {
            filter.covers(record.client())
                && filter.is_timely(record, horizon)
                && area.as_ref().is_none_or(|area| area.has(record))
        };
        if let Some((hash, client)) = &self.only {
            if let Some(record) = shard.report(*hash, client, horizon).filter(counts) {
                visit(*hash, &record);
            }
            self.cursor = Cursor::at_end();
            return 2;
        }
        if let (Some(area), Some(next)) = (area, self.cursor.shard_ahead(Shard::RANGES)) {
            self.slots.clear();
            if let Ok(looks) = shard.within((&area.cover, &area.ranges), Self::MOST, &mut self.slots) {
                for record in self.slots.iter().map(|&slot| shard.record(slot)).filter(counts) {
                    visit(shard.hash(record.client()), &record);
                }
                self.cursor = next;
                return (4 + looks / 16 + self.slots.len()) as u64;
            }
        }
        let mut met = 0;
        for kept in shard.next(&mut self.cursor, Self::MOST) {
            if counts(&kept.record) {
                visit(kept.hash, &kept.record);
            }
            met += 1;
        }
        2 + met
    }
}

impl Area {
    fn has(&self, record: &Record<'_>) -> bool {
        record.place().is_some_and(|at| self.circle.contains(at))
    }
}
