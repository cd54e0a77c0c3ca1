//! Connections between servers: how they come about, and how they end.

use bytes::Bytes;
use herd::{Event, Parting, ServerId};

use super::Run;
use crate::calendar::Due;
use crate::connection::{Connection, ConnectionId, End, Opener, Side, Way};
use crate::host::Host;
use crate::scenario::{MILLI, SECOND};
use crate::trace::{Record, escaped};
use crate::violation::Invariant;

/// How often a wish for a connection is repeated by a machine that hears nothing, each time after
/// twice as long.
const SYN_TRIES: u32 = 5;

impl Run {
    pub(super) fn connect(&mut self, link: u32) {
        self.stats.connects += 1;
        let acceptor = self.wires.get(link).to;
        let (from, peer) = self.ends_of(link);
        self.resolve(from, peer);
        if !self.hosts[from].list.has(acceptor as usize) {
            let what = format!("it connects to {}, which is not in its list", self.name_of(from, peer));
            self.violate(Invariant::Links, Some(from), what);
        }
        let id = self.connections.open(Opener::Link(link), acceptor);
        let Host { life, moves, .. } = self.hosts[from];
        self.wires.get_mut(link).ended = false;
        let connection = self.connections.get_mut(id).expect("it was just opened");
        (connection.life, connection.moves, connection.opened_at) = (life, moves, self.now);
        if self.wires.get_mut(link).connection.replace(id).is_some() {
            let what = format!("it asks for a second connection to {}", self.name_of(from, peer));
            self.violate(Invariant::Links, Some(from), what);
        }
        self.record_end("connect", id);
        let latency = self.latency(id, Way::There);
        self.calendar.put(self.now + latency, Due::Syn(id, 0));
    }

    pub(super) fn syn(&mut self, id: ConnectionId, tries: u32) {
        let Some(connection) = self.connections.get(id) else { return };
        let Opener::Link(link) = connection.opener else { return };
        let acceptor = connection.server as usize;
        let is_severed = self.wires.is_severed(link);
        if !is_severed && self.is_taken_by_middlebox(id, link) {
            return;
        }
        if !is_severed && self.is_taken_by_impostor(id, link) {
            return;
        }
        let host = &self.hosts[acceptor];
        let (listens, silent) = (host.listens(), host.node.is_none() && host.silent);
        if is_severed || silent {
            if tries < SYN_TRIES {
                self.calendar.put(self.now + (SECOND << tries), Due::Syn(id, tries + 1));
            }
            return;
        }
        let due = if listens { Due::Opened(id) } else { Due::Refused(id) };
        let is_turned_away = listens && !self.accept(id);
        let latency = self.latency(id, Way::Back);
        let Some(connection) = self.connections.get_mut(id) else { return };
        let pipe = &mut connection.pipes[Way::Back as usize];
        pipe.last_arrival = pipe.last_arrival.max(self.now + latency);
        self.calendar.put(pipe.last_arrival, due);
        if is_turned_away {
            self.abort(id, Side::Acceptor);
        }
    }

    pub(super) fn opened(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get(id) else { return };
        let (Opener::Link(link), Some((server, peer))) = (connection.opener, self.owner_of(id)) else { return };
        if self.wires.is_severed(link) {
            self.calendar.put(self.now + SECOND, Due::Opened(id));
            return;
        }
        self.record_end("connected", id);
        self.tell(server, Event::Connected { peer, proven: false });
    }

    pub(super) fn ends_of(&self, link: u32) -> (usize, ServerId) {
        let wire = self.wires.get(link);
        (wire.from as usize, self.hosts[wire.from as usize].ids.id(wire.to as usize))
    }

    /// The wire that leads to a neighbour of a server's.
    pub(super) fn wire_to(&self, server: usize, peer: ServerId) -> u32 {
        let to = self.hosts[server].ids.server(peer);
        self.wires.find(&self.herd, server, to).expect("a node speaks of its neighbours")
    }

    /// Who has that connection, and to whom. Nobody does who has closed it: nothing more is said of it.
    pub(super) fn owner_of(&self, id: ConnectionId) -> Option<(usize, ServerId)> {
        let Opener::Link(link) = self.connections.get(id)?.opener else { return None };
        (self.wires.get(link).connection == Some(id)).then(|| self.ends_of(link))
    }

    /// Whoever opened the connection learns that it has none, or none any more.
    pub(super) fn lost(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if connection.end(Side::Opener) == End::Gone {
            return;
        }
        connection.pipes[Way::There as usize].unsent.clear();
        connection.pipes[Way::There as usize].unsent_len = 0;
        self.record_end("lost", id);
        let owner = self.owner_of(id);
        self.close(id, Side::Opener);
        self.forget(id, Side::Opener);
        if let Some((server, peer)) = owner {
            self.tell(server, Event::Lost { peer, why: "lost" });
        }
    }

    pub(super) fn disconnect(&mut self, link: u32, why: Parting) {
        let Some(id) = self.wires.get_mut(link).connection.take() else {
            let (from, peer) = self.ends_of(link);
            let what = format!("it closes the connection to {}, and has none", self.name_of(from, peer));
            return self.violate(Invariant::Links, Some(from), what);
        };
        self.check_parting(id, link, why);
        self.drop_connection(id, why == Parting::TimedOut);
    }

    /// Whoever opened a connection has no more use for it.
    pub(super) fn drop_connection(&mut self, id: ConnectionId, at_once: bool) {
        self.record_end("disconnect", id);
        let connected = self.connections.get(id).is_some_and(|connection| connection.end(Side::Acceptor) != End::Gone);
        if at_once || !connected {
            self.abort(id, Side::Opener);
        } else {
            self.close(id, Side::Opener);
        }
    }

    /// A side says that it sends no more than what is unsent.
    pub(super) fn close(&mut self, id: ConnectionId, side: Side) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if connection.end(side) != End::Here {
            return;
        }
        connection.ends[side as usize] = End::Closing;
        connection.pipes[side.sends() as usize].closed = true;
        self.record_end("close", id);
        self.pump(id, side.sends());
        if let Some(connection) = self.connections.get(id) {
            // The other end has said so before, or never heard of this connection.
            let heard = connection.pipes[side.sends().other() as usize].close_arrived;
            if heard || connection.end(side.other()) == End::Gone {
                self.forget(id, side);
            }
        }
    }

    /// A side drops the connection, and its machine tells the other one.
    pub(super) fn abort(&mut self, id: ConnectionId, side: Side) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if connection.end(side) == End::Gone {
            return;
        }
        connection.pipes[side.sends() as usize].clear();
        connection.broken = true;
        let latency = self.latency(id, side.sends());
        self.calendar.put(self.now + latency, Due::Reset(id, side.other()));
        self.forget(id, side);
    }

    /// A side learns that the connection is no more.
    pub(super) fn reset(&mut self, id: ConnectionId, side: Side) {
        let Some(connection) = self.connections.get(id) else { return };
        if connection.end(side) == End::Gone {
            return;
        }
        if connection.dead {
            // It comes as far as where everything ends.
            return self.forget_if_boxed(id);
        }
        let way = side.sends().other();
        if self.wire_of(connection, way).is_some_and(|wire| self.wires.get(wire).cuts > 0) {
            // Nobody hears it now; whoever sends something again will be told again.
            self.calendar.put(self.now + SECOND, Due::Reset(id, side));
            return;
        }
        let connection = self.connections.get_mut(id).expect("it was there");
        connection.broken = true;
        connection.pipes.iter_mut().for_each(crate::connection::Pipe::clear);
        if let (Side::Opener, Opener::Link(_)) = (side, connection.opener) {
            self.lost(id);
        } else {
            self.record_end("reset", id);
            self.forget(id, side);
        }
    }

    /// A side knows nothing of the connection any more.
    pub(super) fn forget(&mut self, id: ConnectionId, side: Side) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if connection.end(side) == End::Gone {
            return;
        }
        connection.ends[side as usize] = End::Gone;
        connection.pipes[side.sends().other() as usize].inbox.clear();
        match side {
            Side::Acceptor => {
                let server = connection.server as usize;
                connection.seat = None;
                connection.withheld.clear();
                if let Some(session) = connection.session.take().filter(|session| session.is_waiting()) {
                    self.tell(server, Event::Gone(session.id()));
                }
            }
            Side::Opener => match connection.opener {
                Opener::Link(link) => {
                    let wire = self.wires.get_mut(link);
                    wire.connection = wire.connection.filter(|&current| current != id);
                }
                Opener::Client(client) => {
                    let client = &mut self.clients[client as usize];
                    client.connection = client.connection.filter(|&current| current != id);
                }
                Opener::Stranger(_) => {}
            },
        }
        self.connections.free_if_over(id);
    }

    /// The connection breaks in the middle of what is on its way; its ends learn of it soon.
    pub(super) fn break_connection(&mut self, id: ConnectionId) {
        // One that is not there yet has nothing to break.
        let is_open = |connection: &Connection| connection.end(Side::Acceptor) != End::Gone && !connection.dead;
        if !self.connections.get(id).is_some_and(is_open) {
            return;
        }
        for way in Way::BOTH {
            let Some(connection) = self.connections.get_mut(id) else { return };
            let here = connection.end(way.receiver()) == End::Here;
            let pipe = &mut connection.pipes[way as usize];
            let piece = pipe.flying.pop_front().filter(|piece| here && pipe.held == 0 && !piece.is_empty());
            pipe.clear();
            if let Some(piece) = piece {
                let part = piece.slice(..=self.seed.index(piece.len()));
                pipe.inbox.push_back(part);
                self.read(id, way);
            }
        }
        let Some(connection) = self.connections.get_mut(id) else { return };
        connection.broken = true;
        connection.pipes.iter_mut().for_each(crate::connection::Pipe::clear);
        self.record_end("break", id);
        for side in [Side::Opener, Side::Acceptor] {
            let at = self.now + self.seed.below(50 * MILLI);
            self.calendar.put(at, Due::Reset(id, side));
        }
    }

    /// All connections between two servers, whoever opened them.
    pub(super) fn between(&self, one: usize, other: usize) -> Vec<ConnectionId> {
        let is_between = |id: &ConnectionId| {
            let Some(connection) = self.connections.get(*id) else { return false };
            let Opener::Link(link) = connection.opener else { return false };
            let ends = (self.wires.get(link).from as usize, connection.server as usize);
            ends == (one, other) || ends == (other, one)
        };
        self.connections.ids().into_iter().filter(is_between).collect()
    }

    /// Writes what happened to a connection into the trace.
    pub(super) fn record_end(&mut self, kind: &'static str, id: ConnectionId) {
        if self.is_traced() {
            self.record_line(kind, id, Way::There, &Bytes::new());
        }
    }

    pub(super) fn record_line(&mut self, kind: &'static str, id: ConnectionId, way: Way, text: &[u8]) {
        let Some(connection) = self.connections.get(id) else { return };
        let acceptor = Some(connection.server as usize);
        let (opener, client) = match connection.opener {
            Opener::Link(link) => (Some(self.wires.get(link).from as usize), None),
            Opener::Client(client) => (None, Some(client as usize)),
            Opener::Stranger(poses_as) => (Some(poses_as as usize), None),
        };
        // A line is told of where it is taken, and everything else where it is asked for.
        let at_acceptor = !text.is_empty() && way == Way::There || opener.is_none();
        let (server, peer) = if at_acceptor { (acceptor, opener) } else { (opener, acceptor) };
        let (text, connection) = (escaped(text), Some(id.number()));
        self.record(|record| Record { kind, server, peer, client, connection, text: &text, ..record });
    }
}
