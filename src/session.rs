//! One connection: framing, parsing, the order of replies, and its limits.

mod usual;

use core::mem;
use core::ops::Range;
use std::net::IpAddr;
use std::sync::Arc;

use crate::batch::{Ask, Batch, Buffers, Entry, Item, Question, Replies, Request, Requests};
use crate::framing::{Framer, Line};
use crate::herd::ServerId;
use crate::identity::Identity;
use crate::limits::Limits;
use crate::message::{Message, Refusal, Sighted, Sighting};
use crate::owed::Owed;
use crate::place::Place;
use crate::places::Places;
use crate::report::Report;
use crate::text::Text;
use crate::time::{Instant, Now};
use crate::usual::{Lines, WINDOW};

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
    owed: Owed,
    next_ticket: u64,
    active: Instant,
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
            owed: Owed::default(),
            next_ticket: 0,
            active: now,
        }
    }

    /// The id that it was made with.
    #[must_use]
    pub const fn id(&self) -> SessionId {
        self.id
    }

    /// Who the server is.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
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
        let mut batch = batch.0;
        let mut held = mem::take(&mut self.held);
        if held.is_empty() {
            self.read(now, bytes, &mut batch);
        } else {
            held.extend_from_slice(bytes);
            self.read(now, &held, &mut batch);
        }
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
        let (texts, answers) = (batch.replies.as_slice(), batch.answers.as_slice());
        let mut sent = 0;
        for item in batch.items.iter().filter(|item| item.is_answered_by_node()) {
            self.owed.push(&texts[sent..item.reply_at], out);
            sent = item.reply_at;
            match &item.request {
                Request::Whatsats { asks, ticket, at_lines } => {
                    self.owed.ask(*ticket, &batch.asks[asks.clone()], &answers[at_lines.clone()]);
                }
                Request::Repair { answer, .. } => self.owed.push(&answers[answer.clone()], out),
                _ => {}
            }
        }
        self.owed.push(&texts[sent..], out);
        replies.into_empty()
    }

    /// Takes the places for a WHATSAT and appends what can now be sent to `out`: its AT line and
    /// its places in one piece, and what waited behind them.
    pub fn answer(&mut self, answer: Answer, out: &mut Vec<u8>) {
        self.owed.answer(answer.number, answer.places, out);
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
        !self.is_waiting() && (self.closing || (self.ended && self.held.is_empty()))
    }

    /// Whether a fetch owes it places.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.owed.questions() > 0
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
        (!self.is_waiting()).then(|| self.active + rest)
    }

    fn has_room(&self, unsent: usize) -> bool {
        let limits = &self.identity.limits;
        self.owed.questions() < limits.max_waiting && unsent + self.owed.len() < limits.max_unsent
    }

    fn close(&mut self) {
        self.closing = true;
        self.held = Vec::new();
        self.framer = Framer::new(0);
    }

    fn read(&mut self, now: Now, mut input: &[u8], batch: &mut Buffers) {
        let mut framer = mem::replace(&mut self.framer, Framer::new(0));
        let mut asked = self.owed.questions();
        let most_asked = self.identity.limits.max_waiting.min(Buffers::MOST_ASKS);
        let rest = input.split_off(Buffers::MOST_INPUT..).unwrap_or_default();
        // What came is copied once, for logs. A line that came in pieces is copied by itself.
        let copied = batch.text.len() + input.len();
        batch.text.push(input);
        while !self.closing {
            if asked >= most_asked {
                self.held.extend_from_slice(input);
                break;
            }
            let whole = framer.is_between_lines();
            if whole && framer.most() >= WINDOW {
                let mut lines = Lines { rest: input, copied };
                match (input.first(), self.neighbour) {
                    (Some(b'I'), None) => self.usual_iamats(now, &mut lines, batch),
                    (Some(b'A'), Some(neighbour)) => self.usual_reports(neighbour, &mut lines, batch),
                    (Some(b'W'), _) => asked += self.usual_whatsats(&mut lines, most_asked - asked, batch),
                    _ => {}
                }
                let read = input.len() - lines.rest.len();
                input = lines.rest;
                if read > 0 && !input.is_empty() {
                    continue;
                }
            }
            if input.is_empty() && !self.ended {
                break;
            }
            let start = copied - input.len();
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
        self.held.extend_from_slice(rest);
        self.framer = framer;
    }

    /// Takes one line; whether its reply may be long, or late. If it was copied already, it starts at
    /// `copied`.
    fn take(&mut self, now: Now, line: Line<'_>, copied: Option<usize>, batch: &mut Buffers) -> bool {
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
        batch: &mut Buffers,
    ) -> Result<(), Refusal> {
        let start = copied.unwrap_or_else(|| {
            batch.text.push(line);
            batch.text.len() - line.len()
        });
        let lines = start..start + line.len();
        let request = match message {
            Message::Iamat(sighting) => {
                self.closing |= self.identity.limits.one_shot;
                let entry = self.iamat(now, &sighting, batch);
                self.add_report(entry, None, lines, batch);
                return Ok(());
            }
            Message::At { report, sender } => {
                let (entry, from) = self.passed_on(&report, sender, batch)?;
                self.add_report(entry, Some(from), lines, batch);
                return Ok(());
            }
            Message::Kept { report, sender } => {
                let (entry, from) = self.passed_on(&report, sender, batch)?;
                Request::Kept { entry, from }
            }
            Message::Whatsat { client, radius, bound } => {
                let first = batch.asks.len();
                let at = start + client.as_ptr().addr() - line.as_ptr().addr();
                let question = batch.add_question(Question { radius, bound });
                batch.asks.push(Ask::new(Place::of(client), at, client.len(), question));
                self.add_asks(first, lines, batch);
                return Ok(());
            }
            Message::Hello { sender, incarnation } => self.hello(sender, incarnation, batch)?,
            Message::Repair { sender, step } => Request::Repair { from: self.believe(sender)?, step, answer: 0..0 },
        };
        batch.add(lines, request);
        Ok(())
    }

    fn add_report(&self, entry: Entry, from: Option<ServerId>, lines: Range<usize>, batch: &mut Buffers) {
        let first = batch.entries.len();
        if let Some(closing) = self.identity.closing_of_copies() {
            let text = if from.is_none() { &batch.replies } else { &batch.text };
            batch.flood.add(&entry, text.as_slice(), closing);
            batch.flood.end_piece(entry.head.origin(), first + 1);
        }
        batch.entries.push(entry);
        batch.add_reports(first, from, lines);
    }

    /// The reply to an IAMAT asks nobody: it is the report itself.
    fn iamat(&mut self, now: Now, sighting: &Sighting<'_>, batch: &mut Buffers) -> Entry {
        let origin = (self.identity.me, self.identity.name());
        let skew = now.wall.since(sighting.at).to_string();
        let entry = write_down(origin, skew.as_bytes(), sighting, &mut batch.replies);
        batch.replies.push(b"\n");
        entry
    }

    /// A neighbour's copy of a report, written down in the text of `batch`, and who it is.
    fn passed_on(
        &mut self,
        report: &Sighted<'_>,
        sender: &[u8],
        batch: &mut Buffers,
    ) -> Result<(Entry, ServerId), Refusal> {
        let from = self.believe(sender)?;
        let origin = (self.identity.origin(report)?, report.origin);
        Ok((write_down(origin, report.skew, &report.sighting, &mut batch.text), from))
    }

    fn hello(&mut self, sender: &[u8], incarnation: u64, batch: &mut Buffers) -> Result<Request, Refusal> {
        let from = self.believe(sender)?;
        batch.replies.push(&self.identity.greeting());
        Ok(Request::Hello { from, incarnation })
    }

    fn believe(&mut self, sender: &[u8]) -> Result<ServerId, Refusal> {
        let neighbour = self.identity.neighbour(sender, self.remote).ok_or(Refusal::NotANeighbour)?;
        self.neighbour = Some(neighbour);
        Ok(neighbour)
    }
}

/// Appends `AT ` and a report to `out`.
fn write_down(origin: (ServerId, &[u8]), skew: &[u8], sighting: &Sighting<'_>, out: &mut Text) -> Entry {
    out.push(b"AT ");
    let start = out.len();
    let head = Report::write(|part| out.push(part), origin, skew, sighting);
    Entry::new(head, Place::of(sighting.client), start, out.len() - start)
}

#[cfg(test)]
mod tests;
