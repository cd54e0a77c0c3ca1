//! A NEAR that several regions answer.

use std::collections::BTreeMap;

use crate::report::OwnedRecord;
use crate::spatial::Circle;
use crate::store::Search;
use crate::values::{ServerName, Ticket};

/// What was found so far.
#[derive(Debug)]
pub(crate) struct Gathering {
    pub(crate) ticket: Ticket,
    pub(crate) circle: Circle,
    bound: usize,
    found: Vec<OwnedRecord>,
    /// The search in this region, until it is done.
    pub(crate) search: Option<Search>,
    /// How many regions have not answered.
    pub(crate) missing: usize,
    /// Those that will not.
    pub(crate) silent: Vec<ServerName>,
}

impl Gathering {
    /// What is found by that search, and elsewhere in its circle.
    pub(crate) fn new(ticket: Ticket, bound: usize, search: Search) -> Self {
        let (circle, found, silent) = (*search.circle(), Vec::new(), Vec::new());
        Self { ticket, circle, bound, found, search: Some(search), missing: 0, silent }
    }

    /// These were found, in one region.
    pub(crate) fn add(&mut self, found: impl Iterator<Item = OwnedRecord>) {
        self.found.extend(found);
    }

    /// Whether all have answered that will.
    pub(crate) const fn is_done(&self) -> bool {
        self.search.is_none() && self.missing == 0
    }

    /// The nearest, the nearest first; of those that are as far away, in the order of their IDs. Of a client that two
    /// regions have found, what is newer.
    pub(crate) fn into_nearest(self) -> (Vec<OwnedRecord>, Vec<ServerName>) {
        let mut newest: BTreeMap<Box<[u8]>, OwnedRecord> = BTreeMap::new();
        for found in self.found {
            let client = found.record().client().into();
            match newest.get(&client) {
                Some(kept) if kept.record().order(&found.record()).is_ge() => {}
                _ => _ = newest.insert(client, found),
            }
        }
        let far = |found: &OwnedRecord| found.record().place().map_or(f64::INFINITY, |at| self.circle.haversine(at));
        // What is newer may be outside by now.
        let mut nearest: Vec<_> = newest.into_values().map(|found| (far(&found), found)).collect();
        nearest.retain(|&(far, _)| far <= self.circle.most());
        nearest.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        nearest.truncate(self.bound);
        (nearest.into_iter().map(|(_, found)| found).collect(), self.silent)
    }
}
