//! What is looked at while a run goes on, and in its end.

use super::{LOOK, Run, TIME_TO_CONVERGE};
use crate::calendar::Due;
use crate::connection::{ConnectionId, Way};
use crate::trace::escaped;
use crate::violation::Invariant;

/// Stands for every client of a server, among those of whom it was told something.
pub(super) const ALL: u32 = u32::MAX;

/// The most bytes of one reply, as the simulated sources make them.
const MOST_REPLY: usize = 8 << 10;

impl Run {
    /// What a server keeps of those of whom it was told something is the newest.
    pub(super) fn check_touched(&mut self, server: usize) {
        let mut touched = std::mem::take(&mut self.scratch.touched);
        if touched.contains(&ALL) {
            self.catch_up(server);
        }
        for client in touched.drain(..).filter(|&client| client != ALL) {
            self.check_kept(server, client);
        }
        self.scratch.touched = touched;
    }

    fn check_kept(&mut self, server: usize, client: u32) {
        let Some(node) = &self.hosts[server].node else { return };
        let newest = self.oracle.newest(server, client).map(|id| self.oracle.report(id));
        let kept = node.report(self.oracle.client(client));
        let kept_line = kept.as_ref().map(herd::Kept::line);
        if kept_line == newest.map(|known| &*known.line) {
            return;
        }
        let older = match (&kept, newest) {
            (Some(kept), Some(newest)) => (kept.report().at(), kept.line()) < (newest.at, &*newest.line),
            (None, Some(_)) => true,
            _ => false,
        };
        let show = |line: Option<&[u8]>| line.map_or_else(|| "nothing".into(), escaped);
        let what = format!("it keeps {}, and was told {}", show(kept_line), show(newest.map(|known| &*known.line)));
        self.violate(if older { Invariant::NeverBack } else { Invariant::Newest }, Some(server), what);
    }

    /// A neighbour may have told the server anything that it did not know: what it keeps now was said by
    /// some client, and is no older than what it was told before.
    fn catch_up(&mut self, server: usize) {
        let Some(node) = &self.hosts[server].node else { return };
        let mut invented = None;
        for kept in node.reports() {
            match self.oracle.find(kept.line()) {
                Some(id) => {
                    self.oracle.tell(server, id);
                }
                None => invented = Some(format!("it keeps what no client said: {}", escaped(kept.line()))),
            }
        }
        if let Some(what) = invented {
            self.violate(Invariant::Invented, Some(server), what);
        }
        let clients: Vec<u32> = self.oracle.clients().map(|(client, _)| client).collect();
        for client in clients {
            self.check_kept(server, client);
        }
    }

    /// No link holds more than it may.
    pub(super) fn check_links(&mut self, server: usize) {
        let Some(node) = &self.hosts[server].node else { return };
        let mut most = 0;
        for (_, _, queued, _) in node.links() {
            most = most.max(queued);
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

    /// No connection has more unsent than what it may, and what one more read can bring.
    pub(super) fn check_unsent(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get(id) else { return };
        let unsent = connection.pipes[Way::Back as usize].unsent_len;
        let read = 2 * self.scenario.network.segment;
        let bound = self.limits.max_unsent + read + self.limits.max_waiting * MOST_REPLY;
        if unsent > bound {
            let server = connection.server as usize;
            self.violate(Invariant::Bounded, Some(server), format!("{unsent} bytes of replies are unsent"));
        }
    }

    /// All trouble is over: do all hold the same, and has everybody what they are owed?
    pub(super) fn look(&mut self) {
        let islands = self.islands();
        let apart = self.apart(&islands);
        let unsettled = self.unsettled();
        let since = self.now - self.calm_at;
        if apart.is_none() {
            // The moment itself lies somewhere in the second before.
            if self.stats.settled_after == 0 {
                self.stats.settled_after = since;
            }
            if unsettled.is_none() {
                self.done = true;
                return;
            }
        }
        if since < TIME_TO_CONVERGE {
            self.calendar.put(self.now + LOOK, Due::Look);
            return;
        }
        self.done = true;
        if let Some((server, what)) = unsettled {
            self.violate(Invariant::Answered, Some(server), what);
        }
        if let Some((server, what)) = apart {
            self.violate(Invariant::Converges, Some(server), what);
        }
    }

    /// At the very end: every server keeps the newest of all that it was told.
    pub(super) fn finish(&mut self) {
        if self.violation.is_some() {
            return;
        }
        for server in 0..self.hosts.len() {
            let Some(node) = &self.hosts[server].node else { continue };
            let (kept, known) = (node.clients(), self.oracle.known(server));
            if kept != known {
                self.violate(
                    Invariant::Newest,
                    Some(server),
                    format!("it keeps {kept} clients, and was told of {known}"),
                );
            }
            self.catch_up(server);
        }
    }

    /// For each server that is up, the least server that it can reach.
    fn islands(&self) -> Vec<Option<usize>> {
        let mut islands = vec![None; self.hosts.len()];
        for start in 0..self.hosts.len() {
            let mut next = vec![start];
            while let Some(at) = next.pop() {
                if islands[at].is_some() || self.hosts[at].node.is_none() {
                    continue;
                }
                islands[at] = Some(start);
                let open = self.wires.from(at).filter(|&wire| !self.wires.is_severed(wire));
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
            if digest != expected {
                return Some((server, self.difference(server, island)));
            }
        }
        None
    }

    fn difference(&self, server: usize, other: usize) -> String {
        let (Some(one), Some(two)) = (&self.hosts[server].node, &self.hosts[other].node) else { return String::new() };
        let other = &self.scenario.servers[other];
        for (_, client) in self.oracle.clients() {
            let lines = [one, two].map(|node| node.report(client).map(|kept| escaped(kept.line())));
            if lines[0] != lines[1] {
                let [here, there] = lines.map(|line| line.unwrap_or_else(|| "nothing".into()));
                return format!("it keeps {here}, and {other} keeps {there}");
            }
        }
        format!("its digest is not that of {other}, though every report is the same")
    }
}

#[cfg(test)]
mod tests;
