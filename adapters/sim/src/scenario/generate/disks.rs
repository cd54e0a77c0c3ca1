//! Disks, and what is wrong with them.

use super::{STAGE, Stage};
use crate::scenario::{Ailment, Data, MILLI, Nanos, SECOND, What};

impl Stage<'_> {
    /// A server has a disk, and crashes or has trouble with it.
    pub(super) fn disks(&mut self, at: Nanos, lasts: Nanos, server: usize) {
        self.data.resize(self.graph.servers, Data::None);
        let every = Data::Every(*self.chance.pick(&[50 * MILLI, 300 * MILLI, SECOND]));
        let data = if self.chance.percent(60) { Data::Each } else { every };
        if self.chance.percent(20) {
            self.data.fill(data);
        }
        self.data[server] = data;
        if self.chance.percent(50) {
            let how = match self.chance.below(6) {
                0 | 1 => Ailment::Slow(self.chance.below(3 * SECOND)),
                2 => Ailment::Full,
                3 => Ailment::ReadOnly,
                4 => *self.chance.pick(&[Ailment::Writes, Ailment::Syncs]),
                _ => Ailment::Once(self.chance.below(60)),
            };
            self.put(at, What::Disk { server, how, lasts });
        }
        // Shortly after something was said, so that it may be anywhere on its way to the disk.
        let down_at = at + self.chance.below(STAGE / 4);
        let before = *self.chance.pick(&[2 * MILLI, 20 * MILLI, 400 * MILLI]);
        let (client, said_at) = (self.chance.index(12), down_at.saturating_sub(self.chance.below(before)));
        let text = (0..4).map(|_| self.line(said_at, 12)).collect();
        self.put(said_at, What::Say { client, server, text });
        let (silent, keeps) = (self.chance.percent(70), self.chance.percent(90));
        self.put(down_at, What::Crash { server, lasts: Some(lasts), silent, keeps });
        if self.chance.percent(10) {
            let bit = self.chance.number();
            self.put(down_at + 1, What::Rot { server, bit });
        }
    }
}
