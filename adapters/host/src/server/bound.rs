//! A server's port, bound before anything runs.

use std::io;
use std::net::{SocketAddr, TcpListener};

use herd::ServerId;
use socket2::{Domain, Protocol, Socket, Type};

use super::error::BindError;
use crate::address;
use crate::config::Settings;
use crate::runtime::Runtime;

/// Connections that the system may hold for a server that is busy.
const BACKLOG: i32 = 1024;

/// Whether the system gives a connection that it accepts the options of its listener.
pub(super) const INHERITS_OPTIONS: bool = cfg!(target_os = "linux");

/// A server that is bound and not yet running.
pub(crate) struct Bound {
    pub(super) server: ServerId,
    pub(super) listener: TcpListener,
}

impl Bound {
    /// Binds a server's port; it may block, where the address to bind is a name.
    pub(crate) fn new(settings: &Settings, server: ServerId) -> Result<Self, BindError> {
        let looked_up = address::look_up(settings.listen(server));
        Self::to(settings, server, looked_up)
    }

    /// Binds a server's port.
    pub(super) async fn resolved<R: Runtime>(settings: &Settings, server: ServerId) -> Result<Self, BindError> {
        let looked_up = address::resolve::<R>(settings.listen(server).to_owned()).await;
        Self::to(settings, server, looked_up)
    }

    fn to(settings: &Settings, server: ServerId, addresses: io::Result<Vec<SocketAddr>>) -> Result<Self, BindError> {
        match addresses.and_then(|addresses| bind(&addresses)) {
            Ok(listener) => Ok(Self { server, listener }),
            Err(why) => {
                let (name, listen) = (settings.herd.name(server).to_string(), settings.listen(server).to_owned());
                Err(BindError { name, listen, why })
            }
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

fn bind(addresses: &[SocketAddr]) -> io::Result<TcpListener> {
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "it stands for no address");
    for &address in addresses {
        match bind_to(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn bind_to(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A server that was killed must be able to come back at once.
    socket.set_reuse_address(true)?;
    // For the connections that inherit it.
    socket.set_tcp_nodelay(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpStream};

    use super::*;

    #[test]
    fn connections_inherit_what_they_are_not_told() {
        let listener = bind_to((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port");
        listener.set_nonblocking(false).expect("a listener");
        let _client = TcpStream::connect(listener.local_addr().expect("its address")).expect("a connection");
        let (accepted, _) = listener.accept().expect("the same connection");
        assert!(!INHERITS_OPTIONS || accepted.nodelay().expect("an option"));
    }
}
