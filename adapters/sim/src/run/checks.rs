//! What is looked at while a run goes on, and in its end.

use std::mem;

use herd::OwnedRecord;

use super::feed::Told;
use super::{LOOK, Run, TIME_TO_ANSWER};
use crate::calendar::Due;
use crate::connection::ConnectionId;
use crate::oracle::ReportId;
use crate::scenario::{MILLI, SECOND};
use crate::trace::escaped;
use crate::violation::Invariant;

/// The most bytes of one reply, as the simulated sources make them.
const MOST_REPLY: usize = 8 << 10;

impl Run {
    /// What a server keeps of those of whom it was told something is the newest.
    pub(super) fn check_told(&mut self, server: usize) {
        let mut told = mem::take(&mut self.scratch.told);
        for Told { report, .. } in &told {
            self.check_client(server, self.oracle.report(*report).client, &told);
        }
        told.clear();
        self.scratch.told = told;
    }

    /// What a server keeps of a client is the newest that it was told, and what its feed told last.
    pub(super) fn check_kept(&mut self, server: usize, client: u32) {
        self.check_client(server, client, &[]);
    }

    /// The same, just after it was told those.
    fn check_client(&mut self, server: usize, client: u32, told: &[Told]) {
        let Some(node) = self.hosts[server].node.clone() else { return };
        let kept = node.record(self.oracle.client(client));
        let (newest, before) = (self.oracle.newest(server, client), self.oracle.seen(server, client));
        let id = kept.as_ref().and_then(|kept| self.oracle.find(kept.line()));
        if id != newest || kept.is_some() && id.is_none() {
            let before = if told.is_empty() { newest.or(before) } else { before };
            self.check_choice(server, (client, before), (kept.as_ref(), id), told);
        }
        self.oracle.see(server, client, id);
        if kept.is_none() && before.is_some() {
            self.hosts[server].kept_so_far.push((client, None));
        }
        if kept.is_none() {
            self.hosts[server].listener.forget(client);
            if let Some(disk) = &mut self.hosts[server].disk {
                disk.forget(client);
            }
        }
        let heard = self.hosts[server].listener.newest(client);
        if heard != kept.as_ref() {
            let [kept, heard] = [kept.as_ref(), heard].map(|record| show(record.map(OwnedRecord::line)));
            let what = format!("it keeps {kept}, and its feed told {heard}");
            self.violate(Invariant::Feed, Some(server), what);
        }
    }

    /// It does not keep the newest of what it kept before and what it was told: then that is too old, by a clock that it
    /// may trust.
    fn check_choice(
        &mut self,
        server: usize,
        (client, before): (u32, Option<ReportId>),
        (kept, id): (Option<&OwnedRecord>, Option<ReportId>),
        told: &[Told],
    ) {
        let told = told.iter().map(|told| told.report).filter(|&id| self.oracle.report(id).client == client);
        let (told, stays) = (told.collect::<Vec<_>>(), before.filter(|&before| !self.may_go(server, before)));
        let must = told.iter().copied().filter(|&id| !self.may_ignore(server, id)).chain(stays);
        let newest = must.max_by_key(|&id| self.oracle.report(id).order());
        let is_known = id.is_some_and(|id| before == Some(id) || told.contains(&id)) || kept.is_none();
        let is_older = match (id, newest) {
            (Some(id), Some(newest)) => self.oracle.is_newer(newest, id),
            (None, newest) => newest.is_some(),
            (Some(_), None) => false,
        };
        if is_known && !is_older {
            return;
        }
        let newest = newest.or(before).map(|id| &*self.oracle.report(id).line);
        let what = format!("it keeps {}, and was told {}", show(kept.map(OwnedRecord::line)), show(newest));
        self.violate(if is_older { Invariant::NeverBack } else { Invariant::Newest }, Some(server), what);
    }

    /// No connection has more unsent than what it may, and what one more read can bring.
    pub(super) fn check_unsent(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get(id) else { return };
        let unsent = connection.unsent_replies();
        let read = 2 * self.scenario.network.segment;
        let bound = self.limits.max_unsent + read + self.limits.max_waiting * MOST_REPLY;
        if unsent > bound {
            let server = connection.server as usize;
            self.violate(Invariant::Bounded, Some(server), format!("{unsent} bytes of replies are unsent"));
        }
    }

    /// No server has more connections than it may, and those for which there is a session are the ones that it counts.
    pub(super) fn check_connections(&mut self, server: usize) {
        let Some(node) = &self.hosts[server].node else { return };
        let is_its = |id: &ConnectionId| {
            let connection = self.connections.get(*id);
            connection.is_some_and(|open| open.server as usize == server && open.session.is_some())
        };
        let (counted, most) = (node.connections(), self.limits.connections);
        let open = self.connections.ids().iter().filter(|id| is_its(id)).count();
        if open != counted || open > most {
            let what = format!("{open} connections are open and {counted} counted, where {most} may be");
            self.violate(Invariant::Bounded, Some(server), what);
        }
    }

    /// All buffers of a server together are within their bound, but for what is so little that nobody is closed for it.
    pub(super) fn check_buffers(&mut self, server: usize) {
        const LITTLE: usize = 4 << 10;
        let Some(node) = &self.hosts[server].node else { return };
        let buffered = node.buffered();
        if buffered > self.limits.buffers + LITTLE * self.connections.most() {
            self.violate(Invariant::Bounded, Some(server), format!("{buffered} bytes are in buffers"));
        }
    }

    /// All trouble is over: do all hold the same, and has everybody what they are owed?
    pub(super) fn look(&mut self) {
        for server in 0..self.hosts.len() {
            self.check_feed(server);
        }
        if self.violation.is_some() {
            return;
        }
        let islands = self.islands();
        let apart = self.apart(&islands);
        let unsettled = self.unsettled();
        let unaware = self.unaware();
        // A server that stops is not back yet.
        if self.hosts.iter().any(|host| host.stopping.is_some()) {
            self.quiet_at = self.now;
        }
        let since = self.now.saturating_sub(self.quiet_at);
        if apart.is_some() && self.now < self.rests_until() {
            // What goes and what is brought back by those for whom it is not over yet makes them differ.
        } else if let Some((server, what)) = apart {
            // How links are when this is looked at first is what servers have to find out.
            let within = self.within.unwrap_or_else(|| self.agrees_within());
            self.within = Some(within);
            if since > within {
                let (seconds, millis) = (within / SECOND, within % SECOND / MILLI);
                let what = format!("{what}; all was to be the same within {seconds}.{millis:03} s");
                return self.violate(Invariant::Converges, Some(server), what);
            }
        } else {
            // The moment itself lies somewhere before, since they were last looked at.
            if self.agreed_since.replace(self.quiet_at) != Some(self.quiet_at) {
                self.stats.settled_after = self.stats.settled_after.max(since);
                let used = self.within.map_or(0, |within| since * 100 / within.max(1));
                self.stats.promise_used = self.stats.promise_used.max(used);
            }
            if unsettled.is_none() && unaware.is_none() && self.now >= self.rests_until() {
                self.check_forgotten();
                self.done = true;
                return;
            }
        }
        if let Some((server, what)) = unsettled.filter(|_| since > TIME_TO_ANSWER) {
            return self.violate(Invariant::Answered, Some(server), what);
        }
        if let Some((server, invariant, what)) = unaware.filter(|_| since > TIME_TO_ANSWER) {
            return self.violate(invariant, Some(server), what);
        }
        self.calendar.put(self.now + LOOK, Due::Look);
    }

    /// At the very end: every server keeps the newest of all that it was told, and nothing else.
    pub(super) fn finish(&mut self) {
        if self.violation.is_some() {
            return;
        }
        for server in 0..self.hosts.len() {
            let Some(node) = &self.hosts[server].node else { continue };
            let (kept, known) = (node.clients(), self.oracle.known(server));
            if kept != known {
                let what = format!("it keeps {kept} clients, and was told of {known}");
                self.violate(Invariant::Newest, Some(server), what);
            }
            self.check_feed(server);
            self.check_invented(server);
        }
    }

    /// Some client said what a server keeps.
    fn check_invented(&mut self, server: usize) {
        let Some(node) = &self.hosts[server].node else { return };
        let invented = node.records().find(|kept| self.oracle.find(kept.line()).is_none());
        if let Some(kept) = invented {
            let what = format!("it keeps what no client said: {}", escaped(kept.line()));
            self.violate(Invariant::Invented, Some(server), what);
        }
    }

    /// For each server that is up, the least server that it can reach.
    pub(super) fn islands(&self) -> Vec<Option<usize>> {
        self.islands_of(|wire| self.is_open(wire))
    }

    /// The same, where only those wires count.
    pub(super) fn islands_of(&self, is_open: impl Fn(u32) -> bool) -> Vec<Option<usize>> {
        let mut islands = vec![None; self.hosts.len()];
        for start in 0..self.hosts.len() {
            let mut next = vec![start];
            while let Some(at) = next.pop() {
                if islands[at].is_some() || self.hosts[at].node.is_none() {
                    continue;
                }
                islands[at] = Some(start);
                let open = self.wires.from(at).filter(|&wire| is_open(wire));
                next.extend(open.map(|wire| self.wires.get(wire).to as usize));
            }
        }
        islands
    }

    /// A server that does not hold what the first of its island holds, and what differs.
    fn apart(&self, islands: &[Option<usize>]) -> Option<(usize, String)> {
        let mut first: Option<(usize, u64)> = None;
        for (server, island) in islands.iter().enumerate() {
            let (Some(island), Some(node)) = (*island, &self.hosts[server].node) else { continue };
            let digest = node.digest();
            let expected = match first {
                Some((known, digest)) if known == island => digest,
                _ => self.hosts[island].node.as_ref()?.digest(),
            };
            first = Some((island, expected));
            if digest != expected && !self.differs_by_age(server, island, islands) {
                return Some((server, self.difference(server, island)));
            }
        }
        None
    }

    /// Whether two servers keep the same, but for clients of whom the newest that anybody keeps whom they reach is over by a
    /// clock that may say so. Whoever still keeps that passes on nothing older, and whose clock that is does not take it.
    fn differs_by_age(&self, server: usize, other: usize, islands: &[Option<usize>]) -> bool {
        let reached = || (0..islands.len()).filter(|&at| islands[at] == islands[server]);
        let is_over = |client| {
            let kept = reached().filter_map(|at| self.oracle.newest(at, client));
            let newest = kept.max_by_key(|&id| self.oracle.report(id).order());
            newest.is_some_and(|id| reached().any(|at| self.may_go(at, id)))
        };
        let differs = |&client: &u32| self.oracle.newest(server, client) != self.oracle.newest(other, client);
        let mut differences = self.oracle.clients().filter(differs).peekable();
        differences.peek().is_some() && differences.all(is_over)
    }

    fn difference(&self, server: usize, other: usize) -> String {
        let (Some(one), Some(two)) = (&self.hosts[server].node, &self.hosts[other].node) else { return String::new() };
        let other = &self.scenario.servers[other];
        for client in self.oracle.clients().map(|client| self.oracle.client(client)) {
            let lines = [one, two].map(|node| node.record(client).map(|kept| escaped(kept.line())));
            if lines[0] != lines[1] {
                let [here, there] = lines.map(|line| line.unwrap_or_else(|| "nothing".into()));
                return format!("it keeps {here}, and {other} keeps {there}");
            }
        }
        format!("its digest is not that of {other}, though every report is the same")
    }
}

fn show(line: Option<&[u8]>) -> String {
    line.map_or_else(|| "nothing".into(), escaped)
}

#[cfg(test)]
mod tests;
