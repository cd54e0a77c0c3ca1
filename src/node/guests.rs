//! Clients of other regions that somebody here watches: what their regions tell of them.

use core::cmp::Ordering;

use super::hub::Hub;
use super::node::Node;
use crate::access::Rights;
use crate::homes::{Guest, NotSeen, Post, QuestionId, ReplyTo, Scope, Subject};
use crate::pass::{Shift, Turn};
use crate::report::{OwnedRecord, Record};
use crate::store::Store;
use crate::values::{ServerName, SessionId};
use crate::watch::{Reach, WatchId};
use crate::wire::{Message, RecordKind, Target, WatchWord};

/// What one message of a stream tells.
pub(super) struct StreamNews {
    question: QuestionId,
    scope: Scope,
    region: ServerName,
    pub(super) lines: Vec<u8>,
}

impl Node {
    /// Tells another region something of what it watches; whether there was something to tell.
    pub(super) fn tell_region(&self, turn: &mut Turn) -> bool {
        let now = turn.now.instant;
        let next = self.hub(turn, |hub, _| hub.homes.as_mut()?.streams.next(now));
        let Some((id, mut told)) = next else { return false };
        let mut news = Vec::new();
        self.tell(turn, &mut told.watcher, Post::MOST / 2, &mut news);
        self.hub(turn, |hub, _| {
            let Some(homes) = &mut hub.homes else { return };
            let (to, mut payload) = (told.to.clone(), homes.heading());
            let number = homes.streams.put_back(id, told, now);
            payload.extend_from_slice(format!("STREAM {number}\n").as_bytes());
            payload.extend_from_slice(&news);
            homes.post(Post { to: Subject::Reply(to), payload: payload.into(), question: Some(id) });
        });
        true
    }

    /// Another region watches clients here from now on.
    pub(super) fn watch_for_region(&self, turn: &mut Turn, to: ReplyTo, target: &Target) {
        let mut watcher = self.watcher(SessionId::REGIONS, Rights::all());
        if self.watch(turn, &mut watcher, target).is_err() {
            return;
        }
        let now = turn.now.instant;
        self.hub(turn, |hub, _| {
            if let Some(homes) = &mut hub.homes {
                let id = homes.questions.next_id();
                homes.streams.add(id, to, watcher, now);
            }
        });
    }
}

impl Hub {
    /// Whether the start of a watch has to wait for what other regions have there.
    pub(super) fn awaits_regions(&self, target: &Target, turn: &Turn) -> bool {
        self.homes.as_ref().is_some_and(|homes| !homes.is_ready(target, turn.now.instant))
    }

    /// The start of a watch waits for what other regions have there.
    pub(super) fn await_regions(&mut self, turn: &mut Turn) {
        if let Some(homes) = &mut self.homes {
            homes.is_awaited = true;
            homes.call(turn);
        }
    }

    /// Who waits for other regions goes on, if these have told all that there was, or need not be waited for any longer.
    pub(super) fn await_no_region(&mut self, turn: &mut Turn) {
        if let Some(homes) = self.homes.as_mut().filter(|homes| homes.is_awaited) {
            let now = turn.now.instant;
            homes.is_awaited = self.watches.await_no_region(|target| homes.is_ready(target, now), turn);
        }
    }

    /// Tells a watch that begins of the clients of other regions.
    pub(super) fn meet_guests(&mut self, id: WatchId, store: &Store, out: &mut Vec<u8>) {
        if let Some(homes) = &self.homes {
            self.watches.meet_guests(id, homes.guests.iter(), store, out);
        }
    }

    /// Looks whether other regions are to be asked for something else than they were.
    pub(super) fn ask_for_guests(&mut self, turn: &mut Turn) {
        let Self { homes: Some(homes), watches, identity, .. } = self else { return };
        let now = turn.now.instant;
        if homes.is_up() && homes.watches != watches.changes() {
            homes.watches = watches.changes();
            // A guest outside of a fence that waits is followed wherever it is in its region.
            let guests = watches.followed().filter(|client| homes.guests.get(client).is_some());
            let scopes = watches.targets().map(Scope::of).chain(guests.map(Scope::of_client));
            let wanted = scopes.filter_map(|scope| {
                let scope = scope?;
                match Message::parse(&[b"WATCH ", &*scope.0].concat()) {
                    Ok(Some(Message::Watch(target))) => Some((scope, target)),
                    _ => None,
                }
            });
            let over = homes.want(wanted.collect(), now + identity.limits.region_timeout);
            for client in over {
                watches.show_guest(identity.hash_key.hash(&client), false);
            }
        }
        homes.keep_streams(now);
        self.await_no_region(turn);
    }

    /// A message of a stream: what it tells, with what came early and follows on it.
    pub(super) fn told_of(
        &mut self,
        (question, reply): (QuestionId, Option<ReplyTo>),
        news: &[u8],
        turn: &Turn,
    ) -> Option<StreamNews> {
        let homes = self.homes.as_mut()?;
        let (number, news) = numbered(news)?;
        let heard = homes.interests.hear(question, (number, reply), news, turn.now.instant);
        homes.look_after_streams(turn.now.instant);
        let (scope, region, lines) = heard?;
        Some(StreamNews { question, scope, region, lines })
    }

    /// Takes a line of that: what it says of homes that may not be known here yet.
    pub(super) fn hear_of_stream(&mut self, told: &StreamNews, line: &[u8], store: &Store, turn: &mut Turn) -> Vec<u8> {
        let StreamNews { question, scope, region, .. } = told;
        match line.split(|&byte| byte == b' ').next().and_then(WatchWord::parse) {
            Some(WatchWord::Watching) => {
                self.is_told_all(*question, (scope, region), store, turn);
                self.await_no_region(turn);
            }
            Some(WatchWord::Again) => {
                if let Some(homes) = &mut self.homes {
                    homes.interests.begin_anew(*question, turn.now.instant);
                }
            }
            Some(word) => {
                if let Some(record) = record_of(line, word) {
                    self.hear_of_guest(word, (*question, scope, region), &record, store, turn);
                }
            }
            None => {}
        }
        self.homes.as_mut().map(|homes| core::mem::take(&mut homes.news)).unwrap_or_default()
    }

    /// A region has told all that there was at the start of a stream. Guests that it has not told of are none any more.
    fn is_told_all(
        &mut self,
        question: QuestionId,
        (scope, region): (&Scope, &ServerName),
        store: &Store,
        turn: &mut Turn,
    ) {
        let Some(homes) = &mut self.homes else { return };
        let Some((began, met)) = homes.interests.has_met(question) else { return };
        let covers = |record: &Record<'_>| homes.interests.covers(scope, record);
        let is_gone = |guest: &Guest| {
            let record = guest.report.record();
            // Who was told of since it began, by another stream, is told of by this one too.
            let is_due = guest.region == *region && guest.seen_at <= began;
            is_due && covers(&record) && !met.contains(record.client())
        };
        let gone = homes.guests.find(is_gone);
        // Nothing older may be told of them that comes late.
        for guest in gone.iter().filter_map(|client| homes.guests.get(client)) {
            guest.report.record().write_arrival(region.as_bytes(), &mut homes.news);
        }
        for client in gone {
            self.guest_goes(&client, None, store, turn);
        }
    }

    fn hear_of_guest(
        &mut self,
        word: WatchWord,
        (question, scope, region): (QuestionId, &Scope, &ServerName),
        record: &OwnedRecord,
        store: &Store,
        turn: &mut Turn,
    ) {
        let Some(homes) = &mut self.homes else { return };
        let client: Box<[u8]> = record.record().client().into();
        let guest = homes.guests.get(&client);
        let order = guest.map(|guest| record.record().order(&guest.report.record()));
        match word {
            WatchWord::Seen => {
                homes.interests.meet(question, &client);
                self.guest_is_seen(region, record, store, turn);
            }
            // It is somewhere else in its region.
            WatchWord::Left if order.is_some_and(Ordering::is_gt) => {
                self.guest_is_seen(region, record, store, turn);
                let is_followed = self.watches.follows(&client);
                let Some(homes) = &mut self.homes else { return };
                // A fence that waits is told of it wherever it goes. Of others nothing older may be told that comes late.
                if is_followed {
                    homes.call(turn);
                } else if homes.forget_guest(&client) {
                    self.watches.show_guest(store.hash(&client), false);
                    record.record().write_arrival(region.as_bytes(), &mut homes.news);
                }
            }
            // It has left its region, if it was where this is about; if not, another stream has told already where it is.
            WatchWord::Left
                if order.is_some_and(Ordering::is_eq) && homes.interests.covers(scope, &record.record()) =>
            {
                let mut away = Vec::new();
                record.record().write_arrival(region.as_bytes(), &mut away);
                homes.news.extend_from_slice(&away);
                let away = OwnedRecord::of_elsewhere(away.trim_ascii_end());
                self.guest_goes(&client, away.as_ref(), store, turn);
            }
            WatchWord::Forgotten if order.is_some_and(Ordering::is_gt) => {
                record.record().write_line(&mut homes.news);
                self.guest_goes(&client, Some(record), store, turn);
            }
            WatchWord::Expired if order.is_some_and(Ordering::is_ge) => {
                self.guest_goes(&client, None, store, turn);
            }
            _ => {}
        }
    }

    /// A region tells of a report of a client that is at home there.
    fn guest_is_seen(&mut self, region: &ServerName, report: &OwnedRecord, store: &Store, turn: &mut Turn) {
        let Some(homes) = &mut self.homes else { return };
        let seen = report.record();
        let kept = store.get(seen.client());
        let is_older = kept.as_ref().is_some_and(|kept| is_newer(&kept.record(), &seen));
        if is_older {
            // So may be what is told of it.
            let guest = homes.guests.get(seen.client()).map(|guest| guest.report.record());
            let kept = kept.filter(|kept| guest.is_some_and(|guest| is_newer(&kept.record(), &guest)));
            if let Some(kept) = kept {
                self.guest_goes(seen.client(), Some(&kept), store, turn);
            }
            return;
        }
        // That it is there says as much as its arrival will, which may have been lost.
        if kept.as_ref().and_then(|kept| kept.record().region()) != Some(region.as_bytes()) {
            seen.write_arrival(region.as_bytes(), &mut homes.news);
        }
        let guest =
            match homes.guests.see(region, report.clone(), (turn.now.instant, self.identity.limits.region_guests)) {
                Ok(guest) => guest,
                Err(NotSeen::Older) => return,
                Err(NotSeen::Full) => return self.counters.region_guests_missed += 1,
            };
        if guest.is_none() {
            self.watches.show_guest(store.hash(seen.client()), true);
        }
        let before = guest.or(kept.filter(|kept| kept.record().is_report()));
        let shift = Shift { before: before.as_ref().map(OwnedRecord::record), now: Some(seen) };
        self.counters.told += self.watches.tell_some(&shift, Reach::WithGuests, store, turn);
    }

    /// A client is a guest no more, and that is what is known of it now.
    fn guest_goes(&mut self, client: &[u8], now: Option<&OwnedRecord>, store: &Store, turn: &mut Turn) {
        let Some(before) = self.homes.as_mut().and_then(|homes| homes.guests.remove(client)) else { return };
        self.watches.show_guest(store.hash(client), false);
        let shift = Shift { before: Some(before.record()), now: now.map(OwnedRecord::record) };
        self.counters.told += self.watches.tell_some(&shift, Reach::WithGuests, store, turn);
    }

    /// Tells what has become of a client in this region to all who watch it.
    pub(super) fn tell(&mut self, shift: &Shift<'_>, store: &Store, turn: &mut Turn) {
        let client = shift.now.or(shift.before).map(|record| record.client()).unwrap_or_default();
        let guest = self.homes.as_ref().and_then(|homes| homes.guests.get(client)).map(|guest| guest.report.clone());
        let Some(guest) = guest else {
            self.counters.told += self.watches.tell(shift, store, turn);
            return;
        };
        self.counters.told += self.watches.tell_some(shift, Reach::WithoutGuests, store, turn);
        // What its region tells of a guest is what counts, until something newer is known here.
        if let Some(now) = shift.now
            && is_newer(&now, &guest.record())
        {
            let now = OwnedRecord::from(now);
            self.guest_goes(client, Some(&now), store, turn);
        }
    }
}

/// Whether a record that is kept here says something newer of a client than a report of another region's.
fn is_newer(kept: &Record<'_>, report: &Record<'_>) -> bool {
    match kept.kind() {
        // What says that a client has come to a region is as old as the report with which it came.
        RecordKind::Away => kept.at() > report.at(),
        RecordKind::Report | RecordKind::Tombstone => kept.order(report).is_ge(),
    }
}

/// The number of a message of a stream, and what it tells.
fn numbered(news: &[u8]) -> Option<(u64, &[u8])> {
    let end = memchr::memchr(b'\n', news)?;
    let number = core::str::from_utf8(news[..end].strip_prefix(b"STREAM ")?).ok()?.parse().ok()?;
    Some((number, &news[end + 1..]))
}

/// The record that a line of a watch is about.
fn record_of(line: &[u8], word: WatchWord) -> Option<OwnedRecord> {
    let (kind, fields) = match word {
        WatchWord::Seen | WatchWord::Left | WatchWord::Expired => (&b"AT "[..], 5),
        WatchWord::Forgotten => (&b"GONE "[..], 4),
        _ => return None,
    };
    let mut spaces = line.iter().enumerate().filter(|&(_, &byte)| byte == b' ').map(|(at, _)| at);
    let (start, end) = (spaces.next()? + 1, spaces.nth(fields - 1)?);
    OwnedRecord::of_elsewhere(&[kind, &line[start..end]].concat())
}
