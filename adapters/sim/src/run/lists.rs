//! Lists of servers that change while their servers run.

use std::sync::Arc;

use herd::Event;

use super::Run;
use crate::list::{Ids, List, Listing};
use crate::violation::Invariant;

impl Run {
    /// Something is written into a server's list.
    pub(super) fn lists(&mut self, server: usize, listing: Listing) {
        let list = self.hosts[server].list.change(&self.scenario, listing);
        let list = Arc::new(list.expect("a scenario's lists are herds at each time"));
        // Whoever has lost its own place goes on with the list that it had.
        if !list.has(server) {
            return;
        }
        self.hosts[server].list = Arc::clone(&list);
        self.note_allowed(server);
        self.note_alone(server);
        let never_ran = self.hosts[server].life == 0;
        if listing == Listing::In(server) && never_ran {
            self.start_server(server);
        } else {
            self.change_list(server, &list);
        }
    }

    /// A server that is up is told of its new list.
    pub(super) fn change_list(&mut self, server: usize, list: &List) {
        if self.hosts[server].node.is_none() {
            return;
        }
        self.handle(server, Event::Herd(Arc::clone(&list.herd)));
        let host = &mut self.hosts[server];
        if let Some(node) = &host.node {
            Ids::learn(Arc::make_mut(&mut host.ids), list, &self.scenario, node);
        }
        self.perform(server);
    }

    /// Whether two servers can talk over a wire, and compare: nothing is cut, each is in the other one's list and can be
    /// believed, and both have the same hash key.
    pub(super) fn is_open(&self, wire: u32) -> bool {
        let (from, to) = (self.wires.get(wire).from as usize, self.wires.get(wire).to as usize);
        self.scenario.key(from) == self.scenario.key(to)
            && !self.wires.is_severed(wire)
            && self.is_listed(wire)
            && self.is_listed(self.wires.get(wire).reverse)
            && self.believe_each_other(wire)
    }

    /// Whether whoever is at the start of a wire has the other end in its list.
    pub(super) fn is_listed(&self, wire: u32) -> bool {
        let wire = self.wires.get(wire);
        self.hosts[wire.from as usize].list.has(wire.to as usize)
    }

    /// There is no link any more: its connection is dropped.
    pub(super) fn ends(&mut self, link: u32) {
        let is_removed = !self.is_listed(link);
        let wire = self.wires.get_mut(link);
        wire.resolved = wire.resolved.filter(|_| !is_removed);
        wire.down &= !is_removed;
        wire.ended = true;
        if let Some(id) = wire.connection.take() {
            self.drop_connection(id, false);
        }
    }

    /// A server has a link for each neighbour in its list, and a connection to nobody else.
    pub(super) fn check_list(&mut self, server: usize) {
        let Some(node) = &self.hosts[server].node else { return };
        let mut linked: Vec<usize> = node.links().iter().map(|link| self.hosts[server].ids.server(link.peer)).collect();
        linked.sort_unstable();
        let listed = self.wires.from(server).filter(|&wire| self.is_listed(wire));
        let listed: Vec<usize> = listed.map(|wire| self.wires.get(wire).to as usize).collect();
        let mut others = self.wires.from(server).filter(|&wire| !self.is_listed(wire));
        let other = others.find(|&wire| self.wires.get(wire).connection.is_some());
        if linked != listed {
            let what = format!("it has links to {linked:?}, and {listed:?} are its neighbours");
            self.violate(Invariant::Links, Some(server), what);
        }
        if let Some(wire) = other {
            let other = &self.scenario.servers[self.wires.get(wire).to as usize];
            let what = format!("it has a connection to {other}, which is not in its list");
            self.violate(Invariant::Links, Some(server), what);
        }
    }
}
