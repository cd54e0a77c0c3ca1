//! What a server hears of other regions.

use std::sync::Arc;

use herd::BroughtBy;

use super::Run;
use super::feed::Told;

impl Run {
    /// A server hears some lines, unless it takes nothing in now.
    pub(super) fn hears(&mut self, server: usize, text: &str) {
        if self.hosts[server].stopping.is_some() {
            return;
        }
        let Some(node) = self.hosts[server].node.as_ref().map(Arc::clone) else { return };
        self.notice_what_has_gone(server);
        for line in text.lines() {
            let Some(id) = self.oracle.hear(server, line.as_bytes()) else { continue };
            if self.oracle.report(id).is_tombstone() {
                self.note_forgotten(server, id);
            }
            self.scratch.told.push(Told { report: id, from: BroughtBy::Region });
            if let Some(tracker) = &mut self.tracker {
                tracker.took(id, server, None, self.now);
            }
        }
        self.quiet_at = self.quiet_at.max(self.now);
        self.turn.now = self.hosts[server].now(self.now);
        node.hear(&mut self.turn, text.as_bytes());
        self.take_feed(server, None);
        self.check_told(server);
        self.perform(server);
    }
}
