//! All travellers of a demo.

use std::time::Duration;

use fastrand::Rng;

use super::traveller::Traveller;

/// Travellers, and how fast time runs for them.
#[derive(Clone, Debug)]
pub(crate) struct Fleet {
    travellers: Vec<Traveller>,
    /// How many of their seconds pass in one.
    haste: f64,
    next: usize,
}

impl Fleet {
    /// So many travellers. The same seed makes the same ones.
    pub(crate) fn new(count: usize, seed: u64, haste: f64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let travellers = (0..count).map(|number| Traveller::new(number, &mut rng)).collect();
        Self { travellers, haste, next: 0 }
    }

    /// Deals them out, in turn; no part is empty where there are at least so many travellers.
    pub(crate) fn split(self, parts: usize) -> Vec<Self> {
        let mut fleets = vec![Self { travellers: Vec::new(), ..self }; parts];
        for (traveller, part) in self.travellers.into_iter().zip((0..parts).cycle()) {
            fleets[part].travellers.push(traveller);
        }
        fleets
    }

    /// The IAMAT of the next one that is to be heard of, at that POSIX time, with its LF.
    pub(crate) fn report(&mut self, now: Duration) -> String {
        let Some(traveller) = self.travellers.get(self.next) else { return String::new() };
        self.next = (self.next + 1) % self.travellers.len();
        let at = traveller.at(now.as_secs_f64() * self.haste);
        let (secs, nanos) = (now.as_secs(), now.subsec_nanos());
        format!("IAMAT {} {:+.6}{:+.6} {secs}.{nanos:09}\n", traveller.id, at.lat, at.lng)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::Expected;

    #[test]
    fn everyone_reports_in_turn_and_rightly() {
        let now = Duration::new(1_795_766_186, 5);
        let mut parts = Fleet::new(40, 1, 60.0).split(3);
        let mut ids: Vec<String> = Vec::new();
        for (part, count) in parts.iter_mut().zip([14, 13, 13]) {
            for _ in 0..count {
                let line = part.report(now);
                assert!(Expected::of(line.as_bytes()).is_some());
                let fields: Vec<&str> = line.trim_end().split(' ').collect();
                let [_, id, position, time] = fields[..] else { panic!("{line}") };
                assert!(herd::Position::parse(position.as_bytes()).is_some(), "{line}");
                assert!(herd::Timestamp::parse(time.as_bytes()).is_some(), "{line}");
                ids.push(id.into());
            }
        }
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 40);
    }

    #[test]
    fn one_seed_makes_one_fleet() {
        let now = Duration::from_secs(1_795_766_186);
        let lines = |seed| {
            let mut fleet = Fleet::new(50, seed, 1.0);
            (0..50).map(|_| fleet.report(now)).collect::<Vec<_>>()
        };
        assert_eq!(lines(7), lines(7));
        assert_ne!(lines(7), lines(8));
    }
}
