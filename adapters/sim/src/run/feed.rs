//! The feed of a server, as a listener hears it.

use herd::{BroughtBy, Change, Changed, ServerId};

use super::Run;
use crate::listener::Listener;
use crate::oracle::ReportId;
use crate::trace::escaped;
use crate::violation::Invariant;

/// A report that a server is told, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) report: ReportId,
    pub(super) from: BroughtBy,
}

impl Run {
    /// A server that starts is listened to. What it has taken back from its disk is known already.
    pub(super) fn listen(&mut self, server: usize) {
        let Some(node) = self.hosts[server].node.clone() else { return };
        let mut known = Vec::with_capacity(node.clients());
        let mut so_far = Vec::with_capacity(node.clients());
        for kept in node.records() {
            let Some(id) = self.oracle.find(kept.line()) else {
                let what = format!("it takes back what no client said: {}", escaped(kept.line()));
                return self.violate(Invariant::Invented, Some(server), what);
            };
            let client = self.oracle.report(id).client;
            self.oracle.see(server, client, Some(id));
            so_far.push((client, Some(id)));
            known.push((client, kept));
        }
        self.hosts[server].kept_so_far = so_far;
        self.hosts[server].listener = Listener::of(&node, known.into_iter());
    }

    /// Hears what has changed in what a server keeps: reports that it was told, or else what the neighbour `mends`
    /// brought by repair, of which nobody knew before.
    pub(super) fn take_feed(&mut self, server: usize, mends: Option<ServerId>) {
        let Some(node) = &self.hosts[server].node else { return };
        let (mut changed, mut arrived) = (Changed::default(), Changed::default());
        node.take_changes(&mut changed);
        node.take_arrivals(&mut arrived);
        let mut arrivals = arrived.iter().peekable();
        let missed = changed.missed + arrived.missed;
        if missed > 0 {
            self.violate(Invariant::Feed, Some(server), format!("its feed has missed {missed} changes"));
        }
        for change in changed.iter() {
            let Change { record: report, from } = change;
            self.stats.changes += 1;
            let Some(id) = self.oracle.find(report.line()) else {
                let what = format!("its feed tells what no client said: {}", escaped(report.line()));
                self.violate(Invariant::Invented, Some(server), what);
                continue;
            };
            let told = Told { report: id, from };
            self.hosts[server].kept_so_far.push((self.oracle.report(id).client, Some(id)));
            if mends.is_some_and(|peer| from == BroughtBy::Repair(peer)) {
                self.oracle.tell(server, id);
                self.scratch.told.push(told);
            }
            let (is_right, client) = (self.scratch.told.contains(&told), self.oracle.report(id).client);
            let is_over = self.oracle.seen(server, client).is_some_and(|seen| self.may_go(server, seen));
            if let Some(disk) = &mut self.hosts[server].disk {
                let mut line = Vec::new();
                report.write_line(&mut line);
                disk.take(client, id, &line);
            }
            let is_arrival = arrivals.next_if_eq(&change).is_some();
            if self.hosts[server].listener.arrives(client, &change, is_over).is_some_and(|must| must != is_arrival) {
                let what = format!("whether it is told as an arrival: {is_arrival}, of {}", escaped(report.line()));
                self.violate(Invariant::Feed, Some(server), what);
            }
            let heard = if is_right {
                self.hosts[server].listener.hear(client, report.into(), is_over)
            } else {
                Err(format!("its feed tells what it was not told, as from {from:?}: {}", escaped(report.line())))
            };
            if let Err(what) = heard {
                self.violate(Invariant::Feed, Some(server), what);
            }
        }
        if let Some(Change { record, .. }) = arrivals.next() {
            let what = format!("an arrival is no change: {}", escaped(record.line()));
            self.violate(Invariant::Feed, Some(server), what);
        }
    }

    /// Whoever listened to a server since it started knows exactly what it keeps.
    pub(super) fn check_feed(&mut self, server: usize) {
        for client in self.oracle.clients() {
            self.check_kept(server, client);
        }
        let host = &self.hosts[server];
        let (Some(node), listener) = (&host.node, &host.listener) else { return };
        let (kept, heard) = (node.counters().kept, listener.heard());
        let mut fault = (kept != heard).then(|| format!("it has kept {kept} reports, and its feed told {heard}"));
        if node.clients() != listener.clients() {
            let (keeps, told) = (node.clients(), listener.clients());
            fault = Some(format!("it keeps {keeps} clients, and its feed told {told}"));
        }
        if let Some(what) = fault {
            self.violate(Invariant::Feed, Some(server), what);
        }
    }
}
