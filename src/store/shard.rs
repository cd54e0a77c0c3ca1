//! A part of what a server knows: the newest record of each client in some of the ranges.

use core::cmp::Ordering;
use core::mem;
use core::ops::RangeInclusive;
#[cfg(test)]
use std::collections::BTreeMap;

use super::account::{Account, Room};
use super::cursor::Cursor;
use super::filing::{Filing, TooMany};
use super::index::Index;
use super::intake::{Intake, Kept, Offer, Verdict};
use super::kind_counts::KindCounts;
use super::record;
use super::seen::Seen;
use super::slab::{Slab, Slot};
use crate::bytes::SHORT;
use crate::herd::Horizon;
use crate::pass::{Became, Bits, BroughtBy, Entry, Feed, Shift};
use crate::report::{ClientHash, HashKey, OwnedRecord, Record, SecretHasher};
use crate::spatial::{Cell, Cover};
use crate::values::Counters;
use crate::wire::{RecordKind, Span};

/// The clients of neighbouring ranges, and all that has to do with them and with nobody else, so that a
/// thread that holds one shard is in nobody's way who needs another.
#[derive(Clone, Debug)]
pub(crate) struct Shard {
    ranges: Box<[ClientRange; Self::RANGES]>,
    slab: Slab,
    /// How many bytes the indexes of its ranges take.
    index_bytes: usize,
    hash_key: HashKey,
    secret: SecretHasher,
    len: usize,
    /// How many of the records are not reports.
    departed: KindCounts,
    seen: Seen,
    /// The last tombstones that went: a memory of their own, since reports that come by the thousand would push them out.
    let_go: Seen,
    feed: Feed,
    /// Which clients are about where, once somebody has asked who is near.
    filing: Option<Box<Filing>>,
    pub(crate) counters: Counters,
}

#[derive(Clone, Debug, Default)]
struct ClientRange {
    /// Where the [record](super::record) of each client is.
    records: Index,
    /// The digests of all records, combined by exclusive or.
    digest: u64,
}

impl Shard {
    /// The last bits of a range's number tell its place in a shard.
    const BITS: u32 = 7;

    /// How many ranges a shard has.
    pub(crate) const RANGES: usize = 1 << Self::BITS;

    /// As many clients as a processor's own cache holds, of all shards together: about two megabytes.
    const FEW: usize = (1 << 14) >> (Span::RANGE_BITS - Self::BITS);

    /// As many tombstones are remembered that went, once one has: more than go while neighbours let go of theirs.
    const LET_GO: usize = 1 << 14;

    /// A shard that remembers no older update.
    pub(crate) fn new(hash_key: HashKey, secret: SecretHasher, seed: u64) -> Self {
        Self {
            ranges: Box::new(core::array::from_fn(|_| ClientRange::default())),
            slab: Slab::default(),
            index_bytes: 0,
            hash_key,
            secret,
            len: 0,
            departed: KindCounts::default(),
            seen: Seen::new(0, seed),
            let_go: Seen::new(0, seed),
            feed: Feed::default(),
            filing: None,
            counters: Counters::default(),
        }
    }

    /// Remembers about so many older updates; those that it does already, if it is as many.
    pub(crate) fn remember(&mut self, handled: usize) {
        self.seen.resize(handled);
    }

    /// The shard that a range is in.
    #[inline]
    pub(crate) const fn of(range: usize) -> usize {
        range >> Self::BITS
    }

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
    #[expect(clippy::inline_always, reason = "as above")]
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
    fn may_be_watched(&self, hash: ClientHash, record: &Record<'_>, watched: Option<&Bits>) -> bool {
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

    /// Keeps `report` if it is newer than what is kept of its client. `room` is there for a client that is not known
    /// yet.
    pub(crate) fn offer(
        &mut self,
        hash: ClientHash,
        report: &Record<'_>,
        room: &mut Room<'_>,
        horizon: Horizon,
    ) -> Offer {
        let client = report.client();
        let range = &mut self.ranges[hash.range() % Self::RANGES];
        let (slab, secret) = (&mut self.slab, || self.secret.hash(client));
        let found = range.records.find(hash.bits(), secret, |slot| record::is_of(slab.get(slot), client));
        let Some(mut slot) = found else { return self.add(hash, report, room) };
        let kept = record::read(slab.get(slot));
        match report.order(&kept) {
            Ordering::Equal => return Offer::Same,
            // What is over and not yet deleted is no more than a place for the next.
            Ordering::Less if !horizon.hides(&kept) => {
                return if report.is_report() && !kept.is_report() { Offer::Buried } else { Offer::Older };
            }
            Ordering::Less | Ordering::Greater => {}
        }
        let (old, new) = (record::len_for(&kept), record::len_for(report));
        let before = slab.bytes();
        let was = kept.kind();
        let replaced = record::digest(slab.get(slot));
        let left = if Slab::fits(old, new) {
            None
        } else {
            let Some(other) = slab.take(new) else { return Offer::Full };
            range.records.replace(hash.bits(), secret, slot, other);
            if let Some(filing) = &mut self.filing {
                filing.move_to(slot, other, slab.layout(other));
            }
            Some(mem::replace(&mut slot, other))
        };
        range.digest ^= replaced ^ record::write(slab.get_mut(slot), report);
        self.departed.replace(was, report.kind());
        if let Some(left) = left {
            slab.give_back(left);
            self.tidy(left);
            room.account().count_bytes(before, self.slab.bytes());
        }
        self.file(slot, report);
        self.count_filing(room.account());
        Offer::Kept { replaced: Some(replaced) }
    }

    /// Keeps the first report of a client.
    #[inline(never)]
    fn add(&mut self, hash: ClientHash, report: &Record<'_>, room: &mut Room<'_>) -> Offer {
        let (before, len) = (self.bytes(), record::len_for(report));
        let Some(slot) = room.is_left(self.slab.has_slot(len)).then(|| self.slab.take(len)).flatten() else {
            return Offer::Full;
        };
        room.take_one();
        let digest = record::write(self.slab.get_mut(slot), report);
        self.reindex(hash, |records, hash_of, secret| {
            records.fit(records.len() + 1, hash.range(), hash_of, secret);
            records.insert(hash.bits(), || secret(slot), slot);
        });
        self.ranges[hash.range() % Self::RANGES].digest ^= digest;
        self.file(slot, report);
        self.len += 1;
        self.departed.add(report.kind());
        room.account().count_bytes(before, self.bytes());
        self.count_filing(room.account());
        Offer::Kept { replaced: None }
    }

    /// Forgets the client of that hash whose record is in that slot.
    fn remove(&mut self, hash: ClientHash, slot: Slot) {
        let digest = record::digest(self.slab.get(slot));
        let kind = record::read(self.slab.get(slot)).kind();
        self.departed.remove(kind);
        if kind == RecordKind::Tombstone {
            self.let_go.resize(Self::LET_GO);
            self.let_go.insert(digest);
        }
        self.reindex(hash, |records, hash_of, secret| {
            records.remove(hash.bits(), || secret(slot), slot);
            records.fit(records.len(), hash.range(), hash_of, secret);
        });
        if let Some(filing) = &mut self.filing {
            filing.unfile(slot);
        }
        self.slab.give_back(slot);
        self.ranges[hash.range() % Self::RANGES].digest ^= digest;
        // A copy of it that comes late is not passed on.
        self.seen.insert(digest);
        self.len -= 1;
    }

    /// Has a slot, in which that record was just written, filed where it belongs.
    fn file(&mut self, slot: Slot, record: &Record<'_>) {
        let Some(filing) = &mut self.filing else { return };
        let Some(position) = record.position_and_rest() else {
            filing.unfile(slot);
            return;
        };
        let cell = Cell::of_valid(position);
        if !cell.is_close_to(filing.cell(slot)) {
            filing.file(slot, cell, self.slab.layout(slot));
        }
    }

    /// Counts what filing takes among the bytes of all shards.
    fn count_filing(&mut self, account: &Account) {
        if let Some(filing) = &mut self.filing {
            let (before, after) = filing.count();
            account.count_bytes(before, after);
        }
    }

    /// Files the clients that come next, about so many, and all those from now on that come or change; whether all are
    /// filed.
    pub(super) fn file_next(&mut self, number: usize, most: usize, account: &Account) -> bool {
        let filing = self.filing.get_or_insert_with(|| Box::new(Filing::new(Cursor::at(number * Self::RANGES))));
        let Some(mut cursor) = filing.building().take() else { return true };
        let mut met = 0;
        while met < most && cursor.range().is_some_and(|range| range >> Self::BITS == number) {
            for (_, slot) in self.step(&mut cursor, most) {
                let record = record::read(self.slab.get(slot));
                let cell = record.position_and_rest().map(Cell::of_valid);
                if let (Some(cell), Some(filing)) = (cell, &mut self.filing)
                    && filing.cell(slot) == Cell::NONE
                {
                    filing.file(slot, cell, self.slab.layout(slot));
                }
                met += 1;
            }
        }
        let is_complete = cursor.range().is_none_or(|range| range >> Self::BITS != number);
        if let (false, Some(filing)) = (is_complete, &mut self.filing) {
            *filing.building() = Some(cursor);
        }
        self.count_filing(account);
        is_complete
    }

    /// Whether all of its clients are filed.
    pub(super) fn is_filed(&self) -> bool {
        self.filing.as_ref().is_some_and(|filing| filing.is_complete())
    }

    /// Where a client belongs.
    pub(super) fn hash(&self, client: &[u8]) -> ClientHash {
        self.hash_key.hash(client)
    }

    /// Adds those to `found` whose clients may be in a circle, as [`Filing::within`] does.
    ///
    /// # Errors
    /// Besides, where not all clients are filed.
    pub(super) fn within(
        &self,
        area: (&Cover, &[RangeInclusive<u32>]),
        most: usize,
        found: &mut Vec<Slot>,
    ) -> Result<usize, TooMany> {
        let filing = self.filing.as_ref().filter(|filing| filing.is_complete()).ok_or(TooMany)?;
        filing.within(area, most, found)
    }

    /// Looks whether what is filed is right, and all that should be is: every report in or beside the cell that its client
    /// is in, if all are filed, and nothing else.
    #[cfg(test)]
    pub(super) fn check_filing(&self, number: usize) {
        let Some(filing) = &self.filing else { return };
        let filed: BTreeMap<Slot, Cell> = filing.all().collect();
        let (mut cursor, mut met) = (Cursor::at(number * Self::RANGES), 0);
        while cursor.range().is_some_and(|range| range >> Self::BITS == number) {
            for (_, slot) in self.step(&mut cursor, 1000) {
                let cell = record::read(self.slab.get(slot)).position_and_rest().map(Cell::of_valid);
                match (filed.get(&slot), cell) {
                    (Some(&filed), Some(cell)) => assert!(cell.is_close_to(filed), "{cell:?} is filed as {filed:?}"),
                    (None, Some(_)) => assert!(!filing.is_complete(), "all are filed"),
                    (None, None) => {}
                    (Some(_), None) => panic!("who has departed is filed"),
                }
                met += usize::from(filed.contains_key(&slot));
            }
        }
        assert_eq!((met, filing.filed()), (filed.len(), filed.len()), "no other slot is filed");
    }

    /// Reads the records in slots that were found, one after the other with nothing between, so that they are waited for
    /// together.
    pub(super) fn look_ahead_at(&self, slots: &[Slot]) {
        let read = slots.iter().fold(0, |read, &slot| read ^ touch(self.slab.get(slot)));
        core::hint::black_box(read);
    }

    /// The record in a slot that was found.
    pub(super) fn record(&self, slot: Slot) -> Record<'_> {
        record::read(self.slab.get(slot))
    }

    /// Moves what is in the piece of a slot that was given back elsewhere, if few are left there.
    fn tidy(&mut self, given_back: Slot) {
        let Self { ranges, slab, hash_key, secret, filing, .. } = self;
        slab.tidy(given_back, |record, from, to, layout| {
            if let Some(filing) = filing {
                filing.move_to(from, to, layout);
            }
            let client = record::client(record);
            let hash = hash_key.hash(client);
            ranges[hash.range() % Self::RANGES].records.replace(hash.bits(), || secret.hash(client), from, to);
        });
    }

    /// Changes the index of a client's range; the work is told what the hashes of a slot's client are.
    fn reindex(&mut self, hash: ClientHash, work: impl FnOnce(&mut Index, &dyn Fn(Slot) -> u64, &dyn Fn(Slot) -> u64)) {
        let Self { ranges, slab, hash_key, secret, index_bytes, .. } = self;
        let records = &mut ranges[hash.range() % Self::RANGES].records;
        let client = |slot| record::client(slab.get(slot));
        let before = records.bytes();
        work(records, &|slot| hash_key.hash(client(slot)).bits(), &|slot| secret.hash(client(slot)));
        *index_bytes = *index_bytes + records.bytes() - before;
    }

    /// What became of reports, and nobody was told yet. Whoever takes it clears it.
    pub(crate) fn feed(&mut self) -> &mut Feed {
        &mut self.feed
    }

    /// What is kept of a client, if it is short and found at once: the offsets of its head, and what its line begins.
    /// With the client comes the space behind.
    #[inline]
    pub(crate) fn get_short(&self, hash: ClientHash, client_and_space: &[u8]) -> Option<(u64, &[u8; SHORT])> {
        let guess = self.range(hash.range()).records.guess(hash.bits())?;
        record::short_of(self.slab.get(guess), client_and_space)
    }

    /// What is kept of `client`.
    pub(crate) fn get(&self, hash: ClientHash, client: &[u8]) -> Option<Record<'_>> {
        Some(record::read(self.slab.get(self.find(hash, client)?)))
    }

    /// The report that is kept of `client`, unless that is over.
    pub(crate) fn report(&self, hash: ClientHash, client: &[u8], horizon: Horizon) -> Option<Record<'_>> {
        self.get(hash, client).filter(|kept| kept.is_report() && !horizon.hides(kept))
    }

    /// Where that is.
    fn find(&self, hash: ClientHash, client: &[u8]) -> Option<Slot> {
        let is_of = |slot| record::is_of(self.slab.get(slot), client);
        self.range(hash.range()).records.find(hash.bits(), || self.secret.hash(client), is_of)
    }

    /// How many bytes it has set aside for records and what it finds them by.
    const fn bytes(&self) -> usize {
        self.slab.bytes() + self.index_bytes
    }

    /// How many of its records are not reports.
    pub(crate) const fn departed(&self) -> KindCounts {
        self.departed
    }

    /// How many clients it knows.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// What is kept of the clients that come next in the range of a cursor: at most about so many.
    pub(super) fn next(&self, cursor: &mut Cursor, most: usize) -> impl Iterator<Item = Kept<'_>> {
        self.step(cursor, most).into_iter().map(|(hash, slot)| kept(&self.slab, hash, slot))
    }

    /// Looks at those, and forgets whom the `verdict` is against; how many it has looked at.
    pub(super) fn sweep(
        &mut self,
        cursor: &mut Cursor,
        most: usize,
        mut verdict: impl FnMut(&Kept<'_>) -> Verdict,
        mut removed: impl FnMut(&Kept<'_>),
        (account, watched): (&Account, Option<&Bits>),
    ) -> usize {
        let (mut clients, before) = (self.step(cursor, most), self.bytes());
        let looked_at = clients.len();
        clients.retain(|&(hash, slot)| {
            let kept = kept(&self.slab, hash, slot);
            let is_out = verdict(&kept) == Verdict::Remove;
            if is_out {
                removed(&kept);
                let Kept { record, .. } = kept;
                if record.is_report() && self.may_be_watched(hash, &record, watched) {
                    self.feed.shift(Shift { before: Some(record), now: None });
                }
                self.remove(hash, slot);
            }
            is_out
        });
        // Not before, since records move, and are elsewhere then than they were found.
        for &(_, slot) in &clients {
            self.tidy(slot);
        }
        account.remove(clients.len());
        account.count_bytes(before, self.bytes());
        self.count_filing(account);
        looked_at
    }

    fn step(&self, cursor: &mut Cursor, most: usize) -> Vec<(ClientHash, Slot)> {
        let Some(range) = cursor.range() else { return Vec::new() };
        let client = |slot| record::client(self.slab.get(slot));
        let (hash, secret) = (|slot| self.hash_key.hash(client(slot)), |slot| self.secret.hash(client(slot)));
        cursor.step(&self.range(range).records, most, hash, secret)
    }

    /// The digest of what is in a range.
    pub(crate) fn digest(&self, range: usize) -> u64 {
        self.range(range).digest
    }

    /// About how many records there are to look at in a span; none where there are more than `most`.
    pub(crate) fn weigh(&self, span: Span, most: usize) -> Option<usize> {
        let (first, last) = span.ends();
        self.range(span.range()).records.weigh(first, last, most)
    }

    /// What is kept of the clients of a span.
    pub(crate) fn span(&self, span: Span) -> impl Iterator<Item = Kept<'_>> {
        let (first, last) = span.ends();
        let slots = self.range(span.range()).records.between(first, last);
        let all = slots.map(|slot| kept(&self.slab, self.hash_key.hash(record::client(self.slab.get(slot))), slot));
        all.filter(move |kept| span.contains(kept.hash.bits()))
    }

    /// What it remembers of what was handled.
    pub(crate) const fn seen(&self) -> &Seen {
        &self.seen
    }

    #[inline]
    fn range(&self, range: usize) -> &ClientRange {
        &self.ranges[range % Self::RANGES]
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

/// What is kept of the client of that hash whose record is in that slot.
fn kept(slab: &Slab, hash: ClientHash, slot: Slot) -> Kept<'_> {
    let slot = slab.get(slot);
    let kept = record::read(slot);
    Kept { hash, digest: record::digest(slot), record: kept, came: kept.is_tombstone().then(|| record::came(slot)) }
}

/// Reads every cache line of a record that is not very long.
#[inline]
fn touch(record: &[u8]) -> u8 {
    const LINE: usize = 64;
    let byte = |at: usize| record.get(at).copied().unwrap_or_default();
    byte(0) ^ byte(LINE) ^ byte(2 * LINE)
}
