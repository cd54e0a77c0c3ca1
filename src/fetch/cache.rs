//! Places that are known from an earlier fetch.

use std::collections::{BTreeMap, VecDeque};

use super::Place;
use crate::limits::Limits;
use crate::places::Places;
use crate::time::Instant;

/// Replies that are kept for a while, where a source's terms allow it.
#[derive(Clone, Debug, Default)]
pub(super) struct Cache {
    by_place: BTreeMap<Place, Kept>,
    /// Every reply that was put there, in that order, which is also the order in which they end.
    order: VecDeque<(Instant, Place)>,
}

#[derive(Clone, Debug)]
struct Kept {
    until: Instant,
    bound: u8,
    places: Places,
}

impl Cache {
    pub(super) fn get(&self, place: &Place, bound: u8, now: Instant) -> Option<&Places> {
        let kept = self.by_place.get(place)?;
        (kept.bound >= bound && now < kept.until).then_some(&kept.places)
    }

    pub(super) fn insert(&mut self, place: Place, bound: u8, places: &Places, now: Instant, limits: &Limits) {
        // An empty reply may be a source's way to say that something is wrong.
        if limits.places_cache == 0 || places.is_empty() {
            return;
        }
        while let Some(&(until, oldest)) = self.order.front() {
            if until > now && self.order.len() < limits.places_cache {
                break;
            }
            self.order.pop_front();
            // The place may have been put there again since.
            if self.by_place.get(&oldest).is_some_and(|kept| kept.until == until) {
                self.by_place.remove(&oldest);
            }
        }
        let until = now + limits.places_cache_time;
        self.order.push_back((until, place));
        self.by_place.insert(place, Kept { until, bound, places: places.clone() });
    }
}
