//! Clients that ask who is near, and that watch.

use super::{STAGE, Stage};
use crate::scenario::{MILLI, Nanos, What};

/// Where clients that are watched like to be: in a town, at the poles, on both sides of the 180th meridian.
const PLACES: [(i64, i64); 5] =
    [(34_068_930, -118_445_127), (90_000_000, 0), (-89_990_000, 0), (0, 180_000_000), (51_477_900, 0)];

impl Stage<'_> {
    /// Somewhere near one of a few places, mostly a few kilometres from it.
    pub(super) fn place(&mut self) -> String {
        let (latitude, longitude) = *self.chance.pick(&PLACES);
        let spread = *self.chance.pick(&[0, 10_000, 100_000, 3_000_000]);
        let mut near =
            |at: i64| at + i64::try_from(self.chance.below(spread + 1)).expect("small") - (spread / 2).cast_signed();
        let latitude = near(latitude).clamp(-90_000_000, 90_000_000);
        let longitude = (near(longitude) + 540_000_000).rem_euclid(360_000_000) - 180_000_000;
        format!("{}{}", degrees(latitude), degrees(longitude))
    }

    /// A client watches, now this and now that, and asks things in between; some are slow for a while.
    pub(super) fn watch(&mut self, at: Nanos, lasts: Nanos) {
        let client = 20 + self.chance.index(4);
        let server = self.server();
        let mut targets = Vec::new();
        let mut said_at = at.min(STAGE / 2);
        for _ in 0..=self.chance.index(10) {
            let lines = self.chance.between(1, 4);
            let text = (0..lines).map(|_| self.watching_line(said_at, &mut targets)).collect();
            self.put(said_at, What::Say { client, server, text });
            said_at += self.chance.below(STAGE / 4);
        }
        if self.chance.percent(50) {
            let pace = *self.chance.pick(&[0, 10, 300]);
            self.put(at + MILLI, What::Read { client, pace: Some(pace) });
            self.put(at + MILLI + lasts, What::Read { client, pace: None });
        }
    }

    fn watching_line(&mut self, at: Nanos, targets: &mut Vec<String>) -> String {
        match self.chance.below(10) {
            0..3 => self.near(),
            3 if !targets.is_empty() => format!("UNWATCH {}\n", self.chance.pick(targets)),
            4 if !targets.is_empty() => {
                let target = self.chance.pick(targets).clone();
                format!("{} {target}\n", if target.contains("DWELL") { "FENCE" } else { "WATCH" })
            }
            5 => self.line(at, 12),
            _ => {
                let (word, target) = self.target();
                targets.push(target.clone());
                format!("{word} {target}\n")
            }
        }
    }

    fn near(&mut self) -> String {
        let around = if self.chance.percent(40) { format!("c{}", self.chance.below(12)) } else { self.place() };
        let bound = *self.chance.pick(&[0, 1, 3, 1000]);
        let radius = self.radius();
        let pattern = *self.chance.pick(&["", "", " c1*", " *", " c3"]);
        let heard = *self.chance.pick(&["", "", " HEARD 2", " HEARD 10"]);
        format!("NEAR {around} {radius} {bound}{pattern}{heard}\n")
    }

    fn target(&mut self) -> (&'static str, String) {
        if self.chance.percent(35) {
            return ("WATCH", (*self.chance.pick(&["*", "c1*", "c3", "c*", "c10", "nobody"])).into());
        }
        let pattern = *self.chance.pick(&["", "", " c1*", " c2"]);
        let circle = format!("{} {}{pattern}", self.place(), self.radius());
        if self.chance.percent(40) {
            return ("WATCH", circle);
        }
        let dwell = *self.chance.pick(&["", " DWELL 1", " DWELL 3"]);
        ("FENCE", format!("{circle}{dwell}"))
    }

    fn radius(&mut self) -> &'static str {
        self.chance.pick::<&str>(&["0", "0.5", "5", "60", "3000", "10010", "20000", "20016"])
    }
}

/// Millionths of degrees, as they are written in a position.
fn degrees(millionths: i64) -> String {
    let sign = if millionths < 0 { '-' } else { '+' };
    let size = millionths.unsigned_abs();
    format!("{sign}{}.{:06}", size / 1_000_000, size % 1_000_000)
}
