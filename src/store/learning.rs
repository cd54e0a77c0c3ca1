//! How a shard takes in what it is brought: reports chain by chain, and who has departed one by one.
//!
//! Nearly every report is newer than what is kept of its client, and alike but for that. Those are written over what is
//! there, and everything else is looked at whole.

use super::account::Room;
use super::filing::Filing;
use super::intake::{Intake, Offer};
use super::record;
use super::shard::{Shard, touch};
use super::slab::Slot;
use crate::pass::{Became, Bits, BroughtBy, Entry, Shift};
use crate::report::{ClientHash, OwnedRecord, Record};
use crate::spatial::Cell;
use crate::wire::RecordKind;

impl Shard {
    /// Takes in the reports of a chain of entries that begins with `first`, and feeds what became of them to those who
    /// listen; whether none had to be refused. `room` is there for clients that are not known yet.
    #[inline(never)]
    pub(crate) fn learn(&mut self, entries: &mut [Entry], first: u32, intake: Intake<'_>, room: &mut Room<'_>) -> bool {
        self.look_ahead(Chain { entries, next: first }.map(|entry| entry.client));
        let kept = self.counters.kept;
        let watched = intake.listeners.and_then(|to| to.watched);
        // A report in the place of one that is over is an arrival.
        let arrivals = intake.listeners.filter(|to| to.arrivals && intake.horizon.expires());
        let least = arrivals.map_or(i64::MIN, |_| intake.horizon.least_kept());
        // A loop each, so that who never asks who is near, and never watches, pays for no more than the question.
        let (count, refused) = if self.filing.is_none() && watched.is_none() && arrivals.is_none() {
            self.learn_each::<false>((entries, first), intake, (None, least), room)
        } else {
            let learned = self.learn_each::<true>((entries, first), intake, (watched, least), room);
            self.count_filing(room.account());
            learned
        };
        // In a loop of its own: each has fewer things to keep at hand.
        if let Some(listeners) = intake.listeners {
            self.feed.add(Chain { entries, next: first }, intake.text, intake.from, listeners);
        }
        match intake.from {
            BroughtBy::Client => self.counters.iamat += count,
            BroughtBy::Neighbour(_) => self.counters.at += count,
            BroughtBy::Repair(_) => self.counters.repaired += self.counters.kept - kept,
            BroughtBy::Region => {}
        }
        !refused
    }

    /// Takes in the reports of a chain, and `LOOKS` whether they are to be filed, whether somebody watches, and whether what
    /// they replace is older than the least time; how many there are, and whether one had to be refused.
    #[inline(never)]
    fn learn_each<const LOOKS: bool>(
        &mut self,
        (entries, first): (&mut [Entry], u32),
        intake: Intake<'_>,
        looks_for: (Option<&Bits>, i64),
        room: &mut Room<'_>,
    ) -> (u64, bool) {
        let (mut count, mut refused, mut next) = (0, false, first);
        while let Some(entry) = entries.get_mut(next as usize) {
            (count, next) = (count + 1, entry.next);
            if !(intake.fast && self.learn_usual::<LOOKS>(entry, intake.text, looks_for).is_some()) {
                entry.became = self.learn_any(entry, intake, room);
                refused |= entry.became == Became::Refused;
            }
        }
        (count, refused)
    }

    /// Reads what [`learn`](Self::learn) will read for each of these clients.
    ///
    /// Of many clients, hardly any is in the processor's cache, and waiting for memory is most of what a
    /// report takes. Read one after the other with nothing between, they are waited for together.
    #[inline]
    fn look_ahead(&self, mut clients: impl Iterator<Item = ClientHash>) {
        const TOGETHER: usize = 32;
        if self.len < Self::FEW {
            return;
        }
        loop {
            let mut slots = [None; TOGETHER];
            let mut count = 0;
            for (slot, client) in slots.iter_mut().zip(clients.by_ref()) {
                *slot = self.range(client.range()).records.guess(client.bits());
                count += 1;
            }
            let read = slots[..count].iter().flatten().fold(0, |read, &slot| read ^ touch(self.slab.get(slot)));
            core::hint::black_box(read);
            if count < TOGETHER {
                return;
            }
        }
    }

    /// Keeps the report that an entry brings, if it is as it nearly always is: newer than what is kept, and alike but
    /// for that.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "each report goes through it, and a call is a fiftieth of what that takes"
    )]
    fn learn_usual<const LOOKS: bool>(
        &mut self,
        entry: &Entry,
        text: &[u8],
        (watched, least): (Option<&Bits>, i64),
    ) -> Option<()> {
        let report = entry.record(text);
        let watched = watched.filter(|_| LOOKS);
        if watched.is_some_and(|bits| bits.may_watch(entry.client, report.client())) {
            return None;
        }
        let range = &mut self.ranges[entry.client.range() % Self::RANGES];
        let slot = range.records.guess(entry.client.bits())?;
        let record = self.slab.first_mut(slot, record::least_for(&report))?;
        if LOOKS && record::is_before(record, least) {
            return None;
        }
        // Where its client is now, as far as that matters: not where it is filed already.
        let is_filed = LOOKS && self.filing.is_some();
        let cell = if !is_filed || record::stays_in_cell(record, &report) {
            None
        } else {
            let filed = self.filing.as_ref().map_or(Cell::NONE, |filing| filing.cell(slot));
            let cell = report.usual_position().and_then(Cell::of_usual);
            let cell = cell.or_else(|| report.position_and_rest().map(Cell::of_valid));
            cell.filter(|cell| !cell.is_close_to(filed))
        };
        if watched.is_some_and(|bits| bits.has_circles() && may_be_in_circle(self.filing.as_deref(), slot, cell, bits))
        {
            return None;
        }
        let (digest, replaced) = record::renew(record, &report)?;
        range.digest ^= digest ^ replaced;
        self.counters.kept += 1;
        self.seen.remember(replaced);
        if cell.is_some() {
            self.file(slot, &report);
        }
        Some(())
    }

    /// Whether somebody may watch a client of which that is a record, and another one may be kept.
    pub(super) fn may_be_watched(&self, hash: ClientHash, record: &Record<'_>, watched: Option<&Bits>) -> bool {
        let Some(bits) = watched else { return false };
        let client = record.client();
        bits.may_watch(hash, client)
            || bits.has_circles() && {
                let cell = record.position_and_rest().map(Cell::of_valid);
                let slot = self.find(hash, client);
                slot.is_none_or(|slot| may_be_in_circle(self.filing.as_deref(), slot, cell, bits))
            }
    }

    #[inline(never)]
    fn learn_any(&mut self, entry: &Entry, intake: Intake<'_>, room: &mut Room<'_>) -> Became {
        let report = entry.record(intake.text);
        let watched = intake.listeners.and_then(|to| to.watched);
        let is_watched = self.may_be_watched(entry.client, &report, watched);
        let before = if is_watched { self.get(entry.client, report.client()).map(OwnedRecord::from) } else { None };
        let arrives = self.would_arrive(entry.client, &report, intake);
        match self.offer(entry.client, &report, room, intake.horizon) {
            Offer::Kept { replaced } => {
                self.counters.kept += 1;
                if let Some(bits) = watched.filter(|_| is_watched) {
                    bits.follow(entry.client);
                    let before = before.as_ref().map(OwnedRecord::record);
                    self.feed.shift(Shift { before, now: Some(report) });
                }
                if let Some(replaced) = replaced {
                    self.seen.remember(replaced);
                }
                if arrives {
                    self.feed.arrive(&report, intake.from);
                }
                return Became::Kept;
            }
            Offer::Buried => {
                self.counters.buried += 1;
                self.tell_back(entry.client, report.client(), intake);
                return Became::Known;
            }
            // What came by repair goes no further by itself.
            _ if matches!(intake.from, BroughtBy::Repair(_)) => return Became::Known,
            Offer::Full if intake.from == BroughtBy::Client => return Became::Refused,
            // Of a neighbour's report that cannot be kept others are told all the same.
            Offer::Full => self.counters.not_kept += 1,
            Offer::Older => self.counters.older += 1,
            Offer::Same => {
                self.counters.duplicates += 1;
                return Became::Known;
            }
        }
        let is_new = self.seen.insert(report.digest());
        self.counters.duplicates += u64::from(!is_new);
        if is_new { Became::Passed } else { Became::Known }
    }

    /// Whether whoever wants to know of [arrivals](crate::Node::collect_arrivals) is to be told of a record if it is kept.
    fn would_arrive(&self, hash: ClientHash, record: &Record<'_>, intake: Intake<'_>) -> bool {
        let is_wanted = intake.listeners.is_some_and(|to| to.arrivals) && intake.from != BroughtBy::Region;
        is_wanted
            && match record.kind() {
                RecordKind::Report => self.report(hash, record.client(), intake.horizon).is_none(),
                RecordKind::Tombstone => true,
                RecordKind::Away => false,
            }
    }

    /// Takes in that a client has departed, and feeds it to those who listen; what became of it. What is kept of the
    /// client then is to be [had](Self::get).
    pub(crate) fn bury(&mut self, entry: &Entry, intake: Intake<'_>, room: &mut Room<'_>) -> Became {
        let departed = entry.record(intake.text);
        let is_tombstone = departed.is_tombstone();
        match intake.from {
            BroughtBy::Client => self.counters.forget += 1,
            BroughtBy::Neighbour(_) if is_tombstone => self.counters.gone += 1,
            BroughtBy::Neighbour(_) => self.counters.away += 1,
            BroughtBy::Repair(_) | BroughtBy::Region => {}
        }
        let became = if self.has_let_go(entry.client, &departed, intake) {
            Became::Known
        } else {
            self.learn_any(entry, intake, room)
        };
        let is_kept = became == Became::Kept;
        if is_kept {
            let kept = if is_tombstone { &mut self.counters.forgotten } else { &mut self.counters.moved };
            *kept += 1;
            self.counters.repaired += u64::from(matches!(intake.from, BroughtBy::Repair(_)));
            if is_tombstone && let Some(slot) = self.find(entry.client, departed.client()) {
                record::set_came(self.slab.get_mut(slot), intake.now);
            }
        }
        if let (Became::Kept | Became::Passed, Some(to)) = (became, intake.listeners) {
            self.feed.add_departed(&departed, is_kept, intake.from, to);
        }
        became
    }

    /// Whether a tombstone has gone from here that somebody finds missing who has not let it go yet. To take it back
    /// would be to give it to others again, and it would never go anywhere.
    fn has_let_go(&self, hash: ClientHash, departed: &Record<'_>, intake: Intake<'_>) -> bool {
        matches!(intake.from, BroughtBy::Repair(_) | BroughtBy::Region)
            && departed.is_tombstone()
            && intake.horizon.is_too_old_to_flood(departed.heard_at())
            && self.find(hash, departed.client()).is_none()
            && self.let_go.contains(departed.digest())
    }

    /// Has the neighbour told that brought a report, what covers it: unless that is so old that only comparing tells it.
    fn tell_back(&mut self, hash: ClientHash, client: &[u8], Intake { from, listeners, horizon, .. }: Intake<'_>) {
        let (BroughtBy::Neighbour(_), Some(to)) = (from, listeners) else { return };
        let Some(slot) = self.find(hash, client) else { return };
        let departed = record::read(self.slab.get(slot));
        if !horizon.is_too_old_to_flood(departed.heard_at()) {
            self.feed.tell_back(&departed, from, to);
        }
    }
}

/// Whether somebody may watch a circle that a client was in, whose record is in that slot, or that it is in now, which is in
/// that cell unless it is close to the one that it is filed under. Where not all clients are filed it may be.
///
/// The blocks of a circle have every cell close to one of its own. So the cell that a client is filed under says it of where
/// the client was, and of where it is, if that is close.
#[inline]
fn may_be_in_circle(filing: Option<&Filing>, slot: Slot, cell: Option<Cell>, bits: &Bits) -> bool {
    let Some(filing) = filing.filter(|filing| filing.is_complete()) else { return true };
    let was = filing.cell(slot);
    (was != Cell::NONE && bits.has_cell(was)) || cell.is_some_and(|cell| bits.has_cell(cell))
}

/// The entries of one shard; each leads to the next.
#[derive(Clone)]
struct Chain<'a> {
    entries: &'a [Entry],
    next: u32,
}

impl<'a> Iterator for Chain<'a> {
    type Item = &'a Entry;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.entries.get(self.next as usize)?;
        self.next = entry.next;
        Some(entry)
    }
}
