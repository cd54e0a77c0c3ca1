//! A server's port, bound before anything runs.

use std::io;
use std::net::{SocketAddr, TcpListener};

use herd::ServerId;
use socket2::{Domain, Protocol, Socket, Type};

use super::error::BindError;
use crate::config::Settings;
use crate::runtime::Runtime;
use crate::{address, blocking};

/// Connections that the system may hold for a server that is busy.
const BACKLOG: i32 = 1024;

/// Whether the system gives a connection that it accepts the options of its listener.
pub(super) const INHERITS_OPTIONS: bool = cfg!(target_os = "linux");

/// A server that is bound and not yet running.
pub(crate) struct Bound {
    pub(super) server: ServerId,
    pub(super) listener: TcpListener,
    /// Where it speaks HTTP.
    pub(super) http: Option<TcpListener>,
    /// Why it does not, where nobody has asked for it.
    pub(crate) no_http: Option<BindError>,
    /// Whether every server of the herd runs in this process.
    pub(super) is_whole: bool,
}

impl Bound {
    /// Binds a server's ports; it may block, where an address to bind is a name. The `first` server of a process is the
    /// one that speaks HTTP where the settings name none; in one that runs the `whole` herd that may be left out.
    pub(crate) fn new(
        settings: &Settings,
        server: ServerId,
        is_first: bool,
        is_whole: bool,
    ) -> Result<Self, BindError> {
        let open = |listen: &str| address::look_up(listen).and_then(|addresses| bind(&addresses));
        let failed = |listen: &str, why| BindError::new(settings, server, listen, why);
        let listen = settings.listen(server);
        let listener = open(listen).map_err(|why| failed(listen, why))?;
        let mut bound = Self { server, listener, http: None, no_http: None, is_whole };
        if let Some(http) = settings.http.open(server, is_first, is_whole) {
            match open(http.address).map_err(|why| failed(http.address, why)) {
                Ok(listener) => bound.http = Some(listener),
                Err(error) if http.is_asked_for => return Err(error),
                Err(error) => bound.no_http = Some(error),
            }
        }
        Ok(bound)
    }

    /// Binds the ports of the one server that a program starts.
    pub(super) async fn resolved<R: Runtime>(settings: &Settings, server: ServerId) -> Result<Self, BindError> {
        let settings = settings.clone();
        blocking::run::<R, _>(move || Self::new(&settings, server, true, false)).await
    }

    /// Where it speaks HTTP, if it does.
    pub(crate) fn http(&self) -> Option<SocketAddr> {
        self.http.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Whether a server could listen there now. Nothing listens there afterwards.
pub(crate) fn try_to_listen(listen: &str) -> io::Result<()> {
    bind(&address::look_up(listen)?).map(drop)
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
