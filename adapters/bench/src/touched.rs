//! Which clients a load has reported.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A bit for each client. Its clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Touched(Arc<[AtomicU64]>);

impl Touched {
    /// None of so many.
    pub(crate) fn none_of(clients: u64) -> Self {
        Self((0..clients.div_ceil(64)).map(|_| AtomicU64::new(0)).collect())
    }

    /// This one was reported.
    pub(crate) fn set(&self, client: u64) {
        if let Some(word) = usize::try_from(client / 64).ok().and_then(|at| self.0.get(at)) {
            word.fetch_or(1 << (client % 64), Ordering::Relaxed);
        }
    }

    /// All that were reported, in order.
    pub(crate) fn clients(&self) -> impl Iterator<Item = u64> {
        let bits = |word: u64| (0..64).filter(move |bit| word >> bit & 1 == 1);
        let words = self.0.iter().map(|word| word.load(Ordering::Relaxed)).collect::<Vec<_>>();
        (0..).zip(words).flat_map(move |(at, word): (u64, u64)| bits(word).map(move |bit| at * 64 + bit))
    }
}

#[cfg(test)]
mod tests {
    use super::Touched;

    #[test]
    fn only_who_was_reported_is_told() {
        let touched = Touched::none_of(130);
        for client in [129, 0, 64, 63, 0] {
            touched.set(client);
        }
        assert_eq!(touched.clone().clients().collect::<Vec<_>>(), [0, 63, 64, 129]);
    }
}
