//! Disks: what servers have withheld until it is safe, and what must be there when they start again.

use bytes::Bytes;

use super::Run;
use crate::calendar::Due;
use crate::connection::{ConnectionId, Opener, Way};
use crate::scenario::{Ailment, MILLI, Nanos};
use crate::trace::escaped;
use crate::violation::Invariant;

/// How long it takes at most until the thread of a disk has noticed that somebody waits.
const NOTICES: Nanos = 2 * MILLI;

impl Run {
    /// Whether a client has to wait for a reply until the server's disk has what it says.
    pub(super) fn withholds(&mut self, id: ConnectionId, reply: &Bytes) -> bool {
        let Some(connection) = self.connections.get_mut(id) else { return false };
        let server = connection.server as usize;
        let Some(disk) = self.hosts[server].disk.as_mut().filter(|disk| disk.awaits) else { return false };
        if !matches!(connection.opener, Opener::Client(_)) {
            return false;
        }
        connection.withheld.push_back((disk.await_all(), reply.clone()));
        let after = self.seed.below(NOTICES);
        self.wake_disk(server, after);
        true
    }

    /// A server's disk has something to do soon.
    pub(super) fn wake_disk(&mut self, server: usize, after: Nanos) {
        let life = self.hosts[server].life;
        let Some(disk) = &mut self.hosts[server].disk else { return };
        let at = disk.busy_until.max(self.now + after);
        if disk.turn_at.is_none_or(|turn_at| at < turn_at) {
            disk.turn_at = Some(at);
            self.calendar.put(at, Due::Disk(u32::try_from(server).expect("few servers"), life));
        }
    }

    /// A server's disk does what is due.
    pub(super) fn disk_turn(&mut self, server: usize, life: u32) {
        let (host, now) = (&mut self.hosts[server], self.now);
        let disk_now = host.disk_now(now);
        let (Some(node), Some(disk)) = (&host.node, &mut host.disk) else { return };
        if host.life != life || disk.turn_at != Some(now) {
            return;
        }
        let after = disk.turn(disk_now, node, now);
        disk.turn_at = Some(now + after);
        self.calendar.put(now + after, Due::Disk(u32::try_from(server).expect("few servers"), life));
        self.release_replies(server);
    }

    /// Sends what waited for what is safe now.
    fn release_replies(&mut self, server: usize) {
        let told = self.hosts[server].disk.as_ref().map_or(0, |disk| disk.told);
        for id in self.connections.ids() {
            let mut is_released = false;
            while let Some(connection) = self.connections.get_mut(id).filter(|open| open.server as usize == server)
                && let Some((_, reply)) = connection.withheld.pop_front_if(|(ticket, _)| *ticket <= told)
            {
                is_released = true;
                if self.write(id, Way::Back, reply) {
                    self.session_sent(id);
                }
            }
            if is_released {
                self.count_buffers(id);
                self.perform(server);
                self.resume(id);
            }
        }
    }

    pub(super) fn set_disk_ill(&mut self, server: usize, how: Option<Ailment>) {
        if let Some(disk) = &mut self.hosts[server].disk {
            disk.set_ill(how);
        }
    }

    /// A server that stops closes its folder.
    pub(super) fn close_disk(&mut self, server: usize) {
        let host = &mut self.hosts[server];
        let now = host.disk_now(self.now);
        let (Some(node), Some(disk)) = (&host.node, &mut host.disk) else { return };
        if let Err(why) = disk.close(now, node) {
            self.violate(Invariant::Durable, Some(server), why);
        }
    }

    /// A server that starts has all that was safe.
    pub(super) fn check_durable(&mut self, server: usize) {
        let Some(disk) = &self.hosts[server].disk else { return };
        let is_lost = |client: u32, safe: u32| {
            let kept = self.oracle.newest(server, client);
            !self.may_go(server, safe) && kept.is_none_or(|kept| self.oracle.is_newer(safe, kept))
        };
        let lost = disk.safe.iter().find(|&(&client, &safe)| is_lost(client, safe)).map(|(_, &safe)| safe);
        if let Some(lost) = lost {
            let what = format!("it starts again, and has lost {}", escaped(&self.oracle.report(lost).line));
            self.violate(Invariant::Durable, Some(server), what);
        }
    }
}
