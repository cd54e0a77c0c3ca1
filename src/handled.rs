//! Which updates a server has handled that it does not keep.

use foldhash::fast::FixedState;
use hashbrown::HashSet;

/// A bounded memory of digests.
///
/// An update that is newer than what is kept was never handled, and the one that is kept was; only
/// for the older ones must a server remember. Digests are kept in two generations; when the younger
/// is full, the older is forgotten. A flood lasts milliseconds, so a digest is needed for about that
/// long; should an update come again after it was forgotten, it is flooded once more and no harm is
/// done.
#[derive(Clone, Debug)]
pub(crate) struct Handled {
    young: HashSet<u64, FixedState>,
    old: HashSet<u64, FixedState>,
    generation: usize,
}

impl Handled {
    /// Remembers at least the last `most / 2` digests and at most `most`.
    pub(crate) fn new(most: usize) -> Self {
        Self { young: HashSet::default(), old: HashSet::default(), generation: (most / 2).max(1) }
    }

    /// Remembers a digest; whether it was not yet known.
    pub(crate) fn insert(&mut self, digest: u64) -> bool {
        if self.old.contains(&digest) || !self.young.insert(digest) {
            return false;
        }
        if self.young.len() >= self.generation {
            core::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_remembers_a_generation_and_holds_no_more_than_two() {
        let mut handled = Handled::new(8);
        for digest in 0..100 {
            assert!(handled.insert(digest));
            for known in digest.saturating_sub(3)..=digest {
                assert!(!handled.insert(known), "{known} after {digest}");
            }
            assert!(handled.young.len() + handled.old.len() <= 8);
        }
        assert!(handled.insert(0), "long forgotten");
    }
}
