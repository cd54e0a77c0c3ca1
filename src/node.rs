//! What the whole of a server shares: what it knows, what it has handled, its links, its fetches.

mod comparing;

use std::net::IpAddr;
use std::sync::Arc;

use bytes::BytesMut;

use crate::batch::{Batch, Replies, Request, Requests};
use crate::counters::Counters;
use crate::event::{Action, Attempt, Event};
use crate::fetch::{self, FetchId, Fetches, Wanted};
use crate::flood::Flood;
use crate::framing::{Framer, Line};
use crate::handled::Handled;
use crate::herd::{Herd, ServerId};
use crate::identity::Identity;
use crate::limits::Limits;
use crate::link::Link;
use crate::message::{Message, Refusal, Sighted};
use crate::number::scramble;
use crate::places::{Places, Query, Radius, Unavailable};
use crate::position::Position;
use crate::report::Report;
use crate::session::{Answer, Session, SessionId, Ticket};
use crate::store::{Locator, Offer, Place, Store};
use crate::time::{Instant, Now};

/// One server of a herd. It touches nothing: it is told what happens and says what to do.
///
/// The same calls with the same arguments give the same actions, byte for byte.
#[derive(Clone, Debug)]
pub struct Node {
    identity: Arc<Identity>,
    store: Store,
    handled: Handled,
    /// One for each neighbour, in the order of their ids.
    links: Vec<Link>,
    fetches: Fetches,
    least_bound: u8,
    counters: Counters,
    /// State of the generator behind the pauses' jitter.
    jitter: u64,
    /// What this pass has for neighbours so far.
    flood: Flood,
}

impl Node {
    /// The server `me` of `herd`, which knows nothing yet.
    ///
    /// `seed` is the only randomness that it ever has. It keeps chosen client IDs from colliding,
    /// spreads the pauses of links, and names this run to the neighbours: take one that is not
    /// guessable and that no earlier run had.
    #[must_use]
    pub fn new(herd: Arc<Herd>, me: ServerId, limits: Limits, seed: u64) -> Self {
        let asks_first = |peer| herd.name(me) < herd.name(peer);
        let links = herd.neighbours(me).iter().map(|&peer| Link::new(peer, asks_first(peer), &limits)).collect();
        let locator = Locator::new(seed);
        Self {
            store: Store::new(limits.clients, locator.clone()),
            handled: Handled::new(limits.handled, scramble(!seed)),
            links,
            fetches: Fetches::default(),
            least_bound: 0,
            counters: Counters::default(),
            jitter: seed,
            flood: Flood::default(),
            // Scrambled, because neighbours are told it and the seed is a secret.
            identity: Arc::new(Identity::new(herd, me, limits, scramble(seed), locator)),
        }
    }

    /// Fetches ask for at least `bound` results, so that one serves many WHATSATs with bounds of
    /// their own. Zero, as it is from the start, is for sources where each result costs.
    pub fn ask_at_least(&mut self, bound: u8) {
        self.least_bound = bound;
    }

    /// A session for a connection that was accepted from `remote`. Its id must be no other's in use.
    #[must_use]
    pub fn session(&self, id: SessionId, remote: Option<IpAddr>, now: Instant) -> Session {
        Session::new(Arc::clone(&self.identity), id, remote, now)
    }

    /// Serves what `session` parsed.
    pub fn serve(&mut self, now: Now, session: &Session, requests: Requests, actions: &mut Vec<Action>) -> Replies {
        let mut batch = requests.0;
        self.store.look_ahead(batch.items.iter().map(|item| item.place));
        let mut index = 0;
        while index < batch.items.len() {
            if let Err(why) = self.serve_item(now, session.id(), &mut batch, index, actions) {
                batch.refuse_from(index, why);
            }
            index += 1;
        }
        self.queue_copies(now.instant, actions);
        if batch.items.iter().any(|item| matches!(item.request, Request::Hello { .. })) {
            self.compare(now.instant, actions);
        }
        self.counters.refused += u64::from(batch.refused.is_some());
        Replies(batch)
    }

    /// Takes in what happened.
    pub fn handle(&mut self, now: Now, event: Event<'_>, actions: &mut Vec<Action>) {
        match event {
            Event::Started => self.links.iter_mut().for_each(|link| link.greet(now.instant, actions)),
            Event::Resolved { peer, addresses } => Arc::make_mut(&mut self.identity).resolved(peer, addresses),
            Event::Fetched { fetch, outcome } => self.fetched(now.instant, fetch, outcome, actions),
            Event::Gone(session) => self.fetches.forget(session),
            Event::Woken => self.woken(now.instant, actions),
            Event::Connected { peer, attempt } => {
                self.counters.links_up += 1;
                self.on_link(peer, attempt, |link, _, _| link.connected(now.instant, actions));
                self.compare(now.instant, actions);
            }
            Event::Sent { peer, attempt } => {
                self.on_link(peer, attempt, |link, identity, _| link.sent(now.instant, &identity.limits, actions));
                self.compare(now.instant, actions);
            }
            Event::Received { peer, attempt, bytes } => {
                self.received(now.instant, peer, attempt, bytes, actions);
                self.compare(now.instant, actions);
            }
            Event::Lost { peer, attempt } => {
                self.counters.links_lost += 1;
                self.on_link(peer, attempt, |link, identity, jitter| {
                    link.lost(now.instant, &identity.limits, jitter, actions);
                });
            }
        }
    }

    /// What to send to a neighbour on that connection now: whole lines, and no more than a neighbour
    /// can be expected to take at once. Empty where there is nothing, or where the attempt is over.
    #[must_use]
    pub fn take(&mut self, now: Instant, peer: ServerId, attempt: Attempt) -> BytesMut {
        let mut bytes = BytesMut::new();
        self.on_link(peer, attempt, |link, identity, _| bytes = link.take(identity, now));
        bytes
    }

    /// When it wants to be told [`Event::Woken`], if nothing else happens until then.
    #[must_use]
    pub fn next_wake(&self) -> Option<Instant> {
        let links = self.links.iter().filter_map(|link| link.deadline(&self.identity.limits));
        links.chain(self.fetches.deadline()).min()
    }

    /// Takes back a report that an earlier run of this server kept, as [`Report::line`] gave it: for hosts
    /// that keep some. Neighbours are not told; they find what they lack by comparing.
    ///
    /// # Errors
    /// What is wrong with the line, where it is no report of this herd; [`Refusal::Full`] where no more
    /// clients are kept. Nothing has changed then.
    pub fn restore(&mut self, line: &[u8]) -> Result<(), Refusal> {
        let sighted = Sighted::parse(line)?;
        let mut line = Vec::new();
        let layout = self.identity.write_down(&sighted, &mut line)?;
        let report = Report { line: &line, layout };
        match self.store.offer(self.identity.locator.of_report(&report), &report) {
            Offer::Full { .. } => Err(Refusal::Full),
            Offer::Kept { .. } | Offer::Same | Offer::Older { .. } => Ok(()),
        }
    }

    /// The newest report of a client.
    #[must_use]
    pub fn report(&self, client: &[u8]) -> Option<Report<'_>> {
        self.store.get(self.identity.locator.of_client(client), client)
    }

    /// The newest report of every client, in no order.
    pub fn reports(&self) -> impl Iterator<Item = Report<'_>> {
        self.store.iter()
    }

    /// How many clients it knows.
    #[must_use]
    pub const fn clients(&self) -> usize {
        self.store.len()
    }

    /// One number for all reports that it keeps: servers that keep the same have the same.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.store.digest()
    }

    /// What it has done so far.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Its links, as `(neighbour, whether it is up, bytes that wait, lines dropped)`.
    pub fn links(&self) -> impl Iterator<Item = (ServerId, bool, usize, u64)> {
        self.links.iter().map(|link| (link.peer, link.is_up(), link.queued(), link.dropped))
    }

    /// Fetches that have not ended.
    #[must_use]
    pub fn fetches(&self) -> usize {
        self.fetches.len()
    }

    fn serve_item(
        &mut self,
        now: Now,
        session: SessionId,
        batch: &mut Batch,
        index: usize,
        actions: &mut Vec<Action>,
    ) -> Result<(), Refusal> {
        let item = &batch.items[index];
        match item.request {
            Request::Iamat { .. } => {
                self.counters.iamat += 1;
                let report = batch.report(item).expect("an IAMAT brings a report");
                self.learn(now.instant, item.place, &report, None, actions)
            }
            Request::At { from, .. } => {
                self.counters.at += 1;
                self.heard(from, |link, actions| link.heard(now.instant, actions), actions);
                let report = batch.report(item).expect("an AT brings a report");
                // Nobody is told of a neighbour's report that cannot be kept.
                let _ = self.learn(now.instant, item.place, &report, Some(from), actions);
                Ok(())
            }
            Request::Hello { from, incarnation } => {
                self.counters.hello += 1;
                self.queue_copies(now.instant, actions);
                self.heard(from, |link, actions| link.greeted(incarnation, now.instant, actions), actions);
                Ok(())
            }
            Request::Kept { from, .. } => {
                self.heard(from, |link, actions| link.heard(now.instant, actions), actions);
                let report = batch.report(item).expect("a KEPT brings a report");
                self.mend(item.place, &report, from, now.instant, actions);
                Ok(())
            }
            Request::Repair { from, ref step, .. } => {
                self.heard(from, |link, actions| link.heard(now.instant, actions), actions);
                let step = step.clone();
                let text = self.answer(from, &step, now.instant, batch)?;
                if let Request::Repair { answer, .. } = &mut batch.items[index].request {
                    *answer = text;
                }
                Ok(())
            }
            Request::Whatsat { ref client, radius, bound, ticket, .. } => {
                self.counters.whatsat += 1;
                let client = client.clone();
                let report = self.store.get(item.place, &batch.text[client]).ok_or(Refusal::UnknownClient)?;
                let at = Position::of_valid(report.position()).expect("only valid positions are kept");
                let start = batch.text.len();
                batch.text.extend_from_slice(b"AT ");
                batch.text.extend_from_slice(report.line());
                batch.text.push(b'\n');
                let end = batch.text.len();
                if let Request::Whatsat { at_line, .. } = &mut batch.items[index].request {
                    *at_line = Some(start..end);
                }
                self.want(now.instant, at, radius, bound, Ticket { session, number: ticket }, actions);
                Ok(())
            }
        }
    }

    /// Keeps a report if it is new, and floods it if it was not handled yet.
    fn learn(
        &mut self,
        now: Instant,
        place: Place,
        report: &Report<'_>,
        from: Option<ServerId>,
        actions: &mut Vec<Action>,
    ) -> Result<(), Refusal> {
        let unhandled = match self.store.offer(place, report) {
            Offer::Kept { replaced } => {
                self.counters.kept += 1;
                if let Some(replaced) = replaced {
                    self.handled.remember(replaced);
                }
                true
            }
            Offer::Same => false,
            Offer::Older { digest } => {
                self.counters.older += 1;
                self.handled.insert(digest)
            }
            Offer::Full { .. } if from.is_none() => return Err(Refusal::Full),
            Offer::Full { digest } => {
                self.counters.not_kept += 1;
                self.handled.insert(digest)
            }
        };
        if unhandled {
            self.flood(now, report, from, actions);
        } else {
            self.counters.duplicates += 1;
        }
        Ok(())
    }

    /// Forwards a report to every neighbour but the one that it came from and its origin.
    fn flood(&mut self, now: Instant, report: &Report<'_>, from: Option<ServerId>, actions: &mut Vec<Action>) {
        if self.links.is_empty() {
            return;
        }
        if !self.flood.fits(report, from) {
            self.queue_copies(now, actions);
        }
        self.flood.add(report, from, self.identity.closing());
        if self.flood.is_long() {
            self.queue_copies(now, actions);
        }
    }

    /// Takes what a neighbour answers on the connection that this server opened.
    fn received(&mut self, now: Instant, peer: ServerId, attempt: Attempt, bytes: &[u8], actions: &mut Vec<Action>) {
        let is_it = |link: &Link| link.peer == peer && link.is_current(attempt);
        let Some(index) = self.links.iter().position(is_it) else { return };
        let most = self.links[index].replies.most();
        let mut replies = core::mem::replace(&mut self.links[index].replies, Framer::new(most));
        let mut input = bytes;
        while self.links[index].listens() && is_it(&self.links[index]) {
            match replies.next_line(&mut input) {
                Some(Line::Whole(line)) => self.hear(now, index, line, actions),
                Some(Line::TooLong(_)) | None => break,
            }
        }
        if is_it(&self.links[index]) {
            self.links[index].replies = replies;
        }
    }

    fn hear(&mut self, now: Instant, index: usize, line: &[u8], actions: &mut Vec<Action>) {
        let peer = self.links[index].peer;
        let is_peer = |sender: &[u8]| self.identity.herd.find(sender) == Some(peer);
        match Message::parse(line) {
            Ok(None) => {}
            Ok(Some(Message::Hello { sender, incarnation })) if is_peer(sender) => {
                self.links[index].greeted_back(incarnation, now, actions);
            }
            Ok(Some(Message::Repair { sender, step })) if is_peer(sender) => self.answered(index, step, now),
            Ok(Some(Message::Kept { report, sender })) if is_peer(sender) => {
                self.mend_over_link(index, &report, now, actions);
            }
            Ok(Some(_)) | Err(_) => self.links[index].not_understood(line, now, actions),
        }
    }

    /// Queues what is to be flooded. Each pass ends with it, and so does whatever else a link is told.
    fn queue_copies(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if self.flood.count == 0 {
            return;
        }
        for link in self.links.iter_mut().filter(|link| self.flood.reaches(link.peer)) {
            link.push_all(&self.flood.lines, now, &self.identity.limits, actions);
            self.counters.forwarded += self.flood.count;
        }
        self.flood.clear();
    }

    // Not inlined, so that what it costs can be told from the AT part of a WHATSAT.
    #[inline(never)]
    fn want(
        &mut self,
        now: Instant,
        at: Position,
        radius: Radius,
        bound: u8,
        ticket: Ticket,
        actions: &mut Vec<Action>,
    ) {
        let query = Query { at, radius, bound: bound.max(self.least_bound) };
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
        self.compare(now, actions);
        let expired = self.fetches.expired(now);
        if !expired.is_empty() {
            self.counters.fetches_timed_out += expired.len() as u64;
            answer(&expired, &fetch::timed_out().to_places(), actions);
        }
    }

    fn on_link(&mut self, peer: ServerId, attempt: Attempt, then: impl FnOnce(&mut Link, &Identity, u64)) {
        let jitter = self.next_jitter();
        if let Some(link) = self.links.iter_mut().find(|link| link.peer == peer && link.is_current(attempt)) {
            then(link, &self.identity, jitter);
        }
    }

    fn heard(&mut self, from: ServerId, then: impl FnOnce(&mut Link, &mut Vec<Action>), actions: &mut Vec<Action>) {
        if let Some(link) = self.links.iter_mut().find(|link| link.peer == from) {
            then(link, actions);
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

#[cfg(test)]
mod tests;
