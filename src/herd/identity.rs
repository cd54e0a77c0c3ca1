//! Who this server is, whom it knows, and whom it believes.

use core::time::Duration;
use std::net::IpAddr;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::herd::Herd;
use super::limits::Limits;
use super::names::Names;
use super::shown::Shown;
use crate::access::{Basis, Certificate, Certificates, Claim, Nonces, Proved};
use crate::bytes::Frame;
use crate::report::HashKey;
use crate::values::{ServerId, ServerName, Timestamp};
use crate::wire::{Greeting, Nonce, Proof, Refusal, Stranger};

/// What all sessions of one server share and none of them changes.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) herd: Arc<Herd>,
    pub(crate) names: Arc<Names>,
    pub(crate) me: ServerId,
    pub(crate) limits: Limits,
    /// Where clients belong, for as long as the server runs: what is kept is kept by it.
    pub(crate) hash_key: HashKey,
    /// A number that no other run of this server has had: its neighbours learn from it that it came
    /// back with nothing.
    pub(crate) incarnation: u64,
    /// Whether clients' reports are taken.
    pub(crate) takes_reports: bool,
    /// Makes numbers that are used once.
    pub(crate) nonces: Nonces,
    /// One number for what should be equal on all servers: the list, and the limits that decide what is kept.
    pub(crate) same: u64,
    /// In the order of their ids.
    neighbours: Vec<Neighbour>,
    /// `AT name `: what every reply to an IAMAT begins with.
    opening: Frame,
    /// ` name`, LF: what every copy for a neighbour ends with.
    closing: Frame,
}

/// A server that this one talks with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Neighbour {
    pub(crate) id: ServerId,
    /// `HOST:PORT`, as the herd's list has it.
    address: String,
    /// The IP addresses that this stands for, once somebody has looked.
    ips: Vec<IpAddr>,
}

/// Why a herd cannot take the place of another one while its server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HerdRefused {
    /// This server is not in it.
    #[error("this server is not in the new list of servers")]
    NotAMember,
    /// So many servers came and went that no more can be told apart. Start the server again.
    #[error("more than 65,535 servers were named since the server started")]
    TooMany,
    /// Its hash key is another one, by which nothing that is kept would be found. Start the server again.
    #[error("the new list has another hash key")]
    HashKey,
}

impl Identity {
    pub(crate) fn new(herd: Arc<Herd>, me: ServerId, limits: Limits, (incarnation, nonces): (u64, Nonces)) -> Self {
        let names = Arc::new(Names::of(Arc::clone(&herd)));
        let name = herd.name(me);
        let hash_key = herd.hash_key().clone();
        let opening = Frame::new(&format!("AT {name} "));
        let closing = Frame::new(&format!(" {name}\n"));
        let mut identity = Self {
            neighbours: Vec::new(),
            herd: Arc::clone(&herd),
            names,
            me,
            limits,
            hash_key,
            incarnation,
            takes_reports: true,
            nonces,
            same: 0,
            opening,
            closing,
        };
        identity.change(herd).expect("it is a member, and the ids are those of the list");
        identity
    }

    /// Takes another list of servers in place of the one that it has. What is known of the addresses of neighbours stays
    /// where it is still so.
    ///
    /// # Errors
    /// Where it cannot; nothing has changed then.
    pub(crate) fn change(&mut self, herd: Arc<Herd>) -> Result<(), HerdRefused> {
        let me = herd.find(self.name()).ok_or(HerdRefused::NotAMember)?;
        if herd.hash_key() != &self.hash_key {
            return Err(HerdRefused::HashKey);
        }
        let mut names = Names::clone(&self.names);
        for member in herd.members() {
            names.add(&member.name).ok_or(HerdRefused::TooMany)?;
        }
        let neighbour = |&peer| {
            let member = herd.member(peer);
            let id = names.find(member.name.as_bytes()).expect("it was added");
            let known = self.known(id).filter(|known| known.address == member.address).cloned();
            known.unwrap_or_else(|| Neighbour { id, address: member.address.clone(), ips: Vec::new() })
        };
        let mut neighbours: Vec<Neighbour> = herd.neighbours(me).iter().map(neighbour).collect();
        neighbours.sort_unstable_by_key(|neighbour| neighbour.id);
        self.same = same(&herd, &self.limits);
        (self.herd, self.names, self.neighbours) = (herd, Arc::new(names), neighbours);
        Ok(())
    }

    /// Takes other limits in place of those that it has.
    pub(crate) fn limit(&mut self, limits: Limits) {
        self.same = same(&self.herd, &limits);
        self.limits = limits;
    }

    /// `AT name `: what every reply to an IAMAT begins with.
    pub(crate) const fn opening(&self) -> &Frame {
        &self.opening
    }

    /// ` name`, LF: what every copy for a neighbour ends with.
    pub(crate) const fn closing(&self) -> &Frame {
        &self.closing
    }

    /// This server's name, as the wire has it.
    pub(crate) fn name(&self) -> &[u8] {
        self.names.name(self.me).as_bytes()
    }

    /// The line that greets a neighbour. With a nonce it is asked for a proof, and with a proof it is given one.
    pub(crate) fn greeting(
        &self,
        wall: Timestamp,
        with_fields: bool,
        nonce: Option<Nonce>,
        proof: Option<Proof>,
    ) -> Vec<u8> {
        let Self { incarnation, same, hash_key, .. } = self;
        let hash = hash_key.fingerprint();
        let greeting = Greeting { incarnation: *incarnation, wall, same: *same, hash, nonce, proof };
        greeting.write(self.name(), with_fields)
    }

    /// The line that tells somebody who greets why it is not believed.
    pub(crate) fn refusal(&self, why: Stranger) -> Vec<u8> {
        [b"REFUSED ", self.name(), b" ", why.word().as_bytes(), b"\n"].concat()
    }

    /// The id of the server of that name that wrote something down; [`ServerId::NONE`] for one that is not known yet.
    ///
    /// # Errors
    /// Where no server could have that name.
    pub(crate) fn origin(&self, name: &[u8]) -> Result<ServerId, Refusal> {
        let known = self.names.find(name);
        known.or_else(|| ServerName::of(name).map(|_| ServerId::NONE)).ok_or(Refusal::Origin)
    }

    /// Whom this server talks with, in the order of their ids.
    pub(crate) fn neighbours(&self) -> &[Neighbour] {
        &self.neighbours
    }

    /// Who speaks as a neighbour on a connection that others opened: the server of that name, if it is a neighbour and
    /// has [shown what that takes](crate::Trust).
    ///
    /// # Errors
    /// Why it is a stranger.
    pub(crate) fn neighbour(&self, sender: &[u8], shown: &Shown) -> Result<(ServerId, Basis), Stranger> {
        let id = self.id_of(sender).filter(|_| sender != self.name());
        let proof = shown.proof.filter(|(of, _)| id == Some(*of));
        let proved = proof.map_or(Proved::Nothing, |(_, secret)| Proved::Secret(secret));
        self.judge(sender, shown, proved)
    }

    /// The neighbour of that name, if a proof would have it believed and it needs one for that.
    pub(crate) fn would_prove(&self, sender: &[u8], shown: &Shown) -> Option<ServerId> {
        let proved = Proved::Secret(self.herd.trust().secrets.first()?.id());
        let judged = self.judge(sender, shown, proved).ok();
        judged.filter(|(_, basis)| matches!(basis, Basis::Secret(_))).map(|(neighbour, _)| neighbour)
    }

    fn judge(&self, sender: &[u8], shown: &Shown, proved: Proved) -> Result<(ServerId, Basis), Stranger> {
        if sender == self.name() {
            return Err(Stranger::Name);
        }
        let known = self.id_of(sender).and_then(|sender| self.known(sender)).ok_or(Stranger::Unknown)?;
        let certificate = shown.certificate.as_ref().filter(|shown| **shown != Certificate::Absent);
        let claim = Claim {
            name: self.names.name(known.id),
            certificate: certificate.map(|certificate| certificate.is_of(sender)),
            proved,
            is_there: shown.ip.is_some_and(|ip| known.ips.contains(&ip.to_canonical())),
        };
        Ok((known.id, self.herd.trust().judge(&claim)?))
    }

    /// Whether the one that answers at a neighbour's address is that neighbour, and why it is believed.
    ///
    /// # Errors
    /// What it lacks.
    pub(crate) fn judge_answer(&self, peer: ServerId, is_certified: bool, proved: Proved) -> Result<Basis, Stranger> {
        let claim =
            Claim { name: self.names.name(peer), certificate: is_certified.then_some(true), proved, is_there: true };
        self.herd.trust().judge(&claim)
    }

    /// Whether a neighbour that is reached is asked to prove that it knows a secret.
    pub(crate) fn asks_for_proof(&self, is_certified: bool) -> bool {
        let trust = self.herd.trust();
        let counts = is_certified && trust.certificates != Certificates::Off;
        !counts && !trust.secrets.is_empty()
    }

    /// Whether that neighbour may be one that knows nothing but AT lines.
    pub(crate) fn takes_plain(&self, peer: ServerId) -> bool {
        self.herd.trust().takes_plain(self.names.name(peer))
    }

    /// Whether that neighbour is listed as one that can prove nothing.
    pub(crate) fn is_plain(&self, peer: ServerId) -> bool {
        self.herd.trust().is_plain(self.names.name(peer))
    }

    /// The id of the server of that name, if it has been heard of.
    pub(crate) fn id_of(&self, name: &[u8]) -> Option<ServerId> {
        self.names.find(name)
    }

    /// Whether a neighbour's `address` stands for that IP address.
    pub(crate) fn is_neighbour_at(&self, remote: IpAddr) -> bool {
        let remote = remote.to_canonical();
        self.neighbours.iter().any(|neighbour| neighbour.ips.contains(&remote))
    }

    /// Where a neighbour is reached.
    pub(crate) fn address(&self, peer: ServerId) -> &str {
        self.known(peer).map_or("", |known| &known.address)
    }

    /// Whether the server of that name is no neighbour.
    pub(crate) fn is_no_neighbour(&self, name: &ServerName) -> bool {
        self.names.find(name.as_bytes()).and_then(|server| self.known(server)).is_none()
    }

    /// Whether a neighbour's `address` has stood for other IP addresses until now.
    pub(crate) fn is_news(&self, peer: ServerId, ips: &[IpAddr]) -> bool {
        self.known(peer).is_some_and(|known| !known.ips.iter().copied().eq(ips.iter().map(IpAddr::to_canonical)))
    }

    /// Learns what a neighbour's `address` stands for now.
    pub(crate) fn resolved(&mut self, peer: ServerId, ips: &[IpAddr]) {
        if let Ok(index) = self.index(peer) {
            self.neighbours[index].ips = ips.iter().map(IpAddr::to_canonical).collect();
        }
    }

    fn known(&self, peer: ServerId) -> Option<&Neighbour> {
        self.index(peer).ok().map(|index| &self.neighbours[index])
    }

    fn index(&self, peer: ServerId) -> Result<usize, usize> {
        self.neighbours.binary_search_by_key(&peer, |neighbour| neighbour.id)
    }
}

/// The first eight bytes of the SHA-256 of a line for each thing that should be equal everywhere: the fingerprint of the
/// list of servers, and the limits that say what is kept and for how long.
fn same(herd: &Herd, limits: &Limits) -> u64 {
    let seconds = |time: Duration| format!("{}.{:09}", time.as_secs(), time.subsec_nanos());
    let or_off = |time: Option<Duration>| time.map_or_else(|| "off".into(), seconds);
    let (max_ahead, keep_for) = (or_off(limits.max_ahead), or_off(limits.keep_for));
    let (fingerprint, gone_for) = (herd.fingerprint(), seconds(limits.gone_for));
    let lines = format!("{fingerprint:016x}\nmax-ahead {max_ahead}\nkeep-for {keep_for}\ngone-for {gone_for}\n");
    u64::from_be_bytes(*Sha256::digest(lines).first_chunk().expect("it has 32 bytes"))
}

impl Neighbour {
    /// Whether it is reached as before.
    pub(crate) fn is_where(&self, other: &Self) -> bool {
        self.address == other.address
    }
}
