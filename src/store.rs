//! What a server knows: the newest report of every client.

use core::cmp::Ordering;
use core::hash::BuildHasher;

use foldhash::SharedSeed;
use foldhash::quality::SeedableRandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use xxhash_rust::xxh3::xxh3_64;

use crate::repair::{Span, Step};
use crate::report::{Layout, Report};

/// The newest report of every client, in ranges that each know a digest of what they hold.
///
/// A client's range comes from a hash that is the same on every server, so two servers can compare
/// what they hold range by range; its place inside the range comes from a hash with a secret seed,
/// so nobody can choose client IDs that collide. Each range grows by itself, so none ever stops
/// the server for long to move all it has.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    ranges: Vec<Range>,
    hasher: SeedableRandomState,
    len: usize,
    most: usize,
}

#[derive(Clone, Debug, Default)]
struct Range {
    records: HashTable<Record>,
    /// The digests of all records, combined by exclusive or: kept up with each change.
    digest: u64,
}

#[derive(Clone, Debug)]
struct Record {
    layout: Layout,
    digest: u64,
    line: Vec<u8>,
}

impl Record {
    fn report(&self) -> Report<'_> {
        Report { line: &self.line, layout: self.layout }
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
    pub(crate) fn new(most: usize, seed: u64) -> Self {
        let ranges = (0..1 << Span::RANGE_BITS).map(|_| Range::default()).collect();
        let hasher = SeedableRandomState::with_seed(seed, SharedSeed::global_fixed());
        Self { ranges, hasher, len: 0, most }
    }

    /// Keeps `report` if it is newer than what is kept of its client.
    pub(crate) fn offer(&mut self, report: &Report<'_>) -> Offer {
        let client = report.client();
        let hash = self.hasher.hash_one(client);
        let digest = report.digest();
        let range = &mut self.ranges[range_of(client)];
        let hasher = &self.hasher;
        let rehash = |record: &Record| hasher.hash_one(record.report().client());
        match range.records.entry(hash, |record| record.report().client() == client, rehash) {
            Entry::Occupied(mut entry) => {
                let record = entry.get_mut();
                match report.order(&record.report()) {
                    Ordering::Equal => return Offer::Same,
                    Ordering::Less => return Offer::Older { digest },
                    Ordering::Greater => {}
                }
                let replaced = record.digest;
                record.line.clear();
                record.line.extend_from_slice(report.line);
                record.layout = report.layout;
                record.digest = digest;
                range.digest ^= replaced ^ digest;
                Offer::Kept { replaced: Some(replaced) }
            }
            Entry::Vacant(_) if self.len >= self.most => Offer::Full { digest },
            Entry::Vacant(entry) => {
                entry.insert(Record { layout: report.layout, digest, line: report.line.to_vec() });
                self.len += 1;
                range.digest ^= digest;
                Offer::Kept { replaced: None }
            }
        }
    }

    /// What is kept of `client`.
    pub(crate) fn get(&self, client: &[u8]) -> Option<Report<'_>> {
        let hash = self.hasher.hash_one(client);
        let records = &self.ranges[range_of(client)].records;
        records.find(hash, |record| record.report().client() == client).map(Record::report)
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Every report that is kept, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Report<'_>> {
        self.ranges.iter().flat_map(|range| range.records.iter().map(Record::report))
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
        let records = self.ranges[span.range()].records.iter();
        let inside = records.filter(move |record| span.is_range() || span.contains(record.report().client()));
        inside.map(|record| (record.digest, record.report()))
    }

    /// One number for all that is kept: two servers that hold the same have the same.
    pub(crate) fn digest(&self) -> u64 {
        self.ranges.iter().fold(0, |digest, range| digest ^ range.digest)
    }
}

/// Which range a client is in, on every server.
fn range_of(client: &[u8]) -> usize {
    (xxh3_64(client) >> (u64::BITS - Span::RANGE_BITS)) as usize
}

#[cfg(test)]
mod tests;
