//! Who this server is, whom it knows, and whom it believes.

use std::net::IpAddr;
use std::sync::Arc;

use super::herd::Herd;
use super::limits::Limits;
use crate::bytes::Frame;
use crate::report::{Head, Report};
use crate::values::ServerId;
use crate::wire::{Refusal, Sighted};

/// What all sessions of one server share and none of them changes.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) herd: Arc<Herd>,
    pub(crate) me: ServerId,
    pub(crate) limits: Limits,
    /// A number that no other run of this server has had: its neighbours learn from it that it came
    /// back with nothing.
    pub(crate) incarnation: u64,
    /// The IP addresses that each neighbour's `address` stands for, in the order of the herd's list of
    /// neighbours.
    addresses: Vec<Vec<IpAddr>>,
    /// `AT name `: what every reply to an IAMAT begins with.
    opening: Frame,
    /// ` name`, LF: what every copy for a neighbour ends with.
    closing: Frame,
}

impl Identity {
    pub(crate) fn new(herd: Arc<Herd>, me: ServerId, limits: Limits, incarnation: u64) -> Self {
        let addresses = vec![Vec::new(); herd.neighbours(me).len()];
        let name = herd.name(me);
        let opening = Frame::new(&format!("AT {name} "));
        let closing = Frame::new(&format!(" {name}\n"));
        Self { herd, me, limits, incarnation, addresses, opening, closing }
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
        self.herd.name(self.me).as_bytes()
    }

    /// `HELLO name incarnation`, LF.
    pub(crate) fn greeting(&self) -> Vec<u8> {
        format!("HELLO {} {}\n", self.herd.name(self.me), self.incarnation).into_bytes()
    }

    /// The server that wrote a report down, if it is of this herd.
    pub(crate) fn origin(&self, report: &Sighted<'_>) -> Result<ServerId, Refusal> {
        self.herd.find(report.origin).ok_or(Refusal::UnknownOrigin)
    }

    /// Appends a report to `out` in canonical spacing, if its origin is of this herd.
    pub(crate) fn write_down(&self, report: &Sighted<'_>, out: &mut Vec<u8>) -> Result<Head, Refusal> {
        let origin = (self.origin(report)?, report.origin);
        Ok(Report::write(|part| out.extend_from_slice(part), origin, report.skew, &report.sighting))
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

    /// Whether a neighbour's `address` has stood for other IP addresses until now.
    pub(crate) fn is_news(&self, peer: ServerId, addresses: &[IpAddr]) -> bool {
        let known = self.neighbours().binary_search(&peer).map(|index| &self.addresses[index]);
        known.is_ok_and(|known| !known.iter().copied().eq(addresses.iter().map(IpAddr::to_canonical)))
    }

    /// Learns what a neighbour's `address` stands for now.
    pub(crate) fn resolved(&mut self, peer: ServerId, addresses: &[IpAddr]) {
        if let Ok(index) = self.neighbours().binary_search(&peer) {
            self.addresses[index] = addresses.iter().map(IpAddr::to_canonical).collect();
        }
    }
}
