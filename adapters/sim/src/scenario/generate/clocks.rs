//! Clocks that are wrong.

use super::Stage;
use crate::scenario::{MILLI, Nanos, SECOND, What};

impl Stage<'_> {
    /// A server's clock is wrong, from the start or from then on; another one's may be as wrong, and most are set right again.
    pub(super) fn clocks(&mut self, at: Nanos, lasts: Nanos, server: usize) {
        let size = *self.chance.pick(&[MILLI, SECOND, 3600 * SECOND, 1_000_000_000 * SECOND]);
        let jump = i64::try_from(self.chance.below(size)).expect("below a billion seconds");
        let jump = if self.chance.percent(50) { jump } else { -jump };
        let at = if self.chance.percent(50) { 0 } else { at };
        let other = self.server();
        let is_shared = other != server && self.chance.percent(20);
        let (is_mended, late) = (self.chance.percent(60), self.chance.below(lasts));
        for server in [Some(server), is_shared.then_some(other)].into_iter().flatten() {
            let drift = i32::try_from(self.chance.below(400)).expect("below 400") - 200;
            self.put(at, What::Clock { server, jump, drift });
            if is_mended {
                self.put(at + lasts + late, What::Clock { server, jump: -jump, drift: 0 });
            }
        }
    }
}
