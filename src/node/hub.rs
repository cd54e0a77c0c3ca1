//! What the passes of all sessions share besides the store: the links to neighbours, and the fetches of places.

use std::sync::Arc;

use crate::counters::Counters;
use crate::event::{Action, Attempt, Event};
use crate::fetch::{self, FetchId, Fetches, Wanted};
use crate::flood::Run;
use crate::framing::{Framer, Line};
use crate::herd::ServerId;
use crate::identity::Identity;
use crate::link::Link;
use crate::message::Message;
use crate::number::scramble;
use crate::places::{Places, Query, Unavailable};
use crate::session::{Answer, Ticket};
use crate::store::Store;
use crate::time::Instant;

/// A server's ways to the outside, held for moments: to queue what a pass has for neighbours, to ask for places,
/// to take in an event. Whoever holds it may hold a shard of the store too, and never the other way round.
#[derive(Clone, Debug)]
pub(super) struct Hub {
    pub(super) identity: Arc<Identity>,
    /// One for each neighbour, in the order of their ids.
    pub(super) links: Vec<Link>,
    pub(super) fetches: Fetches,
    pub(super) least_bound: u8,
    pub(super) counters: Counters,
    /// State of the generator behind the pauses' jitter.
    jitter: u64,
}

impl Hub {
    pub(super) fn new(identity: Identity, seed: u64) -> Self {
        let (herd, me) = (&identity.herd, identity.me);
        let asks_first = |peer| herd.name(me) < herd.name(peer);
        let link = |&peer| Link::new(peer, asks_first(peer), &identity.limits);
        let links = herd.neighbours(me).iter().map(link).collect();
        Self {
            links,
            fetches: Fetches::default(),
            least_bound: 0,
            counters: Counters::default(),
            jitter: seed,
            identity: Arc::new(identity),
        }
    }

    /// Takes in what happened; [`compare`](Self::compare) is to be called then.
    pub(super) fn handle(&mut self, store: &Store, now: Instant, event: Event<'_>, actions: &mut Vec<Action>) {
        match event {
            Event::Started => self.links.iter_mut().for_each(|link| link.greet(now, actions)),
            Event::Resolved { peer, addresses } => Arc::make_mut(&mut self.identity).resolved(peer, addresses),
            Event::Fetched { fetch, outcome } => self.fetched(now, fetch, outcome, actions),
            Event::Gone(session) => self.fetches.forget(session),
            Event::Woken => self.woken(now, actions),
            Event::Connected { peer, attempt } => {
                self.counters.links_up += 1;
                self.on_link(peer, attempt, |link, _, _| link.connected(now, actions));
            }
            Event::Sent { peer, attempt } => {
                self.on_link(peer, attempt, |link, identity, _| link.sent(now, &identity.limits, actions));
            }
            Event::Received { peer, attempt, bytes } => self.received(store, now, peer, attempt, bytes, actions),
            Event::Lost { peer, attempt } => {
                self.counters.links_lost += 1;
                self.on_link(peer, attempt, |link, identity, jitter| {
                    link.lost(now, &identity.limits, jitter, actions);
                });
            }
        }
    }

    /// When it wants to be told [`Event::Woken`].
    pub(super) fn next_wake(&self) -> Option<Instant> {
        let links = self.links.iter().filter_map(|link| link.deadline(&self.identity.limits));
        links.chain(self.fetches.deadline()).min()
    }

    /// A neighbour greeted on a connection of its own.
    pub(super) fn hello(&mut self, from: ServerId, incarnation: u64, now: Instant, actions: &mut Vec<Action>) {
        self.counters.hello += 1;
        self.on_link_of(from, |link| link.greeted(incarnation, now, actions));
    }

    /// A neighbour spoke on a connection of its own.
    pub(super) fn heard(&mut self, from: ServerId, now: Instant, actions: &mut Vec<Action>) {
        self.on_link_of(from, |link| link.heard(now, actions));
    }

    /// Queues copies of reports for every neighbour that they do not come from. If a neighbour passed them on, it is
    /// there.
    pub(super) fn flood<'a>(
        &mut self,
        runs: impl Iterator<Item = Run<'a>>,
        from: Option<ServerId>,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        if let Some(from) = from {
            self.heard(from, now, actions);
        }
        for Run { origin, count, lines } in runs {
            for link in self.links.iter_mut().filter(|link| Some(link.peer) != from && link.peer != origin) {
                link.push_all(lines, now, &self.identity.limits, actions);
                self.counters.forwarded += count as u64;
            }
        }
    }

    /// A WHATSAT wants places.
    pub(super) fn want(&mut self, now: Instant, query: Query, ticket: Ticket, actions: &mut Vec<Action>) {
        let query = Query { bound: query.bound.max(self.least_bound), ..query };
        match self.fetches.want(query, ticket, now, &self.identity.limits) {
            Wanted::Known(places) => {
                self.counters.fetches_known += 1;
                answer(&[ticket], &places, actions);
            }
            Wanted::Start(fetch, query) => {
                self.counters.fetches += 1;
                actions.push(Action::Fetch { fetch, query });
            }
            Wanted::Shared => self.counters.fetches_shared += 1,
            Wanted::Queued => {}
            Wanted::Refused => {
                self.counters.fetches_refused += 1;
                answer(&[ticket], &fetch::too_many().to_places(), actions);
            }
        }
    }

    /// Takes what a neighbour answers on the connection that this server opened.
    fn received(
        &mut self,
        store: &Store,
        now: Instant,
        peer: ServerId,
        attempt: Attempt,
        bytes: &[u8],
        actions: &mut Vec<Action>,
    ) {
        let is_it = |link: &Link| link.peer == peer && link.is_current(attempt);
        let Some(index) = self.links.iter().position(is_it) else { return };
        let most = self.links[index].replies.most();
        let mut replies = core::mem::replace(&mut self.links[index].replies, Framer::new(most));
        let mut input = bytes;
        while self.links[index].listens() && is_it(&self.links[index]) {
            match replies.next_line(&mut input) {
                Some(Line::Whole(line)) => self.hear(store, now, index, line, actions),
                Some(Line::TooLong(_)) | None => break,
            }
        }
        if is_it(&self.links[index]) {
            self.links[index].replies = replies;
        }
    }

    fn hear(&mut self, store: &Store, now: Instant, index: usize, line: &[u8], actions: &mut Vec<Action>) {
        let peer = self.links[index].peer;
        let is_peer = |sender: &[u8]| self.identity.herd.find(sender) == Some(peer);
        match Message::parse(line) {
            Ok(None) => {}
            Ok(Some(Message::Hello { sender, incarnation })) if is_peer(sender) => {
                self.links[index].greeted_back(incarnation, now, actions);
            }
            Ok(Some(Message::Repair { sender, step })) if is_peer(sender) => self.answered(store, index, step, now),
            Ok(Some(Message::Kept { report, sender })) if is_peer(sender) => {
                self.mend_over_link(store, index, &report, now, actions);
            }
            Ok(Some(_)) | Err(_) => self.links[index].not_understood(line, now, actions),
        }
    }

    fn fetched(
        &mut self,
        now: Instant,
        fetch: FetchId,
        outcome: Result<Places, Unavailable>,
        actions: &mut Vec<Action>,
    ) {
        let tickets = self.fetches.fetched(fetch, &outcome, now, &self.identity.limits);
        let places = outcome.unwrap_or_else(|error| error.to_places());
        answer(&tickets, &places, actions);
        while let Some((fetch, query)) = self.fetches.start_next(&self.identity.limits) {
            self.counters.fetches += 1;
            actions.push(Action::Fetch { fetch, query });
        }
    }

    fn woken(&mut self, now: Instant, actions: &mut Vec<Action>) {
        for index in 0..self.links.len() {
            let jitter = self.next_jitter();
            self.links[index].wake(now, &self.identity.limits, jitter, actions);
        }
        let expired = self.fetches.expired(now);
        if !expired.is_empty() {
            self.counters.fetches_timed_out += expired.len() as u64;
            answer(&expired, &fetch::timed_out().to_places(), actions);
        }
    }

    /// Tells a link something of its attempt, unless that is over.
    pub(super) fn on_link(&mut self, peer: ServerId, attempt: Attempt, then: impl FnOnce(&mut Link, &Identity, u64)) {
        let jitter = self.next_jitter();
        if let Some(link) = self.links.iter_mut().find(|link| link.peer == peer && link.is_current(attempt)) {
            then(link, &self.identity, jitter);
        }
    }

    fn on_link_of(&mut self, peer: ServerId, then: impl FnOnce(&mut Link)) {
        if let Some(link) = self.links.iter_mut().find(|link| link.peer == peer) {
            then(link);
        }
    }

    fn next_jitter(&mut self) -> u64 {
        self.jitter = self.jitter.wrapping_add(0x9e37_79b9_7f4a_7c15);
        scramble(self.jitter)
    }
}

fn answer(tickets: &[Ticket], places: &Places, actions: &mut Vec<Action>) {
    actions.extend(tickets.iter().map(|ticket| Action::Reply {
        session: ticket.session,
        answer: Answer { number: ticket.number, places: places.clone() },
    }));
}
