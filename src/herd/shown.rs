//! What is known of the other end of a connection.

use std::net::IpAddr;

use crate::access::Certificate;
use crate::values::ServerId;

/// What the other end of a connection that others opened has shown so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    /// Where it connected from, as far as that is known.
    pub(crate) ip: Option<IpAddr>,
    /// What it has shown where it encrypts; nothing on plain text.
    pub(crate) certificate: Option<Certificate>,
    /// Which neighbour it has proved to be, and with which secret.
    pub(crate) proof: Option<(ServerId, u32)>,
}
