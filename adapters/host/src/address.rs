//! From `HOST:PORT` to socket addresses.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use crate::blocking;
use crate::runtime::Runtime;

/// How long a blocking connect may hold a thread; the node gives up on a link by itself.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// What an address stands for now. A name is looked up on a thread where that may block.
pub(crate) async fn resolve<R: Runtime>(address: String) -> io::Result<Vec<SocketAddr>> {
    if let Ok(literal) = address.parse() {
        return Ok(vec![literal]);
    }
    blocking::run::<R, _>(move || look_up(&address)).await
}

/// What an address stands for now; it may block.
pub(crate) fn look_up(address: &str) -> io::Result<Vec<SocketAddr>> {
    Ok(address.to_socket_addrs()?.collect())
}

/// Connects from an address of one's own choosing; it blocks. For runtimes that cannot bind before
/// they connect.
///
/// # Errors
/// As the system has them.
pub fn connect_from(to: SocketAddr, from: IpAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
    socket.bind(&SocketAddr::new(from, 0).into())?;
    socket.connect_timeout(&to.into(), CONNECT_TIMEOUT)?;
    Ok(socket.into())
}
