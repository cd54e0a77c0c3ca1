//! How far this region is with comparing with another one who is at home in either.

use core::mem;
use std::collections::{BTreeMap, BTreeSet};

use super::heading::lines;
use super::parts::{Gap, Heard, Part};
use super::selection::Selection;
use super::tally::{Bucket, Level, Met, Tally};
use crate::values::ServerName;

/// A comparison that this region has begun. One thing of it is under way at a time: a walk, or a question.
#[derive(Debug)]
pub(crate) struct Comparison {
    /// Buckets that are to be counted and asked for.
    wanted: BTreeMap<Bucket, Level>,
    /// What was counted here, while an answer is awaited that is about that.
    counted: Option<Tally>,
    /// How far an answer has come.
    heard: Heard,
    /// Of whom the other region is to tell: by numbers, and the buckets that differ in too many, with how many it has there.
    theirs: BTreeSet<u64>,
    their_firsts: BTreeMap<u8, usize>,
    /// Of whom this one is to tell.
    ours: Selection,
    /// Whether it has to begin anew when it is over.
    pub(super) is_stale: bool,
}

/// What is to be done next.
#[derive(Debug)]
pub(crate) enum Next {
    /// A walk that counts.
    Count(Tally),
    /// A question.
    Ask(Selection),
    /// A walk that tells all regions of these.
    Call(Selection),
    /// All is done.
    Nothing,
}

impl Default for Comparison {
    /// One that has not begun.
    fn default() -> Self {
        Self {
            wanted: Bucket::all().map(|bucket| (bucket, Level::default())).collect(),
            counted: None,
            heard: Heard::default(),
            theirs: BTreeSet::new(),
            their_firsts: BTreeMap::new(),
            ours: Selection::default(),
            is_stale: false,
        }
    }
}

impl Comparison {
    /// As many clients are told at one question, about, where they are not asked for by their numbers: some megabytes.
    const MOST_TOLD: usize = 1 << 16;

    /// What is to be done next with that region, when what was under way is done.
    pub(super) fn next(&mut self, region: &ServerName) -> Next {
        if !self.wanted.is_empty() {
            return Next::Count(self.next_tally(region));
        }
        let theirs = self.next_theirs();
        if !theirs.is_empty() {
            return Next::Ask(theirs);
        }
        let ours = mem::take(&mut self.ours);
        if ours.is_empty() { Next::Nothing } else { Next::Call(ours) }
    }

    /// The buckets that come next.
    pub(super) fn next_tally(&mut self, region: &ServerName) -> Tally {
        let (mut cells, mut now) = (0, Vec::new());
        while let Some(entry) = self.wanted.first_entry()
            && cells + entry.get().cells() <= Tally::MOST_CELLS
        {
            cells += entry.get().cells();
            now.push(entry.remove_entry());
        }
        Tally::new(region.clone(), true, now.into_iter())
    }

    fn next_theirs(&mut self) -> Selection {
        let mut asked = Selection::default();
        while asked.numbers.len() < Selection::MOST
            && let Some(number) = self.theirs.pop_first()
        {
            asked.numbers.insert(number);
        }
        let mut told = 0;
        while told < Self::MOST_TOLD
            && let Some((first, clients)) = self.their_firsts.pop_first()
        {
            told += clients;
            asked.firsts.insert(first);
        }
        asked
    }

    /// A walk has counted; appends the question.
    pub(super) fn ask(&mut self, counted: Tally, out: &mut Vec<u8>) {
        counted.write_question(out);
        self.counted = Some(counted);
    }

    /// Takes a message of the answer; none if it has come before. The lines are left that tell of clients.
    ///
    /// # Errors
    /// Where one before it is missing: nothing more is of use.
    pub(super) fn hear<'a>(&mut self, answer: &'a [u8]) -> Result<Option<Part<'a>>, Gap> {
        let Some(mut part) = self.heard.take(answer)? else { return Ok(None) };
        if let Some(tally) = &mut self.counted {
            let met: Vec<Met> = lines(part.lines).filter_map(|line| tally.meet(line)).collect();
            for met in met {
                self.meet(met);
            }
            part.lines = b"";
        }
        if part.is_last {
            (self.counted, self.heard) = (None, Heard::default());
        }
        Ok(Some(part))
    }

    /// Looks who differs in a bucket.
    fn meet(&mut self, Met { bucket, level, clients: [here, there], differing }: Met) {
        match (differing, level.beyond(here.abs_diff(there))) {
            (Some(numbers), _) if bucket.is_askers() => self.ours.numbers.extend(numbers),
            (Some(numbers), _) => self.theirs.extend(numbers),
            (None, Some(closer)) => _ = self.wanted.insert(bucket, closer),
            (None, None) if bucket.is_askers() => _ = self.ours.firsts.insert(bucket.first()),
            (None, None) => _ = self.their_firsts.insert(bucket.first(), there),
        }
    }
}
