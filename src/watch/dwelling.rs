//! Who is inside a fence that waits before it says so.

use core::time::Duration;
use std::collections::BTreeMap;

use crate::values::Timestamp;

/// The clients that are inside, or were seen there: those of which it matters what comes next.
#[derive(Debug, Default)]
pub(super) struct Dwellings(BTreeMap<Box<[u8]>, Dwelling>);

/// A client at a fence.
#[derive(Clone, Copy, Debug, Default)]
struct Dwelling {
    /// Whether it counts as inside.
    is_in: bool,
    /// The time of the first report on the other side, if all since were there.
    crossed_at: Option<Timestamp>,
}

impl Dwelling {
    const fn is_followed(&self) -> bool {
        self.is_in && self.crossed_at.is_some()
    }
}

impl Dwellings {
    /// A client is inside when the fence begins.
    pub(super) fn begin(&mut self, client: &[u8]) {
        self.0.insert(client.into(), Dwelling { is_in: true, crossed_at: None });
    }

    /// A report of that time is inside or not: whether the client counted as inside, and whether it does now.
    pub(super) fn report(&mut self, client: &[u8], at: Timestamp, is_inside: bool, dwell: Duration) -> (bool, bool) {
        let before = self.0.get(client).copied().unwrap_or_default();
        let mut now = before;
        if is_inside == before.is_in {
            now.crossed_at = None;
        } else {
            let crossed_at = *now.crossed_at.get_or_insert(at);
            let dwells = i128::try_from(dwell.as_nanos()).unwrap_or(i128::MAX);
            if at.since(crossed_at).as_nanos() >= dwells {
                now = Dwelling { is_in: is_inside, crossed_at: None };
            }
        }
        if now.is_in || now.crossed_at.is_some() {
            self.0.insert(client.into(), now);
        } else {
            self.0.remove(client);
        }
        (before.is_in, now.is_in)
    }

    /// A client is forgotten, or over: whether it counted as inside.
    pub(super) fn end(&mut self, client: &[u8]) -> bool {
        self.0.remove(client).is_some_and(|dwelling| dwelling.is_in)
    }

    /// Whether a client counts as inside and is not: what comes next of it matters wherever it is.
    pub(super) fn follows(&self, client: &[u8]) -> bool {
        self.0.get(client).is_some_and(Dwelling::is_followed)
    }

    /// All of whom that is so.
    pub(super) fn followed(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().filter(|(_, dwelling)| dwelling.is_followed()).map(|(client, _)| &**client)
    }

    /// About how many bytes they take.
    pub(super) fn bytes(&self) -> usize {
        // The IDs are mostly short; some stand once more among those that are followed.
        self.0.len() * (size_of::<Dwelling>() + size_of::<Box<[u8]>>() + 96)
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_jitters_over_the_edge_does_not_flap() {
        let mut dwellings = Dwellings::default();
        let mut report = |seconds: i128, is_inside| {
            let at = Timestamp::from_nanos(seconds * 1_000_000_000);
            let (was, is) = dwellings.report(b"kiwi", at, is_inside, Duration::from_secs(10));
            if was == is { None } else { Some(is) }
        };
        let reports = [(0, true), (5, false), (6, true), (15, true), (16, true), (17, false), (20, true), (21, false)];
        let crossings: Vec<_> = reports.into_iter().map(|(at, is_inside)| report(at, is_inside)).collect();
        assert_eq!(crossings, [None, None, None, None, Some(true), None, None, None]);
        assert_eq!((report(30, false), report(31, false), report(41, true)), (None, Some(false), None));
        assert!(!dwellings.end(b"kiwi") && dwellings.bytes() == 0);
        dwellings.begin(b"kiwi");
        assert!(dwellings.end(b"kiwi"));
    }
}
