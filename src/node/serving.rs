//! One pass: bytes of one session through the node and back.

use core::fmt;
use core::ops::Range;
use core::sync::atomic::Ordering;

use super::near::write_found;
use super::node::Node;
use super::status::HostStatus;
use crate::homes::Then;
use crate::pass::{Batch, BroughtBy, Item, Request, Turn, Work};
use crate::places::Query;
use crate::session::Session;
use crate::values::{Position, Ticket};
use crate::wire::Refusal;

impl Session {
    /// Takes bytes as they came, any number of them. None at all is allowed: it goes on with what was
    /// held back.
    ///
    /// What it understood borrows the session and its node until it was served and replied to, so that neither another
    /// session nor another node can serve it, and no step is left out or done twice:
    ///
    /// ```compile_fail
    /// # fn one(one: &mut herd::Session, other: &mut herd::Session, node: &herd::Node, turn: &mut herd::Turn) {
    /// let requests = one.receive(node, turn, b"IAMAT kiwi +1+1 1\n");
    /// other.receive(node, turn, b"IAMAT kiwi +1+1 1\n").serve();
    /// requests.serve().reply(&mut Vec::new()); // `turn` is still borrowed: the two passes cannot be mixed
    /// # }
    /// ```
    /// ```compile_fail
    /// # fn twice(session: &mut herd::Session, node: &herd::Node, turn: &mut herd::Turn) {
    /// let requests = session.receive(node, turn, b"IAMAT kiwi +1+1 1\n");
    /// let replies = requests.serve();
    /// requests.serve(); // it was served already
    /// # }
    /// ```
    /// ```compile_fail
    /// # fn early(session: &mut herd::Session, node: &herd::Node, turn: &mut herd::Turn) {
    /// session.receive(node, turn, b"IAMAT kiwi +1+1 1\n").reply(&mut Vec::new()); // it was not served
    /// # }
    /// ```
    /// ```compile_fail
    /// # fn elsewhere(session: &mut herd::Session, node: &herd::Node, other: &herd::Node, turn: &mut herd::Turn) {
    /// session.receive(node, turn, b"IAMAT kiwi +1+1 1\n").serve(other); // its node is the one that it has
    /// # }
    /// ```
    pub fn receive<'a>(&'a mut self, node: &'a Node, turn: &'a mut Turn, bytes: &[u8]) -> Received<'a> {
        self.begin(node, turn, bytes, false)
    }

    /// The other end sends no more: what is buffered is a request too.
    pub fn finish<'a>(&'a mut self, node: &'a Node, turn: &'a mut Turn) -> Received<'a> {
        self.begin(node, turn, &[], true)
    }

    /// Whether something has changed of what the server is, whom it believes or what clients may do, since the last pass:
    /// the next one ends what is over, also where it brings nothing.
    #[must_use]
    pub fn is_behind(&self, node: &Node) -> bool {
        self.generation() != node.generation()
    }

    /// What of its output is unsent takes so many bytes: to be said whenever that may have changed, or a pass is over. What
    /// the session takes in next depends on it. Where all buffers together are larger than they may be, the sessions that have the most are to be
    /// [closed](crate::Action::Close), and this may be one of them.
    pub fn holds(&mut self, node: &Node, turn: &mut Turn, unsent: usize) {
        if self.count_buffers(unsent) {
            node.bound_buffers(turn);
        }
    }

    fn begin<'a>(&'a mut self, node: &'a Node, turn: &'a mut Turn, bytes: &[u8], ended: bool) -> Received<'a> {
        node.refresh(self, turn.now.instant);
        turn.horizon = node.horizon(&self.identity().limits, turn.now);
        turn.fan_out = node.fan_out.load(Ordering::Relaxed);
        // Empty, as each pass leaves it.
        let mut batch = turn.batch.take().unwrap_or_default();
        self.take_in(turn, bytes, ended, &mut batch);
        Received { session: self, node, turn, batch, host: HostStatus::default() }
    }
}

/// What a session understood of one read; the node has not seen it.
#[must_use = "the node has not seen these requests yet"]
pub struct Received<'a> {
    session: &'a mut Session,
    node: &'a Node,
    turn: &'a mut Turn,
    batch: Box<Batch>,
    host: HostStatus,
}

impl<'a> Received<'a> {
    /// The lines as they were received, also one that was refused, or what was kept of it: for logs.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.batch.received()
    }

    /// Whether an [answer](crate::Action::Answer) may come later: have the way for it open before these are served.
    #[must_use]
    pub fn may_wait(&self) -> bool {
        let may_wait = |item: &Item| matches!(item.request, Request::Where { .. } | Request::Near { .. });
        !self.batch.lookups.is_empty() || self.batch.items.iter().any(may_wait)
    }

    /// Whether somebody asks how the server is: [tell](Self::tell) what only you know of that before these are served.
    #[must_use]
    pub const fn asks_for_status(&self) -> bool {
        self.batch.asks_for_status
    }

    /// What is answered to that besides what the node knows.
    pub fn tell(&mut self, host: HostStatus) {
        self.host = host;
    }

    /// Whether there is a line in it at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.batch.is_empty()
    }

    /// Has the node decide.
    pub fn serve(self) -> Served<'a> {
        let Self { session, node, turn, mut batch, host } = self;
        let start = turn.work();
        Pass { node, session, batch: &mut batch, turn, host: &host, start }.serve();
        Served { session, turn, batch }
    }
}

/// What the node decided; the session has not replied.
#[must_use = "the session has not replied yet"]
pub struct Served<'a> {
    session: &'a mut Session,
    turn: &'a mut Turn,
    batch: Box<Batch>,
}

impl Served<'_> {
    /// Why the connection is about to be closed, if a line was refused: for logs.
    #[must_use]
    pub fn refused(&self) -> Option<Refusal> {
        self.batch.refused.as_ref().map(|refused| refused.why)
    }

    /// Whether it was a client that brought something which is kept, so that the reply may have to wait until it is kept
    /// in other ways too.
    #[must_use]
    pub fn brings(&self) -> bool {
        self.batch.brings()
    }

    /// Appends what can be sent to `out`.
    pub fn reply(self, out: &mut Vec<u8>) {
        let Self { session, turn, mut batch } = self;
        session.write_replies(&batch, out);
        batch.clear();
        turn.batch = Some(batch);
    }
}

impl fmt::Debug for Received<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received").field("batch", &self.batch).finish_non_exhaustive()
    }
}

impl fmt::Debug for Served<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Served").field("batch", &self.batch).finish_non_exhaustive()
    }
}

/// What a session parsed at once, on its way through the node.
pub(super) struct Pass<'a> {
    pub(super) node: &'a Node,
    pub(super) session: &'a mut Session,
    pub(super) batch: &'a mut Batch,
    pub(super) turn: &'a mut Turn,
    pub(super) host: &'a HostStatus,
    /// What had been done when it began.
    start: u64,
}

impl Pass<'_> {
    fn serve(&mut self) {
        let mut index = 0;
        while let Some(item) = self.batch.items.get(index) {
            let served = match &item.request {
                Request::Reports { entries, from } => self.learn(entries.clone(), *from),
                Request::Whatsats { lookups, ticket, .. } => self.find(index, lookups.clone(), *ticket),
                _ => self.serve_item(index).map_err(|why| (0, why)),
            };
            if let Err((before, why)) = served {
                self.batch.refuse(index, before, why);
            }
            index += 1;
        }
        self.go_on();
        if let Some(refused) = &self.batch.refused {
            let (denied, is_full) = (u64::from(refused.why.is_denial()), refused.why == Refusal::Full);
            let (greeter, remote) = (self.batch.greeter.take(), self.session.remote());
            self.node.hub(self.turn, |hub, turn| {
                hub.counters.refused += 1;
                hub.counters.denied += denied;
                if is_full {
                    hub.refuse_newcomers(1, turn);
                }
                if let Some(greeter) = greeter {
                    hub.stranger(greeter, remote, turn);
                }
            });
        }
    }

    /// Takes in the reports of an item, and tells whoever listens what became of them.
    fn learn(&mut self, entries: Range<usize>, from: BroughtBy) -> Result<(), (usize, Refusal)> {
        let Self { node, session, batch, turn, .. } = self;
        let Batch { entries: all, replies, lines, has_strangers, .. } = &mut **batch;
        let entries = &mut all[entries];
        if let BroughtBy::Repair(_) = from {
            for entry in entries.iter() {
                entry.begin_as_at(lines.as_mut_slice());
            }
        }
        let text = if from == BroughtBy::Client { replies.as_slice() } else { lines.as_slice() };
        if *has_strangers {
            node.learn_origins(entries, text, turn);
        }
        node.learn(entries, text, from, (session.identity(), session.is_fast()), turn)
    }

    /// Answers the WHATSATs of an item as far as the server itself can, and asks for places.
    fn find(&mut self, index: usize, lookups: Range<usize>, ticket: u64) -> Result<(), (usize, Refusal)> {
        let (asked, start) = (lookups.len(), self.batch.answers.len());
        let (mut rest, mut next) = (lookups, ticket);
        let unknown = loop {
            let Batch { lookups: all, lines, answers, .. } = &mut *self.batch;
            let (how, before) = ((self.session.is_fast(), self.turn.horizon), answers.len());
            let found = self.node.store.find(&mut all[rest.clone()], lines.as_slice(), answers, how);
            self.want(rest.start..rest.start + found, before, next);
            (rest.start, next) = (rest.start + found, next + found as u64);
            if rest.is_empty() {
                break None;
            }
            self.node.hub(self.turn, |hub, _| hub.counters.whatsat += 1);
            if let Err(why) = self.find_elsewhere(index, asked - rest.len(), rest.start, next) {
                break Some((asked - rest.len(), why));
            }
            (rest.start, next) = (rest.start + 1, next + 1);
        };
        if let Request::Whatsats { at_lines, .. } = &mut self.batch.items[index].request {
            *at_lines = start..self.batch.answers.len();
        }
        unknown.map_or(Ok(()), Err)
    }

    /// A client is not known here: the region is asked that it is at home in. It is of the WHATSAT that `before` others come
    /// before in its item.
    fn find_elsewhere(&mut self, index: usize, before: usize, lookup: usize, number: u64) -> Result<(), Refusal> {
        let Self { node, session, batch, turn, .. } = self;
        let Batch { lookups, lines, items, nearby, .. } = &**batch;
        let (lookup, lines) = (&lookups[lookup], lines.as_slice());
        let mut each = lines[items[index].lines.clone()].split(|&byte| byte == b'\n');
        let line = each.nth(before).unwrap_or_default();
        let (ticket, then) = (Ticket { session: session.id(), number }, Then::Places(lookup.nearby(nearby)));
        node.ask_home(turn, ticket, (lookup.client(lines), line), then)
    }

    /// Asks for the places of some WHATSATs, whose AT lines begin at `start`; the first of them has that ticket.
    // Not inlined, so that what it costs can be told from the AT part of a WHATSAT.
    #[inline(never)]
    fn want(&mut self, lookups: Range<usize>, start: usize, ticket: u64) {
        let Batch { lookups: all, nearby, answers, .. } = &*self.batch;
        let (lookups, mut at_lines) = (&all[lookups], &answers.as_slice()[start..]);
        let session = self.session.id();
        self.node.hub(self.turn, |hub, turn| {
            hub.counters.whatsat += lookups.len() as u64;
            for (number, lookup) in (ticket..).zip(lookups) {
                let at_line = at_lines.split_off(..lookup.at_line_len as usize).expect("each has its own");
                let at = Position::of_valid(lookup.position(at_line)).expect("only valid positions are kept");
                let nearby = lookup.nearby(nearby);
                hub.want(Query { at, radius: nearby.radius, bound: nearby.bound }, Ticket { session, number }, turn);
            }
        });
    }

    /// Whether it may still do what can wait for another one.
    pub(super) const fn has_time(&self) -> bool {
        self.turn.work().wrapping_sub(self.start) < Work::PASS
    }

    /// Goes on with what takes longer than a pass, and tells what there is to tell of what is watched.
    fn go_on(&mut self) {
        while self.has_time()
            && let Some((ticket, mut search)) = self.session.next_search()
        {
            if self.node.search(self.turn, &mut search) {
                self.batch.found.push((ticket, write_found(search, &mut self.batch.answers)));
            } else {
                self.session.search_on(ticket, search);
            }
        }
        if let Some((watcher, most)) = self.session.telling(!self.batch.is_empty()) {
            self.batch.told = self.batch.answer(|lines| self.node.tell(self.turn, watcher, most, lines));
        }
    }
}
