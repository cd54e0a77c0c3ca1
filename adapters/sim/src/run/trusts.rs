//! Whom servers believe: secrets that change while servers run, and what was proved on a connection.

use std::sync::Arc;

use herd::{Parting, Refusal};

use super::Run;
use crate::connection::{ConnectionId, Opener};
use crate::oracle::Verdict;
use crate::scenario::Trusting;
use crate::trace::escaped;
use crate::violation::Invariant;

impl Run {
    /// A server believes others from now on.
    pub(super) fn trusts(&mut self, server: usize, to: Trusting) {
        // One of an older make knows of no secrets.
        if self.hosts[server].older {
            return;
        }
        if !to.asks_for_proof() {
            self.drop_strangers(server);
        }
        let list = Arc::new(self.hosts[server].list.believing(to, &self.scenario));
        self.hosts[server].list = Arc::clone(&list);
        self.hosts[server].trusts_since = self.now;
        self.note_allowed(server);
        self.change_list(server, &list);
    }

    /// Works out anew with whom a server can have links.
    pub(super) fn note_allowed(&mut self, server: usize) {
        for wire in self.wires.from(server) {
            let reverse = self.wires.get(wire).reverse;
            let are_listed = self.is_listed(wire) && self.is_listed(reverse);
            let is_allowed = are_listed && self.believe_each_other(wire);
            for wire in [wire, reverse] {
                let since = &mut self.wires.get_mut(wire).allowed_since;
                *since = is_allowed.then(|| since.unwrap_or(self.now));
            }
        }
    }

    /// Whether the two ends of a wire can show each other what they ask for.
    pub(super) fn believe_each_other(&self, wire: u32) -> bool {
        let ends = [self.wires.get(wire).from, self.wires.get(wire).to].map(|server| &self.hosts[server as usize]);
        let [one, other] = ends.map(|host| &host.list.trusting);
        // One of an older make is in all files as one that can prove nothing.
        ends.iter().any(|host| host.older) || (one.believes(other) && other.believes(one))
    }

    /// Whether a server asks that neighbour for a proof that it knows a secret.
    pub(super) fn asks_for_proof(&self, server: usize, of: usize) -> bool {
        !self.hosts[of].older && self.hosts[server].list.trusting.asks_for_proof()
    }

    /// What becomes of a line with which neighbours prove who they are; none for any other.
    pub(super) fn judge_proving(&mut self, id: ConnectionId, sender: usize, line: &[u8]) -> Option<Verdict> {
        let server = self.connections.get(id)?.server as usize;
        let is_greeting = line.starts_with(b"HELLO ") && memchr::memmem::find(line, b" nonce=").is_some();
        let trusting = &self.hosts[server].list.trusting;
        let knows = self.hosts[server].list.has(sender) && server != sender && self.are_linked(server, sender);
        let proving = &mut self.connections.get_mut(id)?.proving;
        if is_greeting && knows && !trusting.secrets.is_empty() && !self.hosts[sender].older {
            proving.is_asked = true;
            return Some(Verdict::Fine);
        }
        if !line.starts_with(b"PROOF ") {
            return None;
        }
        let proved = proving.proves.filter(|secret| trusting.secrets.contains(secret));
        if !std::mem::take(&mut proving.is_asked) {
            return Some(Verdict::Refused);
        }
        proving.proved = proved;
        let is_enough = proved.is_some() && knows;
        // Where no secret is asked for any more it comes down to the address.
        let is_believed = is_enough || trusting.secrets.is_empty() && self.is_believed(id);
        Some(if is_believed { Verdict::Fine } else { Verdict::Refused })
    }

    fn are_linked(&self, one: usize, other: usize) -> bool {
        self.wires.find(&self.herd, one, other).is_some()
    }

    /// Whether the server at the end of a connection believes that its opener is who it says: that server is in its
    /// list, and has proved a secret, or comes from where it was when this was last looked up and that is enough.
    pub(super) fn is_believed(&self, id: ConnectionId) -> bool {
        let Some(connection) = self.connections.get(id) else { return false };
        let Opener::Link(link) = connection.opener else { return false };
        let back = self.wires.get(link).reverse;
        let is_there = self.wires.get(back).resolved == Some(connection.moves);
        let Trusting { secrets, addresses } = &self.hosts[connection.server as usize].list.trusting;
        let has_shown = if secrets.is_empty() || self.hosts[self.wires.get(link).from as usize].older {
            is_there
        } else {
            connection.proving.proved.map_or(*addresses && is_there, |secret| secrets.contains(&secret))
        };
        self.is_listed(back) && has_shown
    }

    /// A server that sends a proof makes it with its first secret.
    pub(super) fn note_proof(&mut self, id: ConnectionId, server: usize, bytes: &[u8]) {
        if bytes.starts_with(b"PROOF ") {
            let proves = self.hosts[server].list.trusting.secrets.first().copied();
            if let Some(connection) = self.connections.get_mut(id) {
                connection.proving.proves = proves;
            }
        }
    }

    /// A server refused a line of a neighbour's. Where both could believe each other all the time that their connection
    /// was there, it was not for the lack of a proof.
    pub(super) fn check_refused(&mut self, id: ConnectionId, why: Refusal, refused: &[u8]) {
        let Some(connection) = self.connections.get(id) else { return };
        let (Opener::Link(link), server) = (connection.opener, connection.server as usize) else { return };
        // What comes first on it may have been on its way since before anybody had a secret, and a proof for longer than
        // the secret was there.
        let may_be_late = !connection.proving.is_met || refused.starts_with(b"PROOF ");
        // Who believes addresses may have taken the server for a plain one, which is not greeted.
        let from = self.wires.get(link).from as usize;
        let may_be_plain = !connection.proving.is_met && !self.asks_for_proof(from, server);
        // One that has moved was a stranger before a proof was asked for; one that is gone says no more.
        let is_former = (connection.life, connection.moves) != (self.hosts[from].life, self.hosts[from].moves);
        if may_be_plain || is_former {
            return;
        }
        if why == Refusal::NotProven && self.are_allowed_on(id, link, may_be_late) {
            let from = &self.scenario.servers[from];
            let what = format!("it refused {from}, which could prove what it asks for: {}", escaped(refused));
            self.violate(Invariant::Believed, Some(server), what);
        }
    }

    /// A server gives up a connection to a neighbour. If it could have believed it, that was not for the lack of a proof.
    pub(super) fn check_parting(&mut self, id: ConnectionId, link: u32, why: Parting) {
        let with = self.connections.get(id).is_some_and(|connection| !connection.is_with_impostor());
        if why == Parting::NotBelieved && with && self.are_allowed_on(id, link, true) {
            let (from, to) = (self.wires.get(link).from as usize, self.wires.get(link).to as usize);
            let what = format!("it did not believe {}, which could prove what it asks for", self.scenario.servers[to]);
            self.violate(Invariant::Believed, Some(from), what);
        }
    }

    /// Whether the two ends of a connection could believe each other for as long as it is there, and for the same
    /// reasons if that counts.
    fn are_allowed_on(&self, id: ConnectionId, link: u32, for_the_same: bool) -> bool {
        let Some(connection) = self.connections.get(id) else { return false };
        let (wire, opened_at) = (self.wires.get(link), connection.opened_at);
        let changed_at = [wire.from, wire.to].map(|server| self.hosts[server as usize].trusts_since);
        let is_the_same = changed_at.iter().all(|&at| at == 0 || at < opened_at);
        wire.allowed_since.is_some_and(|since| since <= opened_at) && (is_the_same || !for_the_same)
    }
}
