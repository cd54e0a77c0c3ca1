//! Who is at home in one of two regions, counted in buckets: what they compare.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::xxh3_64;

use crate::report::Record;
use crate::values::ServerName;
use crate::wire::{RecordKind, Sketch, base64};

/// The number that regions compare of a client.
///
/// It is the hash that everybody knows, since each herd may have a key of its own. So whoever wants to can choose two IDs
/// with one number. Two such clients of one region count as none: neither is found missing where both are.
pub(super) fn number_of(client: &[u8]) -> u64 {
    xxh3_64(client)
}

/// The bucket of a region's clients whose numbers begin with that byte.
pub(super) const fn first_of(number: u64) -> u8 {
    (number >> (u64::BITS - u8::BITS)) as u8
}

/// Some clients of one of the two regions: those whose numbers begin with the same byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bucket(u16);

impl Bucket {
    /// How many there are.
    const COUNT: u16 = 1 << 9;

    /// Those of the region that asks, or of the other.
    const fn of(is_askers: bool, number: u64) -> Self {
        Self((is_askers as u16) << 8 | first_of(number) as u16)
    }

    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).map(Self)
    }

    /// Whether its clients are at home in the region that asks.
    pub(super) const fn is_askers(self) -> bool {
        self.0 >> 8 == 1
    }

    /// What their numbers begin with.
    pub(super) const fn first(self) -> u8 {
        self.0.to_be_bytes()[1]
    }
}

/// How closely a bucket is looked at: by a sketch of 16 cells, or of four times as many at each level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Level(u8);

impl Level {
    /// The last one. Who differs in more than some hundreds of clients tells all of them.
    const MOST: u8 = 3;

    pub(super) const fn cells(self) -> usize {
        16 << (2 * self.0)
    }

    /// The next one that may do, where at least so many differ.
    pub(super) fn beyond(self, least: usize) -> Option<Self> {
        (self.0 + 1..=Self::MOST).map(Self).find(|level| level.cells() * 2 / 3 >= least)
    }
}

/// What is counted of each bucket.
#[derive(Clone, Debug)]
struct Counted {
    level: Level,
    clients: usize,
    sketch: Sketch,
}

/// What was counted of some buckets.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    other: ServerName,
    /// Whether this region is the one that asks.
    asks: bool,
    buckets: BTreeMap<Bucket, Counted>,
}

/// A bucket of which the other region's sketch came.
pub(super) struct Met {
    pub(super) bucket: Bucket,
    pub(super) level: Level,
    /// How many clients are here, and there.
    pub(super) clients: [usize; 2],
    /// Whose home is another one here and there, if that could be told.
    pub(super) differing: Option<Vec<u64>>,
}

impl Tally {
    /// As many cells are counted at once: about a megabyte.
    pub(super) const MOST_CELLS: usize = 1 << 16;

    const QUESTION: &[u8] = b"COMPARE ";

    const ANSWER: &[u8] = b"CELLS ";

    /// Counts those buckets, of this region and another one.
    pub(super) fn new(other: ServerName, asks: bool, buckets: impl Iterator<Item = (Bucket, Level)>) -> Self {
        let counted = |level: Level| Counted { level, clients: 0, sketch: Sketch::new(level.cells()) };
        Self { other, asks, buckets: buckets.map(|(bucket, level)| (bucket, counted(level))).collect() }
    }

    /// The other region.
    pub(super) const fn other(&self) -> &ServerName {
        &self.other
    }

    /// Counts a client, if it is at home in one of the two.
    pub(super) fn add(&mut self, record: &Record<'_>) {
        let is_askers = match record.kind() {
            RecordKind::Report => self.asks,
            RecordKind::Away if record.region() == Some(self.other.as_bytes()) => !self.asks,
            RecordKind::Away | RecordKind::Tombstone => return,
        };
        let number = number_of(record.client());
        if let Some(counted) = self.buckets.get_mut(&Bucket::of(is_askers, number)) {
            counted.clients += 1;
            counted.sketch.toggle(number);
        }
    }

    /// Appends the question: which of its buckets differ. It is `COMPARE` and for each the number, the level, and all numbers
    /// in it combined by exclusive or.
    pub(super) fn write_question(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(Self::QUESTION);
        let entry = |(&Bucket(bucket), counted): (&Bucket, &Counted)| {
            let mut entry = [0; 11];
            entry[..2].copy_from_slice(&bucket.to_be_bytes());
            entry[2] = counted.level.0;
            entry[3..].copy_from_slice(&counted.sketch.digest().to_be_bytes());
            entry
        };
        base64::push(self.buckets.iter().map(entry), out);
        out.push(b'\n');
    }

    /// Reads the question of that region: what is to be counted for it, and the digests that it has.
    pub(super) fn parse_question(line: &[u8], region: &ServerName) -> Option<(Self, Vec<u64>)> {
        let entry = |entry: [u8; 11]| {
            let number = |bytes: &[u8]| bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte));
            (Bucket(u16::from_be_bytes([entry[0], entry[1]])), Level(entry[2]), number(&entry[3..]))
        };
        let asked = base64::read(line.strip_prefix(Self::QUESTION)?, entry)?;
        let is_valid = |&(Bucket(bucket), Level(level), _): &_| bucket < Bucket::COUNT && level <= Level::MOST;
        if !asked.iter().all(is_valid) || !asked.is_sorted_by(|(one, ..), (next, ..)| one < next) {
            return None;
        }
        if asked.iter().map(|(_, level, _)| level.cells()).sum::<usize>() > Self::MOST_CELLS {
            return None;
        }
        let buckets = asked.iter().map(|&(bucket, level, _)| (bucket, level));
        let digests = asked.iter().map(|&(.., digest)| digest).collect();
        Some((Self::new(region.clone(), false, buckets), digests))
    }

    /// Appends the answer: for each bucket that differs `CELLS bucket clients sketch`.
    pub(super) fn write_answer(&self, digests: &[u64], out: &mut Vec<u8>) {
        for ((Bucket(bucket), counted), &digest) in self.buckets.iter().zip(digests) {
            if counted.sketch.digest() != digest {
                out.extend_from_slice(Self::ANSWER);
                out.extend_from_slice(format!("{bucket} {} ", counted.clients).as_bytes());
                counted.sketch.write(out);
                out.push(b'\n');
            }
        }
    }

    /// Takes a line of the answer; none of a bucket that was not asked for, or was answered already.
    pub(super) fn meet(&mut self, line: &[u8]) -> Option<Met> {
        let fields: Vec<_> = line.strip_prefix(Self::ANSWER)?.split(|&byte| byte == b' ').collect();
        let [bucket, clients, sketch] = *fields else { return None };
        let bucket = Bucket(core::str::from_utf8(bucket).ok()?.parse().ok()?);
        let clients = core::str::from_utf8(clients).ok()?.parse().ok()?;
        let sketch = Sketch::parse(sketch)?;
        let Counted { level, clients: here, sketch: own } = self.buckets.remove(&bucket)?;
        let differing = if own.len() == sketch.len() { own.difference(&sketch) } else { None };
        Some(Met { bucket, level, clients: [here, clients], differing })
    }
}
