//! Which updates a server has handled that it does not keep.

use core::fmt;

/// A bounded memory of updates, each by its digest: the last so many.
///
/// An update that is newer than what is kept was never handled, and the one that is kept was; only
/// for the older ones must a server remember. A flood lasts milliseconds, so an update is needed for
/// about that long; should it come again after it was forgotten, it is flooded once more and
/// no harm is done.
///
/// Nearly every update replaces one, so remembering is a few instructions: the update takes the place
/// of the oldest, and the head of its chain. Whoever asks walks the chain from the newest to the
/// oldest that is remembered; links to what is forgotten are cut when they are met.
#[derive(Clone)]
pub(crate) struct Seen {
    /// A ring, at its full length from the start so that nothing is ever moved. The system gives memory
    /// for what is in use.
    ring: Vec<Update>,
    /// For each chain, the number of its newest.
    newest: Vec<u32>,
    /// By how much a scrambled update is moved to be the number of its chain.
    shift: u32,
    /// The number of the next: they are counted around and around.
    next: u32,
    /// Secret and odd, so that nobody can choose updates that make one long chain.
    spread: u64,
}

/// An update, and the number of the one before it in its chain.
#[derive(Clone, Copy, Default)]
struct Update {
    digest: u64,
    before: u32,
}

impl Seen {
    /// Remembers at least the last `most / 2` updates and at most `most`, or two; none if `most` is 0.
    pub(crate) fn new(most: usize, seed: u64) -> Self {
        let bits = most.clamp(2, 1 << 31).ilog2();
        let len = Self::len(most);
        // The first number is such that 0, which is everywhere at first, is of one that is forgotten.
        let next = (1 << bits) + 1;
        let ring = vec![Update::default(); len];
        Self { ring, newest: vec![0; len], shift: u64::BITS - bits, next, spread: seed | 1 }
    }

    /// How many places a ring has for so many updates.
    fn len(most: usize) -> usize {
        if most == 0 { 0 } else { 1 << most.clamp(2, 1 << 31).ilog2() }
    }

    /// Remembers as many as [`new`](Self::new) says from now on. Where that is another number, what it remembered is
    /// forgotten: should one of those come again, it is flooded once more.
    pub(crate) fn resize(&mut self, most: usize) {
        if Self::len(most) != self.ring.len() {
            *self = Self::new(most, self.spread);
        }
    }

    /// Remembers an update; whether it was not yet known.
    pub(crate) fn insert(&mut self, update: u64) -> bool {
        let new = !self.contains(update);
        if new {
            self.remember(update);
        }
        new
    }

    /// Remembers an update that is not yet known.
    pub(crate) fn remember(&mut self, update: u64) {
        let (place, chain) = (self.place(self.next), self.chain(update));
        let (Some(place), Some(newest)) = (self.ring.get_mut(place), self.newest.get_mut(chain)) else { return };
        *place = Update { digest: update, before: *newest };
        *newest = self.next;
        self.next = self.next.wrapping_add(1);
    }

    /// Whether it remembers an update.
    pub(crate) fn contains(&self, update: u64) -> bool {
        let Some(&(mut number)) = self.newest.get(self.chain(update)) else { return false };
        let mut age = 0;
        loop {
            let older = self.next.wrapping_sub(number);
            // A chain leads to older and older ones; a number that does not is of one that is forgotten.
            if older <= age || older as usize > self.ring.len() {
                return false;
            }
            age = older;
            let entry = self.ring[self.place(number)];
            if entry.digest == update {
                return true;
            }
            number = entry.before;
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "it is the number of a chain")]
    fn chain(&self, update: u64) -> usize {
        // The highest bits are the best mixed: as many as there are chains.
        (update.wrapping_mul(self.spread) >> self.shift) as usize
    }

    fn place(&self, number: u32) -> usize {
        number as usize & self.ring.len().wrapping_sub(1)
    }
}

/// The updates that it remembers, in order: so it reads, and so two that remember the same look the same.
impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut updates: Vec<u64> =
            self.ring.iter().map(|entry| entry.digest).filter(|&update| self.contains(update)).collect();
        updates.sort_unstable();
        f.debug_set().entries(updates).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_remembers_the_last_and_no_more() {
        for most in [1, 2, 8, 9, 15] {
            let mut seen = Seen::new(most, 5);
            // Past the end of the numbers too.
            seen.next = u32::MAX - 50;
            let least = (most as u64 / 2).max(1);
            for update in 0..100 {
                assert!(seen.insert(update));
                for known in (update + 1).saturating_sub(least)..=update {
                    assert!(!seen.insert(known), "{known} after {update}");
                }
                let known = (0..=update).filter(|&update| seen.contains(update)).count();
                assert!(known <= most.max(2), "{known} of {most}");
            }
            assert!(seen.insert(0), "long forgotten");
        }
        let mut none = Seen::new(0, 5);
        assert!(none.insert(0) && none.insert(0));
    }
}
