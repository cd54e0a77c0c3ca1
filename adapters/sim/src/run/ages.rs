//! What is too old, and whose clock may say so.

use herd::Timestamp;

use super::Run;
use crate::oracle::ReportId;
use crate::scenario::Nanos;

impl Run {
    /// Whether a server may delete what it keeps, or may put something older in its place: a report that is over, or a
    /// tombstone that is old enough.
    pub(super) fn may_go(&self, server: usize, id: ReportId) -> bool {
        self.is_past(id, self.lasts(id), self.trusted(server))
    }

    /// Whether a server may have taken it for over when it told a client something that comes only now: its clock may have
    /// been set since.
    pub(super) fn may_have_gone(&self, server: usize, id: ReportId) -> bool {
        self.is_past(id, self.lasts(id), self.latest_trusted(server))
    }

    fn lasts(&self, id: ReportId) -> Option<Nanos> {
        let bounds = &self.scenario.bounds;
        if self.oracle.report(id).is_tombstone() { Some(bounds.gone_for) } else { bounds.keep_for }
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
        let lasts = keep_for.map_or(gone_for, |keep_for| keep_for.min(gone_for));
        self.is_past(id, Some(lasts), self.trusted(server))
    }

    /// Whether a record was heard so long before that time, if there is one.
    fn is_past(&self, id: ReportId, lasts: Option<Nanos>, wall: Option<Timestamp>) -> bool {
        let (Some(lasts), Some(wall)) = (lasts, wall) else { return false };
        wall.as_nanos() - self.oracle.report(id).heard_at.as_nanos() > i128::from(lasts)
    }

    /// What a server's clock says, if it may go by that.
    fn trusted(&self, server: usize) -> Option<Timestamp> {
        self.may_trust_clock(server).then(|| self.hosts[server].now(self.now).wall)
    }

    /// The latest time by which a server may have gone in this life.
    fn latest_trusted(&self, server: usize) -> Option<Timestamp> {
        self.trusted(server).max(self.hosts[server].trusted_before)
    }

    /// A server's wall clock jumps, and runs otherwise from now on.
    pub(super) fn sets_clock(&mut self, server: usize, jump: i64, drift: i32) {
        if self.hosts[server].node.is_some() {
            self.notice_what_has_gone(server);
            self.hosts[server].trusted_before = self.latest_trusted(server);
        }
        self.hosts[server].clock.set(self.now, jump, drift);
    }

    /// Whether a server may go by its clock: as far as is known from outside, it has agreed with a neighbour's in this life,
    /// and has not run ahead since.
    fn may_trust_clock(&self, server: usize) -> bool {
        let host = &self.hosts[server];
        let peers = self.wires.from(server).map(|wire| &self.hosts[self.wires.get(wire).to as usize].clock);
        host.clock.may_be_trusted((host.started_at, self.now), peers)
    }

    /// A server may have no neighbour now.
    pub(super) fn note_alone(&mut self, server: usize) {
        self.hosts[server].clock.is_alone |= self.wires.from(server).all(|wire| !self.is_listed(wire));
    }
}
