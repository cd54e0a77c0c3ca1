//! Servers that stop in good order: what they have acknowledged, their neighbours know.

use herd::Event;

use super::Run;
use crate::calendar::Due;
use crate::connection::{ConnectionId, End, Opener, Side};
use crate::scenario::{MILLI, Nanos};
use crate::violation::Invariant;

/// How often it is looked at whether a server that stops has done so.
const LOOK: Nanos = 10 * MILLI;

/// A server that stops.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopping {
    /// The event that did it.
    by: u32,
    since: Nanos,
    keeps: bool,
    /// It is to start again as soon as it has stopped.
    restarts: bool,
}

impl Run {
    /// A server takes nothing in any more, answers what it has taken, and sends what it has.
    pub(super) fn stop(&mut self, by: u32, server: usize, keeps: bool) {
        if !self.hosts[server].listens() {
            return;
        }
        self.hosts[server].stopping = Some(Stopping { by, since: self.now, keeps, restarts: false });
        for id in self.connections.ids() {
            if self.connections.get(id).is_some_and(|connection| connection.server as usize == server) {
                self.close_if_stopping(id);
            }
        }
        self.tell(server, Event::Stopping);
        let (server, life) = (u32::try_from(server).expect("few servers"), self.hosts[server].life);
        self.calendar.put(self.now + LOOK, Due::Stopped(server, life));
    }

    /// A connection to a server that stops is closed when nothing is owed on it.
    pub(super) fn close_if_stopping(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get(id) else { return };
        let stops = self.hosts[connection.server as usize].stopping.is_some();
        let is_owed = connection.session.as_ref().is_none_or(|session| session.is_waiting());
        if stops && !is_owed && connection.withheld.is_empty() {
            self.close(id, Side::Acceptor);
        }
    }

    /// Whether a server that stops has done all that there is to do, or has had its time.
    pub(super) fn stopped(&mut self, server: usize, life: u32) {
        let host = &self.hosts[server];
        let Some(stopping) = host.stopping.filter(|_| host.life == life) else { return };
        let has_had_its_time = self.now - stopping.since > self.agrees_within();
        if !has_had_its_time && self.is_busy(server) {
            self.calendar.put(self.now + LOOK, Due::Stopped(u32::try_from(server).expect("few servers"), life));
            return;
        }
        self.check_stopped(server, stopping);
        self.close_disk(server);
        self.crash(stopping.by, server, false, stopping.keeps);
        if stopping.restarts {
            self.start_server(server);
        }
    }

    /// A server that stopped because of that event is to start again.
    pub(super) fn starts_again(&mut self, by: u32, server: usize) {
        if let Some(stopping) = &mut self.hosts[server].stopping
            && stopping.by == by
        {
            stopping.restarts = true;
        } else if self.hosts[server].crashed_by == Some(by) {
            self.start_server(server);
        }
    }

    /// Whether a server still has a link, or a connection that it has not closed and read to its end.
    fn is_busy(&self, server: usize) -> bool {
        let mut wires = self.wires.from(server);
        let links = wires.any(|wire| self.is_listed(wire) && !self.wires.get(wire).ended);
        links || self.connections.ids().into_iter().any(|id| self.is_of(id, server))
    }

    fn is_of(&self, id: ConnectionId, server: usize) -> bool {
        let Some(connection) = self.connections.get(id) else { return false };
        match connection.opener {
            Opener::Link(link) if self.wires.get(link).from as usize == server => {
                connection.end(Side::Opener) != End::Gone
            }
            // A middlebox may have it in the server's place.
            _ => {
                let is_open = connection.session.is_some() && connection.end(Side::Acceptor) == End::Here;
                is_open && connection.server as usize == server
            }
        }
    }

    /// What a server has acknowledged is known to each neighbour that was there the whole time, and had been for long
    /// enough to have everything from before.
    fn check_stopped(&mut self, server: usize, stopping: Stopping) {
        let settled = stopping.since.saturating_sub(self.agrees_within());
        let wires: Vec<u32> = self.wires.from(server).filter(|&wire| self.is_calm_since(wire, settled)).collect();
        let Some(node) = self.hosts[server].node.clone() else { return };
        for wire in wires {
            let neighbour = self.wires.get(wire).to as usize;
            // Of a queue that was full nothing is left to send, and who stops compares no more.
            let peer = self.hosts[server].ids.id(neighbour);
            if node.links().iter().any(|link| link.peer == peer && link.dropped > 0) {
                continue;
            }
            let lacks = |&report: &u32| {
                // Where reports are over some day, older ones may come in the place of what was newer than this one.
                let ages = self.scenario.bounds.keep_for.is_some();
                if ages || self.may_ignore(neighbour, report) || self.is_covered(report) {
                    return false;
                }
                let newest = self.oracle.newest(neighbour, self.oracle.report(report).client);
                newest.is_none_or(|newest| self.oracle.is_newer(report, newest))
            };
            let lost = self.hosts[server].acknowledged.values().copied().filter(|report| lacks(report)).min();
            if let Some(lost) = lost {
                let (name, line) = (&self.scenario.servers[neighbour], &self.oracle.report(lost).line);
                let what = format!("it stopped, and {name} has not heard of {}", crate::trace::escaped(line));
                return self.violate(Invariant::Acknowledged, Some(server), what);
            }
        }
    }

    /// Whether two neighbours could talk all the time since then.
    fn is_calm_since(&self, wire: u32, since: Nanos) -> bool {
        let there = self.wires.get(wire);
        let is_calm = |wire: &crate::wires::Wire| wire.troubled_at <= since && !wire.is_troubled();
        let is_up = self.hosts[there.to as usize].listens();
        is_up && self.is_open(wire) && is_calm(there) && is_calm(self.wires.get(there.reverse))
    }
}
