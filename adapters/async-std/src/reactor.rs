//! Waiting until the reactor has looked at the sockets.
//!
//! The executor runs up to 200 tasks that are ready between two looks, so a task that wakes itself keeps others from
//! learning that something came for them. Only the reactor wakes whoever waits for a socket. A timer that is due at
//! once does not do: it is ready without a look.

use std::io;
use std::sync::OnceLock;

use async_io::Async;
use async_std::task;

#[cfg(unix)]
type Socket = std::os::unix::net::UnixStream;
#[cfg(not(unix))]
type Socket = std::net::UdpSocket;

/// A socket on which there is always something to read, so that the next look finds it ready, and what keeps it so.
struct Ready {
    socket: Async<Socket>,
    _writer: Socket,
}

/// Goes on when the reactor has looked once more.
pub(crate) async fn looked() {
    static READY: OnceLock<Option<Ready>> = OnceLock::new();
    if let Some(ready) = READY.get_or_init(|| ready().ok()) {
        let looked = ready.socket.readable().await;
        debug_assert!(looked.is_ok(), "the reactor watches it");
    } else {
        // No socket is to be had: as far as a task can get by itself.
        task::yield_now().await;
    }
}

#[cfg(unix)]
fn ready() -> io::Result<Ready> {
    use std::io::Write;
    let (socket, mut writer) = Socket::pair()?;
    writer.write_all(&[0])?;
    Ok(Ready { socket: Async::new(socket)?, _writer: writer })
}

#[cfg(not(unix))]
fn ready() -> io::Result<Ready> {
    let (socket, writer) = (Socket::bind("127.0.0.1:0")?, Socket::bind("127.0.0.1:0")?);
    writer.send_to(&[0], socket.local_addr()?)?;
    Ok(Ready { socket: Async::new(socket)?, _writer: writer })
}
