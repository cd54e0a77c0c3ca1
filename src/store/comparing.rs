//! What two servers tell each other of what they keep, a span at a time.
//!
//! Each of these looks at a bounded number of records while it holds their shard, however many there are: where a span
//! has more, its parts are to be asked for one by one. Only the clients of one and the same hash cannot be split, and of
//! those it looks at the first so many; a herd with a [hash key](crate::HashKey) has no such clients.

use super::intake::Kept;
use super::matching::{Matching, held};
use super::shard::Shard;
use super::store::Store;
use crate::bytes::Sink;
use crate::herd::Horizon;
use crate::report::Record;
use crate::wire::{Held, Sketch, Span, Step};

/// What is asked of a span that has too many records for one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMuch;

/// How much of a span may be looked at in one step, and written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    pub(crate) records: usize,
    pub(crate) bytes: usize,
}

/// How a neighbour is told what it lacks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Telling<'a> {
    /// What each line ends with.
    pub(crate) closing: &'a [u8],
    /// Which words it knows.
    pub(crate) version: u32,
    /// What is over is not told.
    pub(crate) horizon: Horizon,
}

impl Telling<'_> {
    /// What a line of that record begins with, if it is to be told.
    fn word(&self, record: &Record<'_>) -> Option<&'static [u8]> {
        let kind = record.kind();
        (kind.since() <= self.version && !self.horizon.hides(record)).then(|| kind.repair_word())
    }
}

impl Store {
    /// As many records as the server that asks looks at in one step: looking at each takes a fifth of a microsecond or so,
    /// most of it waiting for memory. Of a million clients a range is no more than that.
    pub(crate) const STEP: usize = 1200;

    /// What an answer may be. The one who answers may keep more than the one who asks, and is asked for parts where it is
    /// more than this.
    pub(crate) const ANSWER: Bound = Bound { records: 3 * Self::STEP / 2, bytes: 128 << 10 };

    /// The digest of what is in each range of a group.
    pub(crate) fn range_digests(&self, group: usize) -> Vec<u64> {
        const { assert!(Shard::RANGES.is_multiple_of(Step::GROUPS)) };
        let first = group * Step::GROUPS;
        let shard = self.shard(first);
        (first..first + Step::GROUPS).map(|range| shard.digest(range)).collect()
    }

    /// The digest of what is in each group of ranges.
    pub(crate) fn group_digests(&self) -> Vec<u64> {
        (0..Step::GROUPS).map(|group| self.range_digests(group).iter().fold(0, |all, range| all ^ range)).collect()
    }

    /// About how many clients are kept of a span.
    pub(crate) fn weigh(&self, span: Span, most: usize) -> Result<usize, TooMuch> {
        weigh(&self.shard(span.range()), span, most)
    }

    /// A sketch, of so many cells, of what is kept of a span.
    pub(crate) fn sketch(&self, span: Span, cells: usize, most: usize) -> Result<Sketch, TooMuch> {
        let shard = self.shard(span.range());
        weigh(&shard, span, most)?;
        Ok(Sketch::of(shard.span(span).take(most).map(|kept| kept.digest), cells))
    }

    /// What is kept of a span, report by report.
    pub(crate) fn list(&self, span: Span, most: usize) -> Result<Vec<Held>, TooMuch> {
        let shard = self.shard(span.range());
        weigh(&shard, span, most)?;
        Ok(shard.span(span).take(most).map(|kept| held(span, &kept)).collect())
    }

    /// Appends a `KEPT` line for each report of a span that is lacked, or a `FORGOT` or `MOVED` line; how many there
    /// were. Where that is too much, nothing is appended.
    pub(crate) fn push_lacked(
        &self,
        span: Span,
        mut lacks: impl FnMut(&Kept<'_>) -> bool,
        telling: Telling<'_>,
        out: &mut impl Sink,
        bound: Bound,
    ) -> Result<u64, TooMuch> {
        let mut shard = self.shard(span.range());
        weigh(&shard, span, bound.records)?;
        let (start, mut lacked) = (out.len(), 0);
        for Kept { record, .. } in shard.span(span).take(bound.records).filter(|kept| lacks(kept)) {
            let Some(word) = telling.word(&record) else { continue };
            record.write_copy(word, telling.closing, out);
            lacked += 1;
            if out.len() - start > bound.bytes {
                if !span.can_split() {
                    break;
                }
                // One alone may be as long as it is.
                if lacked > 1 {
                    out.truncate(start);
                    return Err(TooMuch);
                }
            }
        }
        shard.counters.repairs += lacked;
        Ok(lacked)
    }

    /// Appends a line for each record of a span that is newer than what the other server holds, and says of which
    /// clients that one has the newer.
    pub(crate) fn push_newer(
        &self,
        span: Span,
        theirs: Vec<Held>,
        telling: Telling<'_>,
        out: &mut impl Sink,
    ) -> Result<Vec<u32>, TooMuch> {
        let mut matching = Matching::new(span, theirs);
        self.push_lacked(span, |kept| matching.lacks(kept), telling, out, Self::ANSWER)?;
        if matching.has_shared() {
            self.push_lacked(span, |kept| matching.is_shared(kept), telling, out, Self::ANSWER)?;
        }
        Ok(matching.wanted())
    }
}

/// Refuses a span that has more than `most` records and can be split.
fn weigh(shard: &Shard, span: Span, most: usize) -> Result<usize, TooMuch> {
    match shard.weigh(span, most) {
        None if span.can_split() => Err(TooMuch),
        weight => Ok(weight.unwrap_or(most)),
    }
}
