//! What every server must know, worked out a second time and more simply.
//!
//! A record is numbered when a server accepts an IAMAT or a FORGET, or hears of another region; from then on it is that
//! number wherever it goes, so to follow a line through a herd costs one look into a table.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use foldhash::fast::FixedState;
use herd::wire::{Around, Message, Near, Target, Written};
use herd::{Position, RecordKind, Timestamp};

/// The number of a report.
pub(crate) type ReportId = u32;

const NONE: ReportId = ReportId::MAX;

/// How far a client's time may be past the clock of the server that it talks to, in nanoseconds: a day, as in
/// [`Limits::max_ahead`](herd::Limits::max_ahead).
const MOST_AHEAD: i128 = 86_400_000_000_000;

/// A record that some server made of what a client said, or that it heard of another region.
#[derive(Debug)]
pub(crate) struct Known {
    /// `ORIGIN SKEW client position time`, or `ORIGIN SKEW client time`.
    pub(crate) line: Arc<[u8]>,
    pub(crate) kind: RecordKind,
    pub(crate) client: u32,
    pub(crate) at: Timestamp,
    /// What the clock said of the server that made it.
    pub(crate) heard_at: Timestamp,
    /// Whether that clock was ahead by then.
    pub(crate) is_heard_ahead: bool,
    /// Only a report has one.
    pub(crate) position: Option<Position>,
    /// The number of the record before which it was said last: of another region a server may hear a thing again.
    pub(crate) said_before: ReportId,
}

impl Known {
    pub(crate) const fn is_tombstone(&self) -> bool {
        matches!(self.kind, RecordKind::Tombstone)
    }

    pub(crate) const fn is_report(&self) -> bool {
        matches!(self.kind, RecordKind::Report)
    }

    /// What its line begins with.
    pub(crate) const fn word(&self) -> &'static [u8] {
        self.kind.word()
    }

    /// The order in which records of one client replace each other.
    pub(crate) fn order(&self) -> (Timestamp, bool, &[u8]) {
        (self.at, self.is_tombstone(), &self.line)
    }
}

/// What becomes of a line.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    /// It is a report, or any record of a neighbour's, which is taken. From a client it is to be answered with it.
    Report(ReportId),
    /// It is a client's tombstone, which is taken. It is to be answered with what is kept then.
    Forgets {
        tombstone: ReportId,
        kept: ReportId,
    },
    /// It asks for a client, of which this is the newest; so many places at most.
    Asks(ReportId, u8),
    /// It asks who is near; around a client, where its report is this.
    Nears(Box<Near>, Option<ReportId>),
    /// It asks to be told of that, or to be told no more.
    Watches(Box<Target>),
    Unwatches(Box<[u8]>),
    /// It is understood and changes nothing that is kept.
    Fine,
    /// It may bring anything that some server knew: see what is kept.
    Repairs,
    /// It is answered with `? `.
    Refused,
    /// It is a report that no client made.
    Invented,
}

/// What all servers must know.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    reports: Vec<Known>,
    by_line: HashMap<Arc<[u8]>, ReportId, FixedState>,
    clients: HashMap<Arc<[u8]>, u32, FixedState>,
    names: Vec<Arc<[u8]>>,
    /// For each server the newest record of each client of which it was told.
    newest: Vec<Vec<ReportId>>,
    /// What it was last seen to keep.
    seen: Vec<Vec<ReportId>>,
    known: Vec<usize>,
    most_clients: usize,
    /// Whether the clock is ahead of the server that hears something now.
    pub(crate) is_ahead: bool,
}

impl Oracle {
    pub(crate) fn new(servers: usize, most_clients: usize) -> Self {
        let nothing = || vec![Vec::new(); servers];
        Self { newest: nothing(), seen: nothing(), known: vec![0; servers], most_clients, ..Self::default() }
    }

    /// The server starts anew, knowing nothing.
    pub(crate) fn forget(&mut self, server: usize) {
        self.newest[server].clear();
        self.seen[server].clear();
        self.known[server] = 0;
    }

    pub(crate) fn report(&self, id: ReportId) -> &Known {
        &self.reports[id as usize]
    }

    pub(crate) fn find(&self, line: &[u8]) -> Option<ReportId> {
        self.by_line.get(line).copied()
    }

    /// The number of every client of which there is a report.
    pub(crate) fn clients(&self) -> Range<u32> {
        0..u32::try_from(self.names.len()).expect("fewer clients than that")
    }

    pub(crate) fn client(&self, client: u32) -> &[u8] {
        &self.names[client as usize]
    }

    pub(crate) fn newest(&self, server: usize, client: u32) -> Option<ReportId> {
        self.newest[server].get(client as usize).copied().filter(|&id| id != NONE)
    }

    pub(crate) fn known(&self, server: usize) -> usize {
        self.known[server]
    }

    /// Whether `one` is newer than `other` in the order of the protocol.
    pub(crate) fn is_newer(&self, one: ReportId, other: ReportId) -> bool {
        self.report(one).order() > self.report(other).order()
    }

    /// The server was told of a report; whether it can keep its client.
    pub(crate) fn tell(&mut self, server: usize, id: ReportId) -> bool {
        let client = self.report(id).client as usize;
        let newest = &mut self.newest[server];
        if newest.len() <= client {
            newest.resize(client + 1, NONE);
        }
        let kept = newest[client];
        if kept == NONE {
            if self.known[server] >= self.most_clients {
                return false;
            }
            self.known[server] += 1;
            self.newest[server][client] = id;
        } else if self.is_newer(id, kept) {
            self.newest[server][client] = id;
        }
        true
    }

    /// A server is to keep that of a client, whatever it was told.
    pub(crate) fn expect(&mut self, server: usize, client: u32, id: ReportId) {
        self.newest[server][client as usize] = id;
    }

    /// What a server was last seen to keep of a client.
    pub(crate) fn seen(&self, server: usize, client: u32) -> Option<ReportId> {
        self.seen[server].get(client as usize).copied().filter(|&id| id != NONE)
    }

    /// What a server keeps of a client, as it turns out.
    pub(crate) fn see(&mut self, server: usize, client: u32, kept: Option<ReportId>) {
        let (client, now) = (client as usize, kept.unwrap_or(NONE));
        for table in [&mut self.newest[server], &mut self.seen[server]] {
            if table.len() <= client {
                table.resize(client + 1, NONE);
            }
        }
        let before = std::mem::replace(&mut self.newest[server][client], now);
        self.seen[server][client] = now;
        self.known[server] += usize::from(before == NONE && now != NONE);
        self.known[server] -= usize::from(before != NONE && now == NONE);
    }

    /// What becomes of a client's line.
    pub(crate) fn judge_client(&mut self, server: usize, name: &str, wall: Timestamp, line: &[u8]) -> Verdict {
        match Message::parse(line) {
            Ok(Some(Message::Iamat(sighting))) if is_too_far_ahead(sighting.at, wall) => Verdict::Refused,
            Ok(Some(Message::Forget(forget))) if is_too_far_ahead(forget.at, wall) => Verdict::Refused,
            Ok(Some(Message::Iamat(sighting))) => {
                let fields = [sighting.client, sighting.position, sighting.time];
                let position = Position::parse(sighting.position).expect("a sighting's position is one");
                let id = self.number(name, wall, &fields, sighting.at, Some(position));
                if self.tell(server, id) { Verdict::Report(id) } else { Verdict::Refused }
            }
            Ok(Some(Message::Forget(forget))) => {
                let tombstone = self.number(name, wall, &[forget.client, forget.time], forget.at, None);
                let client = self.report(tombstone).client;
                let is_told = self.tell(server, tombstone);
                match self.newest(server, client).filter(|_| is_told) {
                    Some(kept) => Verdict::Forgets { tombstone, kept },
                    None => Verdict::Refused,
                }
            }
            Ok(Some(Message::Whatsat { client, bound, .. })) => {
                let newest = self.clients.get(client).and_then(|&client| self.newest(server, client));
                let newest = newest.filter(|&id| self.report(id).is_report());
                newest.map_or(Verdict::Refused, |id| Verdict::Asks(id, bound))
            }
            Ok(Some(Message::Near(near))) => {
                let Around::Client(client) = &near.around else { return Verdict::Nears(Box::new(near), None) };
                let newest = self.clients.get(&**client).and_then(|&client| self.newest(server, client));
                let newest = newest.filter(|&id| self.report(id).is_report());
                newest.map_or(Verdict::Refused, |id| Verdict::Nears(Box::new(near), Some(id)))
            }
            Ok(Some(Message::Watch(target) | Message::Fence(target))) => Verdict::Watches(Box::new(target)),
            Ok(Some(Message::Unwatch(target))) => Verdict::Unwatches(target),
            Ok(None) => Verdict::Fine,
            // Clients are not neighbours.
            Ok(Some(_)) | Err(_) => Verdict::Refused,
        }
    }

    /// A server hears a line of another region; its number.
    pub(crate) fn hear(&mut self, server: usize, line: &[u8]) -> Option<ReportId> {
        let Ok(Written::Departed(departed)) = Written::parse(line) else { return None };
        let (client, at) = (departed.covers.client, departed.covers.at);
        let heard_at = Timestamp::from_nanos(at.as_nanos() + departed.ahead.as_nanos());
        let record = line.strip_prefix(departed.kind.word())?;
        let id = self.put(record, (departed.kind, client), (at, heard_at), None);
        self.reports[id as usize].said_before = self.next();
        self.tell(server, id);
        Some(id)
    }

    /// Whether some server has heard that a client is at home in another region.
    pub(crate) fn was_away(&self, client: u32) -> bool {
        self.reports.iter().any(|record| record.client == client && record.kind == RecordKind::Away)
    }

    /// What becomes of a line that the server `sender` sent to its neighbour.
    pub(crate) fn judge_neighbour(&mut self, server: usize, sender: &str, line: &[u8]) -> Verdict {
        // A record that repair brings is like any other, but that it goes no further.
        let Some(rest) = RECORDS.iter().find_map(|word| line.strip_prefix(*word)) else {
            let brings_none = line.starts_with(b"HELLO ") || line.starts_with(b"REPAIR ");
            return if brings_none { Verdict::Fine } else { Verdict::Repairs };
        };
        let Some((report, from)) = split_sender(rest) else { return Verdict::Refused };
        if from != sender.as_bytes() {
            return Verdict::Refused;
        }
        match self.find(report) {
            Some(id) => {
                self.tell(server, id);
                Verdict::Report(id)
            }
            None => Verdict::Invented,
        }
    }

    /// Numbers the record that a server makes of what a client has said: the fields behind the skew, of which the first is
    /// its ID.
    fn number(
        &mut self,
        name: &str,
        wall: Timestamp,
        fields: &[&[u8]],
        at: Timestamp,
        position: Option<Position>,
    ) -> ReportId {
        let skew = wall.as_nanos() - at.as_nanos();
        let sign = if skew < 0 { '-' } else { '+' };
        let size = skew.unsigned_abs();
        let mut line = format!("{name} {sign}{}.{:09} ", size / 1_000_000_000, size % 1_000_000_000).into_bytes();
        line.extend_from_slice(&fields.join(&b' '));
        let kind = if position.is_some() { RecordKind::Report } else { RecordKind::Tombstone };
        let id = self.put(&line, (kind, fields[0]), (at, wall), position);
        self.reports[id as usize].is_heard_ahead |= self.is_ahead;
        id
    }

    /// The number of the next record.
    fn next(&self) -> ReportId {
        ReportId::try_from(self.reports.len()).expect("fewer reports than that")
    }

    /// Numbers a record, if that has no number yet.
    fn put(
        &mut self,
        line: &[u8],
        (kind, client): (RecordKind, &[u8]),
        (at, heard_at): (Timestamp, Timestamp),
        position: Option<Position>,
    ) -> ReportId {
        if let Some(id) = self.find(line) {
            return id;
        }
        let (client, id, line): (_, _, Arc<[u8]>) = (self.number_client(client), self.next(), line.into());
        let is_heard_ahead = false;
        let said_before = id + 1;
        self.reports.push(Known {
            line: Arc::clone(&line),
            kind,
            client,
            at,
            heard_at,
            is_heard_ahead,
            position,
            said_before,
        });
        self.by_line.insert(line, id);
        id
    }

    fn number_client(&mut self, client: &[u8]) -> u32 {
        if let Some(&number) = self.clients.get(client) {
            return number;
        }
        let number = u32::try_from(self.names.len()).expect("fewer clients than that");
        let name: Arc<[u8]> = client.into();
        self.names.push(Arc::clone(&name));
        self.clients.insert(name, number);
        number
    }
}

/// What the lines begin with by which a neighbour tells a record.
const RECORDS: [&[u8]; 6] = [b"AT ", b"KEPT ", b"GONE ", b"FORGOT ", b"AWAY ", b"MOVED "];

/// Whether it is more than a day past the clock.
fn is_too_far_ahead(at: Timestamp, wall: Timestamp) -> bool {
    at.as_nanos() - wall.as_nanos() > MOST_AHEAD
}

/// Splits an AT line without its `AT ` into the report and the sender.
pub(crate) fn split_sender(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = memchr::memrchr(b' ', rest)?;
    Some((&rest[..space], &rest[space + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_by_time_and_then_by_bytes() {
        let mut oracle = Oracle::new(2, 10);
        let wall = Timestamp::from_nanos(2_000_000_000);
        let mut say = |server, line: &[u8]| match oracle.judge_client(server, "a", wall, line) {
            Verdict::Report(id) => id,
            other => panic!("{other:?}"),
        };
        let old = say(0, b"IAMAT kiwi +1+1 1.5");
        let new = say(0, b"IAMAT kiwi +1+1 3");
        let same_time = say(0, b"IAMAT kiwi +0+1 3.0");
        assert_eq!(&*oracle.report(old).line, b"a +0.500000000 kiwi +1+1 1.5");
        assert_eq!(&*oracle.report(new).line, b"a -1.000000000 kiwi +1+1 3");
        assert!(oracle.is_newer(new, old) && oracle.is_newer(new, same_time));
        assert_eq!(oracle.judge_client(0, "a", wall, b"WHATSAT kiwi 1 2"), Verdict::Asks(new, 2));
        assert_eq!(oracle.judge_client(1, "b", wall, b"WHATSAT kiwi 1 2"), Verdict::Refused);
        assert_eq!(oracle.judge_neighbour(1, "a", b"AT a +0.500000000 kiwi +1+1 1.5 a"), Verdict::Report(old));
        assert_eq!(oracle.judge_client(1, "b", wall, b"WHATSAT kiwi 1 2"), Verdict::Asks(old, 2));
        assert_eq!(oracle.judge_neighbour(1, "a", b"AT a +0.500000000 kiwi +1+1 1. a"), Verdict::Invented);
        assert_eq!(oracle.judge_neighbour(1, "c", b"AT a +0.500000000 kiwi +1+1 1.5 a"), Verdict::Refused);
    }

    #[test]
    fn a_tombstone_covers_what_is_not_newer() {
        let mut oracle = Oracle::new(2, 10);
        let mut say = |line: &[u8]| oracle.judge_client(0, "a", Timestamp::from_nanos(2_000_000_000), line);
        assert_eq!(say(b"IAMAT kiwi +1+1 1.5"), Verdict::Report(0));
        assert_eq!(say(b"FORGET kiwi 1"), Verdict::Forgets { tombstone: 1, kept: 0 });
        assert_eq!(say(b"FORGET kiwi 1.5"), Verdict::Forgets { tombstone: 2, kept: 2 });
        assert_eq!(say(b"WHATSAT kiwi 1 2"), Verdict::Refused);
        assert_eq!(say(b"IAMAT kiwi +9+9 1.5"), Verdict::Report(3));
        assert_eq!(oracle.newest(0, 0), Some(2));
        assert_eq!(&*oracle.report(2).line, b"a +0.500000000 kiwi 1.5");
        assert_eq!(oracle.judge_neighbour(1, "a", b"FORGOT a +0.500000000 kiwi 1.5 a"), Verdict::Report(2));
        assert_eq!(oracle.judge_neighbour(1, "a", b"AT a +0.500000000 kiwi +1+1 1.5 a"), Verdict::Report(0));
        assert_eq!((oracle.newest(1, 0), oracle.known(1)), (Some(2), 1));
    }

    #[test]
    fn a_time_from_too_far_in_the_future_is_refused() {
        let mut oracle = Oracle::new(1, 1);
        let mut say = |line: &[u8]| oracle.judge_client(0, "a", Timestamp::from_nanos(0), line);
        assert_eq!(say(b"IAMAT kiwi +1+1 86400"), Verdict::Report(0));
        assert_eq!(say(b"IAMAT kiwi +1+1 86400.000000001"), Verdict::Refused);
    }

    #[test]
    fn a_full_server_refuses_whom_it_does_not_know() {
        let mut oracle = Oracle::new(1, 1);
        let mut say = |line: &[u8]| oracle.judge_client(0, "a", Timestamp::from_nanos(0), line);
        assert_eq!(say(b"IAMAT kiwi +1+1 1"), Verdict::Report(0));
        assert_eq!(say(b"IAMAT emu +1+1 1"), Verdict::Refused);
        assert_eq!(say(b"IAMAT kiwi +1+1 2"), Verdict::Report(2));
    }
}
