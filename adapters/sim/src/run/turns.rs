//! What a server is told, and what it wants done about it.

use std::mem;
use std::sync::Arc;

use herd::{Action, Event, Instant, Node};

use super::Run;
use crate::calendar::Due;
use crate::connection::ConnectionId;
use crate::list::Ids;
use crate::trace::Record;
use crate::violation::Invariant;

/// How often a server may be woken at one and the same time: for each of its links, and then some.
const MOST_WAKES: u32 = 1000;

impl Run {
    pub(super) fn start_server(&mut self, server: usize) {
        let seed = self.seed.number();
        let list = Arc::clone(&self.hosts[server].list);
        let me = list.herd.find(self.scenario.servers[server].as_bytes()).expect("a server is in its own list");
        let node = Node::new(Arc::clone(&list.herd), me, self.limits.clone(), seed);
        self.hosts[server].ids = Arc::new(Ids::of(&list));
        let started = self.hosts[server].start(self.now, &self.scenario.servers[server], node);
        if let Err(why) = started {
            return self.violate(Invariant::Durable, Some(server), why);
        }
        self.impostors_go(server);
        self.oracle.forget(server);
        for wire in self.wires.from(server) {
            let wire = self.wires.get_mut(wire);
            (wire.down, wire.ended) = (false, false);
        }
        self.touch_server(server);
        // It may be late, as one that took its time to stop.
        self.quiet_at = self.quiet_at.max(self.now);
        self.listen(server);
        self.check_durable(server);
        self.wake_disk(server, 0);
        for &peer in list.herd.neighbours(me) {
            self.resolve(server, peer);
        }
        self.record(|record| Record { kind: "start", server: Some(server), ..record });
        self.tell(server, Event::Started);
    }

    /// Tells a node what happened, and does what it wants; nothing where the server is down.
    pub(super) fn tell(&mut self, server: usize, event: Event<'_>) {
        self.handle(server, event);
        self.perform(server);
    }

    /// Tells a node what happened; what it wants is still to be [done](Self::perform).
    pub(super) fn handle(&mut self, server: usize, event: Event<'_>) {
        let Some(node) = &self.hosts[server].node else { return };
        let mends = if let Event::Received { peer, .. } = event { Some(peer) } else { None };
        self.turn.now = self.hosts[server].now(self.now);
        node.handle(&mut self.turn, event);
        self.take_feed(server, mends);
        self.check_told(server);
    }

    /// Does what a node wants, and what it wants because of that.
    pub(super) fn perform(&mut self, server: usize) {
        // What an action leads to is done by whoever does that action.
        if mem::replace(&mut self.performs, true) {
            return;
        }
        while !self.turn.actions.is_empty() {
            let mut actions = mem::take(&mut self.turn.actions);
            for action in actions.drain(..) {
                self.digest.action(self.now, server, &action);
                match action {
                    Action::Forward { peer } => self.pull(server, peer),
                    Action::Answer { session, answer } => self.answer(session, answer),
                    Action::Fetch { fetch, query } => self.fetch(server, fetch, query),
                    Action::Close { session } => self.close_for_room(session),
                    Action::Look { session } => self.resume(ConnectionId::of_number(session.0)),
                    Action::WakeAt(instant) => self.wake_at(server, instant),
                    Action::Post => {}
                }
            }
            if self.turn.actions.is_empty() {
                self.turn.actions = actions;
                break;
            }
        }
        self.performs = false;
        self.take_notices(server);
        self.check_links(server);
    }

    fn wake_at(&mut self, server: usize, instant: Instant) {
        let host = &mut self.hosts[server];
        let at = instant.as_nanos().max(self.now);
        if host.wake_at.is_none_or(|earliest| at < earliest) {
            host.wake_at = Some(at);
            let server = u32::try_from(server).expect("few servers");
            self.calendar.put(at, Due::Wake(server, host.life));
        }
    }

    pub(super) fn wake(&mut self, server: usize, life: u32) {
        let host = &mut self.hosts[server];
        // Each time that was asked for is due some day, also when an earlier one was asked for later.
        if host.node.is_none() || host.life != life || host.wake_at.is_none_or(|at| at > self.now) {
            return;
        }
        host.wake_at = None;
        host.wakes = if host.woken_at == self.now { host.wakes + 1 } else { 0 };
        host.woken_at = self.now;
        if host.wakes > MOST_WAKES {
            self.violate(Invariant::Wakes, Some(server), "it wants to be woken without an end".into());
        }
        self.tell(server, Event::Woken);
    }
}
