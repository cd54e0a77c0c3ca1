//! A part of what a server knows: the newest report of each client in some of the ranges.

use core::cmp::Ordering;
use core::{mem, ops, slice};

use crate::batch::Entry;
use crate::counters::Counters;
use crate::handled::Handled;
use crate::place::{Place, Secret};
use crate::record;
use crate::repair::Span;
use crate::report::Report;
use crate::slots::{Slot, Slots};
use crate::table::Table;
use crate::text::SHORT;

/// The clients of neighbouring ranges, and all that has to do with them and with nobody else, so that a
/// thread that holds one shard is in nobody's way who needs another.
#[derive(Clone, Debug)]
pub(crate) struct Shard {
    ranges: Box<[Range; Self::RANGES]>,
    slots: Slots,
    secret: Secret,
    len: usize,
    handled: Handled,
    pub(crate) counters: Counters,
}

#[derive(Clone, Debug, Default)]
struct Range {
    /// Where the [record](crate::record) of each client is.
    records: Table,
    /// The digests of all records, combined by exclusive or, but for those that are not worked out.
    digest: u64,
    /// The first of those that are not. In each, the next is noted; in the last, itself.
    undigested: Option<Slot>,
}

impl Range {
    /// The report in a record is another now: its digest is worked out when it is asked for.
    #[inline]
    fn changed(&mut self, slot: Slot, record: &mut [u8]) {
        if let Some(digest) = record::digest(record) {
            self.digest ^= digest;
            self.added(slot, record);
        }
    }

    /// There is a new record.
    #[inline]
    fn added(&mut self, slot: Slot, record: &mut [u8]) {
        record::forget_digest(record, self.undigested.replace(slot).unwrap_or(slot));
    }

    /// Works out one digest that is not, if there is one.
    fn digest_next(&mut self, slots: &mut Slots) {
        let Some(slot) = self.undigested else { return };
        let (digest, next) = record::digest_anew(slots.get_mut(slot));
        self.digest ^= digest;
        self.undigested = (next != slot).then_some(next);
    }
}

/// Works out all digests of some ranges that are not.
///
/// Most of that is waiting for memory, for each record in turn: so one of each range is read before the first is
/// needed.
fn digest_all(ranges: &mut [Range], slots: &mut Slots) {
    loop {
        let next = ranges.iter().filter_map(|range| range.undigested);
        let Some(read) = next.map(|slot| touch(slots.get(slot))).reduce(|read, byte| read ^ byte) else { return };
        core::hint::black_box(read);
        for range in &mut *ranges {
            range.digest_next(slots);
        }
    }
}

/// What became of a report that was offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    /// It is the newest, and kept. The [number](Report::number) of what it replaced, if the client was known.
    Kept { replaced: Option<u64> },
    /// It is the very one that is kept.
    Same,
    /// It is older than what is kept.
    Older,
    /// The client is unknown, and no more are kept.
    Full,
}

impl Shard {
    /// The last bits of a range's number tell its place in a shard.
    const BITS: u32 = 7;

    /// How many ranges a shard has.
    pub(crate) const RANGES: usize = 1 << Self::BITS;

    /// As many clients as a processor's own cache holds, of all shards together: about two megabytes.
    const FEW: usize = (1 << 14) >> (Span::RANGE_BITS - Self::BITS);

    /// A shard that remembers about so many older updates.
    pub(crate) fn new(secret: Secret, handled: usize, seed: u64) -> Self {
        Self {
            ranges: Box::new(core::array::from_fn(|_| Range::default())),
            slots: Slots::default(),
            secret,
            len: 0,
            handled: Handled::new(handled, seed),
            counters: Counters::default(),
        }
    }

    /// The shard that a range is in.
    #[inline]
    pub(crate) const fn of(range: usize) -> usize {
        range >> Self::BITS
    }

    /// Takes in reports, whose lines are in `text`; which of them were handled before is appended to `known`. `room` is
    /// there for clients that are not known yet, for as many as there are reports. Clients said them to this server if
    /// they `are_own`, else a neighbour passed them on.
    #[inline(never)]
    pub(crate) fn learn_all(
        &mut self,
        chain: Chain<'_>,
        text: &[u8],
        are_own: bool,
        room: &mut usize,
        known: &mut Vec<usize>,
    ) {
        self.look_ahead(chain.clone().map(|(_, entry)| entry.place));
        let mut count = 0;
        for (index, entry) in chain {
            count += 1;
            if self.learn_usual(entry, text).is_none() && self.learn(entry, text, are_own, room) != Learned::New {
                known.push(index);
            }
        }
        self.count(count, are_own);
    }

    /// Reads what [`learn`](Self::learn) will read for each of these places.
    ///
    /// Of many clients, hardly any is in the processor's cache, and waiting for memory is most of what a
    /// report takes. Read one after the other with nothing between, they are waited for together.
    #[inline]
    fn look_ahead(&self, mut places: impl Iterator<Item = Place>) {
        const TOGETHER: usize = 32;
        if self.len < Self::FEW {
            return;
        }
        loop {
            let mut slots = [None; TOGETHER];
            let mut count = 0;
            for (slot, place) in slots.iter_mut().zip(places.by_ref()) {
                *slot = self.range(place.range()).records.guess(place.hash());
                count += 1;
            }
            let read = slots[..count].iter().flatten().fold(0, |read, &slot| read ^ touch(self.slots.get(slot)));
            core::hint::black_box(read);
            if count < TOGETHER {
                return;
            }
        }
    }

    /// Keeps the report that an entry brings, whose line is in `text`, if it is as it nearly always is: newer than what
    /// is kept, and alike but for that.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call is a fiftieth of what an IAMAT takes")]
    pub(crate) fn learn_usual(&mut self, entry: &Entry, text: &[u8]) -> Option<()> {
        let (place, report) = (entry.place, entry.report(text));
        let range = &mut self.ranges[place.range() % Self::RANGES];
        let slot = range.records.guess(place.hash())?;
        let record = self.slots.first_mut(slot, record::least_for(&report))?;
        let replaced = record::renew(record, &report, place)?;
        range.changed(slot, record);
        self.counters.kept += 1;
        self.handled.remember(replaced);
        Some(())
    }

    /// Keeps the report that an entry brings, whose line is in `text`, if it is new; whether it was handled before,
    /// if that can be told. `room` is there for a client that is not known yet. A client said it to this server if
    /// it `is_own`, else a neighbour passed it on.
    #[inline(never)]
    pub(crate) fn learn(&mut self, entry: &Entry, text: &[u8], is_own: bool, room: &mut usize) -> Learned {
        let (place, report) = (entry.place, entry.report(text));
        match self.offer(place, &report, room) {
            Offer::Kept { replaced } => {
                self.counters.kept += 1;
                if let Some(replaced) = replaced {
                    self.handled.remember(replaced);
                }
                Learned::New
            }
            Offer::Same => self.told_again(false),
            Offer::Older => {
                self.counters.older += 1;
                self.pass_on(place, &report)
            }
            // Of a neighbour's report that cannot be kept others are told all the same.
            Offer::Full if !is_own => {
                self.counters.not_kept += 1;
                self.pass_on(place, &report)
            }
            Offer::Full => Learned::Full,
        }
    }

    /// Counts reports, which clients said or neighbours passed on.
    pub(crate) fn count(&mut self, reports: u64, are_own: bool) {
        *if are_own { &mut self.counters.iamat } else { &mut self.counters.at } += reports;
    }

    /// Takes note of a report that is not kept.
    fn pass_on(&mut self, place: Place, report: &Report<'_>) -> Learned {
        let is_new = self.handled.insert(report.number(place));
        self.told_again(is_new)
    }

    fn told_again(&mut self, is_new: bool) -> Learned {
        self.counters.duplicates += u64::from(!is_new);
        if is_new { Learned::New } else { Learned::Known }
    }

    /// Keeps `report`, which belongs at `place`, if it is newer than what is kept of its client.
    pub(crate) fn offer(&mut self, place: Place, report: &Report<'_>, room: &mut usize) -> Offer {
        let client = report.client();
        let range = &mut self.ranges[place.range() % Self::RANGES];
        let (slots, secret) = (&mut self.slots, || self.secret.hash(client));
        let found = range.records.find(place.hash(), secret, |slot| record::is_of(slots.get(slot), client));
        let Some(mut slot) = found else { return self.add(place, report, room) };
        let kept = record::report(slots.get(slot));
        match report.order(&kept) {
            Ordering::Equal => return Offer::Same,
            Ordering::Less => return Offer::Older,
            Ordering::Greater => {}
        }
        let (old, new) = (record::len_for(&kept), record::len_for(report));
        let replaced = kept.number(place);
        if !Slots::fits(old, new) {
            let Some(other) = slots.take(new) else { return Offer::Full };
            // So that no other record leads to this one.
            digest_all(slice::from_mut(range), slots);
            let digest = record::digest(slots.get(slot)).expect("it was just worked out");
            range.records.replace(place.hash(), secret, slot, other);
            slots.give_back(mem::replace(&mut slot, other), old);
            range.digest ^= digest;
            range.added(slot, slots.get_mut(slot));
        }
        let record = slots.get_mut(slot);
        record::write(record, report);
        range.changed(slot, record);
        Offer::Kept { replaced: Some(replaced) }
    }

    /// Keeps the first report of a client.
    #[inline(never)]
    fn add(&mut self, place: Place, report: &Report<'_>, room: &mut usize) -> Offer {
        let len = record::len_for(report);
        let Some(slot) = (*room > 0).then_some(&mut self.slots).and_then(|slots| slots.take(len)) else {
            return Offer::Full;
        };
        *room -= 1;
        let range = &mut self.ranges[place.range() % Self::RANGES];
        let record = self.slots.get_mut(slot);
        record::write(record, report);
        range.added(slot, record);
        let client = |slot| record::client(self.slots.get(slot));
        let secret = |slot| self.secret.hash(client(slot));
        // Some ranges grow when they are full and others up to a quarter before, so that they do not all
        // grow at once when clients are many.
        let capacity = range.records.capacity();
        if range.records.len() >= capacity - capacity * (place.range() % 256) / 1024 {
            range.records.grow(|slot| Place::of(client(slot)).hash(), secret);
        }
        range.records.insert(place.hash(), secret, slot);
        self.len += 1;
        Offer::Kept { replaced: None }
    }

    /// Takes a report that came by repair, as [`offer`](Self::offer) does; whether it is kept.
    pub(crate) fn mend(&mut self, place: Place, report: &Report<'_>, room: &mut usize) -> bool {
        let Offer::Kept { replaced } = self.offer(place, report, room) else { return false };
        self.counters.kept += 1;
        self.counters.repaired += 1;
        if let Some(replaced) = replaced {
            self.handled.insert(replaced);
        }
        true
    }

    /// What is kept of a client who belongs at `place`, if it is short and found at once: the places of its head, and
    /// what its line begins. With the client comes the space behind.
    #[inline]
    pub(crate) fn get_short(&self, place: Place, client_and_space: &[u8]) -> Option<(u64, &[u8; SHORT])> {
        let guess = self.range(place.range()).records.guess(place.hash())?;
        record::short_of(self.slots.get(guess), client_and_space)
    }

    /// What is kept of `client`, which belongs at `place`.
    pub(crate) fn get(&self, place: Place, client: &[u8]) -> Option<Report<'_>> {
        let records = &self.range(place.range()).records;
        let is_of = |slot| record::is_of(self.slots.get(slot), client);
        let slot = records.find(place.hash(), || self.secret.hash(client), is_of)?;
        Some(record::report(self.slots.get(slot)))
    }

    /// How many clients it knows.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Every report that is kept, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Report<'_>> {
        self.ranges.iter().flat_map(|range| range.records.iter().map(|slot| record::report(self.slots.get(slot))))
    }

    /// The digests of what is in some ranges, of which it has all.
    pub(crate) fn digests(&mut self, ranges: ops::Range<usize>) -> impl Iterator<Item = u64> {
        let first = ranges.start % Self::RANGES;
        let ranges = &mut self.ranges[first..first + ranges.len()];
        digest_all(ranges, &mut self.slots);
        ranges.iter().map(|range| range.digest)
    }

    /// What is kept of the clients of a span, and the digest of each report.
    pub(crate) fn span(&mut self, span: Span) -> impl Iterator<Item = (u64, Report<'_>)> {
        drop(self.digests(span.range()..span.range() + 1));
        let records = self.range(span.range()).records.iter().map(|slot| self.slots.get(slot));
        let inside = records.filter(move |record| span.is_range() || span.contains(record::client(record)));
        inside.map(|record| (record::digest(record).expect("all were worked out"), record::report(record)))
    }

    /// What it remembers of what was handled.
    pub(crate) const fn handled(&self) -> &Handled {
        &self.handled
    }

    #[inline]
    fn range(&self, range: usize) -> &Range {
        &self.ranges[range % Self::RANGES]
    }
}

/// The entries of one shard; each leads to the next.
#[derive(Clone)]
pub(crate) struct Chain<'a> {
    pub(crate) entries: &'a [Entry],
    pub(crate) next: u32,
}

impl<'a> Iterator for Chain<'a> {
    type Item = (usize, &'a Entry);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let index = self.next as usize;
        let entry = self.entries.get(index)?;
        self.next = entry.next;
        Some((index, entry))
    }
}

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Learned {
    /// It was not handled before, for all that is known: it is flooded.
    New,
    /// It was handled before.
    Known,
    /// A client said it who is unknown, and there is no room for one more.
    Full,
}

/// Reads every cache line of a record that is not very long.
#[inline]
fn touch(record: &[u8]) -> u8 {
    const LINE: usize = 64;
    let byte = |at: usize| record.get(at).copied().unwrap_or_default();
    byte(0) ^ byte(LINE) ^ byte(2 * LINE)
}
