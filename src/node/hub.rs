//! What the passes of all sessions share besides the store: the links to neighbours, and the fetches of places.

use core::mem;
use std::net::IpAddr;
use std::sync::Arc;

use super::changes::Changes;
use super::clock::Clock;
use super::event::Event;
use super::seldom::Seldom;
use super::sweep::Sweep;
use crate::herd::{Buffers, Herd, Identity, Limits, Neighbour, Untimely};
use crate::homes::{Homes, give};
use crate::pass::{Action, Answered, Audience, BroughtBy, Greeter, Hello, Interest, Notice, Run, Trouble, Turn, Wrong};
use crate::peers::{Cx, Link, LinkStep, Troubles};
use crate::places::{Fetches, Places, Query, Unavailable, Wanted};
use crate::report::{Head, Record};
use crate::store::{Shards, Store};
use crate::values::{Counters, FetchId, Instant, ServerId, ServerName, SessionId, SplitMix64, Ticket};
use crate::watch::Watches;
use crate::wire::{RecordKind, Refusal, Stranger, Written};

/// A server's ways to the outside, held for moments: to queue what a pass has for neighbours, to ask for places,
/// to take in an event. Whoever holds it may hold a shard of the store too, and never the other way round.
#[derive(Clone, Debug)]
pub(super) struct Hub {
    pub(super) identity: Arc<Identity>,
    /// One for each neighbour, in the order of their ids.
    pub(super) links: Vec<Link>,
    /// Links that are no more and of which nobody was told yet, and whether each has a connection.
    removed: Vec<(ServerId, bool)>,
    pub(super) fetches: Fetches,
    pub(super) least_bound: u8,
    pub(super) counters: Counters,
    pub(super) changes: Option<Changes>,
    pub(super) arrivals: Option<Changes>,
    pub(super) watches: Watches,
    /// What it has to do with other regions, if it is a server of one.
    pub(super) homes: Option<Box<Homes>>,
    /// Bytes that wait for neighbours, as they were counted last.
    buffered: usize,
    /// Connections that were closed since buffers are full.
    pub(super) buffers_full: Seldom,
    /// Clients that were refused since no more may be kept; and how many of neighbours' reports were not when that was
    /// looked at last.
    clients_full: Seldom,
    not_kept: u64,
    pub(super) troubles: Troubles,
    pub(super) clock: Clock,
    pub(super) sweep: Sweep,
    /// When the server began to listen.
    pub(super) started: Option<Instant>,
    jitter: SplitMix64,
    /// How many nonces links have taken.
    nonces: u64,
    /// The earliest time for which it asked to be woken since it last was.
    wakes_at: Option<Instant>,
}

impl Hub {
    pub(super) fn new(identity: Arc<Identity>, seed: u64, interest: Arc<Interest>) -> Self {
        Self {
            links: identity.neighbours().iter().map(|neighbour| link_to(neighbour, &identity)).collect(),
            removed: Vec::new(),
            fetches: Fetches::default(),
            least_bound: 0,
            counters: Counters::default(),
            changes: None,
            arrivals: None,
            watches: Watches::new(interest),
            homes: None,
            buffered: 0,
            buffers_full: Seldom::default(),
            clients_full: Seldom::default(),
            not_kept: 0,
            troubles: Troubles::default(),
            clock: Clock::default(),
            sweep: Sweep::default(),
            started: None,
            jitter: SplitMix64::new(seed),
            nonces: 0,
            wakes_at: None,
            identity,
        }
    }

    /// Takes in what happened; [`compare`](Self::compare) is to be called then.
    pub(super) fn handle(&mut self, event: Event<'_>, turn: &mut Turn) {
        match event {
            Event::Resolved { peer, addresses } => self.resolved(peer, addresses),
            Event::Started => {
                self.started = Some(turn.now.instant);
                self.trust_clock_if_alone(turn);
                self.sweep.begin(&self.identity.limits, turn.now.instant);
                self.each_link(turn, Link::greet);
            }
            Event::Stopping => self.each_link(turn, Link::stop),
            Event::Herd(herd) => {
                self.change_herd(herd, turn);
                self.trust_clock_if_alone(turn);
            }
            Event::Limits(limits) => self.change_limits(&limits, turn),
            Event::TakesReports(takes) => Arc::make_mut(&mut self.identity).takes_reports = takes,
            Event::Fetched { fetch, outcome } => self.fetched(fetch, outcome, turn),
            Event::Gone(session) => {
                self.fetches.forget(session);
                if let Some(homes) = &mut self.homes {
                    homes.forget(session);
                }
            }
            Event::Woken => self.woken(turn),
            Event::Connected { peer, proven } => {
                self.counters.links_up += 1;
                self.on_connection(peer, turn, |link, cx| link.connected(proven, cx));
            }
            Event::Untrusted { peer, why } => {
                self.counters.links_lost += 1;
                self.on_connection(peer, turn, |link, cx| link.untrusted(why, cx));
            }
            Event::Renew { peer } => self.on_connection(peer, turn, Link::renew),
            Event::Sent { peer } => self.on_connection(peer, turn, Link::sent),
            Event::Bus(is_up) => self.change_bus(is_up, turn),
            Event::Bridge(fence) => self.change_bridge(fence, turn),
            Event::Unheard(question) => self.unheard(question, turn),
            // The node has taken those, without holding the hub for all of it.
            Event::Received { .. } | Event::Delivered { .. } => {}
            Event::Lost { peer, why } => {
                self.counters.links_lost += 1;
                self.on_link(
                    peer,
                    turn,
                    |link, cx| if link.is_listening() { link.lost(why, cx) } else { link.ended() },
                );
            }
        }
    }

    /// Learns what a neighbour's address stands for.
    fn resolved(&mut self, peer: ServerId, addresses: &[IpAddr]) {
        if self.identity.is_news(peer, addresses) {
            Arc::make_mut(&mut self.identity).resolved(peer, addresses);
        }
    }

    /// Takes another list of servers, and makes and removes links as it says.
    fn change_herd(&mut self, herd: Arc<Herd>, turn: &mut Turn) {
        let before = Arc::clone(&self.identity);
        if let Err(why) = Arc::make_mut(&mut self.identity).change(herd) {
            return turn.notices.push(Notice::HerdRefused(why));
        }
        let identity = Arc::clone(&self.identity);
        let is_left = |link: &Link| identity.neighbours().iter().any(|neighbour| neighbour.id == link.peer);
        let (mut links, removed): (Vec<Link>, Vec<Link>) = mem::take(&mut self.links).into_iter().partition(is_left);
        let (mut added, mut moved) = (Vec::new(), Vec::new());
        for neighbour in identity.neighbours() {
            match before.neighbours().iter().find(|before| before.id == neighbour.id) {
                None => {
                    links.push(self.new_link(neighbour));
                    added.push(neighbour.id);
                }
                Some(before) if !before.is_where(neighbour) => moved.push(neighbour.id),
                Some(_) => {}
            }
        }
        links.sort_unstable_by_key(|link| link.peer);
        self.links = links;
        for link in &removed {
            self.removed.push((link.peer, link.is_listening()));
            turn.actions.push(Action::Forward { peer: link.peer });
        }
        if before.herd.members() != identity.herd.members() {
            turn.notices.push(Notice::HerdChanged { added: added.len(), removed: removed.len() });
        }
        for peer in added {
            self.on_link(peer, turn, Link::greet);
        }
        for peer in moved {
            self.on_link(peer, turn, Link::moved);
        }
        self.troubles.all_over(|with| identity.is_no_neighbour(with));
        if before.herd.trust() != identity.herd.trust() {
            self.each_link(turn, Link::judge_anew);
        }
        self.each_link(turn, Link::greet_again);
    }

    /// A clock may have been set to anything. So it is trusted once it agrees with a neighbour's; who has none has only that.
    fn trust_clock_if_alone(&mut self, turn: &Turn) {
        if self.links.is_empty() {
            self.clock.start(turn.now);
        }
    }

    /// Takes other limits. Fetches that wait and may start now do so.
    fn change_limits(&mut self, limits: &Limits, turn: &mut Turn) {
        if self.identity.limits == *limits {
            return;
        }
        let before = self.identity.same;
        Arc::make_mut(&mut self.identity).limit(limits.clone());
        self.fetches.limit(limits);
        self.sweep.begin(limits, turn.now.instant);
        self.start_fetches(turn);
        self.each_link(turn, Link::limit);
        if self.identity.same != before {
            self.each_link(turn, Link::greet_again);
        }
    }

    /// A link to a new neighbour. If it was one before, and nobody was told yet that it is none any more, the connection
    /// of that time is closed first.
    fn new_link(&mut self, neighbour: &Neighbour) -> Link {
        let mut link = link_to(neighbour, &self.identity);
        if let Some(index) = self.removed.iter().position(|(peer, _)| *peer == neighbour.id)
            && let (_, true) = self.removed.swap_remove(index)
        {
            link.closes_first();
        }
        link
    }

    /// The id of a server of which a report was heard, a new one if it has none and can have one.
    pub(super) fn learn_origin(&mut self, name: &[u8]) -> Option<ServerId> {
        if self.identity.names.can_learn(name)
            && let Some(name) = ServerName::of(name)
        {
            Arc::make_mut(&mut Arc::make_mut(&mut self.identity).names).learn(&name);
        }
        self.identity.names.find(name)
    }

    /// Writes down a record of an earlier run, before this one starts.
    pub(super) fn take_back(&mut self, record: &Written<'_>, out: &mut Vec<u8>) -> Result<Head, Refusal> {
        if record.kind() == RecordKind::Tombstone {
            self.sweep.is_needed(&self.identity.limits, Instant::default());
        }
        self.write_down(record, out)
    }

    /// Appends a record to `out` in canonical spacing; its head, if its origin can be a server.
    pub(super) fn write_down(&mut self, record: &Written<'_>, out: &mut Vec<u8>) -> Result<Head, Refusal> {
        let name = record.origin();
        let learned = if record.kind() == RecordKind::Away { None } else { self.learn_origin(name) };
        let origin = match learned {
            Some(id) => id,
            None => self.identity.origin(name)?,
        };
        Ok(Record::write_down(|part| out.extend_from_slice(part), origin, record))
    }

    /// What is to be done about a link. If that is to wait, it has asked to be woken in time.
    pub(super) fn poll_link(&mut self, store: &Store, peer: ServerId, turn: &mut Turn) -> LinkStep {
        self.go_on(store, peer, turn);
        let mut step = LinkStep::End;
        self.removed.retain(|(removed, _)| *removed != peer);
        self.on_link(peer, turn, |link, cx| {
            step = link.poll(cx);
            if let LinkStep::Wait(_) = step {
                link.tell_if_talking(cx);
            }
        });
        if let LinkStep::Wait(Some(until)) = step {
            self.ask_to_be_woken_at(until, turn);
        }
        step
    }

    /// Asks to be woken, unless it has asked for a time as early.
    pub(super) fn ask_to_be_woken(&mut self, turn: &mut Turn) {
        let links = self.links.iter().filter_map(|link| link.deadline(&self.identity.limits));
        let homes = self.homes.as_ref().and_then(|homes| homes.deadline());
        if let Some(wake) = links
            .chain(self.fetches.deadline())
            .chain(self.troubles.deadline())
            .chain(self.sweep.deadline())
            .chain(homes)
            .min()
        {
            self.ask_to_be_woken_at(wake, turn);
        }
    }

    fn ask_to_be_woken_at(&mut self, wake: Instant, turn: &mut Turn) {
        if self.wakes_at.is_none_or(|at| wake < at) {
            self.wakes_at = Some(wake);
            turn.actions.push(Action::WakeAt(wake));
        }
    }

    /// Bytes that wait for neighbours, as they were counted last.
    pub(super) const fn buffered(&self) -> usize {
        self.buffered
    }

    /// Counts what waits for neighbours, and looks whether all buffers are within their bound. Where they are not, the
    /// largest go first.
    pub(super) fn count_buffers(&mut self, buffers: &Buffers, turn: &mut Turn) {
        self.count_links(buffers);
        while buffers.is_over() {
            let link = self.links.iter().map(Link::buffered).enumerate().max_by_key(|&(_, bytes)| bytes);
            match link.filter(|&(_, bytes)| bytes > 0 && bytes >= buffers.largest()) {
                Some((index, _)) => {
                    self.links[index].give_way(turn.now.instant);
                    self.count_links(buffers);
                }
                None => match buffers.close_largest() {
                    Some(session) => self.close(session, turn),
                    None => break,
                },
            }
        }
    }

    fn count_links(&mut self, buffers: &Buffers) {
        let now = self.links.iter().map(Link::buffered).sum();
        if now != self.buffered {
            buffers.change(self.buffered, now);
            self.buffered = now;
        }
    }

    /// A session is to be closed, as buffers are full.
    fn close(&mut self, session: SessionId, turn: &mut Turn) {
        if let Some(homes) = self.homes.as_mut().filter(|_| session == SessionId::REGIONS) {
            return homes.streams.clear();
        }
        turn.actions.push(Action::Close { session });
        self.counters.closed_for_room += 1;
        let closed = self.buffers_full.add(1, turn.now.instant);
        turn.notices.extend(closed.map(|closed| Notice::BuffersFull { closed }));
    }

    /// So many reports or FORGETs of clients that are not known were not taken, as no more may be kept.
    pub(super) fn refuse_newcomers(&mut self, count: u64, turn: &mut Turn) {
        let refused = self.clients_full.add(count, turn.now.instant);
        turn.notices.extend(refused.map(|refused| Notice::ClientsFull { refused }));
    }

    /// Looks whether neighbours have told of clients for which there is no room.
    pub(super) fn look_for_newcomers(&mut self, store: &Store, turn: &mut Turn) {
        let mut counters = Counters::default();
        store.count(&mut counters);
        let before = mem::replace(&mut self.not_kept, counters.not_kept);
        self.refuse_newcomers(counters.not_kept - before, turn);
    }

    /// Takes what the feeds of some shards have to all who listen.
    pub(super) fn deliver(&mut self, store: &Store, shards: Shards, turn: &mut Turn) {
        for shard in shards {
            self.take_feed(&mut store.shard_numbered(shard), store, turn);
        }
    }

    /// Queues reports for every neighbour that they do not come from. What came by repair is not flooded: who else
    /// lacks it is found by comparing, and only neighbours that do not compare are told. So is a neighbour that may have
    /// forgotten its own reports: those are never flooded to it.
    pub(super) fn forward(&mut self, run: Run<'_>, turn: &mut Turn) {
        if run.kind == RecordKind::Tombstone {
            self.sweep.is_needed(&self.identity.limits, turn.now.instant);
        }
        let from = run.from.neighbour();
        if run.to == Audience::Back {
            let Some(peer) = from else { return };
            return self.on_link(peer, turn, |link, cx| {
                if link.knows(run.kind) {
                    link.push_all(run.lines, cx);
                }
            });
        }
        let is_repair = matches!(run.from, BroughtBy::Repair(_));
        let mut forwarded = 0;
        self.each_link(turn, |link, cx| {
            if Some(link.peer) == from || !link.knows(run.kind) {
                return;
            }
            if is_repair && link.compares() {
                link.repair.soon(cx.now);
            } else if link.peer != run.origin {
                link.push_all(run.lines, cx);
                forwarded += run.count;
            } else if link.make.may_have_forgotten(run.lines) {
                link.repair.soon(cx.now);
            }
        });
        self.counters.forwarded += forwarded;
    }

    /// A neighbour greeted on a connection of its own, for the first time on that or `again`.
    ///
    /// # Errors
    /// Where another server of that name answers at its address.
    pub(super) fn hello(&mut self, from: ServerId, hello: Hello, turn: &mut Turn) -> Result<(), Stranger> {
        self.counters.hello += 1;
        let mut heard = Ok(());
        self.on_link(from, turn, |link, cx| heard = link.greeted(hello, cx));
        if let Some(clock) = hello.fields.and_then(|fields| fields.clock).filter(|_| heard.is_ok()) {
            self.clock.heard(clock, self.links.iter().filter_map(|link| link.health.clock), turn.now);
        }
        heard
    }

    /// Somebody greeted who is not believed.
    pub(super) fn stranger(&mut self, greeter: Greeter, from: Option<IpAddr>, turn: &mut Turn) {
        let Greeter { name, why, proved } = greeter;
        let what = match why {
            Stranger::Secret => Wrong::Secret { proved },
            Stranger::Certificate => Wrong::Certificate { why: None },
            Stranger::Address => Wrong::Address { from },
            Stranger::Name => Wrong::Name,
            Stranger::Unknown | Stranger::Other => Wrong::Unknown { from },
        };
        self.troubles.seen(Trouble { with: name, what }, turn.now.instant, &mut turn.notices);
    }

    /// What a neighbour tells counts as not said.
    pub(super) const fn untimely(&mut self, why: Untimely) {
        match why {
            Untimely::TooFarAhead => self.counters.too_far_ahead += 1,
            Untimely::TooOld => self.counters.too_old += 1,
        }
    }

    /// A neighbour spoke on a connection of its own.
    pub(super) fn heard(&mut self, from: ServerId, turn: &mut Turn) {
        self.on_link(from, turn, Link::heard);
    }

    /// So many reports went to a neighbour by repair, and came from it.
    pub(super) fn mended(&mut self, peer: ServerId, (sent, received): (u64, u64), turn: &mut Turn) {
        self.on_link(peer, turn, |link, cx| link.health.mend(sent, received, cx.now));
    }

    /// A WHATSAT wants places.
    pub(super) fn want(&mut self, query: Query, ticket: Ticket, turn: &mut Turn) {
        let query = Query { bound: query.bound.max(self.least_bound), ..query };
        match self.fetches.want(query, ticket, turn.now.instant, &self.identity.limits) {
            Wanted::Known(places) => {
                self.counters.fetches_known += 1;
                self.answer([ticket], &places, turn);
            }
            Wanted::Start(fetch, query) => {
                self.counters.fetches += 1;
                turn.actions.push(Action::Fetch { fetch, query });
            }
            Wanted::Shared => self.counters.fetches_shared += 1,
            Wanted::Queued { refused } if refused.is_empty() => {}
            Wanted::Queued { refused } => {
                self.counters.fetches_refused += refused.len() as u64;
                self.answer(refused, &Unavailable::too_many().to_places(), turn);
            }
        }
    }

    /// Gives WHATSATs their places, and those that other regions have answered their reports.
    fn answer(&mut self, tickets: impl IntoIterator<Item = Ticket>, places: &Places, turn: &mut Turn) {
        for ticket in tickets {
            let report = self.homes.as_mut().and_then(|homes| homes.take_report(ticket));
            give(ticket, Answered::Places { report, places: places.clone() }, turn);
        }
    }

    fn fetched(&mut self, fetch: FetchId, outcome: Result<Places, Unavailable>, turn: &mut Turn) {
        let tickets = self.fetches.fetched(fetch, &outcome, turn.now.instant, &self.identity.limits);
        let places = outcome.unwrap_or_else(|error| error.to_places());
        self.answer(tickets, &places, turn);
        self.start_fetches(turn);
    }

    /// Starts fetches that wait, as many as may be under way.
    fn start_fetches(&mut self, turn: &mut Turn) {
        while let Some((fetch, query)) = self.fetches.start_next(&self.identity.limits) {
            self.counters.fetches += 1;
            turn.actions.push(Action::Fetch { fetch, query });
        }
    }

    fn woken(&mut self, turn: &mut Turn) {
        self.wakes_at = None;
        self.each_link(turn, Link::wake);
        self.troubles.wake(turn.now.instant, &mut turn.notices);
        let expired = self.fetches.expired(turn.now.instant);
        if !expired.is_empty() {
            self.counters.fetches_timed_out += expired.len() as u64;
            self.answer(expired, &Unavailable::timed_out().to_places(), turn);
        }
        self.counters.region_timeouts += self.homes.as_mut().map_or(0, |homes| homes.wake(turn));
    }

    /// Tells a link something of its connection, unless it has given that up.
    fn on_connection(&mut self, peer: ServerId, turn: &mut Turn, then: impl FnOnce(&mut Link, &mut Cx<'_>)) {
        self.on_link(peer, turn, |link, cx| {
            if link.is_listening() {
                then(link, cx);
            }
        });
    }

    pub(super) fn on_link(&mut self, peer: ServerId, turn: &mut Turn, then: impl FnOnce(&mut Link, &mut Cx<'_>)) {
        let (links, mut cx) = self.links_and_cx(turn);
        if let Some(link) = links.iter_mut().find(|link| link.peer == peer) {
            then(link, &mut cx);
        }
    }

    pub(super) fn each_link(&mut self, turn: &mut Turn, mut then: impl FnMut(&mut Link, &mut Cx<'_>)) {
        let (links, mut cx) = self.links_and_cx(turn);
        for link in links {
            then(link, &mut cx);
        }
    }

    fn links_and_cx<'a>(&'a mut self, turn: &'a mut Turn) -> (&'a mut [Link], Cx<'a>) {
        let Self { identity, links, jitter, nonces, troubles, .. } = self;
        (links, Cx { now: turn.now.instant, identity, limits: &identity.limits, jitter, nonces, turn, troubles })
    }
}

fn link_to(neighbour: &Neighbour, identity: &Identity) -> Link {
    let asks_first = identity.names.name(identity.me) < identity.names.name(neighbour.id);
    Link::new(neighbour.id, asks_first, &identity.limits)
}
