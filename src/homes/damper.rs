//! How often a client's arrivals are told.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use crate::values::Instant;

/// Holds arrivals back, so that a client at a border, which reports to two regions by turns, makes at most one a second.
#[derive(Clone, Debug, Default)]
pub(crate) struct Damper {
    /// The clients whose last arrival was told a short while ago, and whether another one is held back.
    told: BTreeMap<Box<[u8]>, bool>,
    /// The same, in the order of the times at which they may be told again.
    order: VecDeque<(Instant, Box<[u8]>)>,
}

impl Damper {
    /// How long the next one is held back.
    const PAUSE: Duration = Duration::from_secs(1);

    /// As many clients are remembered. An arrival for which there is no room is told at once, however often.
    const MOST: usize = 1 << 20;

    /// Whether an arrival of that client is to be told now; it is held back if not.
    pub(crate) fn lets_through(&mut self, client: &[u8], now: Instant) -> bool {
        if let Some(is_held) = self.told.get_mut(client) {
            *is_held = true;
            return false;
        }
        if self.told.len() < Self::MOST {
            self.told.insert(client.into(), false);
            self.order.push_back((now + Self::PAUSE, client.into()));
        }
        true
    }

    /// The next client of which an arrival was held back for long enough: what is so now is to be told.
    pub(crate) fn next_due(&mut self, now: Instant) -> Option<Box<[u8]>> {
        while let Some((due, _)) = self.order.front()
            && *due <= now
        {
            let (_, client) = self.order.pop_front()?;
            if self.told.remove(&client) == Some(true) {
                return Some(client);
            }
        }
        None
    }

    /// When to look again, if anything is held back or remembered.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.order.front().map(|&(due, _)| due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_at_a_border_is_told_of_once_a_second_and_its_last_arrival_is() {
        let mut damper = Damper::default();
        let at = |millis| Instant::default() + Duration::from_millis(millis);
        let mut told = Vec::new();
        for millis in (0..3_500).step_by(100) {
            if let Some(client) = damper.next_due(at(millis)) {
                assert!(damper.lets_through(&client, at(millis)));
                told.push(millis);
            }
            if damper.lets_through(b"kiwi", at(millis)) {
                told.push(millis);
            }
        }
        assert_eq!(told, [0, 1000, 2000, 3000]);
        assert_eq!(damper.next_due(at(4_000)).as_deref(), Some(&b"kiwi"[..]));
        assert_eq!((damper.next_due(at(9_000)), damper.deadline()), (None, None));
    }
}
