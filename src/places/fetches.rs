//! Which places are being fetched, for whom, and since when.

use core::mem;
use std::collections::VecDeque;
use std::collections::btree_map::{BTreeMap, Entry};

use super::cache::{Cache, Spot};
use super::query::Query;
use super::reply::Places;
use super::unavailable::Unavailable;
use crate::herd::Limits;
use crate::values::{FetchId, Instant, SessionId, Ticket};

/// Every fetch under way or waiting to be.
///
/// WHATSATs for one place and radius share a fetch that asks for enough results; each reply is cut
/// to its own bound. Deadlines are in the order of the ids, since all fetches may take as long.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fetches {
    by_id: BTreeMap<FetchId, Fetch>,
    /// The newest fetch for each spot.
    by_spot: BTreeMap<Spot, FetchId>,
    cache: Cache,
    /// Those that are not started yet.
    queue: VecDeque<FetchId>,
    under_way: usize,
    next_id: u64,
}

#[derive(Clone, Debug)]
struct Fetch {
    query: Query,
    deadline: Instant,
    tickets: Vec<Ticket>,
    started: bool,
}

/// What a WHATSAT has to do for its places.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wanted {
    /// Nothing: they are known.
    Known(Places),
    /// Start a fetch.
    Start(FetchId, Query),
    /// Wait for one that is under way.
    Shared,
    /// Wait until another one has ended.
    Queued,
    /// No more can wait.
    Refused,
}

impl Fetches {
    /// Asks for places for `ticket`.
    pub(crate) fn want(&mut self, query: Query, ticket: Ticket, now: Instant, limits: &Limits) -> Wanted {
        let spot = Spot::of(&query);
        if let Some(places) = self.cache.get(&spot, query.bound, now) {
            return Wanted::Known(places.clone());
        }
        let shared = self.by_spot.get(&spot).and_then(|id| self.by_id.get_mut(id));
        if let Some(fetch) = shared.filter(|fetch| fetch.query.bound >= query.bound && now < fetch.deadline) {
            fetch.tickets.push(ticket);
            return Wanted::Shared;
        }
        let starts = self.under_way < limits.fetches;
        if !starts && self.queue.len() >= limits.fetch_queue {
            return Wanted::Refused;
        }
        let id = FetchId(self.next_id);
        self.next_id += 1;
        let deadline = now + limits.places_timeout;
        self.by_id.insert(id, Fetch { query, deadline, tickets: vec![ticket], started: starts });
        self.by_spot.insert(spot, id);
        if starts {
            self.under_way += 1;
            Wanted::Start(id, query)
        } else {
            self.queue.push_back(id);
            Wanted::Queued
        }
    }

    /// A fetch has ended well, or not: who waited for it.
    pub(crate) fn fetched(
        &mut self,
        id: FetchId,
        outcome: &Result<Places, Unavailable>,
        now: Instant,
        limits: &Limits,
    ) -> Vec<Ticket> {
        if let (Some(fetch), Ok(places)) = (self.by_id.get(&id), outcome) {
            self.cache.insert(Spot::of(&fetch.query), fetch.query.bound, places, now, limits);
        }
        self.ended(id)
    }

    fn ended(&mut self, id: FetchId) -> Vec<Ticket> {
        let Some(fetch) = self.by_id.remove(&id) else {
            return Vec::new();
        };
        self.under_way -= usize::from(fetch.started);
        self.forget_spot(id, &fetch.query);
        fetch.tickets
    }

    /// The next one that can start, now that others have ended.
    pub(crate) fn start_next(&mut self, limits: &Limits) -> Option<(FetchId, Query)> {
        while self.under_way < limits.fetches {
            let id = self.queue.pop_front()?;
            if let Some(fetch) = self.by_id.get_mut(&id) {
                fetch.started = true;
                self.under_way += 1;
                return Some((id, fetch.query));
            }
        }
        None
    }

    /// Who has waited too long. A fetch that is under way goes on holding its place until it ends.
    pub(crate) fn expired(&mut self, now: Instant) -> Vec<Ticket> {
        let mut tickets = Vec::new();
        let mut gone = Vec::new();
        for (&id, fetch) in self.by_id.iter_mut().take_while(|(_, fetch)| fetch.deadline <= now) {
            tickets.append(&mut mem::take(&mut fetch.tickets));
            if !fetch.started {
                gone.push(id);
            }
        }
        for id in gone {
            self.ended(id);
            self.queue.retain(|&queued| queued != id);
        }
        tickets
    }

    /// A session has gone: nobody waits for it any more, and what nobody waits for is not started.
    pub(crate) fn forget(&mut self, session: SessionId) {
        for fetch in self.by_id.values_mut() {
            fetch.tickets.retain(|ticket| ticket.session != session);
        }
        let by_id = &self.by_id;
        let unwanted: Vec<FetchId> = self
            .queue
            .iter()
            .copied()
            .filter(|id| by_id.get(id).is_some_and(|fetch| fetch.tickets.is_empty()))
            .collect();
        for id in unwanted {
            self.ended(id);
            self.queue.retain(|&queued| queued != id);
        }
    }

    /// When the first of them that somebody waits for has taken too long.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.by_id.values().find(|fetch| !fetch.tickets.is_empty() || !fetch.started).map(|fetch| fetch.deadline)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    fn forget_spot(&mut self, id: FetchId, query: &Query) {
        if let Entry::Occupied(entry) = self.by_spot.entry(Spot::of(query))
            && *entry.get() == id
        {
            entry.remove();
        }
    }
}

#[cfg(test)]
mod tests;
