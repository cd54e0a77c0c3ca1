//! What a server is told, and what it does about it.

use bytes::Bytes;
use herd::{Action, Event, Requests, SessionId};

use super::Run;
use crate::calendar::Due;
use crate::connection::{ConnectionId, End, Opener, Side, Way};
use crate::host;
use crate::oracle::{Verdict, split_sender};
use crate::places;
use crate::scenario::{Illness, MILLI, SECOND};
use crate::trace::{Record, escaped};
use crate::violation::Invariant;

/// How long a places source takes when it is well.
const PLACES_TAKE: u64 = 20 * MILLI;

/// How long one that never answers is waited for by whoever asked it for the core.
const PLACES_GIVE_UP: u64 = 60 * SECOND;

/// How often a server may be woken at one and the same time: for each of its links, and then some.
const MOST_WAKES: u32 = 1000;

/// What comes to a session.
pub(super) enum Input<'a> {
    Bytes(&'a [u8]),
    /// Nothing: it goes on with what it held back.
    More,
    /// Nothing, ever again.
    End,
}

impl Run {
    pub(super) fn start_server(&mut self, server: usize) {
        let seed = self.seed.number();
        self.oracle.forget(server);
        self.hosts[server].start(&self.herd, &self.limits, seed, self.now);
        for line in self.hosts[server].disk() {
            if let Some(id) = self.oracle.find(line) {
                self.oracle.tell(server, id);
            }
        }
        self.record(|record| Record { kind: "start", server: Some(server), ..record });
        self.tell(server, Event::Started);
    }

    /// Tells a node what happened, and does what it says; nothing where the server is down.
    pub(super) fn tell(&mut self, server: usize, event: Event<'_>) {
        let host = &mut self.hosts[server];
        let now = host.now(self.now);
        if let Some(node) = &mut host.node {
            node.handle(now, event, &mut self.scratch.actions);
            self.perform(server);
        }
    }

    /// Does what a node said, and what it says to what came of that.
    pub(super) fn perform(&mut self, server: usize) {
        while !self.scratch.actions.is_empty() {
            let mut actions = std::mem::take(&mut self.scratch.actions);
            for action in actions.drain(..) {
                match action {
                    Action::Connect { peer, attempt } => self.connect(server, peer, attempt),
                    Action::Forward { peer, attempt } => self.forward(server, peer, attempt),
                    Action::Disconnect { peer, attempt, why } => self.disconnect(server, peer, attempt, why),
                    Action::Reply { session, answer } => self.answer(session, answer),
                    Action::Fetch { fetch, query } => self.fetch(server, fetch, query),
                    Action::Compared { .. } => {}
                }
            }
            if self.scratch.actions.is_empty() {
                self.scratch.actions = actions;
                break;
            }
        }
        self.set_wake(server);
        self.check_links(server);
    }

    fn set_wake(&mut self, server: usize) {
        let host = &mut self.hosts[server];
        let Some(wake) = host.node.as_ref().and_then(|node| node.next_wake()) else { return };
        let wake = wake.as_nanos().max(self.now);
        if host.wake_at.is_none_or(|at| wake < at) {
            host.wake_at = Some(wake);
            let server = u32::try_from(server).expect("few servers");
            self.calendar.put(wake, Due::Wake(server, host.life));
        }
    }

    pub(super) fn wake(&mut self, server: usize, life: u32) {
        let host = &mut self.hosts[server];
        // Each time that was set is due some day, also when an earlier one was set later.
        if host.life != life || host.wake_at.is_none_or(|at| at > self.now) {
            return;
        }
        host.wake_at = None;
        let due = host.node.as_ref().and_then(|node| node.next_wake());
        if due.is_some_and(|due| due.as_nanos() <= self.now) {
            host.wakes = if host.woken_at == self.now { host.wakes + 1 } else { 0 };
            host.woken_at = self.now;
            if host.wakes > MOST_WAKES {
                self.violate(Invariant::Wakes, Some(server), "it wants to be woken without an end".into());
            }
            self.tell(server, Event::Woken);
        } else {
            self.set_wake(server);
        }
    }

    /// One pass: what comes goes to the session, what it understood to the node, the replies back.
    pub(super) fn serve(&mut self, id: ConnectionId, input: &Input<'_>) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        let server = connection.server as usize;
        let Some(mut session) = connection.session.take() else { return };
        let now = self.hosts[server].now(self.now);
        let batch = std::mem::take(&mut self.scratch.batch);
        let requests = match *input {
            Input::Bytes(bytes) => session.receive(now, bytes, batch),
            Input::More => session.receive(now, &[], batch),
            Input::End => session.finish(now, batch),
        };
        let mut out = std::mem::take(&mut self.scratch.out);
        let refuses = self.judge(id, server, &requests, matches!(input, Input::End));
        let replies = requests.skip().unwrap_or_else(|requests| {
            let node = self.hosts[server].node.as_mut().expect("a session lives no longer than its node");
            node.serve(now, &session, requests, &mut self.scratch.actions)
        });
        if refuses.is_some_and(|refuses| refuses != replies.refused().is_some()) {
            let what = match replies.refused() {
                Some(why) => format!("a line was refused that deserves a reply: {why}"),
                None => "a line was taken that deserves to be refused".into(),
            };
            self.violate(Invariant::Deserved, Some(server), what);
        }
        self.scratch.batch = session.reply(replies, &mut out);
        self.connections.get_mut(id).expect("nothing ended it").session = Some(session);
        self.reply(id, &mut out);
        self.scratch.out = out;
        self.check_touched(server);
        self.perform(server);
        self.after_pass(id);
    }

    /// Sends what a session gave.
    fn reply(&mut self, id: ConnectionId, out: &mut Vec<u8>) {
        if !out.is_empty() {
            if self.write(id, Way::Back, Bytes::copy_from_slice(out)) {
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

    /// Goes on with what was held back, and closes what is finished.
    pub(super) fn after_pass(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get(id) else { return };
        let Some(session) = &connection.session else { return };
        let unsent = connection.pipes[Way::Back as usize].unsent_len;
        if session.can_resume(unsent) {
            self.serve(id, &Input::More);
        } else if session.is_finished() && unsent == 0 && connection.end(Side::Acceptor) == End::Here {
            self.close(id, Side::Acceptor);
        }
    }

    fn answer(&mut self, session: SessionId, answer: herd::Answer) {
        let id = ConnectionId::of_number(session.0);
        let mut out = std::mem::take(&mut self.scratch.out);
        let connection = self.connections.get_mut(id);
        if let Some(session) = connection.and_then(|connection| connection.session.as_mut()) {
            session.answer(answer, &mut out);
            self.reply(id, &mut out);
        }
        self.scratch.out = out;
        self.resume(id);
    }

    fn fetch(&mut self, server: usize, fetch: herd::FetchId, query: herd::Query) {
        let (takes, fails) = match self.hosts[server].illness {
            None => (PLACES_TAKE, false),
            Some(Illness::Slow(takes)) => (takes, false),
            Some(Illness::Fails) => (PLACES_TAKE, true),
            Some(Illness::Silent) => (PLACES_GIVE_UP, true),
        };
        let number = u32::try_from(self.fetches.len()).expect("fewer fetches than that");
        let life = self.hosts[server].life;
        self.fetches.push((u32::try_from(server).expect("few servers"), life, fetch, query, fails));
        self.calendar.put(self.now + takes, Due::Fetched(number));
        self.record(|record| Record { kind: "fetch", server: Some(server), ..record });
    }

    pub(super) fn fetched(&mut self, number: usize) {
        let (server, life, fetch, query, fails) = self.fetches[number];
        let server = server as usize;
        if self.hosts[server].life == life && self.hosts[server].node.is_some() {
            let outcome = if fails { Err(places::failure()) } else { Ok(places::answer(&query)) };
            self.record(|record| Record { kind: "fetched", server: Some(server), ..record });
            self.tell(server, Event::Fetched { fetch, outcome });
        }
    }

    /// Works out what must become of these lines: whether one is refused, where that can be told.
    fn judge(&mut self, id: ConnectionId, server: usize, requests: &Requests, at_end: bool) -> Option<bool> {
        let mut refused = false;
        let mut repairs = false;
        let connection = self.connections.get(id).expect("it is being served");
        let opener = connection.opener;
        for line in requests.lines() {
            self.stats.messages += 1;
            if self.is_traced() {
                self.record_line("take", id, Way::There, line);
            }
            let verdict = match opener {
                Opener::Link { link, .. } => {
                    let from = self.wires.get(link).from as usize;
                    let verdict = self.oracle.judge_neighbour(server, &self.scenario.servers[from], line);
                    if let Verdict::Report(report) = verdict {
                        self.stats.updates += u64::from(line.starts_with(b"AT "));
                        self.scratch.touched.push(self.oracle.report(report).client);
                        if let Some(tracker) = &mut self.tracker {
                            tracker.took(report, server, Some(from), self.now);
                        }
                    }
                    verdict
                }
                Opener::Client(_) => self.judge_client(id, server, line),
            };
            repairs |= verdict == Verdict::Repairs;
            refused |= verdict == Verdict::Refused;
            // What comes behind a line that is refused is as if it had not come.
            if refused {
                break;
            }
            // What a dying neighbour sent last may be cut off anywhere, and is then no report at all.
            if verdict == Verdict::Invented && !at_end {
                let what = format!("a neighbour sent what no client said: {}", escaped(line));
                self.violate(Invariant::Invented, Some(server), what);
            }
        }
        if repairs || (at_end && matches!(opener, Opener::Link { .. })) {
            self.scratch.touched.push(super::checks::ALL);
            return None;
        }
        Some(refused)
    }

    /// Has the node told something on a link.
    fn forward(&mut self, server: usize, peer: herd::ServerId, attempt: herd::Attempt) {
        let link = self.wires.of(&self.herd, self.hosts[server].id, peer);
        let host = &mut self.hosts[server];
        let now = host.now(self.now);
        let Some(node) = &mut host.node else { return };
        let bytes = node.take(now.instant, peer, attempt).freeze();
        if bytes.is_empty() {
            return;
        }
        self.stats.link_bytes += bytes.len() as u64;
        self.count_crossings(link, &bytes);
        let connection = self.wires.get(link).connection.filter(|(current, _)| *current == attempt);
        let Some((_, id)) = connection else { return };
        if self.write(id, Way::There, bytes) {
            let host = &mut self.hosts[server];
            if let Some(node) = &mut host.node {
                node.handle(now, Event::Sent { peer, attempt }, &mut self.scratch.actions);
            }
        }
    }

    pub(super) fn count_crossings(&mut self, wire: u32, bytes: &[u8]) {
        let (from, to) = (self.wires.get(wire).from, self.wires.get(wire).to);
        let both_lives = u64::from(self.hosts[from as usize].life) << 32 | u64::from(self.hosts[to as usize].life);
        let mut rest = bytes;
        while let Some(len) = memchr::memchr(b'\n', rest) {
            let line = &rest[..len];
            rest = &rest[len + 1..];
            if self.is_traced() {
                let text = escaped(line);
                let (server, peer) = (Some(from as usize), Some(to as usize));
                self.record(|record| Record { kind: "send", server, peer, text: &text, ..record });
            }
            let Some((report, _)) = line.strip_prefix(b"AT ").and_then(split_sender) else { continue };
            let Some(report) = self.oracle.find(report) else {
                let what = format!("it sends what no client said: {}", escaped(line));
                self.violate(Invariant::Invented, Some(from as usize), what);
                continue;
            };
            if !self.crossings.insert((u64::from(report) << 32 | u64::from(wire), both_lives)) {
                let to = &self.scenario.servers[to as usize];
                let what = format!("sent to {to} a second time: {}", escaped(line));
                self.violate(Invariant::CrossesOnce, Some(from as usize), what);
            }
        }
    }

    /// A session for a connection that reaches the server.
    pub(super) fn accept(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        let remote = match connection.opener {
            Opener::Link { link, .. } => host::address(self.wires.get(link).from as usize),
            Opener::Client(_) => host::CLIENTS,
        };
        let node = self.hosts[connection.server as usize].node.as_ref().expect("it is up");
        let session = node.session(SessionId(id.number()), Some(remote), herd::Instant::from_nanos(self.now));
        let deadline = session.deadline();
        connection.session = Some(Box::new(session));
        connection.ends[Side::Acceptor as usize] = End::Here;
        if let Some(deadline) = deadline {
            self.calendar.put(deadline.as_nanos(), Due::Idle(id));
        }
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
