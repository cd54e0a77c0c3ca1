//! What one connection knows and owes.

use core::mem;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;

use super::allowance::Allowance;
use super::held::Held;
use super::pending::Pending;
use super::reply_queue::{Reply, ReplyQueue};
use crate::access::{Bucket, Certificate, Granted};
use crate::bytes::append;
use crate::herd::{Identity, Limits, SMALL, Share, Shown};
use crate::pass::{Answer, Answered, Batch, Refused, Request, Turn, Work};
use crate::report::OwnedRecord;
use crate::store::Search;
use crate::values::{Instant, ServerId, SessionId};
use crate::watch::Watcher;
use crate::wire::{Framer, Stranger};

/// The state of one connection that others opened to this server, by a client or a neighbour.
///
/// Bytes go in through [`receive`](Self::receive), and [`finish`](Self::finish) when no more will
/// come; replies come out of [`Served::reply`](crate::Served::reply) and [`answer`](Self::answer), always in the order
/// of the requests. When it [is finished](Self::is_finished) and its output is sent, the connection is to be closed.
#[derive(Debug)]
pub struct Session {
    pub(super) identity: Arc<Identity>,
    /// Which of the node's generations that is of.
    generation: usize,
    /// What it has of all buffers together.
    share: Share,
    /// Its number among all sessions that the node has had.
    pub(super) number: u64,
    /// How many greetings it has asked to be proved.
    pub(super) greetings: u64,
    pub(super) shown: Shown,
    pub(super) pending: Option<Box<Pending>>,
    pub(super) neighbour: Option<ServerId>,
    /// What its client may do.
    pub(super) granted: Arc<Granted>,
    /// How often its client may report.
    pub(super) bucket: Option<Arc<Bucket>>,
    pub(super) framer: Framer,
    /// Bytes that were received and not read: too many replies were owed, or others had to have their turn.
    held: Held,
    /// Whether the other end will send no more.
    pub(super) ended: bool,
    /// Whether whatever else comes is dropped.
    pub(super) closing: bool,
    pub(super) fast: bool,
    pub(super) owed: ReplyQueue,
    pub(super) next_ticket: u64,
    /// NEARs that wait, since they take longer than a pass may.
    searches: VecDeque<(u64, Search)>,
    /// What its client watches, once it has watched anything.
    pub(super) watcher: Option<Box<Watcher>>,
    /// Bytes of output of which the adapter said last that they are not sent yet.
    unsent: usize,
    /// Bytes of input of which the adapter said last that they cannot be received yet.
    unread: usize,
    /// When the last whole request came, or output was taken.
    active: Instant,
    /// Since when a line is under way that the other end could have ended.
    pub(super) begun: Option<Instant>,
}

impl Session {
    /// A session of a server that is what `identity` says, in that generation.
    pub(crate) fn new(
        (identity, generation): (Arc<Identity>, usize),
        (share, number): (Share, u64),
        ip: Option<IpAddr>,
        bucket: Option<Arc<Bucket>>,
        now: Instant,
    ) -> Self {
        let granted = Arc::clone(identity.herd.access().anonymous());
        let framer = Framer::new(longest_line(&identity));
        Self {
            identity,
            generation,
            share,
            number,
            greetings: 0,
            shown: Shown { ip, ..Shown::default() },
            pending: None,
            neighbour: None,
            granted,
            bucket,
            framer,
            held: Held::default(),
            ended: false,
            closing: false,
            fast: true,
            owed: ReplyQueue::default(),
            next_ticket: 0,
            searches: VecDeque::new(),
            watcher: None,
            unsent: 0,
            unread: 0,
            active: now,
            begun: None,
        }
    }

    /// Whether usual lines are read, and usual records written, many bytes at a time: they are from the start. It makes
    /// a difference to nothing but the time that a pass takes, and is there to show that it does not.
    pub fn set_fast(&mut self, fast: bool) {
        self.fast = fast;
    }

    /// The id that it was made with.
    #[must_use]
    pub const fn id(&self) -> SessionId {
        self.share.session()
    }

    /// Where its other end connected from, as far as that is known.
    pub(crate) const fn remote(&self) -> Option<IpAddr> {
        self.shown.ip
    }

    /// The other end has begun to encrypt the connection. Until that [is so](Self::encrypted) it is as if a line were
    /// under way, which may take [`Limits::line_timeout`].
    pub fn begin_handshake(&mut self, now: Instant) {
        self.begun.get_or_insert(now);
    }

    /// A generation that no node is ever of.
    const BEHIND: usize = usize::MAX;

    /// The connection is encrypted from here on, and this is what the other end has shown. Without this it is one of plain
    /// text. It is said again where that counts for something else by now: the session is [behind](Self::is_behind) then.
    pub fn encrypted(&mut self, certificate: Certificate) {
        match &self.shown.certificate {
            None => self.begun = None,
            Some(before) if *before == certificate => {}
            Some(_) => self.generation = Self::BEHIND,
        }
        self.shown.certificate = Some(certificate);
    }

    /// Who the server is, for all of a pass.
    pub(crate) fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    /// Takes over what the server is now. A neighbour that is one no more is a stranger from here on. One that has not shown
    /// what is asked for now is served no more: it may show that on another connection, and is not to be refused what it
    /// says meanwhile on this one. Neither is a client that has lost a right.
    pub(crate) fn set_identity(&mut self, (identity, generation): (Arc<Identity>, usize), bucket: Option<Arc<Bucket>>) {
        if let Some(peer) = self.neighbour {
            match identity.neighbour(self.identity.names.name(peer).as_bytes(), &self.shown) {
                Ok((neighbour, _)) => self.neighbour = Some(neighbour),
                Err(Stranger::Secret | Stranger::Certificate) => self.close(),
                Err(_) => self.neighbour = None,
            }
        }
        self.change_access(identity.herd.access(), bucket);
        if !self.closing {
            self.framer.limit(longest_line(&identity));
        }
        (self.identity, self.generation) = (identity, generation);
    }

    /// Which of the node's generations its identity is of.
    pub(crate) const fn generation(&self) -> usize {
        self.generation
    }

    /// Whether records may be written in short.
    pub(crate) const fn is_fast(&self) -> bool {
        self.fast
    }

    /// The neighbour that speaks on this connection, once it has said so: for logs.
    #[must_use]
    pub const fn neighbour(&self) -> Option<ServerId> {
        self.neighbour
    }

    /// Reads bytes as they came into `batch`, behind those that were held back, as far as one pass may go; whether no
    /// more will come.
    pub(crate) fn take_in(&mut self, turn: &mut Turn, bytes: &[u8], ended: bool, batch: &mut Batch) {
        self.ended |= ended;
        let came = !bytes.is_empty() || !self.held.is_empty();
        let mut held = mem::take(&mut self.held);
        if held.is_empty() {
            let read = self.read(turn, bytes, batch);
            if read < bytes.len() {
                held = Held::new(&bytes[read..]);
            }
        } else {
            held.push(bytes);
            let has_room = self.has_room();
            let read = self.read(turn, held.rest(), batch);
            debug_assert!(read > 0 || !has_room, "who goes on although nothing is taken in goes on for ever");
            held.advance(read);
        }
        if !self.closing {
            self.held = held;
        }
        // A byte now and then, or an empty line, keeps nobody's place.
        if !batch.is_empty() {
            self.active = turn.now.instant;
        }
        if !self.framer.is_between_lines() {
            self.begun.get_or_insert(turn.now.instant);
        } else if came {
            self.begun = None;
        }
    }

    /// What a pass may take in now.
    pub(super) fn allowance(&self, work: u64) -> Allowance {
        let limits = &self.identity.limits;
        let replies = limits.max_unsent.saturating_sub(self.owes());
        // Nothing comes between what there is at the start of a watch.
        let replies = if self.is_gathering() { 0 } else { replies };
        Allowance::new(work, replies, self.owed.weight(), limits.max_waiting.saturating_sub(self.owed.waiting()))
    }

    /// Appends what can be sent of a batch's replies to `out`.
    pub(crate) fn write_replies(&mut self, batch: &Batch, out: &mut Vec<u8>) {
        let (replies, answers) = (batch.replies.as_slice(), batch.answers.as_slice());
        for (ticket, found) in &batch.found {
            self.take_answer(*ticket, Reply::Lines(answers[found.clone()].into()), out);
        }
        for item in &batch.items {
            self.owed.push(&replies[item.reply.clone()], out);
            match &item.request {
                Request::Whatsats { lookups, ticket, at_lines } => {
                    self.owed.ask(*ticket, &batch.lookups[lookups.clone()], &answers[at_lines.clone()]);
                }
                Request::Near { ticket, answer, .. } | Request::Where { ticket, answer, .. } => {
                    self.owed.ask_lines(*ticket);
                    if let Some(answer) = answer {
                        self.take_answer(*ticket, Reply::Lines(answers[answer.clone()].into()), out);
                    }
                }
                Request::Repair { answer, .. }
                | Request::Status { answer }
                | Request::Unwatch { answer, .. }
                | Request::Bury { answer, .. } => {
                    self.owed.push(&answers[answer.clone()], out);
                }
                Request::Reports { .. }
                | Request::Untimely { .. }
                | Request::Hello { .. }
                | Request::Watch(_)
                | Request::Answered => {}
            }
        }
        // Between replies, never within one.
        append(&answers[batch.told.clone()], |piece| out.extend_from_slice(piece));
        if let Some(Refused { line, reply, .. }) = &batch.refused {
            match reply {
                Some(reply) => self.owed.push(&replies[reply.clone()], out),
                None => {
                    for part in [b"? ", &batch.lines.as_slice()[line.clone()], b"\n"] {
                        self.owed.push(part, out);
                    }
                }
            }
            self.close();
        }
    }

    /// Takes the answer to a request that waits, and appends what can now be sent to `out`: all of that reply in one piece,
    /// and what waited behind it.
    pub fn answer(&mut self, answer: Answer, out: &mut Vec<u8>) {
        let reply = match answer.answered {
            Answered::Places { report, places } => {
                Reply::Places(report.map_or_else(Box::default, |report| lines_of([&report])), places)
            }
            Answered::Home { region, report } => {
                let mut line = Vec::new();
                report.record().write_home(region.as_bytes(), &mut line);
                Reply::Lines(line.into())
            }
            Answered::Found { found, .. } => {
                let mut lines = lines_of(&found).into_vec();
                lines.push(b'\n');
                Reply::Lines(lines.into())
            }
            Answered::Unknown { line } | Answered::Silent { line, .. } => Reply::Refused(line),
        };
        self.take_answer(answer.number, reply, out);
    }

    fn take_answer(&mut self, ticket: u64, reply: Reply, out: &mut Vec<u8>) {
        if self.owed.answer(ticket, reply, out) {
            self.close();
        }
    }

    /// Whether there is something to do although nothing came: bytes that were held back can be read now, something that
    /// takes long goes on, or what is watched has changed. Call [`receive`](Self::receive) with none; it does some of that.
    #[must_use]
    pub fn can_resume(&self) -> bool {
        self.input_left() > 0 || self.can_go_on()
    }

    /// How many bytes of what was received were held back, and are taken in next.
    #[must_use]
    pub fn input_left(&self) -> usize {
        if self.has_room() { self.held.rest().len() } else { 0 }
    }

    /// Whether there is something to tell, and room for it.
    fn can_go_on(&self) -> bool {
        // What a search itself is taken for must not hold it back, nor what waits behind it.
        let searches = !self.searches.is_empty() && self.unsent < self.identity.limits.max_unsent;
        let tells = || self.watcher.as_ref().is_some_and(|watcher| self.can_tell(watcher));
        searches || (self.tells_most() > 0 && tells())
    }

    fn can_tell(&self, watcher: &Watcher) -> bool {
        // What there is at the start of a watch is a reply, and comes in its order.
        let is_due = self.owed.waiting() == 0;
        if watcher.is_gathering() { is_due && !watcher.awaits_regions() } else { watcher.has_more() }
    }

    /// How many bytes may be told besides what is unsent.
    fn tells_most(&self) -> usize {
        self.identity.limits.max_unsent.saturating_sub(self.owes())
    }

    /// Whether its client watches anything: such a connection never [rests](Self::deadline).
    #[must_use]
    pub fn is_watching(&self) -> bool {
        self.watcher.as_ref().is_some_and(|watcher| watcher.targets().next().is_some())
    }

    fn is_gathering(&self) -> bool {
        self.watcher.as_ref().is_some_and(|watcher| watcher.is_gathering())
    }

    /// A NEAR takes longer than a pass may: it goes on in the next ones.
    pub(crate) fn search_later(&mut self, ticket: u64, search: Search) {
        self.searches.push_back((ticket, search));
    }

    /// The NEAR that goes on next.
    pub(crate) fn next_search(&mut self) -> Option<(u64, Search)> {
        self.searches.pop_front()
    }

    /// It goes on before the others.
    pub(crate) fn search_on(&mut self, ticket: u64, search: Search) {
        self.searches.push_front((ticket, search));
    }

    /// What its client watches.
    pub(crate) const fn watcher(&mut self) -> &mut Option<Box<Watcher>> {
        &mut self.watcher
    }

    /// The watcher, where it can be told something in a pass that has brought something or not; and how many bytes.
    pub(crate) fn telling(&mut self, brought: bool) -> Option<(&mut Watcher, usize)> {
        let most = self.tells_most();
        let tells = |watcher: &Watcher| self.can_tell(watcher) && !(brought && watcher.is_gathering());
        if most == 0 || !self.watcher.as_deref().is_some_and(tells) {
            return None;
        }
        self.watcher.as_deref_mut().map(|watcher| (watcher, most))
    }

    /// Whether it takes more bytes. Do not read from the connection while it does not: so a client that does not read is
    /// not read.
    #[must_use]
    pub fn wants_input(&self) -> bool {
        !self.ended && !self.closing && self.held.is_empty() && self.has_room()
    }

    /// Whether nothing more will come out of it.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        let is_owing = self.is_waiting() || self.is_gathering();
        !is_owing && (self.closing || (self.ended && self.held.is_empty()))
    }

    /// Whether a fetch owes it places.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.owed.waiting() > 0
    }

    /// Output was taken by the other end: the connection is not at rest.
    pub fn sent(&mut self, now: Instant) {
        self.active = now;
        // Who was not read could not end a line.
        if let Some(begun) = &mut self.begun {
            *begun = now;
        }
    }

    /// Whether it may be told to [close](crate::Action::Close) once its adapter has [said](Self::holds) that so much is
    /// unsent: have the way for that open before.
    #[must_use]
    pub fn is_large(&self, unsent: usize) -> bool {
        self.room(unsent) > SMALL
    }

    /// Counts what its buffers take, where so many bytes of output are unsent; whether that has changed.
    pub(crate) fn count_buffers(&mut self, unsent: usize) -> bool {
        self.unsent = unsent;
        let room = self.room(unsent);
        let has_changed = room != self.share.bytes();
        if has_changed {
            self.share.set(room);
        }
        has_changed
    }

    /// So many bytes came that cannot be received yet, such as a part of a TLS record. They count in what its buffers take
    /// as soon as it is said what it [holds](Self::holds).
    pub const fn set_unread(&mut self, bytes: usize) {
        self.unread = bytes;
    }

    /// How much memory its buffers take, those of its adapter among them.
    fn room(&self, unsent: usize) -> usize {
        let searches: usize = self.searches.iter().map(|(_, search)| search.room()).sum();
        unsent + self.unread + self.owed.room() + self.held.room() + self.framer.room() + searches
    }

    /// When to close the connection if nothing happens until then; never while it waits for places, or watches.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        let line = self.line_deadline();
        (!self.is_waiting() && !self.is_watching())
            .then(|| line.map_or(self.rests_until(), |line| line.min(self.rests_until())))
    }

    /// Whether what ends at the [deadline](Self::deadline) is the time for a line that was begun, and not a rest.
    #[must_use]
    pub fn is_mid_line(&self) -> bool {
        self.line_deadline().is_some_and(|line| line < self.rests_until())
    }

    /// A neighbour's connection is the neighbour's to close, when its link is at rest, so it is given twice as long as
    /// that takes.
    fn rests_until(&self) -> Instant {
        let limits = &self.identity.limits;
        let rest = match self.neighbour {
            None => limits.idle_timeout,
            Some(_) => limits.idle_timeout.max(limits.link_idle * 2),
        };
        self.active + rest
    }

    /// When a line that was begun has to be whole. While output is unsent the other end may be waiting for that.
    fn line_deadline(&self) -> Option<Instant> {
        let begun = self.begun.filter(|_| self.unsent == 0 && !self.closing)?;
        Some(begun + self.identity.limits.line_timeout)
    }

    /// Whether a pass could take anything in.
    fn has_room(&self) -> bool {
        !self.allowance(Work::PASS).is_spent()
    }

    /// Bytes of replies that are unsent or owed; those that wait for places at what they may weigh.
    fn owes(&self) -> usize {
        self.unsent + self.owed.len() + self.owed.waiting() * self.owed.weight()
    }

    /// Takes no further request, and tells its client of no further change: what was not read is dropped. What is owed for
    /// those that it took still comes out.
    pub fn stop(&mut self) {
        self.close();
    }

    pub(super) fn close(&mut self) {
        self.closing = true;
        self.watcher = None;
        self.held = Held::default();
        self.framer = Framer::new(0);
    }
}

/// Whole lines of these reports.
fn lines_of<'a>(reports: impl IntoIterator<Item = &'a OwnedRecord>) -> Box<[u8]> {
    let mut lines = Vec::new();
    reports.into_iter().for_each(|report| report.record().write_line(&mut lines));
    lines.into()
}

/// The longest line that a client may send.
fn longest_line(identity: &Identity) -> usize {
    identity.limits.max_line.min(Limits::MOST_LINE)
}

#[cfg(test)]
mod tests;
