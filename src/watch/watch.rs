//! One watch: whom it shows, and what it tells of them.

use std::sync::Arc;

use super::dwelling::Dwellings;
use super::inbox::Inbox;
use super::news::{News, SharedLine, Word};
use crate::access::Rights;
use crate::bytes::Lock;
use crate::herd::Horizon;
use crate::pass::Shift;
use crate::report::{ClientHash, Record};
use crate::spatial::Circle;
use crate::store::{Filter, Gather, Shard, Store};
use crate::values::{Patterns, Position, SessionId};
use crate::wire::{Target, Tells};

/// A watch or a fence.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) session: SessionId,
    pub(super) inbox: Arc<Lock<Inbox>>,
    /// What its watcher calls it.
    pub(super) number: u32,
    pub(super) target: Target,
    circle: Option<Circle>,
    /// What its watcher may see.
    rights: Patterns,
    dwellings: Dwellings,
    /// While there are clients that it has not met since it began.
    gather: Option<Gather>,
    /// What was too old when it began to gather: of that nothing was told.
    began: Horizon,
}

impl Watch {
    /// One that has to [begin](Self::begin).
    pub(super) fn new((session, inbox): (SessionId, Arc<Lock<Inbox>>), number: u32, target: Target) -> Self {
        let circle = target.circle.map(|(centre, radius)| Circle::new(centre, radius));
        let (rights, dwellings) = (Patterns::default(), Dwellings::default());
        Self { session, inbox, number, target, circle, rights, dwellings, gather: None, began: Horizon::NONE }
    }

    /// Begins, or begins anew: all that there is, is to be met.
    pub(super) fn begin(&mut self, store: &Store, horizon: Horizon, rights: &Rights) {
        self.rights = rights.watch().clone();
        let filter = Filter {
            pattern: self.target.pattern.clone(),
            rights: self.rights.clone(),
            heard_since: None,
            except: None,
        };
        self.gather = Some(Gather::new(store, self.circle, filter));
        self.began = horizon;
        let before = self.dwellings.bytes();
        self.dwellings.clear();
        self.inbox.hold().remember(before, 0);
    }

    /// Which shard is to be held so that more clients are met; none where all were.
    pub(super) fn next_shard(&self) -> Option<usize> {
        self.gather.as_ref()?.next_shard()
    }

    /// Meets some clients of that shard: appends what there is to tell of them; how much work it was.
    pub(super) fn gather_in(&mut self, shard: &Shard, out: &mut Vec<u8>) -> u64 {
        let Some(mut gather) = self.gather.take() else { return 0 };
        let began = self.began;
        let work = gather.step(shard, began, |_, record| self.meet(record, out));
        self.gather = gather.next_shard().is_some().then_some(gather);
        work
    }

    /// Whether it knows of a client what was before.
    pub(super) fn has_met(&self, store: &Store, hash: ClientHash, client: &[u8]) -> bool {
        self.gather.as_ref().is_none_or(|gather| gather.has_met(store, hash, client))
    }

    /// Appends what there is to tell of a client that is there when it begins.
    fn meet(&mut self, record: &Record<'_>, out: &mut Vec<u8>) {
        let word = match self.target.tells {
            Tells::Reports => Word::Seen,
            Tells::Crossings { dwell: None } => Word::Enter,
            Tells::Crossings { dwell: Some(_) } => {
                let before = self.dwellings.bytes();
                self.dwellings.begin(record.client());
                self.inbox.hold().remember(before, self.dwellings.bytes());
                Word::Enter
            }
        };
        for part in [word.text(), record.line, b" ", &self.target.text, b"\n"] {
            out.extend_from_slice(part);
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
        if !self.covers(client) {
            return false;
        }
        let is = shift.now.is_some_and(|now| self.shows(&now));
        let (was, is) = match self.target.tells {
            Tells::Crossings { dwell: Some(dwell) } => {
                let before = self.dwellings.bytes();
                let turned = match &shift.now {
                    Some(now) if !now.is_tombstone() => self.dwellings.report(client, now.at(), is, dwell),
                    _ => (self.dwellings.end(client), false),
                };
                self.inbox.hold().remember(before, self.dwellings.bytes());
                turned
            }
            _ => (shift.before.is_some_and(|before| self.shows(&before) && !self.began.hides(&before)), is),
        };
        let tells_each = self.target.tells == Tells::Reports;
        let (word, line) = match (tells_each, &shift.now) {
            (true, Some(now)) if now.is_tombstone() => (Word::Forgotten, &lines.now),
            (true, Some(_)) => (if is { Word::Seen } else { Word::Left }, &lines.now),
            (true, None) => (Word::Expired, &lines.before),
            (false, Some(now)) if !now.is_tombstone() => (if is { Word::Enter } else { Word::Leave }, &lines.now),
            (false, _) => (Word::Leave, &lines.before),
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

    fn covers(&self, client: &[u8]) -> bool {
        self.target.pattern.covers(client) && self.rights.covers(client)
    }

    /// Whether a record is a report, and where the watch is about.
    fn shows(&self, record: &Record<'_>) -> bool {
        !record.is_tombstone() && self.circle.is_none_or(|circle| is_in(&circle, record))
    }
}

fn is_in(circle: &Circle, record: &Record<'_>) -> bool {
    record.position().and_then(Position::of_valid).is_some_and(|at| circle.contains(at))
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
