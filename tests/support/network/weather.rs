//! What becomes of the packets on a wire.

use std::time::Duration;

/// How late packets are, and how many are lost, in each direction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Weather {
    /// The least that each packet takes.
    pub delay: Duration,
    /// What some take beyond that, by lot: so one can overtake another.
    pub jitter: Duration,
    /// Which part of them is lost, 0 to 1.
    pub loss: f64,
}

/// Numbers by lot: `SplitMix64`.
#[derive(Clone, Debug)]
pub(super) struct Lots(pub(super) u64);

impl Lots {
    /// A number from 0 up to 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub(super) fn draw(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ bits >> 31) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

impl Weather {
    /// How long a packet takes, or `None` where it is lost.
    pub(super) fn fate(&self, lots: &mut Lots) -> Option<Duration> {
        (lots.draw() >= self.loss).then(|| self.delay + self.jitter.mul_f64(lots.draw()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_lost_and_late() {
        let (delay, jitter) = (Duration::from_millis(20), Duration::from_millis(80));
        let (weather, mut lots) = (Weather { delay, jitter, loss: 0.1 }, Lots(1));
        let fates: Vec<_> = (0..10_000).filter_map(|_| weather.fate(&mut lots)).collect();
        assert!((8_800..9_200).contains(&fates.len()), "{} came", fates.len());
        assert!(fates.iter().all(|late| (delay..delay + jitter).contains(late)));
        assert!(fates.windows(2).any(|pair| pair[0] > pair[1] + Duration::from_millis(1)), "some overtake");
        assert_eq!(Weather::default().fate(&mut lots), Some(Duration::ZERO));
    }
}
