//! Strangers: who says what a neighbour would and can prove nothing.
//!
//! They act only where a proof is asked for, or from elsewhere than the address of the server that they say they are. So
//! nothing that they say is ever to be taken, and what is to become of each line needs no look at what they know.

use bytes::Bytes;

use super::Run;
use crate::calendar::Due;
use crate::connection::{Connection, ConnectionId, End, Opener, Side, Way};
use crate::host;
use crate::oracle::Verdict;
use crate::scenario::Ruse;
use crate::stranger::{Stranger, Wits};
use crate::trace::escaped;
use crate::violation::Invariant;

impl Run {
    /// Somebody connects to a server, says that it is a neighbour of that, and goes on from there.
    pub(super) fn stranger_comes(&mut self, server: usize, poses_as: usize, is_there: bool, ruse: Ruse) {
        if server == poses_as || is_there && !self.asks_for_proof(server, poses_as) {
            return;
        }
        let stranger = Stranger::new(ruse, self.scenario.servers[poses_as].clone(), is_there);
        let opens = stranger.opens(&mut Wits { chance: &mut self.seed, overheard: &self.overheard });
        self.stranger_connects(server, poses_as, stranger, opens);
    }

    fn stranger_connects(&mut self, server: usize, poses_as: usize, stranger: Stranger, says: Vec<u8>) {
        if !self.hosts[server].listens() {
            return;
        }
        let number = |server: usize| u32::try_from(server).expect("few servers");
        let id = self.connections.open(Opener::Stranger(number(poses_as)), number(server));
        let connection = self.connections.get_mut(id).expect("it was just opened");
        connection.moves = self.hosts[poses_as].moves;
        connection.stranger = Some(Box::new(stranger));
        if self.accept(id) {
            self.stranger_says(id, Way::There, says);
        } else {
            self.abort(id, Side::Acceptor);
        }
    }

    /// Where a stranger's connection comes from.
    pub(super) fn strangers_address(&self, id: ConnectionId, poses_as: usize) -> std::net::IpAddr {
        let connection = self.connections.get(id);
        let is_there = connection.and_then(|open| open.stranger.as_ref()).is_some_and(|stranger| stranger.is_there);
        let moves = connection.map_or(0, |open| open.moves);
        if is_there { host::address(poses_as, moves) } else { host::STRANGERS }
    }

    fn stranger_says(&mut self, id: ConnectionId, way: Way, bytes: Vec<u8>) {
        if self.is_traced() && !bytes.is_empty() {
            self.record_line("say", id, way, &bytes);
        }
        self.write(id, way, Bytes::from(bytes));
    }

    /// What becomes of a stranger's line: a greeting may be answered with what is to be proved, and nothing is.
    pub(super) fn judge_stranger(&mut self, id: ConnectionId, poses_as: usize, line: &[u8]) -> Verdict {
        self.stats.strangers += 1;
        match herd::wire::Message::parse(line) {
            Ok(None) => Verdict::Fine,
            Ok(Some(herd::wire::Message::Hello { sender, fields: Some(fields), .. })) if fields.nonce.is_some() => {
                // What it repeats may be another server's.
                let named = self.scenario.servers.iter().position(|name| name.as_bytes() == sender);
                let verdict = self.judge_proving(id, named.unwrap_or(poses_as), line);
                verdict.filter(|_| named.is_some()).unwrap_or(Verdict::Refused)
            }
            Ok(Some(_)) | Err(_) => Verdict::Refused,
        }
    }

    /// A server answers a stranger that has connected to it.
    pub(super) fn stranger_hears(&mut self, id: ConnectionId, bytes: &[u8]) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        let (Opener::Stranger(poses_as), server) = (connection.opener, connection.server as usize) else { return };
        let Some(mut stranger) = connection.stranger.take() else { return };
        let lines = stranger.hear(bytes);
        for greeting in lines.iter().filter(|line| line.starts_with(b"HELLO ")) {
            self.stranger_is_answered(id, (server, poses_as as usize), &stranger, greeting);
        }
        if let Some(connection) = self.connections.get_mut(id) {
            connection.stranger = Some(stranger);
        }
    }

    fn stranger_is_answered(
        &mut self,
        id: ConnectionId,
        (server, poses_as): (usize, usize),
        stranger: &Stranger,
        greeting: &[u8],
    ) {
        let mut wits = Wits { chance: &mut self.seed, overheard: &self.overheard };
        match (stranger.ruse, crate::overheard::field(greeting, b"nonce"), stranger.proves_on) {
            (Ruse::Relay, Some(nonce), None) => {
                let name = self.scenario.servers[server].clone();
                let mut other = Stranger::new(Ruse::Relay, name, false);
                other.proves_on = Some(id);
                let asks = other.asking(&nonce, &mut wits);
                self.stranger_connects(poses_as, server, other, asks);
            }
            (Ruse::Relay, _, Some(first)) => {
                let first_one = Stranger::new(Ruse::Reflect, self.scenario.servers[server].clone(), false);
                let says = first_one.answers(greeting, &mut wits);
                self.stranger_says(first, Way::There, says);
            }
            _ => {
                let says = stranger.answers(greeting, &mut wits);
                self.stranger_says(id, Way::There, says);
            }
        }
    }

    /// The server has closed a stranger's connection.
    pub(super) fn stranger_ends(&mut self, id: ConnectionId) {
        self.close(id, Side::Opener);
        self.forget(id, Side::Opener);
    }

    /// A wish for a connection comes to where a server is down; whether somebody else takes it.
    pub(super) fn is_taken_by_impostor(&mut self, id: ConnectionId, link: u32) -> bool {
        let (from, to) = (self.wires.get(link).from as usize, self.wires.get(link).to as usize);
        let host = &self.hosts[to];
        if host.impostors == 0 || host.node.is_some() || !self.asks_for_proof(from, to) {
            return false;
        }
        let latency = self.latency(id, Way::Back);
        let name = self.scenario.servers[to].clone();
        let Some(connection) = self.connections.get_mut(id) else { return true };
        connection.ends[Side::Acceptor as usize] = End::Here;
        connection.stranger = Some(Box::new(Stranger::new(Ruse::Forge, name, true)));
        let pipe = &mut connection.pipes[Way::Back as usize];
        pipe.last_arrival = pipe.last_arrival.max(self.now + latency);
        self.calendar.put(pipe.last_arrival, Due::Opened(id));
        self.record_end("boxed", id);
        true
    }

    /// A server talks to somebody who has its neighbour's address.
    pub(super) fn impostor_hears(&mut self, id: ConnectionId, bytes: &[u8]) {
        let Some(connection) = self.connections.get_mut(id).filter(|connection| connection.is_with_impostor()) else {
            return;
        };
        let Some(mut stranger) = connection.stranger.take() else { return };
        for greeting in stranger.hear(bytes) {
            self.stats.strangers += 1;
            let mut wits = Wits { chance: &mut self.seed, overheard: &self.overheard };
            let says = stranger.is_greeted(&greeting, &mut wits);
            self.stranger_says(id, Way::Back, says);
        }
        let closes = self.seed.percent(20);
        let Some(connection) = self.connections.get_mut(id) else { return };
        connection.stranger = Some(stranger);
        if closes {
            self.close(id, Side::Acceptor);
        }
    }

    /// A server says to whoever has its neighbour's address no more than that it is there.
    pub(super) fn check_said(&mut self, id: ConnectionId, server: usize, bytes: &[u8]) {
        let is_with_impostor = self.connections.get(id).is_some_and(Connection::is_with_impostor);
        let mut lines = bytes.split_inclusive(|&byte| byte == b'\n');
        if is_with_impostor && let Some(told) = lines.find(|line| !line.starts_with(b"HELLO ")) {
            let what = format!("it tells who is no neighbour: {}", escaped(told));
            self.violate(Invariant::Believed, Some(server), what);
        }
    }

    /// Nobody has the address of a server any more who is not that.
    pub(super) fn impostors_go(&mut self, server: usize) {
        for id in self.connections.ids() {
            let is_its = |open: &Connection| open.is_with_impostor() && open.server as usize == server;
            if self.connections.get(id).is_some_and(is_its) {
                self.abort(id, Side::Acceptor);
            }
        }
    }

    /// A server will believe addresses: whoever has one that is not its own is gone before, and all that it has said.
    pub(super) fn drop_strangers(&mut self, server: usize) {
        for id in self.connections.ids() {
            let Some(connection) = self.connections.get_mut(id).filter(|open| open.stranger.is_some()) else {
                continue;
            };
            let (opener, acceptor) = (connection.opener, connection.server as usize);
            let believer = if let Opener::Link(link) = opener { self.wires.get(link).from as usize } else { acceptor };
            if believer != server {
                continue;
            }
            connection.pipes.iter_mut().for_each(|pipe| pipe.inbox.clear());
            if let Opener::Link(_) = opener {
                self.abort(id, Side::Acceptor);
            } else {
                self.abort(id, Side::Opener);
                self.forget(id, Side::Acceptor);
            }
        }
    }
}
