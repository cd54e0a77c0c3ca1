//! One watch: whom it shows, and what it tells of them.

use std::sync::Arc;

use super::dwelling::Dwellings;
use super::inbox::Inbox;
use super::news::{News, SharedLine};
use crate::access::Rights;
use crate::bytes::Lock;
use crate::herd::Horizon;
use crate::pass::Shift;
use crate::report::{ClientHash, OwnedRecord, Record};
use crate::spatial::Circle;
use crate::store::{Filter, Gather, Shard, Store};
use crate::values::{Patterns, SessionId};
use crate::wire::{Target, Tells, WatchWord};

/// A watch or a fence.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) session: SessionId,
    pub(super) inbox: Arc<Lock<Inbox>>,
    /// What its watcher calls it.
    pub(super) number: u32,
    pub(super) target: Target,
    circle: Option<Circle>,
    /// Which clients it is about, as far as its watcher may see them.
    filter: Filter,
    dwellings: Dwellings,
    /// While there are clients that it has not met since it began.
    gather: Option<Gather>,
    /// Whether it has met the clients of other regions since it began. What another region watches never does.
    pub(super) has_met_guests: bool,
    /// What was too old when it began to gather: of that nothing was told.
    began: Horizon,
}

impl Watch {
    /// One that has to [begin](Self::begin).
    pub(super) fn new((session, inbox): (SessionId, Arc<Lock<Inbox>>), number: u32, target: Target) -> Self {
        let circle = target.circle.map(|(centre, radius)| Circle::new(centre, radius));
        let rights = Patterns::default();
        let filter = Filter { pattern: target.pattern.clone(), rights, heard_since: None, except: None };
        let dwellings = Dwellings::default();
        let (gather, has_met_guests, began) = (None, true, Horizon::NONE);
        Self { session, inbox, number, target, circle, filter, dwellings, gather, has_met_guests, began }
    }

    /// Begins, or begins anew: all that there is, is to be met.
    pub(super) fn begin(&mut self, store: &Store, horizon: Horizon, rights: &Rights) {
        self.filter.rights = rights.watch().clone();
        self.gather = Some(Gather::new(store, self.circle, self.filter.clone()));
        self.has_met_guests = false;
        self.began = horizon;
        self.dwell(Dwellings::clear);
    }

    /// Changes who is inside, and counts what it takes to remember that.
    fn dwell<T>(&mut self, change: impl FnOnce(&mut Dwellings) -> T) -> T {
        let before = self.dwellings.bytes();
        let changed = change(&mut self.dwellings);
        self.inbox.hold().remember(before, self.dwellings.bytes());
        changed
    }

    /// Which shard is to be held so that more clients are met; none where all were.
    pub(super) fn next_shard(&self) -> Option<usize> {
        self.gather.as_ref()?.next_shard()
    }

    /// Meets some clients of that shard: appends what there is to tell of them; how much work it was.
    pub(super) fn gather_in(&mut self, shard: &Shard, out: &mut Vec<u8>) -> u64 {
        let Some(mut gather) = self.gather.take() else { return 0 };
        let began = self.began;
        let work = gather.step(shard, began, |_, record| self.meet(record, false, out));
        self.gather = gather.next_shard().is_some().then_some(gather);
        work
    }

    /// Meets the clients of other regions, of which these are reports: appends what there is to tell of them.
    pub(super) fn meet_guests<'a>(
        &mut self,
        guests: impl Iterator<Item = Record<'a>>,
        store: &Store,
        out: &mut Vec<u8>,
    ) {
        self.has_met_guests = true;
        for guest in guests {
            if !self.filter.covers(guest.client()) {
                continue;
            }
            // It was here when it was met, and the store may not have heard yet that it has gone.
            let is_before = |kept: &OwnedRecord| kept.record().is_report() && kept.record().order(&guest).is_lt();
            let before = store.get(guest.client()).filter(is_before);
            let shift = Shift { before: before.as_ref().map(OwnedRecord::record), now: Some(guest) };
            if self.shows(&guest) {
                let was = self.inbox.hold().has_met(self.number, guest.client());
                self.meet(&guest, was || self.has_shown(shift.before), out);
            } else if let Some(lines) = Lines::of(&shift) {
                self.take(&shift, &lines);
            }
        }
    }

    /// Whether it knows of a client what was before.
    pub(super) fn has_met(&self, store: &Store, hash: ClientHash, client: &[u8]) -> bool {
        self.gather.as_ref().is_none_or(|gather| gather.has_met(store, hash, client))
    }

    /// Appends what there is to tell of a client that is there when it begins, and which its watcher may have been told.
    fn meet(&mut self, record: &Record<'_>, was: bool, out: &mut Vec<u8>) {
        let word = match self.target.tells {
            Tells::Reports => WatchWord::Seen,
            Tells::Crossings { dwell: None } => WatchWord::Enter,
            Tells::Crossings { dwell: Some(_) } => {
                self.dwell(|dwellings| dwellings.begin(record.client()));
                WatchWord::Enter
            }
        };
        if !was || self.target.tells == Tells::Reports {
            word.write(record.line, &self.target.text, out);
        }
    }

    /// Whether a client counts as inside and is not: it is to be told of wherever it goes. A fence of one client is anyway.
    pub(super) fn follows(&self, client: &[u8]) -> bool {
        self.target.pattern.only().is_none() && self.dwellings.follows(client)
    }

    /// All of whom that is so.
    pub(super) fn followed(&self) -> impl Iterator<Item = &[u8]> {
        self.dwellings.followed()
    }

    /// Takes what has become of a client; whether the watcher is to be called.
    pub(super) fn take(&mut self, shift: &Shift<'_>, lines: &Lines<'_>) -> bool {
        let client = lines.client;
        if !self.filter.covers(client) {
            return false;
        }
        let is = shift.now.is_some_and(|now| self.shows(&now));
        if is && shift.now.is_some_and(|now| !now.is_report()) {
            // It is at home elsewhere, and counts as shown.
            return false;
        }
        let (was, is) = match self.target.tells {
            Tells::Crossings { dwell: Some(dwell) } => self.dwell(|dwellings| match &shift.now {
                Some(now) if now.is_report() => dwellings.report(client, now.at(), is, dwell),
                _ => (dwellings.end(client), false),
            }),
            _ => (self.has_shown(shift.before), is),
        };
        let tells_each = self.target.tells == Tells::Reports;
        let (word, line) = match (tells_each, &shift.now) {
            (true, Some(now)) if now.is_tombstone() => (WatchWord::Forgotten, &lines.now),
            (true, Some(now)) if !now.is_report() => (WatchWord::Left, &lines.before),
            (true, Some(_)) => (if is { WatchWord::Seen } else { WatchWord::Left }, &lines.now),
            (true, None) => (WatchWord::Expired, &lines.before),
            (false, Some(now)) if now.is_report() => (if is { WatchWord::Enter } else { WatchWord::Leave }, &lines.now),
            (false, _) => (WatchWord::Leave, &lines.before),
        };
        let news = News { client, was, is, tells_each, word, line };
        self.inbox.hold().tell(self.number, &self.target.text, &news)
    }

    /// All that was there was met.
    #[cfg(test)]
    pub(super) fn end_gathering(&mut self) {
        self.gather = None;
    }

    /// Its watcher reads.
    #[cfg(test)]
    pub(super) fn read_all(&mut self) {
        self.inbox.hold().clear();
        self.inbox.hold().read(usize::MAX, |_| None, &mut Vec::new());
    }

    /// Whether it has told of a client of which that was the record.
    fn has_shown(&self, before: Option<Record<'_>>) -> bool {
        before.is_some_and(|before| self.shows(&before) && !self.began.hides(&before))
    }

    /// Whether the watch is about a client of which that is the record. To one without a circle it does not matter where
    /// the client is at home: nothing is told of one that moves to another region, but that it was forgotten there.
    fn shows(&self, record: &Record<'_>) -> bool {
        match self.circle {
            Some(circle) => record.place().is_some_and(|at| circle.contains(at)),
            None => !record.is_tombstone(),
        }
    }
}

/// The lines of a [`Shift`], shared by all watches that tell one.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    pub(super) client: &'a [u8],
    before: SharedLine<'a>,
    now: SharedLine<'a>,
}

impl<'a> Lines<'a> {
    /// None, where nothing was and nothing is.
    pub(super) fn of(shift: &Shift<'a>) -> Option<Self> {
        let client = shift.now.or(shift.before)?.client();
        let line = |record: Option<Record<'a>>| SharedLine::new(record.map_or(b"", |record| record.line));
        Some(Self { client, before: line(shift.before), now: line(shift.now) })
    }
}
