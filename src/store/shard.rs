//! A part of what a server knows: the newest record of each client in some of the ranges.

use core::cmp::Ordering;
use core::mem;

use super::account::{Account, Room};
use super::cursor::Cursor;
use super::filing::Filing;
use super::index::Index;
use super::intake::{Kept, Offer, Verdict};
use super::kind_counts::KindCounts;
use super::record;
use super::seen::Seen;
use super::slab::{Slab, Slot};
use crate::bytes::SHORT;
use crate::herd::Horizon;
use crate::pass::{Bits, Feed, Shift};
use crate::report::{ClientHash, HashKey, Record, SecretHasher};
use crate::values::Counters;
use crate::wire::{RecordKind, Span};

/// The clients of neighbouring ranges, and all that has to do with them and with nobody else, so that a
/// thread that holds one shard is in nobody's way who needs another.
#[derive(Clone, Debug)]
pub(crate) struct Shard {
    pub(super) ranges: Box<[ClientRange; Self::RANGES]>,
    pub(super) slab: Slab,
    /// How many bytes the indexes of its ranges take.
    index_bytes: usize,
    hash_key: HashKey,
    secret: SecretHasher,
    pub(super) len: usize,
    /// How many of the records are not reports.
    departed: KindCounts,
    pub(super) seen: Seen,
    /// The last tombstones that went: a memory of their own, since reports that come by the thousand would push them out.
    pub(super) let_go: Seen,
    pub(super) feed: Feed,
    /// Which clients are about where, once somebody has asked who is near.
    pub(super) filing: Option<Box<Filing>>,
    pub(crate) counters: Counters,
}

#[derive(Clone, Debug, Default)]
pub(super) struct ClientRange {
    /// Where the [record](super::record) of each client is.
    pub(super) records: Index,
    /// The digests of all records, combined by exclusive or.
    pub(super) digest: u64,
}

impl Shard {
    /// The last bits of a range's number tell its place in a shard.
    pub(super) const BITS: u32 = 7;

    /// How many ranges a shard has.
    pub(crate) const RANGES: usize = 1 << Self::BITS;

    /// As many clients as a processor's own cache holds, of all shards together: about two megabytes.
    pub(super) const FEW: usize = (1 << 14) >> (Span::RANGE_BITS - Self::BITS);

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

    /// Where a client belongs.
    pub(super) fn hash(&self, client: &[u8]) -> ClientHash {
        self.hash_key.hash(client)
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
    pub(super) fn find(&self, hash: ClientHash, client: &[u8]) -> Option<Slot> {
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

    pub(super) fn step(&self, cursor: &mut Cursor, most: usize) -> Vec<(ClientHash, Slot)> {
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
    pub(super) fn range(&self, range: usize) -> &ClientRange {
        &self.ranges[range % Self::RANGES]
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
pub(super) fn touch(record: &[u8]) -> u8 {
    const LINE: usize = 64;
    let byte = |at: usize| record.get(at).copied().unwrap_or_default();
    byte(0) ^ byte(LINE) ^ byte(2 * LINE)
}
