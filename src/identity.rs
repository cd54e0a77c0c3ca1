//! Who this server is, whom it knows, and whom it believes.

use std::net::IpAddr;
use std::sync::Arc;

use crate::herd::{Herd, ServerId};
use crate::limits::Limits;
use crate::message::{Refusal, Sighted};
use crate::number::push_digits;
use crate::report::Layout;
use crate::store::Locator;

/// What all sessions of one server share and none of them changes.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) herd: Arc<Herd>,
    pub(crate) me: ServerId,
    pub(crate) limits: Limits,
    /// Works out where clients belong in the store.
    pub(crate) locator: Locator,
    /// A number that no other run of this server has had: its neighbours learn from it that it came
    /// back with nothing.
    pub(crate) incarnation: u64,
    /// The IP addresses that each neighbour's `address` stands for, in the order of the herd's list of
    /// neighbours.
    addresses: Vec<Vec<IpAddr>>,
    /// `AT name `: what every reply to an IAMAT begins with.
    opening: Box<[u8]>,
    /// ` name`, LF: what every copy for a neighbour ends with.
    closing: Box<[u8]>,
}

impl Identity {
    pub(crate) fn new(herd: Arc<Herd>, me: ServerId, limits: Limits, incarnation: u64, locator: Locator) -> Self {
        let addresses = vec![Vec::new(); herd.neighbours(me).len()];
        let name = herd.name(me);
        let opening = format!("AT {name} ").into_bytes().into();
        let closing = format!(" {name}\n").into_bytes().into();
        Self { herd, me, limits, locator, incarnation, addresses, opening, closing }
    }

    /// `AT name `: what every reply to an IAMAT begins with.
    pub(crate) fn opening(&self) -> &[u8] {
        &self.opening
    }

    /// ` name`, LF: what every copy for a neighbour ends with.
    pub(crate) fn closing(&self) -> &[u8] {
        &self.closing
    }

    /// This server's name, as the wire has it.
    pub(crate) fn name(&self) -> &[u8] {
        self.herd.name(self.me).as_bytes()
    }

    /// Appends `HELLO name incarnation`, LF.
    pub(crate) fn push_greeting(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"HELLO ");
        out.extend_from_slice(self.name());
        out.push(b' ');
        push_digits(out, self.incarnation, 1);
        out.push(b'\n');
    }

    /// Appends a report to `out` in canonical spacing, if its origin is of this herd.
    pub(crate) fn write_down(&self, report: &Sighted<'_>, out: &mut Vec<u8>) -> Result<Layout, Refusal> {
        let &Sighted { origin, skew, ref sighting } = report;
        let id = self.herd.find(origin).ok_or(Refusal::UnknownOrigin)?;
        Ok(Layout::write(out, (id, origin), |out| out.extend_from_slice(skew), sighting))
    }

    /// Whom this server talks with.
    pub(crate) fn neighbours(&self) -> &[ServerId] {
        self.herd.neighbours(self.me)
    }

    /// The one place that decides who speaks as a neighbour: the server of that name, if it is a
    /// neighbour and `remote` is an IP address that its `address` stands for.
    pub(crate) fn neighbour(&self, sender: &[u8], remote: Option<IpAddr>) -> Option<ServerId> {
        let sender = self.herd.find(sender)?;
        let index = self.neighbours().binary_search(&sender).ok()?;
        let remote = remote?.to_canonical();
        self.addresses[index].contains(&remote).then_some(sender)
    }

    /// Learns what a neighbour's `address` stands for now.
    pub(crate) fn resolved(&mut self, peer: ServerId, addresses: &[IpAddr]) {
        if let Ok(index) = self.neighbours().binary_search(&peer) {
            self.addresses[index] = addresses.iter().map(IpAddr::to_canonical).collect();
        }
    }
}
