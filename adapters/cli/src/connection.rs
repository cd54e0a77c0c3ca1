//! A conversation with a server.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::mpsc::channel;
use std::time::Duration;

use herd_bench::Encryption;

use crate::reply::{Expected, Replies, Reply};
use crate::transport::Transport;

/// How a conversation ended that was carried on to its end.
#[derive(Debug)]
pub(crate) enum End {
    /// Every reply came.
    Whole,
    /// The server closed before that.
    Short,
    /// The requests could not be read on; those before were sent.
    Unread(io::Error),
}

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

    /// Sends every request, as fast as the server takes them, and hands every reply to `take` as it
    /// comes. A request that cannot be read ends them, as the end of the input does.
    pub(crate) fn stream(
        mut self,
        requests: impl Iterator<Item = io::Result<Vec<u8>>> + Send + 'static,
        mut take: impl FnMut(&Reply) -> io::Result<()>,
    ) -> io::Result<End> {
        let (expect, expected) = channel();
        let writer = self.transport.clone();
        // It is not waited for: it may be in the middle of reading from a terminal when the server closes.
        std::thread::spawn(move || -> io::Result<()> {
            for request in requests {
                let request = match request {
                    Ok(request) => request,
                    Err(error) => {
                        let _ = expect.send(Err(error));
                        break;
                    }
                };
                if let Some(kind) = Expected::of(&request)
                    && expect.send(Ok(kind)).is_err()
                {
                    break;
                }
                writer.write_all(&[&request[..], b"\n"].concat())?;
            }
            writer.finish()
        });
        let mut unread = None;
        let mut buffer = [0; 16 << 10];
        loop {
            let was_owed = self.replies.expects_more();
            let read = self.transport.read(&mut buffer);
            for kind in expected.try_iter() {
                match kind {
                    Ok(kind) => self.replies.expect(kind),
                    Err(error) => unread = Some(error),
                }
            }
            match read {
                Ok(0) => break,
                Ok(len) => self.replies.take(&buffer[..len]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Nothing more will come.
                Err(error) if is_timeout(&error) && !was_owed && unread.is_some() => break,
                // Requests may come from a pipe that takes its time.
                Err(error) if is_timeout(&error) && !was_owed => {}
                Err(error) => return Err(error),
            }
            while let Some(reply) = self.replies.next() {
                take(&reply)?;
            }
        }
        Ok(match unread {
            Some(error) => End::Unread(error),
            None if self.replies.expects_more() => End::Short,
            None => End::Whole,
        })
    }
}

/// Whether an error says that it took too long.
pub(crate) fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}
