//! From bytes to requests.

use core::mem;
use core::ops::Range;

use super::allowance::Allowance;
use super::session::Session;
use crate::fast::{self, Asked, Found, Lines};
use crate::herd::{Told, Untimely};
use crate::pass::{Batch, BroughtBy, Entry, Lookup, Refused, Request, Turn, Work};
use crate::values::{Nearby, ServerId, Timestamp};
use crate::wire::{Departed, Framer, Line, Message, Need, Refusal, Sighted, Sighting};

impl Session {
    /// Reads into `batch` as much as a pass may take in; how many bytes were read.
    pub(super) fn read(&mut self, turn: &mut Turn, input: &[u8], batch: &mut Batch) -> usize {
        let mut framer = mem::replace(&mut self.framer, Framer::new(0));
        let mut left = self.allowance(Work::pass_told(turn.fan_out));
        let most = input.len().min(Batch::MOST_INPUT);
        // A line without its LF is one only behind all that came.
        let ends = self.ended && most == input.len();
        let mut input = &input[..most];
        // What came is copied once, for logs. A line that came in pieces is copied by itself.
        let copied = batch.lines.len() + most;
        batch.lines.push(input);
        // Where a line may be the only one, it is read the plain way.
        let is_fast = self.fast && !self.identity.limits.one_shot;
        while !self.closing && !left.is_spent() {
            let whole = framer.is_between_lines();
            if whole && is_fast {
                let mut lines = Lines { rest: input, copied, most: framer.most(), left: left.lines() };
                self.read_fast(turn, &mut lines, &mut left, batch);
                let read = input.len() - lines.rest.len();
                input = lines.rest;
                if read > 0 && !input.is_empty() {
                    continue;
                }
            }
            if input.is_empty() && !ends {
                break;
            }
            let start = copied - input.len();
            let line = match framer.next_line(&mut input) {
                Some(line) => line,
                None if ends => match framer.last_line() {
                    Some(line) => Line::Whole(line),
                    None => break,
                },
                None => break,
            };
            self.begun = None;
            self.take(turn, line, whole.then_some(start), &mut left, batch);
        }
        self.framer = framer;
        turn.spend(left.spent());
        most - input.len()
    }

    /// Takes the usual lines of one kind that come first.
    fn read_fast(&mut self, turn: &Turn, lines: &mut Lines<'_>, left: &mut Allowance, batch: &mut Batch) {
        let (most, replies) = (lines.left, batch.replies.len());
        match (lines.rest.first(), self.neighbour) {
            (Some(b'I'), None) if self.is_served() && self.identity.takes_reports => {
                let room = most.min(self.reports_left(turn.now.instant));
                lines.left = room;
                self.fast_iamats(turn, lines, batch);
                let read = room - lines.left;
                self.count_reports(read, turn.now.instant);
                // What a rate has no room for takes nothing of the turn.
                lines.left = most - read;
            }
            (Some(b'A'), Some(neighbour)) => {
                self.fast_ats::<false>(turn, BroughtBy::Neighbour(neighbour), lines, batch);
            }
            (Some(b'K'), Some(neighbour)) => self.fast_ats::<true>(turn, BroughtBy::Repair(neighbour), lines, batch),
            (Some(b'W'), _) if self.is_served() && self.granted.grant.rights.ask().covers_any() => {
                return self.fast_whatsats(lines, left, batch);
            }
            _ => return,
        }
        left.take(Work::line(0) * (most - lines.left) as u64, batch.replies.len() - replies);
    }

    // Not inlined, and the next neither: each loop has many things to keep at hand.
    #[inline(never)]
    fn fast_iamats(&mut self, turn: &Turn, lines: &mut Lines<'_>, batch: &mut Batch) {
        let (first, start, reply) = (batch.entries.len(), lines.start(), batch.replies.len());
        let Batch { replies, entries, shape, .. } = &mut *batch;
        let may = self.granted.grant.rights.report();
        fast::iamats(lines, (&self.identity, turn.now.wall), may, (shape, replies), |found| {
            entries.push(entry(&found));
        });
        batch.add_reports(first, BroughtBy::Client, lines.since(start), reply);
    }

    #[inline(never)]
    fn fast_ats<const KEPT: bool>(&mut self, turn: &Turn, from: BroughtBy, lines: &mut Lines<'_>, batch: &mut Batch) {
        let Some(neighbour) = from.neighbour() else { return };
        let (first, start, reply) = (batch.entries.len(), lines.start(), batch.replies.len());
        let Batch { entries, at_shape, .. } = &mut *batch;
        let by = (&*self.identity, neighbour, turn.horizon);
        fast::ats::<KEPT>(lines, by, at_shape, |found| entries.push(entry(&found)));
        batch.add_reports(first, from, lines.since(start), reply);
    }

    fn fast_whatsats(&mut self, lines: &mut Lines<'_>, left: &mut Allowance, batch: &mut Batch) {
        let (first, start) = (batch.lookups.len(), lines.start());
        while !left.is_spent() {
            let mut lookups = mem::take(&mut batch.lookups);
            let mut asks = None;
            let alike = |nearby: Nearby| {
                let _ = asks.insert(nearby);
                (batch.add_nearby(nearby), left.whatsats(&nearby))
            };
            let add = |nearby, asked: Asked| lookups.push(Lookup::new(asked.hash, asked.start, asked.len, nearby));
            let found = fast::whatsats(lines, &self.identity.hash_key, alike, add);
            batch.lookups = lookups;
            let Some(nearby) = asks.filter(|_| found > 0) else { break };
            left.take_whatsats(found, &nearby);
            left.take(Work::line(0) * found as u64, 0);
        }
        self.add_lookups(first, lines.since(start), batch);
    }

    /// The lookups from `first` on came with these lines.
    fn add_lookups(&mut self, first: usize, lines: Range<usize>, batch: &mut Batch) {
        let asked = batch.lookups.len() - first;
        batch.add_lookups(first, self.next_ticket, lines);
        self.next_ticket += asked as u64;
        self.closing |= asked > 0 && self.identity.limits.one_shot;
    }

    /// Takes one line. If it was copied already, it starts at `copied`.
    fn take(&mut self, turn: &Turn, line: Line<'_>, copied: Option<usize>, left: &mut Allowance, batch: &mut Batch) {
        let (line, message) = match line {
            Line::Whole(line) => (line, Message::parse(line)),
            Line::TooLong(kept) => (kept, Err(Refusal::TooLong)),
        };
        let (line, copied) = match Message::shown(line) {
            shown if shown.len() == line.len() => (line, copied),
            shown => (shown, None),
        };
        let reply = batch.replies.len();
        let message = match message {
            Ok(None) => return left.take(Work::line(line.len()), 0),
            Ok(Some(message)) => Ok(message),
            Err(why) => Err(why),
        };
        let start = copied.unwrap_or_else(|| {
            batch.lines.push(line);
            batch.lines.len() - line.len()
        });
        let lines = start..start + line.len();
        let understood = message.and_then(|message| self.understand(turn, line, lines.clone(), message, left, batch));
        if let Err(why) = understood {
            let reply = (batch.replies.len() > reply).then(|| reply..batch.replies.len());
            batch.refused = Some(Refused { why, line: lines, reply });
            self.closing = true;
        }
        left.take(Work::line(line.len()), batch.replies.len() - reply);
    }

    /// Adds what a line says to the batch.
    fn understand(
        &mut self,
        turn: &Turn,
        line: &[u8],
        lines: Range<usize>,
        message: Message<'_>,
        left: &mut Allowance,
        batch: &mut Batch,
    ) -> Result<(), Refusal> {
        let reply = batch.replies.len();
        let request = match message {
            Message::Iamat(sighting) => {
                self.may_tell(turn, Need::Report, (sighting.client, sighting.at))?;
                let entry = self.iamat(turn, &sighting, batch);
                batch.entries.push(entry);
                batch.add_reports(batch.entries.len() - 1, BroughtBy::Client, lines, reply);
                return Ok(());
            }
            Message::At { report, sender } => {
                return self.add_passed_on(turn, (&report, sender), true, (lines, reply), batch);
            }
            Message::Kept { report, sender } => {
                return self.add_passed_on(turn, (&report, sender), false, (lines, reply), batch);
            }
            Message::Forget(forget) => {
                self.may_tell(turn, Need::Forget, (forget.client, forget.at))?;
                let skew = turn.now.wall.since(forget.at);
                let text = skew.to_string();
                let departed = Departed::by_forget(&forget, self.identity.name(), (skew, text.as_bytes()));
                self.bury((self.identity.me, &departed), BroughtBy::Client, batch)
            }
            Message::Departed { departed, floods, sender } => {
                match self.judge(turn, (sender, departed.origin), &Told::departed(&departed, floods))? {
                    (neighbour, Ok(origin)) => self.bury((origin, &departed), brought_by(neighbour, floods), batch),
                    (from, Err(why)) => Request::Untimely { from, why },
                }
            }
            Message::Whatsat { client, radius, bound } => {
                self.may(Need::Ask, client)?;
                let first = batch.lookups.len();
                let at = lines.start + client.as_ptr().addr() - line.as_ptr().addr();
                let nearby = Nearby { radius, bound };
                left.take_whatsats(1, &nearby);
                let nearby = batch.add_nearby(nearby);
                batch.lookups.push(Lookup::new(self.identity.hash_key.hash(client), at, client.len(), nearby));
                self.add_lookups(first, lines, batch);
                return Ok(());
            }
            Message::Hello { sender, incarnation, fields } => {
                self.greeted(turn, sender, (incarnation, fields), batch)?
            }
            Message::Proof { sender, proof } => self.proved(sender, &proof, batch)?,
            Message::Auth { token } => self.authenticate(token, batch)?,
            Message::Repair { sender, step } => Request::Repair { from: self.believe(sender)?.0, step, answer: 0..0 },
            Message::Status => {
                self.may(Need::Status, b"")?;
                self.closing |= self.identity.limits.one_shot;
                batch.asks_for_status = true;
                Request::Status { answer: 0..0 }
            }
            Message::Near(near) => {
                self.may(Need::Near, b"")?;
                self.closing |= self.identity.limits.one_shot;
                let ticket = self.next_ticket;
                self.next_ticket += 1;
                left.take_near(near.bound);
                batch.add(lines, reply, Request::Near { near: Box::new(near), ticket, answer: None });
                return Ok(());
            }
            Message::Where { client } => {
                self.may(Need::Ask, client)?;
                self.closing |= self.identity.limits.one_shot;
                let ticket = self.next_ticket;
                self.next_ticket += 1;
                Request::Where { client: client.into(), ticket, answer: None }
            }
            Message::Watch(target) | Message::Fence(target) => {
                self.may_watch()?;
                Request::Watch(Box::new(target))
            }
            Message::Unwatch(target) => {
                self.may_watch()?;
                Request::Unwatch { target, answer: 0..0 }
            }
            Message::Refused { .. } => return Err(Refusal::UnknownCommand),
        };
        // Those end the pass: they go through many records, or nothing may come between what they reply.
        let ends = matches!(request, Request::Repair { .. } | Request::Status { .. } | Request::Watch(_));
        let work = if ends { Work::PASS } else { Work::ALONE };
        left.take(work, 0);
        batch.add(lines, reply, request);
        Ok(())
    }

    /// Whether something may be told of a client now, and of that time.
    fn may_tell(&mut self, turn: &Turn, need: Need, (client, at): (&[u8], Timestamp)) -> Result<(), Refusal> {
        self.may(need, client)?;
        if self.reports_left(turn.now.instant) == 0 {
            return Err(Refusal::TooOften);
        }
        self.count_reports(1, turn.now.instant);
        if let Some(by) = self.identity.limits.too_far_ahead(at, turn.now.wall) {
            return Err(Refusal::TooFarAhead(by));
        }
        self.closing |= self.identity.limits.one_shot;
        Ok(())
    }

    /// Adds a neighbour's copy of a report, by flood or by repair, to the batch, and writes it down among the lines, unless
    /// that counts as not said.
    fn add_passed_on(
        &mut self,
        turn: &Turn,
        (report, sender): (&Sighted<'_>, &[u8]),
        floods: bool,
        (lines, reply): (Range<usize>, usize),
        batch: &mut Batch,
    ) -> Result<(), Refusal> {
        let (neighbour, origin) = match self.judge(turn, (sender, report.origin), &Told::report(report, floods))? {
            (neighbour, Ok(origin)) => (neighbour, origin),
            (from, Err(why)) => {
                batch.add(lines, reply, Request::Untimely { from, why });
                return Ok(());
            }
        };
        batch.has_strangers |= origin == ServerId::NONE;
        let client = self.identity.hash_key.hash(report.sighting.client);
        let origin = (origin, report.origin);
        let entry = Entry::write_down(origin, report.skew, &report.sighting, client, &mut batch.lines);
        batch.entries.push(entry);
        batch.add_reports(batch.entries.len() - 1, brought_by(neighbour, floods), lines, reply);
        Ok(())
    }

    /// Writes down that a client has departed.
    fn bury(&self, (origin, departed): (ServerId, &Departed<'_>), from: BroughtBy, batch: &mut Batch) -> Request {
        let client = self.identity.hash_key.hash(departed.covers.client);
        let entry = Entry::write_departed(origin, departed, client, &mut batch.lines);
        Request::Bury { entry, from, answer: 0..0 }
    }

    /// Which neighbour tells something, and which server wrote it down, unless it counts as not said.
    fn judge(
        &mut self,
        turn: &Turn,
        (sender, origin): (&[u8], &[u8]),
        told: &Told,
    ) -> Result<(ServerId, Result<ServerId, Untimely>), Refusal> {
        let (neighbour, _) = self.believe(sender)?;
        let origin = self.identity.origin(origin)?;
        let untimely = turn.horizon.judge(told, &self.identity.limits, turn.now.wall);
        Ok((neighbour, untimely.map_or(Ok(origin), Err)))
    }

    /// The reply to an IAMAT asks nobody: it is the report itself.
    fn iamat(&mut self, turn: &Turn, sighting: &Sighting<'_>, batch: &mut Batch) -> Entry {
        let origin = (self.identity.me, self.identity.name());
        let skew = turn.now.wall.since(sighting.at).to_string();
        let client = self.identity.hash_key.hash(sighting.client);
        let entry = Entry::write_down(origin, skew.as_bytes(), sighting, client, &mut batch.replies);
        batch.replies.push(b"\n");
        entry
    }
}

/// How a neighbour's line comes.
const fn brought_by(neighbour: ServerId, floods: bool) -> BroughtBy {
    if floods { BroughtBy::Neighbour(neighbour) } else { BroughtBy::Repair(neighbour) }
}

/// The report that a usual line brings, for the store.
#[inline]
fn entry(found: &Found) -> Entry {
    Entry::new(found.head, found.client, found.start, found.len)
}
