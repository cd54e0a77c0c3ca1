//! What people are told of a server: it is counted, and goes into the trace.

use std::mem;

use herd::{Notice, ServerId};

use super::Run;
use crate::trace::Record;
use crate::violation::Invariant;

impl Run {
    pub(super) fn take_notices(&mut self, server: usize) {
        if self.turn.notices.is_empty() {
            return;
        }
        let mut notices = mem::take(&mut self.turn.notices);
        for notice in notices.drain(..) {
            if let Some(event) = event(&notice) {
                *self.stats.told.entry(event).or_default() += 1;
            }
            match notice {
                Notice::NeighbourDown { peer, .. } => self.says_whether_down(server, peer, true),
                Notice::NeighbourUp { peer, .. } => self.says_whether_down(server, peer, false),
                Notice::Compared { peer, sent, received } if self.is_traced() => {
                    let text = format!("{sent} sent, {received} received");
                    let (server, peer) = (Some(server), Some(self.hosts[server].ids.server(peer)));
                    self.record(|record| Record { kind: "compared", server, peer, text: &text, ..record });
                }
                Notice::Wrong(trouble) if self.is_traced() => {
                    let text = trouble.to_string();
                    self.record(|record| Record { kind: "wrong", server: Some(server), text: &text, ..record });
                }
                Notice::Compared { .. }
                | Notice::Wrong(_)
                | Notice::BuffersFull { .. }
                | Notice::ClientsFull { .. }
                | Notice::ClockNotTrusted
                | Notice::HerdChanged { .. }
                | Notice::HerdRefused(_)
                | Notice::RegionSilent { .. } => {}
            }
        }
        self.turn.notices = notices;
    }

    /// It is said in turn that a neighbour is down and that it is not.
    fn says_whether_down(&mut self, server: usize, peer: ServerId, down: bool) {
        let kind = if down { "down" } else { "up" };
        let link = self.wire_to(server, peer);
        let peer = self.wires.get(link).to as usize;
        self.record(|record| Record { kind, server: Some(server), peer: Some(peer), ..record });
        if mem::replace(&mut self.wires.get_mut(link).down, down) == down {
            let what = format!("it says a second time that {} is {kind}", &self.scenario.servers[peer]);
            self.violate(Invariant::Links, Some(server), what);
        }
    }
}

/// What a server logs at `info` and above.
const fn event(notice: &Notice) -> Option<&'static str> {
    Some(match notice {
        Notice::Compared { .. } => return None,
        Notice::NeighbourDown { .. } => "neighbour down",
        Notice::NeighbourUp { .. } => "neighbour up",
        Notice::Wrong(trouble) => trouble.what.as_str(),
        Notice::BuffersFull { .. } => "buffers full",
        Notice::ClientsFull { .. } => "clients full",
        Notice::ClockNotTrusted => "clock not trusted",
        Notice::HerdChanged { .. } => "list of servers changed",
        Notice::HerdRefused(_) => "list of servers refused",
        Notice::RegionSilent { .. } => "region silent",
    })
}
