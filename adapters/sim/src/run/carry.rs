//! Bytes on their way: taken from the sender, delayed, cut, delivered in order.

use bytes::Bytes;
use herd::Event;

use super::Run;
use crate::calendar::Due;
use crate::connection::{Connection, ConnectionId, End, Opener, Side, Way};
use crate::scenario::{Nanos, SECOND};

impl Run {
    /// The wire that carries that direction, where it is one between servers.
    pub(super) fn wire_of(&self, connection: &Connection, way: Way) -> Option<u32> {
        match (connection.opener, way) {
            (Opener::Link(link), Way::There) => Some(link),
            (Opener::Link(link), Way::Back) => Some(self.wires.get(link).reverse),
            (Opener::Client(_) | Opener::Stranger(_), _) => None,
        }
    }

    fn is_cut(&self, connection: &Connection, way: Way) -> bool {
        self.wire_of(connection, way).is_some_and(|wire| self.wires.get(wire).cuts > 0)
    }

    /// How long a piece takes in that direction, jitter included.
    pub(super) fn latency(&mut self, id: ConnectionId, way: Way) -> Nanos {
        let wire = self.connections.get(id).and_then(|connection| self.wire_of(connection, way));
        let network = &self.scenario.network;
        let jitter = if network.jitter == 0 { 0 } else { self.seed.below(network.jitter + 1) };
        let steady = wire.map_or(network.latency, |wire| {
            let wire = self.wires.get(wire);
            wire.latency + wire.extra
        });
        steady + jitter
    }

    /// How fast the receiver of that direction reads, if slowly.
    pub(super) fn pace(&self, connection: &Connection, way: Way) -> Option<u64> {
        match (connection.opener, way) {
            (Opener::Client(client), Way::Back) => self.clients[client as usize].pace,
            (Opener::Client(_), Way::There) | (Opener::Stranger(_), _) => None,
            (Opener::Link(_), _) => self.wire_of(connection, way).and_then(|wire| self.wires.get(wire).pace),
        }
    }

    /// The sender of that direction sends bytes; whether the network took all that it has.
    pub(super) fn write(&mut self, id: ConnectionId, way: Way, bytes: Bytes) -> bool {
        let Some(connection) = self.connections.get_mut(id) else { return true };
        // What is sent on a broken connection goes nowhere, and nobody knows yet.
        if connection.broken {
            return true;
        }
        self.digest.sent(self.now, id, way, &bytes);
        let pipe = &mut connection.pipes[way as usize];
        pipe.unsent_len += bytes.len();
        pipe.unsent.push_back(bytes);
        self.pump(id, way);
        self.connections.get(id).is_none_or(|connection| connection.pipes[way as usize].unsent_len == 0)
    }

    /// Lets the network take what it can of what is unsent.
    pub(super) fn pump(&mut self, id: ConnectionId, way: Way) {
        let (window, most) = (self.scenario.network.window.max(1), self.scenario.network.segment.max(1));
        let (cut, bandwidth) = (self.scenario.network.cut, self.scenario.network.bandwidth.max(1));
        loop {
            let Some(connection) = self.connections.get_mut(id) else { return };
            let pipe = &mut connection.pipes[way as usize];
            let room = window.saturating_sub(pipe.unacked);
            let Some(front) = pipe.unsent.front_mut() else { break };
            if room == 0 {
                return;
            }
            let most = if cut { 1 + self.seed.index(most) } else { most };
            let piece = front.split_to(front.len().min(most).min(room));
            if front.is_empty() {
                pipe.unsent.pop_front();
            }
            pipe.unsent_len -= piece.len();
            pipe.unacked += piece.len();
            let takes = piece.len() as u64 * SECOND / bandwidth;
            pipe.busy_until = pipe.busy_until.max(self.now) + takes;
            let departs = pipe.busy_until;
            self.fly(id, way, piece, departs);
        }
        let Some(connection) = self.connections.get_mut(id) else { return };
        let pipe = &mut connection.pipes[way as usize];
        if pipe.closed && !pipe.close_sent && !connection.broken {
            pipe.close_sent = true;
            let departs = pipe.busy_until.max(self.now);
            self.fly(id, way, Bytes::new(), departs);
        }
    }

    fn fly(&mut self, id: ConnectionId, way: Way, piece: Bytes, departs: Nanos) {
        let latency = self.latency(id, way);
        let Some(connection) = self.connections.get_mut(id) else { return };
        let pipe = &mut connection.pipes[way as usize];
        pipe.last_arrival = pipe.last_arrival.max(departs + latency);
        pipe.flying.push_back(piece);
        self.calendar.put(pipe.last_arrival, Due::Arrive(id, way));
    }

    pub(super) fn arrive(&mut self, id: ConnectionId, way: Way) {
        let Some(connection) = self.connections.get(id) else { return };
        let cut = self.is_cut(connection, way);
        let connection = self.connections.get_mut(id).expect("it was there");
        let (end, sender) = (connection.end(way.receiver()), connection.end(way.sender()));
        let pipe = &mut connection.pipes[way as usize];
        if cut {
            pipe.held += 1;
            return;
        }
        let Some(piece) = pipe.flying.pop_front() else { return };
        if connection.dead {
            return self.arrives_nowhere(id, way, piece.len());
        }
        if connection.ends_soon && way == Way::There {
            return self.end_boxed(id);
        }
        match end {
            End::Here if piece.is_empty() => {
                pipe.close_arrived = true;
                self.read(id, way);
            }
            End::Here => {
                pipe.inbox.push_back(piece);
                self.read(id, way);
            }
            End::Closing if piece.is_empty() => self.forget(id, way.receiver()),
            End::Closing => self.acked(id, way, piece.len()),
            End::Gone => {
                pipe.unheard = true;
                if sender != End::Gone && self.is_answered(id, way.receiver()) {
                    let latency = self.latency(id, way.other());
                    self.calendar.put(self.now + latency, Due::Reset(id, way.sender()));
                }
            }
        }
    }

    /// Whether the machine at an end that is gone says that it knows nothing of the connection.
    fn is_answered(&self, id: ConnectionId, side: Side) -> bool {
        let Some(connection) = self.connections.get(id) else { return false };
        let server = match (connection.opener, side) {
            (Opener::Link(link), Side::Opener) => self.wires.get(link).from,
            (Opener::Client(_) | Opener::Stranger(_), Side::Opener) => return true,
            (_, Side::Acceptor) => connection.server,
        };
        let host = &self.hosts[server as usize];
        host.node.is_some() || !host.silent
    }

    /// The sender will learn that so many bytes were read.
    pub(super) fn acknowledge(&mut self, id: ConnectionId, way: Way, len: usize) {
        let Some(connection) = self.connections.get(id) else { return };
        let cut = self.is_cut(connection, way.other());
        let connection = self.connections.get_mut(id).expect("it was there");
        let pipe = &mut connection.pipes[way as usize];
        if cut {
            pipe.acks_owed += len;
        } else if pipe.unsent_len == 0 {
            // Nobody waits for it, so when it comes makes no difference.
            pipe.unacked = pipe.unacked.saturating_sub(len);
        } else {
            let latency = self.latency(id, way.other());
            let len = u32::try_from(len).expect("a piece is short");
            self.calendar.put(self.now + latency, Due::Ack(id, way, len));
        }
    }

    pub(super) fn acked(&mut self, id: ConnectionId, way: Way, len: usize) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        let pipe = &mut connection.pipes[way as usize];
        pipe.unacked = pipe.unacked.saturating_sub(len);
        if pipe.unsent_len == 0 {
            return;
        }
        self.pump(id, way);
        let Some(connection) = self.connections.get(id) else { return };
        let drained = connection.pipes[way as usize].unsent_len == 0;
        match way {
            Way::Back => {
                self.session_sent(id);
                self.count_buffers(id);
                if let Some(server) = self.connections.get(id).map(|connection| connection.server as usize) {
                    self.perform(server);
                }
                self.resume(id);
            }
            Way::There => {
                if let Some((server, peer)) = self.owner_of(id).filter(|_| drained) {
                    self.tell(server, Event::Sent { peer });
                }
            }
        }
    }

    /// The way is open again: what was held goes on.
    pub(super) fn release(&mut self, id: ConnectionId, way: Way) {
        let late = self.seed.below(SECOND);
        let latency = self.latency(id, way);
        let Some(connection) = self.connections.get_mut(id) else { return };
        let pipe = &mut connection.pipes[way as usize];
        let held = std::mem::take(&mut pipe.held);
        let at = pipe.last_arrival.max(self.now + late + latency);
        pipe.last_arrival = at;
        for _ in 0..held {
            self.calendar.put(at, Due::Arrive(id, way));
        }
        let pipe = &mut connection.pipes[way.other() as usize];
        let owed = std::mem::take(&mut pipe.acks_owed);
        if let Ok(owed) = u32::try_from(owed)
            && owed > 0
        {
            self.calendar.put(self.now + late + latency, Due::Ack(id, way.other(), owed));
        }
    }
}
