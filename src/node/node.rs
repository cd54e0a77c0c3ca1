//! A server: what it keeps, and its ways to the outside.

use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use super::changes::{Changed, Changes};
use super::clock::Agreed;
use super::event::Event;
use super::hub::Hub;
use super::seat::Seat;
use super::status::{Counted, HostStatus, ServerStatus};
use crate::access::{Bucket, Nonces, Seed};
use crate::bytes::Lock;
use crate::herd::{Admission, Buffers, Herd, Horizon, Identity, Limits, Network, Rates, Share, TurnedAway};
use crate::pass::{Interest, Listeners, Turn, Work};
use crate::peers::{Link, LinkStep};
use crate::report::{OwnedRecord, Record, SecretHasher};
use crate::session::Session;
use crate::store::{Cursor, Store};
use crate::values::{Counters, Instant, Now, ServerId, ServerName, SessionId, scramble};
use crate::watch::Watches;
use crate::wire::{Refusal, Written};

/// One server of a herd. It touches nothing: it is told what happens and says what to do.
///
/// Sessions of one node can be served on many threads at once; each call holds what it needs of the node for
/// moments. Called by one thread, the same calls with the same arguments give the same actions, byte for
/// byte.
pub struct Node {
    pub(super) store: Store,
    pub(super) hub: Lock<Hub>,
    /// The region that it is a server of, if it has joined one.
    pub(super) region: OnceLock<ServerName>,
    admission: Arc<Lock<Admission>>,
    /// Which clients somebody may watch.
    interest: Arc<Interest>,
    /// How many watchers a report is told to, on average of the last ones.
    pub(super) fan_out: AtomicU64,
    /// How much memory the buffers of its sessions and links take.
    pub(super) buffers: Arc<Buffers>,
    /// How often what sessions have a copy of, who the server is, has changed.
    generation: AtomicUsize,
    /// How many sessions there were.
    sessions: AtomicU64,
    /// How often those may report who have said no token.
    rates: Lock<Rates>,
    /// Whether the clock is trusted.
    agreed: Agreed,
    /// Whether there are neighbours to be told what becomes of reports, and whether changes are collected, and arrivals.
    has_links: AtomicBool,
    collects: AtomicBool,
    collects_arrivals: AtomicBool,
}

impl Node {
    /// The server `me` of `herd`, which knows nothing yet.
    ///
    /// `seed` is the only randomness that it ever has. It keeps chosen client IDs from colliding,
    /// spreads the pauses of links, names this run to the neighbours, and makes what these have to prove another each
    /// time: take 32 bytes that nobody can guess and no earlier run had. For a simulation a number will do.
    #[must_use]
    pub fn new(herd: Arc<Herd>, me: ServerId, limits: Limits, seed: impl Into<Seed>) -> Self {
        let seed = seed.into();
        let buffers = Arc::new(Buffers::new(limits.buffers));
        let store = Store::new(&limits, herd.hash_key(), &SecretHasher::new(seed.hashing()), scramble(!seed.hashing()));
        let admission = Arc::new(Lock::new(Admission::new(&limits)));
        let run = (scramble(seed.incarnation()), Nonces::new(&seed));
        let identity = Arc::new(Identity::new(herd, me, limits, run));
        let interest = Arc::new(Interest::default());
        let node = Self {
            store,
            hub: Lock::new(Hub::new(identity, seed.jitter(), Arc::clone(&interest))),
            region: OnceLock::new(),
            interest,
            fan_out: AtomicU64::new(0),
            admission,
            buffers,
            generation: AtomicUsize::new(0),
            sessions: AtomicU64::new(0),
            rates: Lock::new(Rates::default()),
            agreed: Agreed::never(),
            has_links: AtomicBool::new(false),
            collects: AtomicBool::new(false),
            collects_arrivals: AtomicBool::new(false),
        };
        node.listen(&node.hub.hold());
        node
    }

    /// Fetches ask for at least `bound` results, so that one serves many WHATSATs with bounds of
    /// their own. Zero, as it is from the start, is for sources where each result costs.
    pub fn ask_at_least(&self, bound: u8) {
        self.hub.hold().least_bound = bound;
    }

    /// Replies of the places source that are kept are no longer used: it is another one, or has other data.
    pub fn forget_places(&self) {
        self.hub.hold().fetches.forget_kept();
    }

    /// Lets a connection in that was accepted from there, or not: ask before there is a [`session`](Self::session) for it.
    ///
    /// # Errors
    /// Why it is to be closed at once.
    pub fn let_in(&self, remote: IpAddr) -> Result<Seat, TurnedAway> {
        let network = Network::of(remote);
        let is_neighbour = self.identity().is_neighbour_at(remote);
        self.admission.hold().let_in(network, is_neighbour)?;
        Ok(Seat::new(&self.admission, network))
    }

    /// How many connections there are of those that were [let in](Self::let_in).
    #[must_use]
    pub fn connections(&self) -> usize {
        self.admission.hold().open()
    }

    /// A session for a connection that was accepted from `remote`. Its id must be no other's in use.
    #[must_use]
    pub fn session(&self, id: SessionId, remote: Option<IpAddr>, now: Instant) -> Session {
        // First, so that a session never takes what was before for what is now.
        let generation = self.generation.load(Ordering::Acquire);
        let share = Share::new(Arc::clone(&self.buffers), id);
        let number = self.sessions.fetch_add(1, Ordering::Relaxed);
        let identity = self.identity();
        let bucket = self.bucket(&identity, remote, now);
        Session::new((identity, generation), (share, number), remote, bucket, now)
    }

    /// What bounds how often whoever is there may report without a token.
    pub(super) fn bucket(&self, identity: &Identity, remote: Option<IpAddr>, now: Instant) -> Option<Arc<Bucket>> {
        let rate = identity.herd.access().anonymous().grant.reports_per_second?;
        self.rates.hold().of(remote?, Some(rate), now)
    }

    /// Takes in what happened.
    pub fn handle(&self, turn: &mut Turn, event: Event<'_>) {
        if let Event::Received { peer, bytes } = event {
            turn.spend(Work::answers(bytes.len()));
            self.hear_neighbour(turn, peer, bytes);
        }
        if let Event::Delivered { by, payload } = &event {
            self.hear_region(turn, by, payload);
        }
        self.hub(turn, |hub, turn| {
            turn.horizon = self.horizon(&hub.identity.limits, turn.now);
            let (changes, wakes) = (matches!(event, Event::Herd(_) | Event::Limits(_)), matches!(event, Event::Woken));
            hub.handle(event, turn);
            if changes {
                self.take_over(hub);
            }
            self.collects_arrivals.store(hub.arrivals.is_some(), Ordering::Release);
            if wakes {
                hub.look_for_newcomers(&self.store, turn);
            }
            hub.sweep(&self.store, turn);
            hub.compare(&self.store, turn);
        });
    }

    /// Has everything that is not the hub's go by the herd and the limits that there are now.
    fn take_over(&self, hub: &Hub) {
        let limits = &hub.identity.limits;
        self.store.limit(limits);
        self.buffers.limit(limits.buffers);
        self.admission.hold().limit(limits);
        self.listen(hub);
    }

    /// Where there are neighbours, what becomes of reports is told to them, and remembered; else it is neither.
    fn listen(&self, hub: &Hub) {
        let has_links = !hub.links.is_empty();
        self.store.remember(if has_links { hub.identity.limits.handled.max(1) } else { 0 });
        self.has_links.store(has_links, Ordering::Release);
    }

    /// What is to be done about the link to that neighbour: ask until it says to [wait](LinkStep::Wait). Whoever holds
    /// the connection asks, one at a time; there is no other order to keep.
    #[must_use]
    pub fn poll_link(&self, turn: &mut Turn, peer: ServerId) -> LinkStep {
        let mut hub = self.hub.hold();
        turn.horizon = self.horizon(&hub.identity.limits, turn.now);
        let step = hub.poll_link(&self.store, peer, turn);
        hub.count_buffers(&self.buffers, turn);
        step
    }

    /// Takes back a record that an earlier run of this server kept, as [`Record::write_line`] gave it, with or without its
    /// LF: for hosts that keep some. Neighbours are not told; they find what they lack by comparing.
    ///
    /// # Errors
    /// What is wrong with the line, where it is no record; [`Refusal::Full`] where no more clients are kept. Nothing has
    /// changed then.
    pub fn restore(&self, line: &[u8]) -> Result<(), Refusal> {
        let written = Written::parse(line)?;
        let mut line = Vec::new();
        let head = self.hub.hold().take_back(&written, &mut line)?;
        let has_room = self.store.restore(&Record { line: &line, head });
        if has_room { Ok(()) } else { Err(Refusal::Full) }
    }

    /// The list of servers that it has now.
    #[must_use]
    pub fn herd(&self) -> Arc<Herd> {
        Arc::clone(&self.identity().herd)
    }

    /// The limits that it has now.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.identity().limits.clone()
    }

    /// Which server it is.
    #[must_use]
    pub fn me(&self) -> ServerId {
        self.identity().me
    }

    /// The server of that name, if it has heard of one.
    #[must_use]
    pub fn server(&self, name: &[u8]) -> Option<ServerId> {
        self.identity().names.find(name)
    }

    /// The name of a server that it has heard of.
    ///
    /// # Panics
    /// Where `id` is of another node.
    #[must_use]
    pub fn name(&self, id: ServerId) -> ServerName {
        self.identity().names.name(id).clone()
    }

    /// What is kept of a client: a report, a tombstone, or that it is away; also what is over and not yet deleted.
    #[must_use]
    pub fn record(&self, client: &[u8]) -> Option<OwnedRecord> {
        self.store.get(client)
    }

    /// Appends what it keeps of the clients that come next to `out`, of some hundreds, each as a whole line as
    /// [`Record::write_line`] has it; whether there were any more. `Cursor::default()` begins.
    ///
    /// Nobody waits for longer than it takes to copy so many. A client that is there all the time is copied exactly once,
    /// as it is at some moment; who comes or goes meanwhile may be or not.
    pub fn copy_next(&self, cursor: &mut Cursor, out: &mut Vec<u8>) -> bool {
        self.store.copy_next(cursor, out)
    }

    /// What is kept of every client, in no order: as [`copy_next`](Self::copy_next) meets them.
    pub fn records(&self) -> impl Iterator<Item = OwnedRecord> {
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

    /// Whether [it takes reports](Event::TakesReports) now.
    #[must_use]
    pub fn takes_reports(&self) -> bool {
        self.identity().takes_reports
    }

    /// What it has done so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let mut counters = self.hub.hold().counters;
        self.store.count(&mut counters);
        let admission = self.admission.hold();
        counters.turned_away = admission.turned_away(TurnedAway::Full);
        counters.turned_away_share = admission.turned_away(TurnedAway::Share);
        counters
    }

    /// How it is, for people: what `STATUS` answers. What only the one who drives it knows comes from there.
    #[must_use]
    pub fn status(&self, now: Now, host: HostStatus) -> ServerStatus {
        let (clients, bytes) = (self.store.len(), self.store.bytes());
        let (connections, is_full) = {
            let admission = self.admission.hold();
            (admission.open(), admission.is_full())
        };
        let (departed, counters) = (self.store.departed(), self.counters());
        let is_clock_trusted = self.horizon(&self.identity().limits, now) != Horizon::NONE;
        let counted = Counted { clients, departed, bytes, connections, is_full, is_clock_trusted, counters };
        self.hub.hold().status(&counted, host, now)
    }

    /// Its links, in the order of the neighbours' ids.
    #[must_use]
    pub fn links(&self) -> Vec<LinkStatus> {
        let status = |link: &Link| LinkStatus {
            peer: link.peer,
            is_up: link.is_up(),
            queued: link.queued(),
            dropped: link.outbox.dropped,
        };
        self.hub.hold().links.iter().map(status).collect()
    }

    /// Collects what changes in what it keeps from now on, for [`take_changes`](Self::take_changes): at most so many bytes
    /// of lines that were not taken yet.
    pub fn collect_changes(&self, most: usize) {
        self.hub.hold().changes = Some(Changes::new(most));
        self.collects.store(true, Ordering::Release);
    }

    /// Puts into `changed`, whose buffers are used again, what changed since this was last asked; nothing unless it is
    /// [collected](Self::collect_changes). All that a pass has changed is there when the pass is over.
    pub fn take_changes(&self, changed: &mut Changed) {
        Changes::give_if_any(&mut self.hub.hold().changes, changed);
    }

    /// Collects arrivals from now on, for [`take_arrivals`](Self::take_arrivals), at most so many bytes of lines that were
    /// not taken yet: each report that is kept of a client of which there was none, or only one that is over, and each
    /// tombstone. What is [heard](Self::hear) of other regions is none.
    pub fn collect_arrivals(&self, most: usize) {
        self.hub.hold().arrivals = Some(Changes::new(most));
        self.collects_arrivals.store(true, Ordering::Release);
    }

    /// As [`take_changes`](Self::take_changes), of [arrivals](Self::collect_arrivals).
    pub fn take_arrivals(&self, arrived: &mut Changed) {
        Changes::give_if_any(&mut self.hub.hold().arrivals, arrived);
    }

    /// How many bytes the buffers of its sessions and links take, which [`Limits::buffers`] bounds.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.buffers.total()
    }

    /// Fetches that have not ended.
    #[must_use]
    pub fn fetches(&self) -> usize {
        self.hub.hold().fetches.len()
    }

    /// Looks whether buffers are within their bound, and says who is to be closed where they are not.
    pub(super) fn bound_buffers(&self, turn: &mut Turn) {
        if self.buffers.is_over() {
            self.hub(turn, |_, _| ());
        }
    }

    /// What is too old now.
    pub(super) fn horizon(&self, limits: &Limits, now: Now) -> Horizon {
        self.agreed.horizon(limits, now)
    }

    /// Who the server is now.
    pub(super) fn identity(&self) -> Arc<Identity> {
        Arc::clone(&self.hub.hold().identity)
    }

    /// Who listens to what becomes of reports, if anybody does.
    pub(super) fn listeners<'a>(&'a self, identity: &'a Identity) -> Option<Listeners<'a>> {
        let changes = self.collects.load(Ordering::Acquire);
        let arrivals = self.collects_arrivals.load(Ordering::Acquire);
        let watched = self.interest.bits();
        let listens = self.has_links.load(Ordering::Acquire) || changes || arrivals || watched.is_some();
        listens.then(|| Listeners { closing: identity.closing(), changes, arrivals, watched })
    }

    /// How often what sessions have a copy of has changed.
    pub(super) fn generation(&self) -> usize {
        self.generation.load(Ordering::Acquire)
    }

    /// Gives a session what the server is now, once for a pass.
    pub(super) fn refresh(&self, session: &mut Session, now: Instant) {
        let generation = self.generation.load(Ordering::Acquire);
        if session.generation() != generation {
            let identity = self.identity();
            let bucket = self.bucket(&identity, session.remote(), now);
            session.set_identity((identity, generation), bucket);
        }
    }

    /// Holds what is not in the store, and lets it ask to be woken.
    pub(super) fn hub<T>(&self, turn: &mut Turn, work: impl FnOnce(&mut Hub, &mut Turn) -> T) -> T {
        let mut hub = self.hub.hold();
        let identity = Arc::as_ptr(&hub.identity);
        let result = work(&mut hub, turn);
        hub.count_buffers(&self.buffers, turn);
        hub.ask_to_be_woken(turn);
        self.agreed.set(hub.clock.agreed());
        // Sessions have the one that it was; where none has, it was changed in place.
        if identity != Arc::as_ptr(&hub.identity) {
            self.generation.fetch_add(1, Ordering::Release);
        }
        result
    }
}

/// How a link to a neighbour is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkStatus {
    /// The neighbour.
    pub peer: ServerId,
    /// Whether lines are on their way without a wait.
    pub is_up: bool,
    /// Bytes that wait.
    pub queued: usize,
    /// Lines that were dropped since the server started, because too many waited.
    pub dropped: u64,
}

/// A copy, which goes its own way.
impl Clone for Node {
    fn clone(&self) -> Self {
        // Nobody watches a copy.
        let (hub, interest) = (self.hub.clone(), Arc::default());
        hub.hold().watches = Watches::new(Arc::clone(&interest));
        let buffers = Arc::new(Buffers::new(hub.hold().identity.limits.buffers));
        // Its sessions are those of the other one.
        buffers.change(0, hub.hold().buffered());
        Self {
            store: self.store.clone(),
            admission: Arc::new(Lock::clone(&*self.admission)),
            hub,
            region: self.region.clone(),
            interest,
            fan_out: AtomicU64::new(0),
            buffers,
            generation: AtomicUsize::new(self.generation.load(Ordering::Acquire)),
            sessions: AtomicU64::new(self.sessions.load(Ordering::Relaxed)),
            rates: self.rates.clone(),
            agreed: self.agreed.clone(),
            has_links: AtomicBool::new(self.has_links.load(Ordering::Acquire)),
            collects: AtomicBool::new(self.collects.load(Ordering::Acquire)),
            collects_arrivals: AtomicBool::new(self.collects_arrivals.load(Ordering::Acquire)),
        }
    }
}

/// All that makes a difference to what it does next, but for what it keeps and what it has counted.
impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hub = self.hub.hold();
        let mut node = f.debug_struct("Node");
        node.field("handled", &self.store.seen()).field("links", &hub.links).field("fetches", &hub.fetches);
        node.finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
