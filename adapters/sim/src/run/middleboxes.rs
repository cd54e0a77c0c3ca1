//! Middleboxes: who takes connections in place of a server, and bytes that nobody will read.

use super::Run;
use crate::calendar::Due;
use crate::connection::{ConnectionId, End, Opener, Side, Way};
use crate::scenario::Manner;

impl Run {
    /// A middlebox stands before `to` from now on, on the way from `from`.
    pub(super) fn middlebox_stands(&mut self, from: usize, to: usize, how: Manner) {
        let Some(wire) = self.wires.find(&self.herd, from, to) else { return };
        self.wires.get_mut(wire).boxes[how as usize] += 1;
        for id in self.between(from, to) {
            let opener = self.connections.get(id).map(|connection| connection.opener);
            if !matches!(opener, Some(Opener::Link(link)) if link == wire) {
                continue;
            }
            match how {
                Manner::Close | Manner::Hold => self.break_connection(id),
                Manner::Swallow => self.swallow(id),
                Manner::Keep => {}
            }
        }
    }

    pub(super) fn middlebox_goes(&mut self, from: usize, to: usize, how: Manner) {
        if let Some(wire) = self.wires.find(&self.herd, from, to) {
            self.wires.get_mut(wire).boxes[how as usize] -= 1;
        }
    }

    /// A wish for a connection comes to where a middlebox may stand; whether one took it.
    pub(super) fn is_taken_by_middlebox(&mut self, id: ConnectionId, link: u32) -> bool {
        let wire = self.wires.get(link);
        let is_away = !self.hosts[wire.to as usize].listens();
        let Some(how) = wire.manner().filter(|&how| how != Manner::Keep || is_away) else { return false };
        // Who asks for proofs takes nobody for a plain server.
        let (from, to) = (wire.from as usize, wire.to as usize);
        let misled = (!self.asks_for_proof(from, to)).then_some(self.hosts[from].life);
        let wire = self.wires.get_mut(link);
        wire.misled = misled.or(wire.misled);
        let at_once = self.seed.percent(50);
        if let Some(connection) = self.connections.get_mut(id) {
            connection.ends[Side::Acceptor as usize] = End::Here;
            connection.dead = matches!(how, Manner::Hold | Manner::Swallow);
            connection.ends_soon = !connection.dead && !at_once;
        }
        self.record_end("boxed", id);
        let latency = self.latency(id, Way::Back);
        let Some(connection) = self.connections.get_mut(id) else { return true };
        let pipe = &mut connection.pipes[Way::Back as usize];
        pipe.last_arrival = pipe.last_arrival.max(self.now + latency);
        self.calendar.put(pipe.last_arrival, Due::Opened(id));
        if matches!(how, Manner::Close | Manner::Keep) && at_once {
            self.end_boxed(id);
        }
        true
    }

    /// A connection leads nowhere from now on.
    pub(super) fn swallow(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if connection.end(Side::Acceptor) == End::Gone || connection.broken || connection.dead {
            return;
        }
        connection.dead = true;
        self.record_end("swallow", id);
    }

    /// The server at the end of a connection is gone. Whether a middlebox keeps its place, so that nobody hears of it.
    pub(super) fn is_kept_by_middlebox(&mut self, id: ConnectionId) -> bool {
        let Some(connection) = self.connections.get(id) else { return false };
        let Opener::Link(link) = connection.opener else { return false };
        if !connection.dead && self.wires.get(link).manner() != Some(Manner::Keep) {
            return false;
        }
        self.swallow(id);
        let Some(connection) = self.connections.get_mut(id) else { return true };
        if !connection.dead {
            return false;
        }
        (connection.session, connection.seat) = (None, None);
        connection.pipes[Way::Back as usize].clear();
        let unread = std::mem::take(&mut connection.pipes[Way::There as usize].inbox);
        for piece in unread {
            self.acknowledge(id, Way::There, piece.len());
        }
        true
    }

    /// A piece comes to where it is thrown away: none of its bytes go on, nor does its end.
    pub(super) fn arrives_nowhere(&mut self, id: ConnectionId, way: Way, len: usize) {
        if len > 0 {
            return self.acknowledge(id, way, len);
        }
        self.forget(id, way.sender());
        self.forget_if_boxed(id);
    }

    /// A middlebox has no use for a connection that its opener has given up, and nobody else has it.
    pub(super) fn forget_if_boxed(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get(id) else { return };
        if connection.session.is_none() && connection.end(Side::Opener) == End::Gone {
            self.forget(id, Side::Acceptor);
        }
    }

    /// The first bytes came on a connection that a middlebox is to end, which is what it does.
    pub(super) fn end_boxed(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(id) {
            connection.ends_soon = false;
        }
        if self.seed.percent(50) {
            self.close(id, Side::Acceptor);
        } else {
            self.abort(id, Side::Acceptor);
        }
    }
}
