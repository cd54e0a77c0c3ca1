//! How often those may report who have said no token: by the address that they come from.

use core::num::NonZeroU32;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::admission::Network;
use crate::access::Bucket;
use crate::values::Instant;

/// A bucket for each address from which there are connections, or were lately: one that connects anew does not begin
/// anew.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rates {
    per_second: Option<NonZeroU32>,
    buckets: BTreeMap<Network, Arc<Bucket>>,
    /// How many there may be before those that are no longer needed are looked for.
    sweeps_at: usize,
}

impl Rates {
    /// As many as are not worth a look.
    const FEW: usize = 1024;

    /// What connections from there share, where there is a rate for them.
    pub(crate) fn of(&mut self, from: IpAddr, per_second: Option<NonZeroU32>, now: Instant) -> Option<Arc<Bucket>> {
        if self.per_second != per_second {
            *self = Self { per_second, ..Self::default() };
        }
        let rate = per_second?;
        if self.buckets.len() >= self.sweeps_at.max(Self::FEW) {
            self.buckets.retain(|_, bucket| Arc::strong_count(bucket) > 1 || !bucket.is_empty(now));
            self.sweeps_at = self.buckets.len() * 2;
        }
        Some(Arc::clone(self.buckets.entry(Network::of(from)).or_insert_with(|| Arc::new(Bucket::new(rate)))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_connects_anew_does_not_begin_anew_and_those_long_gone_are_forgotten() {
        let (mut rates, rate) = (Rates::default(), NonZeroU32::new(2));
        let ip = |number: u32| IpAddr::V4(number.into());
        let now = Instant::from_nanos(0);
        assert!(rates.of(ip(1), None, now).is_none());
        rates.of(ip(1), rate, now).expect("there is a rate").take(20, now);
        assert_eq!(rates.of(ip(1), rate, now).expect("there is a rate").room(now), 0);
        let stays = rates.of(ip(2), rate, now);
        for number in 0..100_000 {
            rates.of(ip(number), rate, now);
        }
        assert!(rates.buckets.len() <= 2 * Rates::FEW, "{}", rates.buckets.len());
        assert!(rates.buckets.contains_key(&Network::of(ip(1))) && rates.buckets.contains_key(&Network::of(ip(2))));
        drop(stays);
    }
}
