//! One connection: framing, parsing, the order of replies, and its limits.

use core::mem;
use core::ops::Range;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;

use crate::batch::{Batch, Item, Replies, Request, Requests};
use crate::framing::{Framer, Line};
use crate::herd::ServerId;
use crate::identity::Identity;
use crate::limits::Limits;
use crate::message::{Message, Refusal, Sighted, Sighting};
use crate::places::Places;
use crate::report::Layout;
use crate::store::Place;
use crate::time::{Instant, Now};
use crate::usual;

/// A session, as the adapter and the node call it. The adapter chooses it, unlike any other in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// One WHATSAT of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) session: SessionId,
    pub(crate) number: u64,
}

/// The places for one WHATSAT, on their way to the session that owes them to a client.
#[derive(Clone, Debug)]
pub struct Answer {
    pub(crate) number: u64,
    pub(crate) places: Places,
}

/// The state of one connection that others opened to this server, by a client or a neighbour.
///
/// Bytes go in through [`receive`](Self::receive), and [`finish`](Self::finish) when no more will
/// come; what it understood goes to the node; replies come out of [`reply`](Self::reply) and
/// [`answer`](Self::answer), always in the order of the requests. When it
/// [is finished](Self::is_finished) and its output is sent, the connection is to be closed.
#[derive(Debug)]
pub struct Session {
    identity: Arc<Identity>,
    id: SessionId,
    remote: Option<IpAddr>,
    neighbour: Option<ServerId>,
    framer: Framer,
    /// Bytes received while too many replies were owed: read when some have gone.
    held: Vec<u8>,
    /// Whether the other end will send no more.
    ended: bool,
    /// Whether whatever else comes is dropped.
    closing: bool,
    waiting: VecDeque<Waiting>,
    next_ticket: u64,
    active: Instant,
}

/// A WHATSAT that is not answered yet.
#[derive(Debug)]
struct Waiting {
    ticket: u64,
    bound: u8,
    at_line: Box<[u8]>,
    places: Option<Places>,
    /// Replies to later requests, which have theirs already.
    behind: Vec<u8>,
}

impl Session {
    pub(crate) fn new(identity: Arc<Identity>, id: SessionId, remote: Option<IpAddr>, now: Instant) -> Self {
        let framer = Framer::new(identity.limits.max_line.min(Limits::MOST_LINE));
        Self {
            identity,
            id,
            remote,
            neighbour: None,
            framer,
            held: Vec::new(),
            ended: false,
            closing: false,
            waiting: VecDeque::new(),
            next_ticket: 0,
            active: now,
        }
    }

    /// The id that it was made with.
    #[must_use]
    pub const fn id(&self) -> SessionId {
        self.id
    }

    /// The neighbour that speaks on this connection, once it has said so: for logs.
    #[must_use]
    pub const fn neighbour(&self) -> Option<ServerId> {
        self.neighbour
    }

    /// Takes bytes as they came, any number of them. None at all is allowed: it goes on with what was
    /// held back.
    pub fn receive(&mut self, now: Now, bytes: &[u8], batch: Batch) -> Requests {
        if !bytes.is_empty() {
            self.active = now.instant;
        }
        let mut batch = batch;
        let mut held = mem::take(&mut self.held);
        if held.is_empty() {
            self.read(now, bytes, &mut batch);
        } else {
            held.extend_from_slice(bytes);
            self.read(now, &held, &mut batch);
        }
        batch.locate(&self.identity.locator);
        Requests(batch)
    }

    /// The other end sends no more: what is buffered is a request too.
    pub fn finish(&mut self, now: Now, batch: Batch) -> Requests {
        self.ended = true;
        self.receive(now, &[], batch)
    }

    /// Takes the node's replies and appends what can be sent to `out`.
    pub fn reply(&mut self, replies: Replies, out: &mut Vec<u8>) -> Batch {
        let mut replies = replies;
        let batch = &mut replies.0;
        if batch.refused.is_some() {
            self.close();
        }
        if self.waiting.is_empty() && out.is_empty() && !batch.items.iter().any(Item::is_answered_by_node) {
            mem::swap(&mut batch.replies, out);
            return replies.into_empty();
        }
        let mut sent = 0;
        for item in batch.items.iter().filter(|item| item.is_answered_by_node()) {
            self.owe(&batch.replies[sent..item.reply_at], out);
            sent = item.reply_at;
            match &item.request {
                Request::Whatsat { ticket, bound, at_line: Some(at_line), .. } => self.waiting.push_back(Waiting {
                    ticket: *ticket,
                    bound: *bound,
                    at_line: batch.text[at_line.clone()].into(),
                    places: None,
                    behind: Vec::new(),
                }),
                Request::Repair { answer, .. } => self.owe(&batch.text[answer.clone()], out),
                _ => {}
            }
        }
        self.owe(&batch.replies[sent..], out);
        replies.into_empty()
    }

    /// Takes the places for a WHATSAT and appends what can now be sent to `out`: its AT line and
    /// its places in one piece, and what waited behind them.
    pub fn answer(&mut self, answer: Answer, out: &mut Vec<u8>) {
        if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.ticket == answer.number) {
            waiting.places = Some(answer.places);
        }
        while let Some(Waiting { places: Some(places), bound, at_line, behind, .. }) = self.waiting.front() {
            out.extend_from_slice(at_line);
            places.write(*bound, out);
            out.extend_from_slice(b"\n\n");
            out.extend_from_slice(behind);
            self.waiting.pop_front();
        }
    }

    /// Whether bytes were held back that can be read now: call [`receive`](Self::receive) with none.
    #[must_use]
    pub fn can_resume(&self, unsent: usize) -> bool {
        !self.held.is_empty() && self.has_room(unsent)
    }

    /// Whether it takes more bytes, when `unsent` bytes of its output are not sent yet. Do not read
    /// from the connection while it does not: so a client that does not read is not read.
    #[must_use]
    pub fn wants_input(&self, unsent: usize) -> bool {
        !self.ended && !self.closing && self.held.is_empty() && self.has_room(unsent)
    }

    /// Whether nothing more will come out of it.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.waiting.is_empty() && (self.closing || (self.ended && self.held.is_empty()))
    }

    /// Whether a fetch owes it places.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Output was taken by the other end: the connection is not at rest.
    pub fn sent(&mut self, now: Instant) {
        self.active = now;
    }

    /// When to close the connection if nothing happens until then; never while it waits for places.
    ///
    /// A neighbour's connection is the neighbour's to close, when its link is at rest, so it is given
    /// twice as long as that takes.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let limits = &self.identity.limits;
        let rest = match self.neighbour {
            None => limits.idle_timeout,
            Some(_) => limits.idle_timeout.max(limits.link_idle * 2),
        };
        self.waiting.is_empty().then(|| self.active + rest)
    }

    fn has_room(&self, unsent: usize) -> bool {
        let behind: usize = self.waiting.iter().map(|waiting| waiting.behind.len()).sum();
        self.waiting.len() < self.identity.limits.max_waiting && unsent + behind < self.identity.limits.max_unsent
    }

    fn close(&mut self) {
        self.closing = true;
        self.held = Vec::new();
        self.framer = Framer::new(0);
    }

    /// Appends replies to `out`, or behind the last WHATSAT that waits.
    fn owe(&mut self, replies: &[u8], out: &mut Vec<u8>) {
        match self.waiting.back_mut() {
            Some(waiting) => waiting.behind.extend_from_slice(replies),
            None => out.extend_from_slice(replies),
        }
    }

    fn read(&mut self, now: Now, mut input: &[u8], batch: &mut Batch) {
        let mut framer = mem::replace(&mut self.framer, Framer::new(0));
        let mut asked = self.waiting.len();
        // What came is copied once, for logs. A line that came in pieces is copied by itself.
        let copied = batch.text.len() + input.len();
        // In pieces, since C libraries copy long ones with a string instruction, which is slow to start.
        input.chunks(1024).for_each(|piece| batch.text.extend_from_slice(piece));
        while !self.closing {
            if asked >= self.identity.limits.max_waiting {
                self.held.extend_from_slice(input);
                break;
            }
            let start = copied - input.len();
            let whole = framer.is_between_lines();
            if whole
                && let Some((sighting, len)) = usual::iamat(input)
                && len <= framer.most()
            {
                self.closing |= self.identity.limits.one_shot;
                let skew = now.wall.since(sighting.at);
                let fields = &input[usual::IAMAT.len()..len];
                input = &input[len + 1..];
                let reply_at = batch.replies.len();
                batch.replies.extend_from_slice(self.identity.opening());
                let line_at = reply_at + b"AT ".len();
                let out = &mut batch.replies;
                let layout = Layout::write_fields(out, line_at, self.identity.me, skew, &sighting, fields);
                batch.finish_iamat(start..start + len, reply_at, layout);
                continue;
            }
            if whole && let Some(len) = self.question(now, input, framer.most(), start, batch) {
                input = &input[len + 1..];
                asked += 1;
                continue;
            }
            let line = match framer.next_line(&mut input) {
                Some(line) => line,
                None if self.ended => match framer.last_line() {
                    Some(line) => Line::Whole(line),
                    None => break,
                },
                None => break,
            };
            asked += usize::from(self.take(now, line, whole.then_some(start), batch));
        }
        self.framer = framer;
    }

    /// Takes the usual WHATSAT that `input` begins with; how long its line is.
    #[inline(never)]
    fn question(&mut self, now: Now, input: &[u8], most: usize, start: usize, batch: &mut Batch) -> Option<usize> {
        let (message, len) = usual::whatsat(input)?;
        (len <= most && self.understand(now, &input[..len], Some(start), message, batch).is_ok()).then_some(len)
    }

    /// Takes one line; whether its reply may be long, or late. If it was copied already, it starts at
    /// `copied`.
    fn take(&mut self, now: Now, line: Line<'_>, copied: Option<usize>, batch: &mut Batch) -> bool {
        let (line, message) = match line {
            Line::Whole(line) => (line, Message::parse(line)),
            Line::TooLong(kept) => (kept, Err(Refusal::TooLong)),
        };
        let request = match message {
            Ok(None) => return false,
            Ok(Some(message)) => self.understand(now, line, copied, message, batch),
            Err(why) => Err(why),
        };
        match request {
            Ok(()) => batch.items.last().is_some_and(Item::is_answered_by_node),
            Err(why) => {
                batch.refuse(why, line);
                self.closing = true;
                false
            }
        }
    }

    fn understand(
        &mut self,
        now: Now,
        line: &[u8],
        copied: Option<usize>,
        message: Message<'_>,
        batch: &mut Batch,
    ) -> Result<(), Refusal> {
        let reply_at = batch.replies.len();
        let start = copied.unwrap_or_else(|| {
            batch.text.extend_from_slice(line);
            batch.text.len() - line.len()
        });
        let line_range = start..start + line.len();
        let request = match message {
            Message::Iamat(sighting) => {
                self.iamat(now, &sighting, line_range, batch);
                return Ok(());
            }
            Message::Whatsat { client, radius, bound } => {
                self.closing |= self.identity.limits.one_shot;
                let client = range_in(line, client, start);
                self.next_ticket += 1;
                Request::Whatsat { client, radius, bound, ticket: self.next_ticket, at_line: None }
            }
            Message::At { report, sender } => {
                let (from, layout, line) = self.report(&report, sender, batch)?;
                Request::At { layout, line, from }
            }
            Message::Kept { report, sender } => {
                let (from, layout, line) = self.report(&report, sender, batch)?;
                Request::Kept { layout, line, from }
            }
            Message::Hello { sender, incarnation } => self.hello(sender, incarnation, batch)?,
            Message::Repair { sender, step } => Request::Repair { from: self.believe(sender)?, step, answer: 0..0 },
        };
        batch.items.push(Item { line: line_range, reply_at, place: Place::default(), request });
        Ok(())
    }

    /// The reply to an IAMAT asks nobody: it is the report itself.
    fn iamat(&mut self, now: Now, sighting: &Sighting<'_>, line: Range<usize>, batch: &mut Batch) {
        self.closing |= self.identity.limits.one_shot;
        let skew = now.wall.since(sighting.at);
        let reply_at = batch.replies.len();
        batch.replies.extend_from_slice(b"AT ");
        let origin = (self.identity.me, self.identity.name());
        let layout = Layout::write(&mut batch.replies, origin, |out| skew.write(out), sighting);
        batch.finish_iamat(line, reply_at, layout);
    }

    /// A neighbour's copy of a report, written down in `batch`.
    fn report(
        &mut self,
        report: &Sighted<'_>,
        sender: &[u8],
        batch: &mut Batch,
    ) -> Result<(ServerId, Layout, Range<usize>), Refusal> {
        let from = self.believe(sender)?;
        let start = batch.text.len();
        let layout = self.identity.write_down(report, &mut batch.text)?;
        Ok((from, layout, start..batch.text.len()))
    }

    fn hello(&mut self, sender: &[u8], incarnation: u64, batch: &mut Batch) -> Result<Request, Refusal> {
        let from = self.believe(sender)?;
        self.identity.push_greeting(&mut batch.replies);
        Ok(Request::Hello { from, incarnation })
    }

    fn believe(&mut self, sender: &[u8]) -> Result<ServerId, Refusal> {
        let neighbour = self.identity.neighbour(sender, self.remote).ok_or(Refusal::NotANeighbour)?;
        self.neighbour = Some(neighbour);
        Ok(neighbour)
    }
}

/// Where `field`, which lies in `line`, is in a copy of the line that begins at `start`.
fn range_in(line: &[u8], field: &[u8], start: usize) -> Range<usize> {
    let at = start + (field.as_ptr() as usize - line.as_ptr() as usize);
    at..at + field.len()
}

#[cfg(test)]
mod tests;
