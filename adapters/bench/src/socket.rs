//! A socket that has one connection after the other.
//!
//! Where every request has a connection of its own, making sockets, setting them up, having them polled and closing
//! them would be a third of what a load takes. What the load takes, the server on the same machine does not get.

use std::io;
use std::net::SocketAddr;

use mio::net::TcpStream;

/// Ends a connection with a reset, and tells whether its socket can be connected again.
#[cfg(target_os = "linux")]
pub(crate) fn reset(stream: &TcpStream) -> bool {
    // Connecting a socket to no address dissolves its connection.
    rustix::net::connect_unspec(stream).is_ok()
}

/// Connects a socket again, which may take longer than this call.
#[cfg(target_os = "linux")]
pub(crate) fn connect(stream: &TcpStream, address: SocketAddr) -> io::Result<()> {
    match rustix::net::connect(stream, &address) {
        Err(rustix::io::Errno::INPROGRESS) => Ok(()),
        connected => Ok(connected?),
    }
}

/// Has a connection end with a reset when its socket is dropped: it serves only once.
#[cfg(not(target_os = "linux"))]
pub(crate) fn reset(stream: &TcpStream) -> bool {
    // It is only slower without.
    let _ = socket2::SockRef::from(stream).set_linger(Some(std::time::Duration::ZERO));
    false
}

/// Nothing: no socket can be connected again.
#[cfg(not(target_os = "linux"))]
pub(crate) fn connect(_: &TcpStream, _: SocketAddr) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
