//! The connections that are told.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::Instant;

use memchr::memchr_iter;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use super::PATIENCE;
use crate::dialect::Dialect;

/// What is said to watch everybody, how the last line of the reply ends, and how many lines a message has.
const HERD: (&str, &str, usize) = ("WATCH *\n", "WATCHING *\n", 1);
const REDIS: (&str, &str, usize) = ("SUBSCRIBE reports\r\n", ":1\r\n", 7);

/// Connections that watch everybody.
pub(super) struct Audience {
    poll: Poll,
    events: Events,
    streams: Vec<TcpStream>,
    /// How many lines a message has.
    lines: usize,
}

impl Audience {
    pub(super) fn connect(address: SocketAddr, dialect: Dialect, count: u32) -> io::Result<Self> {
        let (watch, watching, lines) = if dialect == Dialect::RedisSet { REDIS } else { HERD };
        let (poll, mut streams) = (Poll::new()?, Vec::new());
        for number in 0..count as usize {
            let mut stream = std::net::TcpStream::connect_timeout(&address, PATIENCE)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.write_all(watch.as_bytes())?;
            let (mut reply, mut buffer) = (Vec::new(), [0; 4096]);
            while !reply.ends_with(watching.as_bytes()) {
                match stream.read(&mut buffer)? {
                    0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                    len => reply.extend_from_slice(&buffer[..len]),
                }
            }
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            poll.registry().register(&mut stream, Token(number), Interest::READABLE)?;
            streams.push(stream);
        }
        Ok(Self { poll, events: Events::with_capacity(1024), streams, lines })
    }

    /// Returns when each has been told of so many updates.
    pub(super) fn hear(&mut self, updates: u32) -> io::Result<()> {
        let (mut left, start) = (self.streams.len() * updates as usize * self.lines, Instant::now());
        let mut buffer = [0; 16 << 10];
        while left > 0 {
            self.poll.poll(&mut self.events, Some(PATIENCE))?;
            if start.elapsed() > PATIENCE {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "watchers are not told of an update"));
            }
            for event in &self.events {
                let stream = &mut self.streams[event.token().0];
                loop {
                    match stream.read(&mut buffer) {
                        Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                        Ok(len) => left = left.saturating_sub(memchr_iter(b'\n', &buffer[..len]).count()),
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                        Err(error) => return Err(error),
                    }
                }
            }
        }
        Ok(())
    }
}
