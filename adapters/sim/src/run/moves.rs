//! Servers that move to another address, and those who look up where they are.

use herd::{Event, ServerId};

use super::Run;
use crate::connection::Opener;
use crate::host;

impl Run {
    /// A server has another address from now on: its connections are of the old one.
    pub(super) fn moves(&mut self, server: usize, breaks: bool) {
        self.hosts[server].moves += 1;
        for id in self.connections.ids() {
            let Some(connection) = self.connections.get(id) else { continue };
            let Opener::Link(link) = connection.opener else { continue };
            if self.wires.get(link).from as usize != server && connection.server as usize != server {
                continue;
            }
            if breaks {
                self.break_connection(id);
            } else {
                self.swallow(id);
            }
        }
    }

    /// A server looks up where a neighbour is.
    pub(super) fn resolve(&mut self, server: usize, peer: ServerId) {
        let wire = self.wire_to(server, peer);
        let to = self.wires.get(wire).to as usize;
        let moves = self.hosts[to].moves;
        self.wires.get_mut(wire).resolved = Some(moves);
        self.handle(server, Event::Resolved { peer, addresses: &[host::address(to, moves)] });
    }
}
