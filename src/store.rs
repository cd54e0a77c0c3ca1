//! What a server knows: the newest report of every client.

use core::cmp::Ordering;
use core::hash::{BuildHasher, Hasher};
use core::mem;

use foldhash::SharedSeed;
use foldhash::quality::SeedableRandomState;
use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use crate::record;
use crate::repair::{Span, Step};
use crate::report::Report;
use crate::sketch::Sketch;
use crate::slots::{Slot, Slots};

/// The newest report of every client, in ranges that each know a digest of what they hold.
///
/// A client's range comes from a hash that is the same on every server, so two servers can compare
/// what they hold range by range; its place inside the range comes from a hash with a secret seed,
/// so nobody can choose client IDs that collide. Each range grows by itself and at its own time, so
/// none ever stops the server for long to move all it has.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    ranges: Vec<Range>,
    slots: Slots,
    locator: Locator,
    len: usize,
    most: usize,
}

#[derive(Clone, Debug, Default)]
struct Range {
    /// Where the [record](crate::record) of each client is.
    records: HashTable<Slot>,
    /// The digests of all records, combined by exclusive or: kept up with each change.
    digest: u64,
}

/// Where a client belongs, known or not, and the digest of its report, where there is one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Place {
    range: usize,
    hash: u64,
    digest: u64,
}

impl Place {
    /// The digest of the report, where there is one.
    pub(crate) const fn digest(self) -> u64 {
        self.digest
    }
}

/// Works out places. The sessions of a server have it too, so that its node, which they share, need not.
#[derive(Clone, Debug)]
pub(crate) struct Locator(SeedableRandomState);

impl Locator {
    pub(crate) fn new(seed: u64) -> Self {
        Self(SeedableRandomState::with_seed(seed, SharedSeed::global_fixed()))
    }

    /// Where a client belongs.
    #[inline]
    pub(crate) fn of_client(&self, client: &[u8]) -> Place {
        Place { range: range_of(client), hash: self.hash(client), digest: 0 }
    }

    /// Where a report belongs.
    #[inline]
    pub(crate) fn of_report(&self, report: &Report<'_>) -> Place {
        Place { digest: report.digest(), ..self.of_client(report.client()) }
    }

    /// A client's place in its range, which nobody can choose who does not know the seed.
    #[inline]
    fn hash(&self, client: &[u8]) -> u64 {
        let mut hasher = self.0.build_hasher();
        hasher.write(client);
        hasher.finish()
    }
}

/// What became of a report that was offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    /// It is the newest, and kept. The digest of what it replaced, if the client was known.
    Kept { replaced: Option<u64> },
    /// It is the very one that is kept.
    Same,
    /// It is older than what is kept. Its digest.
    Older { digest: u64 },
    /// The client is unknown, and no more are kept.
    Full { digest: u64 },
}

impl Store {
    /// As many clients as a processor's own cache holds: about two megabytes.
    const FEW: usize = 1 << 14;

    pub(crate) fn new(most: usize, locator: Locator) -> Self {
        let ranges = (0..1 << Span::RANGE_BITS).map(|_| Range::default()).collect();
        Self { ranges, slots: Slots::new(), locator, len: 0, most }
    }

    /// Reads what [`offer`](Self::offer) will read for each of these places.
    ///
    /// Of many clients, hardly any is in the processor's cache, and waiting for memory is most of what an
    /// offer takes. Read one after the other with nothing between, they are waited for together.
    pub(crate) fn look_ahead(&self, mut places: impl ExactSizeIterator<Item = Place>) {
        const TOGETHER: usize = 32;
        if self.len < Self::FEW {
            return;
        }
        while places.len() > 0 {
            let mut slots = [None; TOGETHER];
            for (slot, place) in slots.iter_mut().zip(places.by_ref()) {
                // The first whose tag is the same is nearly always the one.
                *slot = self.ranges[place.range].records.find(place.hash, |_| true).copied();
            }
            let read = slots.iter().flatten().fold(0, |read, &slot| read ^ touch(self.slots.get(slot)));
            core::hint::black_box(read);
        }
    }

    /// Keeps `report`, which belongs at `place`, if it is newer than what is kept of its client.
    pub(crate) fn offer(&mut self, place: Place, report: &Report<'_>) -> Offer {
        let client = report.client();
        let digest = place.digest;
        let range = &mut self.ranges[place.range];
        let slots = &mut self.slots;
        let Some(slot) = range.records.find_mut(place.hash, |&slot| record::client(slots.get(slot)) == client) else {
            return self.add(place, report);
        };
        let kept = slots.get_mut(*slot);
        // Nearly always the time tells; else the whole order is asked.
        if record::is_older_than(kept, report) != Some(true) {
            match report.order(&record::report(kept)) {
                Ordering::Equal => return Offer::Same,
                Ordering::Less => return Offer::Older { digest },
                Ordering::Greater => {}
            }
        }
        let replaced = record::digest(kept);
        let len = record::len_for(report.line.len());
        if Slots::fits(kept.len(), len) {
            record::write(kept, report, digest);
        } else {
            let Some(other) = slots.take(len) else { return Offer::Full { digest } };
            record::write(slots.get_mut(other), report, digest);
            slots.give_back(mem::replace(slot, other));
        }
        range.digest ^= replaced ^ digest;
        Offer::Kept { replaced: Some(replaced) }
    }

    /// Keeps the first report of a client.
    #[inline(never)]
    fn add(&mut self, place: Place, report: &Report<'_>) -> Offer {
        let Place { range: index, hash, digest } = place;
        let len = record::len_for(report.line.len());
        let room = (self.len < self.most).then_some(&mut self.slots);
        let Some(slot) = room.and_then(|slots| slots.take(len)) else {
            return Offer::Full { digest };
        };
        record::write(self.slots.get_mut(slot), report, digest);
        let (slots, locator) = (&self.slots, &self.locator);
        let rehash = |&slot: &Slot| locator.hash(record::client(slots.get(slot)));
        let range = &mut self.ranges[index];
        // Some ranges grow when they are full and others up to a quarter before, so that they do not all
        // grow at once when clients are many.
        let capacity = range.records.capacity();
        if range.records.len() >= capacity - capacity * (index % 256) / 1024 {
            range.records.reserve(capacity + 1 - range.records.len(), rehash);
        }
        range.records.insert_unique(hash, slot, rehash);
        range.digest ^= digest;
        self.len += 1;
        Offer::Kept { replaced: None }
    }

    /// What is kept of `client`, which belongs at `place`.
    pub(crate) fn get(&self, place: Place, client: &[u8]) -> Option<Report<'_>> {
        let records = &self.ranges[place.range].records;
        let slot = records.find(place.hash, |&slot| record::client(self.slots.get(slot)) == client)?;
        Some(record::report(self.slots.get(*slot)))
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Every report that is kept, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Report<'_>> {
        self.ranges.iter().flat_map(|range| range.records.iter().map(|&slot| record::report(self.slots.get(slot))))
    }

    /// The digest of what is in each range of a group.
    pub(crate) fn range_digests(&self, group: usize) -> impl Iterator<Item = u64> {
        self.ranges[group * Step::GROUPS..][..Step::GROUPS].iter().map(|range| range.digest)
    }

    /// The digest of what is in each group of ranges.
    pub(crate) fn group_digests(&self) -> Vec<u64> {
        (0..Step::GROUPS).map(|group| self.range_digests(group).fold(0, |all, range| all ^ range)).collect()
    }

    /// What is kept of the clients of a span, and the digest of each report.
    pub(crate) fn span(&self, span: Span) -> impl Iterator<Item = (u64, Report<'_>)> {
        let records = self.ranges[span.range()].records.iter().map(|&slot| self.slots.get(slot));
        let inside = records.filter(move |record| span.is_range() || span.contains(record::client(record)));
        inside.map(|record| (record::digest(record), record::report(record)))
    }

    /// A sketch, of so many cells, of what is kept of the clients of a span.
    pub(crate) fn sketch(&self, span: Span, cells: usize) -> Sketch {
        Sketch::of(self.span(span).map(|(digest, _)| digest), cells)
    }

    /// One number for all that is kept: two servers that hold the same have the same.
    pub(crate) fn digest(&self) -> u64 {
        self.ranges.iter().fold(0, |digest, range| digest ^ range.digest)
    }
}

/// Reads every cache line of a record that is not very long.
#[inline]
fn touch(record: &[u8]) -> u8 {
    const LINE: usize = 64;
    let byte = |at: usize| record.get(at).copied().unwrap_or_default();
    byte(0) ^ byte(LINE) ^ byte(2 * LINE) ^ record.last().copied().unwrap_or_default()
}

/// Which range a client is in, on every server.
fn range_of(client: &[u8]) -> usize {
    (xxh3_64(client) >> (u64::BITS - Span::RANGE_BITS)) as usize
}

#[cfg(test)]
mod tests;
