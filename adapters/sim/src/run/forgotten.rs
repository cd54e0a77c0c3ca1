//! Clients that were forgotten: they do not come back, and their tombstones go in the end.

use super::Run;
use crate::oracle::ReportId;
use crate::scenario::{Nanos, SECOND, What};
use crate::trace::escaped;
use crate::violation::Invariant;

/// By how much the clock of a server may be wrong that hears something, in nanoseconds, for what is promised of it.
const RIGHT: i128 = 30 * SECOND as i128;

/// How long a report is hidden before it is deleted.
const HIDDEN: Nanos = 60 * SECOND;

/// A tombstone that a client asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Forgotten {
    id: ReportId,
    /// Whether nobody knows it any more because servers crashed.
    is_lost: bool,
}

impl Run {
    /// A server has taken a tombstone from a client. One that its clock says is of another time is soon too old, or never.
    pub(super) fn note_forgotten(&mut self, server: usize, id: ReportId) {
        let is_lost = self.hosts[server].clock.error(self.now).abs() > RIGHT;
        if self.forgotten.iter().all(|forgotten| forgotten.id != id) {
            self.forgotten.push(Forgotten { id, is_lost });
        }
    }

    /// A server crashes: tombstones are lost that nobody knows then, or that this one does not know any more when others
    /// may have let them go since it did. That is nobody's fault.
    pub(super) fn loses(&mut self, server: usize) {
        let mut forgotten = std::mem::take(&mut self.forgotten);
        for Forgotten { id, is_lost } in &mut forgotten {
            let hosts = || 0..self.hosts.len();
            let is_known = hosts().any(|host| self.knows(host, *id, host == server));
            let is_missed = self.has_known(server, *id) && !self.knows(server, *id, true);
            *is_lost |= !is_known || is_missed && hosts().any(|host| self.may_go(host, *id));
        }
        self.forgotten = forgotten;
    }

    /// Whether a server knows a tombstone, or something newer; if it is down, or about to be, whether it will.
    fn knows(&self, server: usize, id: ReportId, is_down: bool) -> bool {
        let client = self.oracle.report(id).client;
        let is_enough = |kept: ReportId| !self.oracle.is_newer(id, kept);
        let host = &self.hosts[server];
        let knows = self.oracle.newest(server, client).is_some_and(is_enough);
        knows && (host.node.is_some() && !is_down || host.has_for_good(client, is_enough))
    }

    /// Whether a server has known a tombstone, or something newer, in this life.
    fn has_known(&self, server: usize, id: ReportId) -> bool {
        let client = self.oracle.report(id).client;
        let is_enough = |kept: Option<ReportId>| kept.is_some_and(|kept| !self.oracle.is_newer(id, kept));
        self.hosts[server].kept_so_far.iter().any(|&(of, kept)| of == client && is_enough(kept))
    }

    /// Until when to look at a herd at rest: everything is over then that will be.
    pub(super) fn rests_until(&self) -> Nanos {
        let bounds = &self.scenario.bounds;
        let is_short = |lasts: Nanos| lasts < 600 * SECOND;
        let gone = Some(bounds.gone_for).filter(|&gone| is_short(gone) && !self.forgotten.is_empty());
        let kept = bounds.keep_for.filter(|&kept| is_short(kept)).map(|kept| kept + HIDDEN);
        match gone.max(kept) {
            // Sweeps, and comparisons that they ask for.
            Some(lasts) => {
                self.quiet_at + self.agrees_within() + lasts + lasts / 4 + 2 * bounds.repair_interval + 20 * SECOND
            }
            None => 0,
        }
    }

    /// Whether all servers are there and reach each other.
    fn is_whole(&self) -> bool {
        let islands = self.islands();
        let has_one_key = (1..self.hosts.len()).all(|server| self.scenario.key(server) == self.scenario.key(0));
        let is_together = islands.iter().all(|island| island.is_some() && *island == islands[0]);
        is_together && has_one_key && self.scenario.older.is_empty()
    }

    /// Whether all clocks are about right.
    fn has_right_clocks(&self) -> bool {
        self.hosts.iter().all(|host| host.clock.error(self.now).abs() <= RIGHT)
    }

    /// Whether there is trouble after which links take long to find out how they are.
    fn has_unusual_trouble(&self) -> bool {
        let is_unusual = |what: &What| {
            matches!(what, What::Move { .. } | What::Middlebox { .. } | What::Trust { .. })
                || matches!(what, What::Stranger { .. } | What::Impostor { .. })
                || what.listing().is_some()
        };
        self.scenario.events.iter().any(|planned| is_unusual(&planned.what))
    }

    /// A herd at rest: nobody has come back, and what is over has gone.
    pub(super) fn check_forgotten(&mut self) {
        if !self.is_whole() {
            return;
        }
        let rests = self.rests_until() > 0 && self.has_right_clocks() && !self.has_unusual_trouble();
        for server in 0..self.hosts.len() {
            for client in self.oracle.clients() {
                let Some(kept) = self.oracle.newest(server, client) else { continue };
                if let Some(forgotten) = self.came_back(kept) {
                    let [kept, by] = [kept, forgotten].map(|id| escaped(&self.oracle.report(id).line));
                    let what = format!("it keeps {kept}, which {by} covers");
                    return self.violate(Invariant::Forgotten, Some(server), what);
                }
                if rests
                    && self.may_go(server, kept)
                    && !self.is_hidden(server, kept)
                    && !self.oracle.report(kept).is_tombstone()
                {
                    let what = format!("it tells {}, which is over", escaped(&self.oracle.report(kept).line));
                    return self.violate(Invariant::Expired, Some(server), what);
                }
                if rests && self.may_go(server, kept) && self.is_long_over(server, kept) {
                    let record = self.oracle.report(kept);
                    let invariant = if record.is_tombstone() { Invariant::Forgotten } else { Invariant::Expired };
                    let what = format!("it keeps {}, which is over", escaped(&record.line));
                    return self.violate(invariant, Some(server), what);
                }
            }
        }
    }

    /// Whether a client has asked to forget a report, or it is such a wish: neighbours may have let the tombstone go.
    pub(super) fn is_covered(&self, id: ReportId) -> bool {
        let record = self.oracle.report(id);
        self.forgotten
            .iter()
            .map(|forgotten| self.oracle.report(forgotten.id))
            .any(|other| other.client == record.client && other.at >= record.at)
    }

    /// The tombstone that covers a report, if one does that came later.
    fn came_back(&self, kept: ReportId) -> Option<ReportId> {
        let record = self.oracle.report(kept);
        // A server whose clock was ahead has heard it when it is not too old yet.
        if record.is_tombstone() || record.is_heard_ahead {
            return None;
        }
        let covers = |forgotten: &&Forgotten| {
            let other = self.oracle.report(forgotten.id);
            let is_later = forgotten.id >= record.said_before;
            !forgotten.is_lost && other.client == record.client && is_later && other.at >= record.at
        };
        self.forgotten.iter().find(covers).map(|forgotten| forgotten.id)
    }

    /// Whether it should be gone by now.
    fn is_long_over(&self, server: usize, id: ReportId) -> bool {
        let record = self.oracle.report(id);
        let bounds = &self.scenario.bounds;
        let lasts =
            if record.is_tombstone() { Some(bounds.gone_for) } else { bounds.keep_for.map(|keep| keep + HIDDEN) };
        let age = self.hosts[server].now(self.now).wall.as_nanos() - record.heard_at.as_nanos();
        lasts.is_some_and(|lasts| age > i128::from(lasts + lasts / 4 + 2 * bounds.repair_interval + 15 * SECOND))
    }
}
