//! What is too old, and whose clock may say so.

use super::Run;
use crate::oracle::ReportId;
use crate::scenario::{Nanos, SECOND};

/// By how much a clock may be wrong that is right, and from when on it is wrong, in nanoseconds.
const RIGHT: i128 = 30 * SECOND as i128;
const WRONG: i128 = 61 * SECOND as i128;

impl Run {
    /// Whether a server may have deleted what it kept, or may put something older in its place: a report that is over, or
    /// a tombstone that is old enough.
    pub(super) fn may_go(&self, server: usize, id: ReportId) -> bool {
        let lasts = if self.oracle.report(id).is_tombstone() {
            Some(self.scenario.bounds.gone_for)
        } else {
            self.scenario.bounds.keep_for
        };
        self.is_past(server, id, lasts)
    }

    /// Nobody is told that something has gone: it is looked for where that may be.
    pub(super) fn notice_what_has_gone(&mut self, server: usize) {
        for client in self.oracle.clients() {
            if self.oracle.newest(server, client).is_some_and(|id| self.may_go(server, id)) {
                self.check_kept(server, client);
            }
        }
    }

    /// Whether a server hides a record: one that is over, if its clock is trusted. A tombstone never is.
    pub(super) fn is_hidden(&self, server: usize, id: ReportId) -> bool {
        let (host, may_be) = (&self.hosts[server], !self.oracle.report(id).is_tombstone() && self.may_go(server, id));
        let Some(node) = host.node.as_ref().filter(|_| may_be) else { return false };
        node.current(self.oracle.client(self.oracle.report(id).client), host.now(self.now)).is_none()
    }

    /// Whether a server may take a record that it is told as not said: one that is over, or too old for a flood.
    pub(super) fn may_ignore(&self, server: usize, id: ReportId) -> bool {
        let keep_for = self.scenario.bounds.keep_for.filter(|_| !self.oracle.report(id).is_tombstone());
        let gone_for = self.scenario.bounds.gone_for;
        self.is_past(server, id, Some(keep_for.map_or(gone_for, |keep_for| keep_for.min(gone_for))))
    }

    /// Whether a record was heard so long ago, as a server's clock says, and that may say so.
    fn is_past(&self, server: usize, id: ReportId, lasts: Option<Nanos>) -> bool {
        let Some(lasts) = lasts else { return false };
        let wall = self.hosts[server].now(self.now).wall.as_nanos();
        let age = wall - self.oracle.report(id).heard_at.as_nanos();
        age > i128::from(lasts) && !self.is_clearly_ahead(server)
    }

    /// Whether a server's clock is ahead, and it can tell: all of its neighbours' clocks have been right as long as it runs.
    fn is_clearly_ahead(&self, server: usize) -> bool {
        let host = &self.hosts[server];
        let mut wires = self.wires.from(server).map(|wire| &self.hosts[self.wires.get(wire).to as usize]);
        host.clock_error(self.now) > WRONG
            && wires.all(|peer| {
                let is_right = peer.clock_error(self.now).abs() <= RIGHT;
                is_right && peer.right_since <= host.started_at
            })
    }
}

impl crate::host::Host {
    /// From when on its clock is right, if it is set so now.
    pub(crate) fn note_clock(&mut self, at: Nanos) {
        if self.clock_error(at).abs() > RIGHT {
            self.right_since = Nanos::MAX;
        } else if self.right_since == Nanos::MAX {
            self.right_since = at;
        }
    }
}
