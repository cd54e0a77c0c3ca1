//! Going through all that is kept, in steps that hold nobody up for long.

use super::cursor::Cursor;
use super::intake::{Kept, Verdict};
use super::shard::Shard;
use super::store::Store;
use crate::pass::Bits;
use crate::report::{OwnedRecord, Record};

impl Store {
    /// How many clients are swept at once: taking one out takes a microsecond or so.
    pub(crate) const SWEEP: usize = 256;

    /// How many clients are copied, or shown, at once: a pass that needs their shard waits for a tenth of a millisecond.
    pub(crate) const COPY: usize = 256;

    /// Appends what is kept of the clients that come next, of about [`COPY`](Self::COPY), each as a whole line; whether
    /// there were any more.
    pub(crate) fn copy_next(&self, cursor: &mut Cursor, out: &mut Vec<u8>) -> bool {
        self.show_next(cursor, |record| record.write_line(out))
    }

    /// Shows what is kept of the clients that come next, of about [`COPY`](Self::COPY); whether there were any more.
    pub(crate) fn show_next(&self, cursor: &mut Cursor, mut look: impl FnMut(&Record<'_>)) -> bool {
        self.walk(cursor, Self::COPY, |shard, cursor| {
            let mut shown = 0;
            for kept in shard.next(cursor, Self::COPY) {
                look(&kept.record);
                shown += 1;
            }
            shown
        })
    }

    /// What is kept of every client.
    pub(crate) fn iter(&self) -> impl Iterator<Item = OwnedRecord> {
        let mut cursor = Cursor::default();
        let step = move || {
            let mut records = Vec::new();
            let copy = |shard: &mut Shard, cursor: &mut Cursor| {
                let before = records.len();
                records.extend(shard.next(cursor, Self::STEP).map(|kept| OwnedRecord::from(kept.record)));
                records.len() - before
            };
            self.walk(&mut cursor, Self::STEP, copy).then_some(records)
        };
        core::iter::from_fn(step).flatten()
    }

    /// Looks at the clients that come next, about [`SWEEP`](Self::SWEEP), and takes those out for which that is the
    /// `verdict`; `removed` is told each of them, and the feed each that is `watched`. Whether there were any more clients.
    pub(crate) fn sweep(
        &self,
        cursor: &mut Cursor,
        mut verdict: impl FnMut(&Kept<'_>) -> Verdict,
        mut removed: impl FnMut(&Kept<'_>),
        watched: Option<&Bits>,
    ) -> bool {
        self.walk(cursor, Self::SWEEP, |shard, cursor| {
            shard.sweep(cursor, Self::SWEEP, &mut verdict, &mut removed, (self.account(), watched))
        })
    }

    /// Takes as many steps as meet enough clients, each within a range; whether there was any client.
    pub(super) fn walk(
        &self,
        cursor: &mut Cursor,
        least: usize,
        mut step: impl FnMut(&mut Shard, &mut Cursor) -> usize,
    ) -> bool {
        let mut met = 0;
        while met < least
            && let Some(range) = cursor.range()
        {
            met += step(&mut self.shard(range), cursor);
        }
        met > 0
    }
}
