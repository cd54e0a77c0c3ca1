//! Places that are known from an earlier fetch.

use std::collections::{BTreeMap, VecDeque};

use super::query::Query;
use super::reply::Places;
use crate::herd::Limits;
use crate::values::Instant;

/// A query's position and radius, bit for bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot([u64; 3]);

impl Spot {
    pub(super) fn of(query: &Query) -> Self {
        Self([query.at.latitude().to_bits(), query.at.longitude().to_bits(), query.radius.metres().to_bits()])
    }
}

/// Replies that are kept for a while, where a source's terms allow it.
#[derive(Clone, Debug, Default)]
pub(super) struct Cache {
    by_spot: BTreeMap<Spot, Cached>,
    /// Every reply that was put there, in that order, which is also the order in which they end.
    order: VecDeque<(Instant, Spot)>,
}

#[derive(Clone, Debug)]
struct Cached {
    until: Instant,
    bound: u8,
    places: Places,
}

impl Cache {
    pub(super) fn get(&self, spot: &Spot, bound: u8, now: Instant) -> Option<&Places> {
        let cached = self.by_spot.get(spot)?;
        (cached.bound >= bound && now < cached.until).then_some(&cached.places)
    }

    pub(super) fn insert(&mut self, spot: Spot, bound: u8, places: &Places, now: Instant, limits: &Limits) {
        // An empty reply may be a source's way to say that something is wrong.
        if limits.places_cache == 0 || places.is_empty() {
            return;
        }
        while self.order.front().is_some_and(|&(until, _)| until <= now) {
            self.drop_oldest();
        }
        self.shrink(limits.places_cache - 1);
        let until = now + limits.places_cache_time;
        self.order.push_back((until, spot));
        self.by_spot.insert(spot, Cached { until, bound, places: places.clone() });
    }

    /// Drops the oldest, so that there are at most so many.
    pub(super) fn shrink(&mut self, most: usize) {
        while self.order.len() > most {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let Some((until, oldest)) = self.order.pop_front() else { return };
        // The spot may have been put there again since.
        if self.by_spot.get(&oldest).is_some_and(|cached| cached.until == until) {
            self.by_spot.remove(&oldest);
        }
    }
}
