//! The server that a load goes to.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use herd::Token;

use super::encryption::Encryption;
use super::error::BenchError;

/// The server that a load goes to.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// What people are told it is called, as in `Alford at 127.0.0.1:12880`.
    pub name: String,
    /// Where it listens: `HOST:PORT`, looked up when the load begins. The first address counts.
    pub address: String,
    /// How long to wait for a connection, and for a reply once the load is over.
    pub timeout: Duration,
    /// What is said first on each connection to a herd, where clients have rights of their own.
    pub token: Option<Token>,
    /// How it is talked to, if not in plain text.
    pub encryption: Option<Encryption>,
}

impl Endpoint {
    /// The first address that its name stands for.
    pub(super) fn resolve(&self) -> Result<SocketAddr, BenchError> {
        let unreachable = |why| BenchError::Unreachable { server: self.name.clone(), why };
        let nothing = || io::Error::new(io::ErrorKind::NotFound, "the name stands for no address");
        let mut addresses = self.address.to_socket_addrs().map_err(unreachable)?;
        addresses.next().ok_or_else(|| unreachable(nothing()))
    }

    /// The load could not be run to its end.
    pub(super) fn broken(&self, why: io::Error) -> BenchError {
        let server = self.name.clone();
        if why.kind() == io::ErrorKind::ConnectionRefused {
            BenchError::Unreachable { server, why: why.kind().into() }
        } else {
            BenchError::Broken { server, why }
        }
    }
}
