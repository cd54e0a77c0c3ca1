//! What a scenario says that happens.

use std::sync::Arc;

use herd::Event;

use super::Run;
use crate::calendar::Due;
use crate::connection::{ConnectionId, End, Opener, Side, Way};
use crate::scenario::{Bounds, SECOND, What};
use crate::trace::Record;

impl Run {
    pub(super) fn happens(&mut self, index: u32) {
        let what = self.scenario.events[index as usize].what.clone();
        if what.is_fault() {
            *self.stats.faults.entry(what.name()).or_default() += 1;
        }
        self.record_planned(&what, false);
        self.touch(&what);
        match what {
            What::Say { client, server, ref text } => self.says(client, server, text),
            What::HangUp { client } => {
                if let Some(id) = self.clients[client].connection {
                    self.half_close(id);
                }
            }
            What::Read { client, pace } => {
                self.clients[client].pace = pace;
                if let Some(id) = self.clients[client].connection {
                    self.read(id, Way::Back);
                }
            }
            What::BreakClient { client } => {
                if let Some(id) = self.clients[client].connection {
                    self.break_connection(id);
                }
            }
            What::Break { from, to } => {
                for id in self.between(from, to) {
                    self.break_connection(id);
                }
            }
            What::Cut { from, to, both, .. } => {
                self.on_wires(from, to, both, |wire| wire.cuts += 1);
            }
            What::Delay { from, to, extra, .. } => self.on_wires(from, to, false, |wire| wire.extra += extra),
            What::Slow { from, to, pace, .. } => self.on_wires(from, to, false, |wire| wire.pace = Some(pace)),
            What::Middlebox { from, to, how, .. } => self.middlebox_stands(from, to, how),
            What::Stop { server, keeps, .. } => self.stop(index, server, keeps),
            What::Move { server, breaks } => self.moves(server, breaks),
            What::Enlist { .. } | What::Delist { .. } | What::Readdress { .. } => {
                if let Some((server, listing)) = what.listing() {
                    self.lists(server, listing);
                }
            }
            What::Trust { server, to } => self.trusts(server, to),
            What::Stranger { server, poses_as, there, ruse } => self.stranger_comes(server, poses_as, there, ruse),
            What::Impostor { server, .. } => self.hosts[server].impostors += 1,
            What::Crash { server, silent, keeps, .. } => self.crash(index, server, silent, keeps),
            What::Clock { server, jump, drift } => self.sets_clock(server, jump, drift),
            What::Places { server, how, .. } => self.hosts[server].illness = Some(how),
            What::Limit { server, .. } => self.limit(server, &self.scenario.bounds.tighter()),
            What::Hear { server, ref text } => self.hears(server, text),
            What::Disk { server, how, .. } => self.set_disk_ill(server, Some(how)),
            What::Rot { server, bit } => {
                if let Some(disk) = &mut self.hosts[server].disk {
                    disk.rot(bit);
                }
            }
        }
    }

    pub(super) fn is_over(&mut self, index: u32) {
        let what = self.scenario.events[index as usize].what.clone();
        self.record_planned(&what, true);
        self.touch(&what);
        match what {
            What::Cut { from, to, both, reset, .. } => {
                self.on_wires(from, to, both, |wire| wire.cuts -= 1);
                self.healed(from, to, reset);
            }
            What::Delay { from, to, extra, .. } => self.on_wires(from, to, false, |wire| wire.extra -= extra),
            What::Slow { from, to, .. } => {
                self.on_wires(from, to, false, |wire| wire.pace = None);
                for id in self.between(from, to) {
                    for way in Way::BOTH {
                        self.read(id, way);
                    }
                }
            }
            What::Crash { server, .. } if self.hosts[server].crashed_by == Some(index) => {
                self.start_server(server);
                self.wake_the_dead(server);
            }
            What::Middlebox { from, to, how, .. } => self.middlebox_goes(from, to, how),
            What::Stop { server, .. } => self.starts_again(index, server),
            What::Impostor { server, .. } => {
                self.hosts[server].impostors -= 1;
                self.impostors_go(server);
            }
            What::Places { server, .. } => self.hosts[server].illness = None,
            What::Limit { server, .. } => self.limit(server, &self.scenario.bounds.clone()),
            What::Disk { server, .. } => self.set_disk_ill(server, None),
            _ => {}
        }
    }

    /// A server that is up is told of its new limits.
    fn limit(&mut self, server: usize, bounds: &Bounds) {
        self.handle(server, Event::Limits(Arc::new(bounds.limits())));
        self.perform(server);
    }

    /// Something begins or ends that may be trouble for links.
    fn touch(&mut self, what: &What) {
        if let Some((from, to)) = what.link() {
            let now = self.now;
            self.on_wires(from, to, true, |wire| wire.troubled_at = now);
        } else if let Some(server) = what.server().filter(|_| what.ends_links() || what.listing().is_some()) {
            self.touch_server(server);
        }
    }

    /// A server begins or ends to be there, or to have somebody in its list.
    pub(super) fn touch_server(&mut self, server: usize) {
        for wire in self.wires.from(server) {
            let reverse = self.wires.get(wire).reverse;
            for wire in [wire, reverse] {
                self.wires.get_mut(wire).troubled_at = self.now;
            }
        }
    }

    fn on_wires(&mut self, from: usize, to: usize, both: bool, change: impl Fn(&mut crate::wires::Wire)) {
        if let Some(wire) = self.wires.find(&self.herd, from, to) {
            change(self.wires.get_mut(wire));
            if both {
                let reverse = self.wires.get(wire).reverse;
                change(self.wires.get_mut(reverse));
            }
        }
    }

    /// A cut is over: connections that waited go on, or are reset.
    fn healed(&mut self, from: usize, to: usize, reset: bool) {
        let Some(wire) = self.wires.find(&self.herd, from, to) else { return };
        if self.wires.is_severed(wire) {
            return;
        }
        for id in self.between(from, to) {
            let Some(connection) = self.connections.get(id) else { continue };
            let waits = connection.pipes.iter().any(|pipe| pipe.held > 0 || pipe.acks_owed > 0 || pipe.unsent_len > 0);
            if reset && waits && !connection.dead {
                for side in [Side::Opener, Side::Acceptor] {
                    let at = self.now + self.seed.below(SECOND);
                    self.calendar.put(at, Due::Reset(id, side));
                }
            } else {
                for way in Way::BOTH {
                    self.release(id, way);
                }
            }
        }
    }

    /// A client sends no more, and reads what it is owed.
    fn half_close(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        // It stays here until the server has closed, too.
        connection.pipes[Way::There as usize].closed = true;
        self.pump(id, Way::There);
    }

    pub(super) fn crash(&mut self, index: u32, server: usize, silent: bool, keeps: bool) {
        if self.hosts[server].node.is_none() {
            return;
        }
        self.check_feed(server);
        let seed = &mut self.seed;
        self.hosts[server].crash(index, (silent, keeps), &mut || seed.number());
        self.loses(server);
        for wire in self.wires.from(server) {
            self.wires.get_mut(wire).connection = None;
        }
        for id in self.connections.ids() {
            let Some(connection) = self.connections.get(id) else { continue };
            let opens = match connection.opener {
                Opener::Link(link) => self.wires.get(link).from as usize == server,
                Opener::Client(_) | Opener::Stranger(_) => false,
            };
            if opens {
                self.dies(id, Side::Opener, silent);
            } else if connection.server as usize == server {
                self.dies(id, Side::Acceptor, silent);
            }
        }
    }

    /// The process at one end is gone. Its machine closes the connection, or is gone with it.
    fn dies(&mut self, id: ConnectionId, side: Side, silent: bool) {
        let orderly = self.seed.percent(50);
        if side == Side::Acceptor && self.is_kept_by_middlebox(id) {
            return;
        }
        let Some(connection) = self.connections.get_mut(id) else { return };
        if connection.end(side) == End::Gone {
            return;
        }
        connection.session = if side == Side::Acceptor { None } else { connection.session.take() };
        let pipe = &mut connection.pipes[side.sends() as usize];
        // What the machine has not taken is lost, in the middle of a line maybe.
        pipe.unsent.clear();
        pipe.unsent_len = 0;
        pipe.unheard = true;
        if silent {
            self.forget(id, side);
        } else if orderly {
            self.close(id, side);
            self.forget(id, side);
        } else {
            self.abort(id, side);
        }
    }

    /// A machine is back, and knows nothing of the connections that others still have with it: those who
    /// sent something meanwhile are told.
    fn wake_the_dead(&mut self, server: usize) {
        for id in self.connections.ids() {
            let Some(connection) = self.connections.get(id) else { continue };
            let opener = match connection.opener {
                Opener::Link(link) => Some(self.wires.get(link).from as usize),
                Opener::Client(_) | Opener::Stranger(_) => None,
            };
            for (side, owner) in [(Side::Opener, opener), (Side::Acceptor, Some(connection.server as usize))] {
                let pipe = &connection.pipes[side.sends().other() as usize];
                let sent = pipe.unheard || pipe.unsent_len > 0;
                if owner == Some(server) && connection.end(side) == End::Gone && sent {
                    let at = self.now + self.seed.below(SECOND);
                    self.calendar.put(at, Due::Reset(id, side.other()));
                }
            }
        }
    }

    fn record_planned(&mut self, what: &What, over: bool) {
        if !self.is_traced() || matches!(what, What::Say { .. }) {
            return;
        }
        let (server, peer) = match (what.link(), what.server()) {
            (Some((from, to)), _) => (Some(from), Some(to)),
            (None, server) => (server, None),
        };
        let client = what.client();
        let kind = if over { "over" } else { "fault" };
        let text = serde_json::to_string(what).expect("plain data has nothing that JSON lacks");
        self.record(|record| Record { kind, server, peer, client, text: &text, ..record });
    }
}
