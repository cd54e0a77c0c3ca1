//! Clients: what they say, and what they get for it.

use bytes::Bytes;
use herd::BroughtBy;

use super::Run;
use super::feed::Told;
use crate::connection::{ConnectionId, End, Opener, Side, Way};
use crate::oracle::{ReportId, Verdict};
use crate::scenario::SECOND;
use crate::talk::{Owed, Talk};
use crate::viewer::Context;

impl Run {
    pub(super) fn says(&mut self, client: usize, server: usize, text: &str) {
        let current = self.clients[client].connection;
        let usable = current.filter(|&id| {
            self.connections.get(id).is_some_and(|connection| {
                let open = !connection.pipes[Way::There as usize].closed && connection.end(Side::Opener) == End::Here;
                open && connection.server as usize == server
            })
        });
        if usable.is_none() {
            if let Some(id) = current {
                self.close(id, Side::Opener);
                self.clients[client].connection = None;
            }
            // Nobody listens: the client gives up.
            if !self.hosts[server].listens() {
                return;
            }
        }
        let id = usable.unwrap_or_else(|| self.client_connects(client, server));
        if let Some(talk) = self.connections.get_mut(id).and_then(|connection| connection.talk.as_mut()) {
            talk.says(text);
        }
        if self.is_traced() {
            self.record_line("say", id, Way::There, text.as_bytes());
        }
        self.write(id, Way::There, Bytes::copy_from_slice(text.as_bytes()));
    }

    fn client_connects(&mut self, client: usize, server: usize) -> ConnectionId {
        let opener = Opener::Client(u32::try_from(client).expect("few clients"));
        let id = self.connections.open(opener, u32::try_from(server).expect("few servers"));
        let excused = self.hosts[server].excused;
        if let Some(connection) = self.connections.get_mut(id) {
            connection.talk = Some(Box::new(Talk::new(excused)));
        }
        self.clients[client].connection = Some(id);
        if !self.accept(id) {
            self.abort(id, Side::Acceptor);
        }
        id
    }

    /// What a client's line makes the server owe it.
    pub(super) fn judge_client(&mut self, id: ConnectionId, server: usize, line: &[u8]) -> Verdict {
        let wall = self.hosts[server].now(self.now).wall;
        self.oracle.is_ahead = self.hosts[server].clock.error(self.now) > i128::from(30 * SECOND);
        let verdict = self.oracle.judge_client(server, &self.scenario.servers[server], wall, line);
        let verdict = match verdict {
            Verdict::Asks(report, _) | Verdict::Nears(_, Some(report)) if self.is_hidden(server, report) => {
                Verdict::Refused
            }
            Verdict::Watches(target) if !self.may_watch(id, &target) => Verdict::Refused,
            verdict => verdict,
        };
        let owed = match verdict {
            Verdict::Nears(ref near, around) => {
                self.stats.nears += 1;
                Some(self.asks_near(server, near, around))
            }
            Verdict::Watches(ref target) => {
                self.stats.watches += 1;
                self.watches(id, target)
            }
            Verdict::Unwatches(ref target) => Some(self.unwatches(id, target)),
            Verdict::Report(report) => {
                self.stats.iamats += 1;
                self.takes(server, report);
                // What is over and not yet deleted is no more than a place for the next.
                let client = self.oracle.report(report).client;
                if self.oracle.newest(server, client).is_some_and(|newest| self.is_hidden(server, newest)) {
                    self.oracle.expect(server, client, report);
                }
                if let Some(tracker) = &mut self.tracker {
                    tracker.took(report, server, None, self.now);
                }
                Some(Owed::Record(report))
            }
            Verdict::Forgets { tombstone, kept } => {
                self.stats.forgets += 1;
                self.takes(server, tombstone);
                self.note_forgotten(server, tombstone);
                let is_over = kept != tombstone && self.may_go(server, kept);
                Some(if is_over { Owed::Either(kept, tombstone) } else { Owed::Record(kept) })
            }
            Verdict::Asks(report, bound) => {
                self.stats.whatsats += 1;
                Some(Owed::Places(report, bound))
            }
            Verdict::Refused => Some(Owed::Refusal(line.to_vec())),
            Verdict::Fine | Verdict::Repairs | Verdict::Invented => None,
        };
        let connection = self.connections.get_mut(id);
        if let Some(talk) = connection.and_then(|connection| connection.talk.as_mut()) {
            talk.taken += 1;
            talk.refused |= verdict == Verdict::Refused;
            if let Some(owed) = owed {
                talk.owe(owed);
            }
        }
        verdict
    }

    /// A server takes a record from a client.
    fn takes(&mut self, server: usize, report: ReportId) {
        self.quiet_at = self.quiet_at.max(self.now);
        self.acknowledges(server, report);
        self.scratch.told.push(Told { report, from: BroughtBy::Client });
    }

    /// A server takes a record from a client: it is answered for.
    fn acknowledges(&mut self, server: usize, report: ReportId) {
        let client = self.oracle.report(report).client;
        let newest = self.hosts[server].acknowledged.entry(client).or_insert(report);
        if self.oracle.is_newer(report, *newest) {
            *newest = report;
        }
    }

    pub(super) fn client_receives(&mut self, id: ConnectionId, bytes: &[u8]) {
        if self.is_traced() {
            self.record_line("get", id, Way::Back, bytes);
        }
        let Some(connection) = self.connections.get_mut(id) else { return };
        let server = connection.server as usize;
        let Some(mut talk) = connection.talk.take() else { return };
        let before = talk.answered;
        let may_go = |record| self.may_have_gone(server, record);
        let so_far = self.hosts[server].kept_so_far.len();
        let outcome = talk.receives(bytes, &Context { oracle: &self.oracle, may_go: &may_go, so_far });
        self.stats.replies += (talk.answered - before) as u64;
        let outcome = outcome.and_then(|()| self.check_found(server, talk.found.drain(..)));
        if let Err((invariant, what)) = outcome {
            self.violate(invariant, Some(server), what);
        }
        if let Some(connection) = self.connections.get_mut(id) {
            connection.talk = Some(talk);
        }
    }

    /// The server has closed a client's connection.
    pub(super) fn client_ends(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get(id) else { return };
        let server = connection.server as usize;
        // A server that was killed owes what it owed.
        let killed = connection.broken || connection.pipes[Way::Back as usize].unheard;
        let outcome = connection.talk.as_ref().map_or(Ok(()), |talk| talk.ends(&self.oracle));
        if let (Err((invariant, what)), false) = (outcome, killed) {
            self.violate(invariant, Some(server), what);
        }
        self.close(id, Side::Opener);
        self.forget(id, Side::Opener);
    }

    /// Whether every client has what it is owed, as far as its connection and its own patience go.
    pub(super) fn unsettled(&self) -> Option<(usize, String)> {
        for id in self.connections.ids() {
            let Some(connection) = self.connections.get(id) else { continue };
            let (Opener::Client(client), Some(talk)) = (connection.opener, &connection.talk) else { continue };
            let reads = self.clients[client as usize].pace.is_none();
            let healthy = !connection.broken && connection.session.is_some();
            if reads && healthy && connection.end(Side::Opener) == End::Here && !talk.is_settled() {
                return Some((
                    connection.server as usize,
                    format!("client {client} waits: {}", talk.state(&self.oracle)),
                ));
            }
        }
        None
    }
}
