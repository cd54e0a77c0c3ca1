//! Sessions: what is read goes in, replies come out.

use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use herd::{Answer, BroughtBy, Received, SessionId};

use super::feed::Told;
use super::makes::shown;
use super::{FastPath, Run};
use crate::calendar::Due;
use crate::connection::{Connection, ConnectionId, End, Opener, Side, Way};
use crate::host;
use crate::oracle::Verdict;
use crate::scenario::SECOND;
use crate::trace::escaped;
use crate::violation::Invariant;

/// What comes to a session.
pub(super) enum Input<'a> {
    Bytes(&'a [u8]),
    /// Nothing: it goes on with what it held back.
    More,
    /// Nothing, ever again.
    End,
}

impl Run {
    /// One pass: what comes goes to the session, what it understood to the node, the replies back.
    pub(super) fn serve(&mut self, id: ConnectionId, input: &Input<'_>) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        let server = connection.server as usize;
        let Some(mut session) = connection.session.take() else { return };
        let host = &self.hosts[server];
        let node = Arc::clone(host.node.as_ref().expect("a session lives no longer than its node"));
        let (mut turn, mut out) = (mem::take(&mut self.turn), mem::take(&mut self.scratch.out));
        turn.now = host.now(self.now);
        let received = match *input {
            Input::Bytes(bytes) => session.receive(&node, &mut turn, bytes),
            Input::More => session.receive(&node, &mut turn, &[]),
            Input::End => session.finish(&node, &mut turn),
        };
        let refuses = self.judge(id, server, &received, matches!(input, Input::End));
        let decided = received.serve();
        let (why_not, last) = (decided.refused(), mem::take(&mut self.scratch.last));
        if refuses.is_some_and(|refuses| refuses != why_not.is_some()) {
            let what = match why_not {
                Some(why) => format!("a line was refused that deserves a reply: {why}"),
                None => "a line was taken that deserves to be refused".into(),
            };
            let is_strange = self.connections.get(id).is_some_and(|open| matches!(open.opener, Opener::Stranger(_)));
            let invariant = if is_strange { Invariant::Believed } else { Invariant::Deserved };
            self.violate(invariant, Some(server), what);
        }
        decided.reply(&mut out);
        self.turn = turn;
        if let Some(why) = why_not {
            self.check_refused(id, why, &last);
        }
        self.connections.get_mut(id).expect("nothing ended it").session = Some(session);
        self.replied_by(server, &mut out);
        self.reply(id, &mut out);
        self.scratch.out = out;
        self.count_buffers(id);
        self.take_feed(server, None);
        self.check_told(server);
        let effort = mem::take(&mut self.scratch.effort);
        self.check_fair(id, server, effort);
        self.perform(server);
        self.after_pass(id);
    }

    /// Sends what a session gave.
    fn reply(&mut self, id: ConnectionId, out: &mut Vec<u8>) {
        if !out.is_empty() {
            let is_overheard = self.listens_in && self.connections.get(id).is_some_and(Connection::is_of_link);
            if is_overheard {
                self.overheard.hear(id, Way::Back, out);
            }
            let bytes = Bytes::copy_from_slice(out);
            if let Some(talk) = self.connections.get_mut(id).and_then(|connection| connection.talk.as_mut()) {
                talk.written += bytes.len() as u64;
            }
            if !self.withholds(id, &bytes) && self.write(id, Way::Back, bytes) {
                self.session_sent(id);
            }
            out.clear();
            self.check_unsent(id);
        }
    }

    pub(super) fn session_sent(&mut self, id: ConnectionId) {
        let instant = herd::Instant::from_nanos(self.now);
        if let Some(session) = self.connections.get_mut(id).and_then(|connection| connection.session.as_mut()) {
            session.sent(instant);
        }
    }

    /// Tells the node how much is unsent; what it wants because of that is still to be [done](Self::perform).
    pub(super) fn count_buffers(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        let (server, unsent) = (connection.server as usize, connection.unsent_replies());
        if let (Some(session), Some(node)) = (&mut connection.session, &self.hosts[server].node) {
            session.holds(node, &mut self.turn, unsent);
        }
        self.check_buffers(server);
    }

    /// Closes a session because buffers are full.
    pub(super) fn close_for_room(&mut self, session: SessionId) {
        let id = ConnectionId::of_number(session.0);
        if self.connections.get(id).is_some_and(|connection| connection.session.is_some()) {
            self.abort(id, Side::Acceptor);
        }
    }

    /// Goes on with what was held back, and closes what is finished.
    pub(super) fn after_pass(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get(id) else { return };
        let Some(session) = &connection.session else { return };
        // What it has held back is not taken in any more.
        if self.hosts[connection.server as usize].stopping.is_some() {
            return self.close_if_stopping(id);
        }
        let unsent = connection.unsent_replies();
        if session.can_resume() {
            self.wants_turn(id);
        } else if session.is_finished() && unsent == 0 && connection.end(Side::Acceptor) == End::Here {
            self.close(id, Side::Acceptor);
        }
    }

    pub(super) fn answer(&mut self, session: SessionId, answer: Answer) {
        let id = ConnectionId::of_number(session.0);
        let mut out = mem::take(&mut self.scratch.out);
        let connection = self.connections.get_mut(id);
        if let Some(session) = connection.and_then(|connection| connection.session.as_mut()) {
            session.answer(answer, &mut out);
            self.reply(id, &mut out);
            self.count_buffers(id);
        }
        self.scratch.out = out;
        self.resume(id);
    }

    /// Works out what must become of these lines: whether one is refused, where that can be told.
    fn judge(&mut self, id: ConnectionId, server: usize, received: &Received<'_>, at_end: bool) -> Option<bool> {
        self.notice_what_has_gone(server);
        let mut refused = false;
        let mut repairs = false;
        let connection = self.connections.get(id).expect("it is being served");
        let opener = connection.opener;
        for line in received.lines() {
            self.stats.messages += 1;
            if self.is_traced() {
                self.record_line("take", id, Way::There, &shown(line));
            }
            let verdict = match opener {
                Opener::Link(link) => self.judge_link(id, link, line),
                Opener::Client(_) => self.judge_client(id, server, line),
                Opener::Stranger(poses_as) => self.judge_stranger(id, poses_as as usize, line),
            };
            let places = if let Verdict::Asks(_, bound) = verdict { bound } else { 0 };
            self.scratch.effort.add(line, places);
            self.scratch.effort.questions += u64::from(line.starts_with(b"REPAIR "));
            repairs |= verdict == Verdict::Repairs;
            refused |= verdict == Verdict::Refused;
            // What comes behind a line that is refused is as if it had not come.
            if refused {
                self.scratch.last = line.to_vec();
                break;
            }
            // What a dying neighbour sent last may be cut off anywhere, and is then no report at all.
            if verdict == Verdict::Invented && !at_end {
                let what = format!("a neighbour sent what no client said: {}", escaped(line));
                self.violate(Invariant::Invented, Some(server), what);
            }
        }
        if repairs || (at_end && matches!(opener, Opener::Link(_))) {
            return None;
        }
        Some(refused)
    }

    /// What becomes of a line that a server says on its link.
    fn judge_link(&mut self, id: ConnectionId, link: u32, said: &[u8]) -> Verdict {
        let (from, server) = (self.wires.get(link).from as usize, self.wires.get(link).to as usize);
        if said.starts_with(b"HELLO ") {
            let lives = (self.connections.get(id).map_or(0, |c| c.life), self.hosts[server].life);
            self.wires.get_mut(link).met = Some(lives);
        }
        let proves = self.judge_proving(id, from, said);
        // Who has another hash key and knows nothing of keys asks all the same, and is refused by a server that it has
        // greeted.
        let compares = self.scenario.key(from) == self.scenario.key(server);
        let verdict = match proves {
            Some(verdict) => verdict,
            None if !self.is_believed(id) => Verdict::Refused,
            None if !compares && said.starts_with(b"REPAIR ") => Verdict::Repairs,
            None => self.oracle.judge_neighbour(server, &self.scenario.servers[from], said),
        };
        if let Some(connection) = self.connections.get_mut(id) {
            connection.proving.is_met |= verdict != Verdict::Refused;
        }
        if let Verdict::Report(report) = verdict {
            let peer = self.hosts[server].ids.id(from);
            let is_update = [&b"AT "[..], b"GONE ", b"AWAY "].into_iter().any(|word| said.starts_with(word));
            self.stats.updates += u64::from(is_update);
            let source = if is_update { BroughtBy::Neighbour(peer) } else { BroughtBy::Repair(peer) };
            self.scratch.told.push(Told { report, from: source });
            if let Some(tracker) = &mut self.tracker {
                tracker.took(report, server, Some(from), self.now);
            }
        }
        verdict
    }

    /// A session for a connection that reaches the server; false where there is no room for it.
    pub(super) fn accept(&mut self, id: ConnectionId) -> bool {
        let Some(connection) = self.connections.get(id) else { return false };
        let remote = match connection.opener {
            Opener::Link(link) => host::address(self.wires.get(link).from as usize, connection.moves),
            Opener::Client(_) => host::CLIENTS,
            Opener::Stranger(poses_as) => self.strangers_address(id, poses_as as usize),
        };
        let server = connection.server as usize;
        let node = self.hosts[server].node.as_ref().expect("it is up");
        let connection = self.connections.get_mut(id).expect("it was there");
        connection.ends[Side::Acceptor as usize] = End::Here;
        let Ok(seat) = node.let_in(remote) else { return false };
        connection.seat = Some(seat);
        let mut session = node.session(SessionId(id.number()), Some(remote), herd::Instant::from_nanos(self.now));
        session.set_fast(self.options.fast != FastPath::Off);
        let deadline = session.deadline();
        connection.session = Some(Box::new(session));
        if let Some(deadline) = deadline {
            self.calendar.put(deadline.as_nanos(), Due::Idle(id));
        }
        self.check_connections(server);
        true
    }

    /// Closes a session that rests for too long.
    pub(super) fn idle(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get(id) else { return };
        let Some(session) = &connection.session else { return };
        let Some(deadline) = session.deadline() else {
            self.calendar.put(self.now + SECOND, Due::Idle(id));
            return;
        };
        if deadline.as_nanos() > self.now {
            self.calendar.put(deadline.as_nanos(), Due::Idle(id));
        } else {
            self.abort(id, Side::Acceptor);
        }
    }
}
