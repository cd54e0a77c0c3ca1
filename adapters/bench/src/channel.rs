//! One connection of a load.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::SocketAddr;

use herd::Token;
use memchr::memchr;
use mio::net::TcpStream;

use super::dialect::{Asked, Dialect, Reply};
use super::encryption::{Encryption, Tls};
use super::socket;

/// How much is read at a time at first; more where replies are longer.
const READ: usize = 16 << 10;

/// A connection, what waits to be written to it, and what is expected from it.
#[derive(Debug)]
pub(crate) struct Channel {
    /// `None` where the next connection needs a socket of its own.
    stream: Option<TcpStream>,
    /// The TLS of the present connection, if it is spoken.
    tls: Option<Tls>,
    encryption: Option<Encryption>,
    /// Whether the next request needs a new connection.
    is_closed: bool,
    /// What is to be written, as far as it is not `written` yet.
    pub(crate) out: Vec<u8>,
    written: usize,
    /// What was read and is no whole reply yet, then room for more.
    input: Vec<u8>,
    filled: usize,
    /// Requests without a reply, in their order.
    pub(crate) asked: VecDeque<Asked>,
    /// What is said first on each connection, and whether that was answered.
    token: Option<Token>,
    is_known: bool,
}

/// A reply to one request.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    /// What was asked.
    pub(crate) asked: Asked,
    /// Whether the reply is what it must be.
    pub(crate) is_right: bool,
    /// The reply.
    pub(crate) text: &'a [u8],
}

/// Why a connection is of no more use.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The server closed it.
    Closed,
    /// It said something that nobody asked for.
    Unasked,
    /// It does not know the token.
    Unknown,
    /// The system says so.
    Failed(io::Error),
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Closed => f.write_str("the server closed the connection"),
            Self::Unknown => f.write_str("the server does not know the token"),
            Self::Unasked => f.write_str("the server said something that nobody asked for"),
            Self::Failed(error) => write!(f, "the connection failed: {error}"),
        }
    }
}

impl Channel {
    /// A connection on which nothing was said yet.
    pub(crate) fn new(stream: TcpStream, encryption: Option<Encryption>, token: Option<&Token>) -> io::Result<Self> {
        let mut channel = Self {
            stream: Some(stream),
            tls: encryption.as_ref().map(Tls::new).transpose()?,
            encryption,
            is_closed: false,
            out: Vec::new(),
            written: 0,
            input: Vec::new(),
            filled: 0,
            asked: VecDeque::new(),
            token: token.cloned(),
            is_known: true,
        };
        channel.say_token();
        Ok(channel)
    }

    /// Takes a new connection in place of the closed one, and keeps the buffers.
    pub(crate) fn replace(&mut self, stream: TcpStream) {
        self.stream = Some(stream);
        self.restart();
    }

    /// Connects the socket of a closed connection again, and tells whether that went well.
    pub(crate) fn reconnect(&mut self, address: SocketAddr) -> bool {
        let is_connected = self.stream.as_ref().is_some_and(|stream| socket::connect(stream, address).is_ok());
        if is_connected {
            self.restart();
        }
        is_connected
    }

    /// Begins a new connection's conversation.
    fn restart(&mut self) {
        self.is_closed = false;
        self.clear();
        // The first one was made in the same way.
        self.tls = self.encryption.as_ref().and_then(|encryption| Tls::new(encryption).ok());
        self.say_token();
    }

    fn clear(&mut self) {
        self.out.clear();
        self.asked.clear();
        (self.written, self.filled) = (0, 0);
    }

    /// Closes the connection, whatever is still owed on it; how many requests have gone out and get no reply.
    pub(crate) fn give_up(&mut self) -> usize {
        let was_never_heard = self.tls.is_none() && self.written == 0 && !self.out.is_empty();
        let unanswered = if was_never_heard { 0 } else { self.asked.len() };
        self.clear();
        self.close();
        unanswered
    }

    fn say_token(&mut self) {
        if let Some(token) = &self.token {
            self.out.extend_from_slice(format!("AUTH {}\n", token.as_str()).as_bytes());
            self.is_known = false;
        }
    }

    /// Closes the connection, which has done what it was for.
    ///
    /// All that was owed has been read, so it is closed with a reset: else its port would rest for a minute,
    /// and looking for free ones among tens of thousands would be most of what is measured.
    pub(crate) fn close(&mut self) {
        self.is_closed = true;
        self.stream = self.stream.take().filter(socket::reset);
    }

    /// Whether a new connection is needed.
    pub(crate) const fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Writes what the system takes now.
    pub(crate) fn flush(&mut self) -> Result<(), Broken> {
        let Some(stream) = &mut self.stream else { return Ok(()) };
        if let Some(tls) = &mut self.tls {
            tls.say(&self.out).map_err(Broken::Failed)?;
            self.out.clear();
            return write_encrypted(tls, stream);
        }
        while self.written < self.out.len() {
            match stream.write(&self.out[self.written..]) {
                Ok(0) => return Err(Broken::Closed),
                Ok(len) => self.written += len,
                Err(error) if must_wait(&error) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Broken::Failed(error)),
            }
        }
        self.out.clear();
        self.written = 0;
        Ok(())
    }

    /// Reads all there is, and hands every whole reply to `take`.
    pub(crate) fn receive(&mut self, dialect: Dialect, mut take: impl FnMut(Answer<'_>)) -> Result<(), Broken> {
        loop {
            let Some(stream) = &mut self.stream else { return Ok(()) };
            if let Some(tls) = &mut self.tls {
                self.input.truncate(self.filled);
                let read = tls.read(stream, &mut self.input);
                let is_more = match read {
                    Ok(None) => return Err(Broken::Closed),
                    Ok(Some(is_more)) => is_more,
                    Err(error) if must_wait(&error) => return Ok(()),
                    Err(error) => return Err(Broken::Failed(error)),
                };
                write_encrypted(tls, stream)?;
                self.filled = self.input.len();
                self.cut(dialect, &mut take)?;
                if is_more {
                    continue;
                }
                return Ok(());
            }
            if self.input.len() < self.filled + READ {
                self.input.resize((self.input.len() * 2).max(READ), 0);
            }
            let room = self.input.len() - self.filled;
            match stream.read(&mut self.input[self.filled..]) {
                Ok(0) => return Err(Broken::Closed),
                Ok(len) => {
                    self.filled += len;
                    self.cut(dialect, &mut take)?;
                    // A read that does not fill its buffer has emptied the socket.
                    if len < room {
                        return Ok(());
                    }
                }
                Err(error) if must_wait(&error) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Broken::Failed(error)),
            }
        }
    }

    /// Cuts what was read into replies.
    fn cut(&mut self, dialect: Dialect, take: &mut impl FnMut(Answer<'_>)) -> Result<(), Broken> {
        let mut start = 0;
        if !self.is_known {
            let Some(end) = memchr(b'\n', &self.input[..self.filled]) else { return Ok(()) };
            if &self.input[..end] != b"OK" {
                return Err(Broken::Unknown);
            }
            (self.is_known, start) = (true, end + 1);
        }
        while start < self.filled {
            let Some(&asked) = self.asked.front() else { return Err(Broken::Unasked) };
            let Some(Reply { len, is_right }) = dialect.read(&self.input[start..self.filled], &asked) else { break };
            self.asked.pop_front();
            take(Answer { asked, is_right, text: &self.input[start..start + len] });
            start += len;
        }
        self.input.copy_within(start..self.filled, 0);
        self.filled -= start;
        Ok(())
    }
}

/// Writes what the system takes now of what TLS has to say.
fn write_encrypted(tls: &mut Tls, stream: &mut TcpStream) -> Result<(), Broken> {
    while tls.wants_write() {
        match tls.write(stream) {
            Ok(0) => return Err(Broken::Closed),
            Ok(_) => {}
            Err(error) if must_wait(&error) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Broken::Failed(error)),
        }
    }
    Ok(())
}

/// Whether the socket is not ready: full, empty, or not connected yet.
fn must_wait(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected)
}
