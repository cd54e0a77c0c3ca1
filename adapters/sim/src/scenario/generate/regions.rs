//! Clients that move to other regions.

use super::{STAGE, Stage, text_of};
use crate::scenario::{MILLI, Nanos, SECOND, What};

impl Stage<'_> {
    /// A server hears that clients are at home in another region, or were forgotten there; and maybe another server, later.
    pub(super) fn hear(&mut self, at: Nanos) {
        let lines = self.chance.between(1, 4);
        let text: String = (0..lines).map(|_| self.news(at)).collect();
        let server = self.server();
        self.put(at, What::Hear { server, text: text.clone() });
        if self.chance.percent(50) {
            let (server, late) = (self.server(), at + self.chance.below(STAGE / 4));
            self.put(late, What::Hear { server, text });
        }
    }

    fn news(&mut self, at: Nanos) -> String {
        let word = if self.chance.percent(80) { "AWAY" } else { "GONE" };
        let (region, who) = (self.chance.below(3), self.chance.below(12));
        let before = at.saturating_sub(self.chance.below(SECOND));
        let time = self.moment(before);
        let heard = at.saturating_sub(self.chance.below(200 * MILLI));
        let (sign, skew) = if heard < time { ('-', time - heard) } else { ('+', heard - time) };
        format!("{word} r{region} {sign}{}.{:09} c{who} {}\n", skew / SECOND, skew % SECOND, text_of(time))
    }
}
