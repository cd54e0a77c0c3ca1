//! What a pass may still take in.

use crate::pass::Work;
use crate::values::Nearby;

/// What a pass may still take in before others have their turn, or before more would be owed than may be. It reads on
/// while there is any left: so a pass takes in one request at least, and goes past a bound by no more than one.
#[derive(Debug)]
pub(super) struct Allowance {
    work: u64,
    spent: u64,
    /// Bytes of replies.
    replies: usize,
    /// How much is counted for the places of one WHATSAT.
    weight: usize,
    /// WHATSATs and NEARs.
    questions: usize,
}

impl Allowance {
    /// That of a pass which may do so much work and add so many bytes of replies, where the reply to a WHATSAT has so much `weight`.
    pub(super) const fn new(work: u64, replies: usize, weight: usize, questions: usize) -> Self {
        Self { work, spent: 0, replies, weight, questions }
    }

    pub(super) const fn is_spent(&self) -> bool {
        self.work == 0 || self.replies == 0 || self.questions == 0
    }

    /// What the pass has done, in units of work.
    pub(super) const fn spent(&self) -> u64 {
        self.spent
    }

    /// How many usual lines may be read at once: their replies are no longer than [`USUAL`](Self::USUAL).
    pub(super) fn lines(&self) -> usize {
        let work = usize::try_from(self.work).unwrap_or(usize::MAX);
        work.min((self.replies / Self::USUAL).max(1))
    }

    /// The longest reply to a usual line.
    const USUAL: usize = 256;

    /// How many WHATSATs that ask this may be read at once.
    pub(super) fn whatsats(&self, nearby: &Nearby) -> usize {
        let work =
            usize::try_from(self.work.div_ceil(Work::line(0) + Work::whatsat(nearby.bound))).unwrap_or(usize::MAX);
        work.min(self.replies.div_ceil(self.weight)).min(self.questions)
    }

    /// So much work was done, and so many bytes were replied.
    pub(super) const fn take(&mut self, work: u64, replied: usize) {
        self.spent += work;
        self.work = self.work.saturating_sub(work);
        self.replies = self.replies.saturating_sub(replied);
    }

    /// A NEAR was read with that bound.
    pub(super) fn take_near(&mut self, bound: u16) {
        self.take(Work::near(bound), self.weight);
        self.questions -= 1;
    }

    /// So many WHATSATs were read that ask this.
    pub(super) fn take_whatsats(&mut self, count: usize, nearby: &Nearby) {
        self.take(Work::whatsat(nearby.bound) * count as u64, self.weight * count);
        self.questions -= count;
    }
}
