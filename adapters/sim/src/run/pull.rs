//! Links are pulled: what a server wants done about one is asked until it says to wait.

use std::sync::Arc;

use bytes::Bytes;
use herd::{Event, LinkStep, ServerId};

use super::Run;
use crate::connection::Way;
use crate::oracle::split_sender;
use crate::trace::{Record, escaped};
use crate::violation::Invariant;

/// How often a link is asked before it must say to wait: for all portions of a full queue, and then some.
const MOST_STEPS: usize = 1000;

impl Run {
    /// Does what is to be done about a link.
    pub(super) fn pull(&mut self, server: usize, peer: ServerId) {
        let Some(node) = self.hosts[server].node.clone() else { return };
        let link = self.wire_to(server, peer);
        for _ in 0..MOST_STEPS {
            self.turn.now = self.hosts[server].now(self.now);
            let step = node.poll_link(&mut self.turn, peer);
            self.digest.step(self.now, link, &step);
            match step {
                LinkStep::Connect => self.connect(link),
                LinkStep::Send(bytes) => self.send(link, bytes),
                LinkStep::Close(why) => self.disconnect(link, why),
                LinkStep::Wait(_) => return,
                LinkStep::End => return self.ends(link),
            }
        }
        let what = format!("its link to {} never says to wait", self.name_of(server, peer));
        self.violate(Invariant::Links, Some(server), what);
    }

    /// Sends what a server says on a link.
    fn send(&mut self, link: u32, bytes: Bytes) {
        self.stats.link_bytes += bytes.len() as u64;
        let (from, peer) = self.ends_of(link);
        let bytes = self.said_by(from, bytes);
        self.count_crossings(link, &bytes);
        let current = self.wires.get(link).connection;
        let current =
            current.and_then(|id| Some((id, self.connections.get(id)?.pipes[Way::There as usize].unsent_len)));
        let Some((id, unsent)) = current else {
            let what = format!("it sends to {}, and is not connected to it", self.name_of(from, peer));
            return self.violate(Invariant::Links, Some(from), what);
        };
        if unsent > 0 {
            let what =
                format!("it sends to {}, and {unsent} bytes of what it sent before wait", self.name_of(from, peer));
            self.violate(Invariant::Links, Some(from), what);
        }
        self.check_said(id, from, &bytes);
        self.note_proof(id, from, &bytes);
        if self.listens_in {
            self.overheard.hear(id, Way::There, &bytes);
        }
        if self.write(id, Way::There, bytes) {
            self.handle(from, Event::Sent { peer });
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
            // What a clock that is wrong has heard may go, and come again, at any time.
            let ages = self.scenario.bounds.keep_for.is_some() || self.is_covered(report);
            if self.oracle.report(report).is_heard_ahead || ages || self.may_ignore(from as usize, report) {
                continue;
            }
            if !self.crossings.insert((u64::from(report) << 32 | u64::from(wire), both_lives)) {
                let to = &self.scenario.servers[to as usize];
                let what = format!("sent to {to} a second time: {}", escaped(line));
                self.violate(Invariant::CrossesOnce, Some(from as usize), what);
            }
        }
    }

    /// No link holds more than it may; each waits, and the server asked to be woken in time for it.
    pub(super) fn check_links(&mut self, server: usize) {
        let Some(node) = self.hosts[server].node.as_ref().map(Arc::clone) else { return };
        self.check_list(server);
        let (mut most, mut fault) = (0, None);
        for link in node.links() {
            most = most.max(link.queued);
            match node.poll_link(&mut self.turn, link.peer) {
                LinkStep::Wait(None) => {}
                LinkStep::Wait(Some(until)) => {
                    let until = until.as_nanos().max(self.now);
                    if self.hosts[server].wake_at.is_none_or(|wake_at| until < wake_at) {
                        fault = Some((Invariant::Wakes, "it asked to be woken too late for a link"));
                    }
                }
                LinkStep::End if self.hosts[server].stopping.is_some() => {}
                LinkStep::Connect | LinkStep::Send(_) | LinkStep::Close(_) | LinkStep::End => {
                    fault = Some((Invariant::Links, "something is to be done about a link that waits"));
                }
            }
        }
        if !self.turn.actions.is_empty() {
            fault = Some((Invariant::Links, "it wants something done because it was asked about a link that waits"));
        }
        if let Some((invariant, what)) = fault {
            self.violate(invariant, Some(server), what.into());
        }
        self.stats.most_queued = self.stats.most_queued.max(most);
        let bound = self.limits.link_queue.max(self.limits.max_line + 256);
        if most > bound {
            self.violate(Invariant::Bounded, Some(server), format!("{most} bytes wait for a neighbour"));
        } else if node.clients() > self.limits.clients {
            let clients = node.clients();
            self.violate(Invariant::Bounded, Some(server), format!("it keeps {clients} clients"));
        }
    }
}
