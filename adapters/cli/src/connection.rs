//! A conversation with a server.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use herd_bench::Encryption;

use crate::reply::{Expected, Replies, Reply};
use crate::transport::Transport;

/// A connection to a server.
#[derive(Debug)]
pub(crate) struct Connection {
    transport: Transport,
    replies: Replies,
}

impl Connection {
    /// Connects, trying each address that a name stands for.
    pub(crate) fn open(address: &str, timeout: Duration, encryption: Option<Encryption>) -> io::Result<Self> {
        let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name stands for no address");
        for address in address.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, timeout) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    stream.set_read_timeout(Some(timeout))?;
                    stream.set_write_timeout(Some(timeout))?;
                    let transport = Transport::new(stream, encryption)?;
                    return Ok(Self { transport, replies: Replies::default() });
                }
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    /// What is said on it from here on is somebody else's to make sense of.
    pub(crate) fn into_transport(self) -> Transport {
        self.transport
    }

    /// Sends one request and waits for its reply; `None` where the server closed instead, or where a
    /// blank line has none.
    pub(crate) fn ask(&mut self, request: &[u8]) -> io::Result<Option<Reply>> {
        let Some(expected) = Expected::of(request) else { return Ok(None) };
        self.replies.expect(expected);
        self.transport.write_all(&[request, b"\n"].concat())?;
        let mut buffer = [0; 16 << 10];
        loop {
            if let Some(reply) = self.replies.next() {
                return Ok(Some(reply));
            }
            match self.transport.read(&mut buffer)? {
                0 => return Ok(None),
                len => self.replies.take(&buffer[..len]),
            }
        }
    }

    /// Sends requests, each with its LF, and waits for all of their replies. They must be few enough for the buffers of a
    /// connection to hold, since nothing is read while they are written.
    pub(crate) fn ask_all(&mut self, requests: &[u8]) -> io::Result<Vec<Reply>> {
        requests.split(|&byte| byte == b'\n').filter_map(Expected::of).for_each(|kind| self.replies.expect(kind));
        self.transport.write_all(requests)?;
        let mut replies = Vec::new();
        let mut buffer = [0; 16 << 10];
        while self.replies.expects_more() {
            match self.transport.read(&mut buffer)? {
                0 => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it closed the connection")),
                len => self.replies.take(&buffer[..len]),
            }
            replies.extend(std::iter::from_fn(|| self.replies.next()));
        }
        Ok(replies)
    }
}

/// Whether an error says that it took too long.
pub(crate) fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
