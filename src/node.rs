//! What the whole of a server shares: what it knows, what it has handled, its links, its fetches.

mod comparing;
mod hub;

use core::fmt;
use core::ops::Range;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::BytesMut;
use parking_lot::MutexGuard;

use crate::batch::{Ask, Buffers, Question, Replies, Request, Requests};
use crate::counters::Counters;
use crate::event::{Action, Attempt, Event};
use crate::herd::{Herd, ServerId};
use crate::identity::Identity;
use crate::limits::Limits;
use crate::lock::Lock;
use crate::message::{Refusal, Sighted};
use crate::number::scramble;
use crate::place::Secret;
use crate::places::Query;
use crate::position::Position;
use crate::repair::Step;
use crate::report::{Kept, Report};
use crate::session::{Session, SessionId, Ticket};
use crate::store::Store;
use crate::time::{Instant, Now};

use self::hub::Hub;

/// One server of a herd. It touches nothing: it is told what happens and says what to do.
///
/// Sessions of one node can be served on many threads at once; each call holds what it needs of the node for
/// moments. Called by one thread, the same calls with the same arguments give the same actions, byte for
/// byte.
#[derive(Clone)]
pub struct Node {
    store: Store,
    hub: Lock<Hub>,
}

impl Node {
    /// The server `me` of `herd`, which knows nothing yet.
    ///
    /// `seed` is the only randomness that it ever has. It keeps chosen client IDs from colliding,
    /// spreads the pauses of links, and names this run to the neighbours: take one that is not
    /// guessable and that no earlier run had.
    #[must_use]
    pub fn new(herd: Arc<Herd>, me: ServerId, limits: Limits, seed: u64) -> Self {
        let handled = if herd.neighbours(me).is_empty() { 0 } else { limits.handled.max(1) };
        let store = Store::new(&Limits { handled, ..limits.clone() }, &Secret::new(seed), scramble(!seed));
        // Scrambled, because neighbours are told it and the seed is a secret.
        let identity = Identity::new(herd, me, limits, scramble(seed));
        Self { store, hub: Lock::new(Hub::new(identity, seed)) }
    }

    /// Fetches ask for at least `bound` results, so that one serves many WHATSATs with bounds of
    /// their own. Zero, as it is from the start, is for sources where each result costs.
    pub fn ask_at_least(&self, bound: u8) {
        self.hub.hold().least_bound = bound;
    }

    /// A session for a connection that was accepted from `remote`. Its id must be no other's in use.
    #[must_use]
    pub fn session(&self, id: SessionId, remote: Option<IpAddr>, now: Instant) -> Session {
        let identity = Arc::clone(&self.hub.hold().identity);
        Session::new(identity, id, remote, now)
    }

    /// Serves what `session` parsed.
    pub fn serve(&self, now: Now, session: &Session, requests: Requests, actions: &mut Vec<Action>) -> Replies {
        let mut buffers = requests.0;
        Pass { node: self, now: now.instant, session, batch: &mut buffers, actions }.serve();
        Replies(buffers)
    }

    /// Takes in what happened.
    pub fn handle(&self, now: Now, event: Event<'_>, actions: &mut Vec<Action>) {
        let mut hub = self.hub.hold();
        hub.handle(&self.store, now.instant, event, actions);
        self.compare(hub, now.instant, actions);
    }

    /// What to send to a neighbour on that connection now: whole lines, and no more than a neighbour
    /// can be expected to take at once. Empty where there is nothing, or where the attempt is over.
    #[must_use]
    pub fn take(&self, now: Instant, peer: ServerId, attempt: Attempt) -> BytesMut {
        let mut bytes = BytesMut::new();
        self.hub.hold().on_link(peer, attempt, |link, identity, _| bytes = link.take(identity, now));
        bytes
    }

    /// When it wants to be told [`Event::Woken`], if nothing else happens until then.
    #[must_use]
    pub fn next_wake(&self) -> Option<Instant> {
        self.hub.hold().next_wake()
    }

    /// Takes back a report that an earlier run of this server kept, as [`Report::line`] gave it: for hosts
    /// that keep some. Neighbours are not told; they find what they lack by comparing.
    ///
    /// # Errors
    /// What is wrong with the line, where it is no report of this herd; [`Refusal::Full`] where no more
    /// clients are kept. Nothing has changed then.
    pub fn restore(&self, line: &[u8]) -> Result<(), Refusal> {
        let sighted = Sighted::parse(line)?;
        let mut line = Vec::new();
        let head = self.hub.hold().identity.write_down(&sighted, &mut line)?;
        let has_room = self.store.restore(&Report { line: &line, head });
        if has_room { Ok(()) } else { Err(Refusal::Full) }
    }

    /// The newest report of a client.
    #[must_use]
    pub fn report(&self, client: &[u8]) -> Option<Kept> {
        self.store.get(client)
    }

    /// The newest report of every client, in no order. What changes meanwhile may be among them or not.
    pub fn reports(&self) -> impl Iterator<Item = Kept> {
        self.store.iter()
    }

    /// How many clients it knows.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.store.len()
    }

    /// One number for all reports that it keeps: servers that keep the same have the same.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.store.digest()
    }

    /// What it has done so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let mut counters = self.hub.hold().counters;
        self.store.count(&mut counters);
        counters
    }

    /// Its links, as `(neighbour, whether it is up, bytes that wait, lines dropped)`.
    pub fn links(&self) -> impl Iterator<Item = (ServerId, bool, usize, u64)> {
        let hub = self.hub.hold();
        let links = hub.links.iter().map(|link| (link.peer, link.is_up(), link.queued(), link.dropped));
        links.collect::<Vec<_>>().into_iter()
    }

    /// Fetches that have not ended.
    #[must_use]
    pub fn fetches(&self) -> usize {
        self.hub.hold().fetches.len()
    }
}

/// All that makes a difference to what it does next, but for what it keeps and what it has counted.
impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hub = self.hub.hold();
        let mut node = f.debug_struct("Node");
        node.field("handled", &self.store.handled()).field("links", &hub.links).field("fetches", &hub.fetches);
        node.finish_non_exhaustive()
    }
}

/// What a session parsed at once, on its way through the node.
struct Pass<'a> {
    node: &'a Node,
    now: Instant,
    session: &'a Session,
    batch: &'a mut Buffers,
    actions: &'a mut Vec<Action>,
}

impl Pass<'_> {
    fn serve(&mut self) {
        let mut index = 0;
        while let Some(item) = self.batch.items.get(index) {
            let served = match &item.request {
                Request::Reports { entries, from } => self.learn(entries.clone(), *from),
                Request::Whatsats { asks, ticket, .. } => self.answer(index, asks.clone(), *ticket),
                _ => self.serve_item(index).map_err(|why| (0, why)),
            };
            if let Err((before, why)) = served {
                self.batch.refuse_after_all(index, before, why);
            }
            index += 1;
        }
        if self.batch.refused.is_some() {
            self.node.hub.hold().counters.refused += 1;
        }
    }

    /// Takes in the reports of an item, and floods those that were not handled yet.
    ///
    /// # Errors
    /// How many come before the first that must be refused.
    fn learn(&mut self, entries: Range<usize>, from: Option<ServerId>) -> Result<(), (usize, Refusal)> {
        let Self { node, now, session, batch, actions } = self;
        let Buffers { entries: all, replies, text, flood, known, flood_again, .. } = &mut **batch;
        let text = if from.is_none() { replies.as_slice() } else { text.as_slice() };
        let learned = node.store.learn(&mut all[entries.clone()], text, from.is_none(), known);
        let Some(closing) = session.identity().closing_of_copies() else {
            known.clear();
            return learned;
        };
        if known.is_empty() && learned.is_ok() {
            node.hub.hold().flood(flood.runs(entries), from, *now, actions);
            return learned;
        }
        // Not all that were copied are to be flooded.
        let learned_of_them = learned.map_or_else(|(before, _)| before, |()| entries.len());
        known.sort_unstable();
        let mut known = known.drain(..).peekable();
        let mut copies = 0;
        for (index, entry) in all[entries].iter().enumerate().take(learned_of_them) {
            if known.next_if_eq(&index).is_none() {
                copies += 1;
                flood_again.add(entry, text, closing);
                flood_again.end_piece(entry.head.origin(), copies);
            }
        }
        node.hub.hold().flood(flood_again.runs(0..copies), from, *now, actions);
        flood_again.clear();
        learned
    }

    /// Answers the WHATSATs of an item as far as the server itself can, and asks for places.
    ///
    /// # Errors
    /// How many come before the first that must be refused.
    fn answer(&mut self, index: usize, asks: Range<usize>, ticket: u64) -> Result<(), (usize, Refusal)> {
        let Buffers { asks: all, questions, text, answers, items, .. } = &mut *self.batch;
        let (asks, start) = (&mut all[asks], answers.len());
        let found = self.node.store.find(asks, text.as_slice(), answers);
        if let Request::Whatsats { at_lines, .. } = &mut items[index].request {
            *at_lines = start..answers.len();
        }
        let ticket = Ticket { session: self.session.id(), number: ticket };
        let at_lines = &answers.as_slice()[start..];
        self.node.want(self.now, &asks[..found], questions, at_lines, ticket, self.actions);
        if found == asks.len() {
            return Ok(());
        }
        self.node.hub.hold().counters.whatsat += 1;
        Err((found, Refusal::UnknownClient))
    }

    /// Serves what is no report to be flooded.
    fn serve_item(&mut self, index: usize) -> Result<(), Refusal> {
        let Self { node, now, batch, actions, .. } = self;
        let Node { store, hub } = node;
        let item = &mut batch.items[index];
        match &mut item.request {
            Request::Hello { from, incarnation } => {
                let mut hub = hub.hold();
                hub.hello(*from, *incarnation, *now, actions);
                node.compare(hub, *now, actions);
            }
            Request::Kept { entry, from } => {
                let report = entry.report(batch.text.as_slice());
                let is_kept = store.mend(&report);
                let mut hub = hub.hold();
                hub.heard(*from, *now, actions);
                if is_kept {
                    hub.pass_on_mended(&report, *from, *now, actions);
                }
            }
            Request::Repair { from, step, answer } => {
                if matches!(step, Step::Groups(_)) {
                    store.work_out_digests();
                }
                let mut hub = hub.hold();
                hub.heard(*from, *now, actions);
                let text = hub.answer(store, *from, step, *now)?;
                let start = batch.answers.len();
                batch.answers.push(&text);
                *answer = start..batch.answers.len();
            }
            Request::Reports { .. } | Request::Whatsats { .. } => {}
        }
        Ok(())
    }
}

impl Node {
    /// Begins the comparisons that are due, and goes on with those that are under way.
    fn compare<'a>(&'a self, mut hub: MutexGuard<'a, Hub>, now: Instant, actions: &mut Vec<Action>) {
        if hub.is_to_compare(now) {
            // Where much has changed that takes a while, and nobody is to wait for the hub meanwhile.
            drop(hub);
            self.store.work_out_digests();
            hub = self.hub.hold();
        }
        hub.compare(&self.store, now, actions);
    }

    /// Asks for the places of some WHATSATs, whose AT lines are `at_lines`; the first of them has that ticket.
    // Not inlined, so that what it costs can be told from the AT part of a WHATSAT.
    #[inline(never)]
    fn want(
        &self,
        now: Instant,
        asks: &[Ask],
        questions: &[Question],
        mut at_lines: &[u8],
        first: Ticket,
        actions: &mut Vec<Action>,
    ) {
        let mut hub = self.hub.hold();
        hub.counters.whatsat += asks.len() as u64;
        for (number, ask) in (first.number..).zip(asks) {
            let at_line = at_lines.split_off(..ask.at_line_len as usize).expect("each has its own");
            let at = Position::of_valid(ask.position(at_line)).expect("only valid positions are kept");
            let Question { radius, bound } = ask.question(questions);
            let query = Query { at, radius, bound };
            hub.want(now, query, Ticket { number, ..first }, actions);
        }
    }
}

#[cfg(test)]
mod tests;
