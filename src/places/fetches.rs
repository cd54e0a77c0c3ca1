//! Which places are being fetched, for whom, and since when.

use core::mem;
use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};

use super::cache::{Cache, Spot};
use super::query::Query;
use super::reply::Places;
use super::unavailable::Unavailable;
use super::waiting::Waiting;
use crate::herd::Limits;
use crate::values::{FetchId, Instant, SessionId, Ticket};

/// Every fetch under way or waiting to be.
///
/// WHATSATs for one place and radius share a fetch that asks for enough results; each reply is cut
/// to its own bound. Deadlines are in the order of the ids, since all fetches may take as long.
///
/// Nothing goes through all that there is: a step costs what it touches.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fetches {
    by_id: BTreeMap<FetchId, Fetch>,
    /// The newest fetch for each spot.
    by_spot: BTreeMap<Spot, FetchId>,
    /// Which fetches each session waits for.
    by_session: BTreeSet<(SessionId, FetchId)>,
    cache: Cache,
    /// Those that are not started yet.
    waiting: Waiting,
    under_way: usize,
    next_id: u64,
}

#[derive(Clone, Debug)]
struct Fetch {
    query: Query,
    deadline: Instant,
    tickets: BTreeSet<Ticket>,
    /// Whose share of the queue it is in, until it is started.
    waits_for: Option<SessionId>,
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
    /// Wait until another one has ended. As no more can wait, these are refused; it may be one of them.
    Queued { refused: Vec<Ticket> },
}

impl Fetches {
    /// Asks for places for `ticket`.
    pub(crate) fn want(&mut self, query: Query, ticket: Ticket, now: Instant, limits: &Limits) -> Wanted {
        let spot = Spot::of(&query);
        if let Some(places) = self.cache.get(&spot, query.bound, now) {
            return Wanted::Known(places.clone());
        }
        if let Some(id) = self.shareable(&spot, query.bound, now) {
            self.wait_for(id, ticket);
            return Wanted::Shared;
        }
        let starts = self.under_way < limits.fetches;
        let refused = if starts { Vec::new() } else { self.make_room(ticket, limits.fetch_queue) };
        if refused.last() == Some(&ticket) {
            return Wanted::Queued { refused };
        }
        let id = FetchId(self.next_id);
        self.next_id += 1;
        let (deadline, waits_for) = (now + limits.places_timeout, (!starts).then_some(ticket.session));
        self.by_id.insert(id, Fetch { query, deadline, tickets: BTreeSet::new(), waits_for });
        self.by_spot.insert(spot, id);
        self.wait_for(id, ticket);
        if starts {
            self.under_way += 1;
            Wanted::Start(id, query)
        } else {
            self.waiting.push(ticket.session, id);
            Wanted::Queued { refused }
        }
    }

    /// The fetch for that spot, if it asks for enough and is not late.
    fn shareable(&self, spot: &Spot, bound: u8, now: Instant) -> Option<FetchId> {
        let id = self.by_spot.get(spot)?;
        let fetch = self.by_id.get(id)?;
        (fetch.query.bound >= bound && now < fetch.deadline).then_some(*id)
    }

    fn wait_for(&mut self, id: FetchId, ticket: Ticket) {
        if let Some(fetch) = self.by_id.get_mut(&id) {
            fetch.tickets.insert(ticket);
            self.by_session.insert((ticket.session, id));
        }
    }

    /// Makes room in the queue for one more of that ticket's session. Whoever has the most there gives way, with the
    /// newest first; where nobody would have more than the session itself, it is refused. A fetch that another session
    /// waits for too goes over into its share, if that is smaller. Who is refused.
    fn make_room(&mut self, ticket: Ticket, most: usize) -> Vec<Ticket> {
        let mut refused = Vec::new();
        while self.waiting.len() >= most {
            let own = self.waiting.share(ticket.session) + 1;
            let largest = self.waiting.largest().filter(|&(_, count)| count > own);
            let newest = largest.and_then(|(session, _)| Some((session, self.waiting.newest(session)?)));
            let Some((session, id)) = newest else {
                refused.push(ticket);
                break;
            };
            if !self.hand_over(session, id) {
                self.leave(session, id, &mut refused);
            }
        }
        refused
    }

    /// Puts a fetch that waits in the share of `session` into that of another session that waits for it, if the shares
    /// are more alike then.
    fn hand_over(&mut self, session: SessionId, id: FetchId) -> bool {
        let Some(fetch) = self.by_id.get_mut(&id) else { return false };
        let after = Ticket { session, number: u64::MAX };
        let others = [fetch.tickets.first(), fetch.tickets.range(after..).next()].into_iter().flatten();
        let other = others.map(|ticket| ticket.session).find(|&other| other != session);
        let Some(other) = other.filter(|&other| self.waiting.share(other) + 1 < self.waiting.share(session)) else {
            return false;
        };
        fetch.waits_for = Some(other);
        self.waiting.remove(session, id);
        self.waiting.push(other, id);
        true
    }

    /// A fetch has ended well, or not: who waited for it.
    pub(crate) fn fetched(
        &mut self,
        id: FetchId,
        outcome: &Result<Places, Unavailable>,
        now: Instant,
        limits: &Limits,
    ) -> BTreeSet<Ticket> {
        if let (Some(fetch), Ok(places)) = (self.by_id.get(&id), outcome) {
            self.cache.insert(Spot::of(&fetch.query), fetch.query.bound, places, now, limits);
        }
        self.ended(id)
    }

    fn ended(&mut self, id: FetchId) -> BTreeSet<Ticket> {
        let Some(fetch) = self.by_id.remove(&id) else {
            return BTreeSet::new();
        };
        match fetch.waits_for {
            None => self.under_way -= 1,
            Some(session) => _ = self.waiting.remove(session, id),
        }
        self.nobody_waits(id, &fetch.tickets);
        if let Entry::Occupied(entry) = self.by_spot.entry(Spot::of(&fetch.query))
            && *entry.get() == id
        {
            entry.remove();
        }
        fetch.tickets
    }

    /// Those tickets wait for that fetch no more.
    fn nobody_waits(&mut self, id: FetchId, tickets: &BTreeSet<Ticket>) {
        for ticket in tickets {
            self.by_session.remove(&(ticket.session, id));
        }
    }

    /// Keeps no more replies than there may be now.
    pub(crate) fn limit(&mut self, limits: &Limits) {
        self.cache.shrink(limits.places_cache);
    }

    /// Keeps none of the replies.
    pub(crate) fn forget_kept(&mut self) {
        self.cache.shrink(0);
    }

    /// The next one that can start, now that others have ended.
    pub(crate) fn start_next(&mut self, limits: &Limits) -> Option<(FetchId, Query)> {
        if self.under_way >= limits.fetches {
            return None;
        }
        let id = self.waiting.pop()?;
        let fetch = self.by_id.get_mut(&id)?;
        fetch.waits_for = None;
        self.under_way += 1;
        Some((id, fetch.query))
    }

    /// Who has waited too long. A fetch that is under way goes on holding its place until it ends.
    pub(crate) fn expired(&mut self, now: Instant) -> Vec<Ticket> {
        let mut expired = Vec::new();
        // Of those that were late before there are no more than fetches under way.
        let is_late = |(_, fetch): &(_, &Fetch)| fetch.deadline <= now;
        let late: Vec<FetchId> = self.by_id.iter().take_while(is_late).map(|(&id, _)| id).collect();
        for id in late {
            let Some(fetch) = self.by_id.get_mut(&id) else { continue };
            let tickets = mem::take(&mut fetch.tickets);
            if fetch.waits_for.is_some() {
                self.ended(id);
            }
            self.nobody_waits(id, &tickets);
            expired.extend(tickets);
        }
        expired
    }

    /// A session has gone: nobody waits for it any more, and what nobody waits for is not started.
    pub(crate) fn forget(&mut self, session: SessionId) {
        let all = (session, FetchId(0))..=(session, FetchId(u64::MAX));
        let waits_for: Vec<FetchId> = self.by_session.range(all).map(|&(_, id)| id).collect();
        for id in waits_for {
            self.leave(session, id, &mut Vec::new());
        }
    }

    /// A session waits for that fetch no more. If it is in its share of the queue, it goes over into that of another
    /// session that waits for it, or out. The tickets that the session had are put into `left`.
    fn leave(&mut self, session: SessionId, id: FetchId, left: &mut Vec<Ticket>) {
        self.by_session.remove(&(session, id));
        let Some(fetch) = self.by_id.get_mut(&id) else { return };
        let own = Ticket { session, number: 0 }..=Ticket { session, number: u64::MAX };
        let own: Vec<Ticket> = fetch.tickets.range(own).copied().collect();
        for ticket in &own {
            fetch.tickets.remove(ticket);
        }
        left.extend(own);
        if fetch.waits_for != Some(session) {
            return;
        }
        match fetch.tickets.first() {
            Some(other) => {
                fetch.waits_for = Some(other.session);
                self.waiting.remove(session, id);
                self.waiting.push(other.session, id);
            }
            None => _ = self.ended(id),
        }
    }

    /// When the first of them that somebody waits for has taken too long.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.by_id.values().find(|fetch| !fetch.tickets.is_empty()).map(|fetch| fetch.deadline)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }
}

#[cfg(test)]
mod tests;
