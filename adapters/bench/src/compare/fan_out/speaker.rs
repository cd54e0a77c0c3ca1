//! The connection that tells where clients are.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

use memchr::memchr_iter;

use super::PATIENCE;
use crate::dialect::{Dialect, redis};
use crate::traffic::{Requests, Traffic};

/// A connection on which every update is answered with a line.
pub(super) struct Speaker<'a> {
    stream: TcpStream,
    dialect: Dialect,
    traffic: &'a Traffic,
    requests: Requests<'a>,
    /// A buffer.
    out: Vec<u8>,
}

impl<'a> Speaker<'a> {
    pub(super) fn connect(address: SocketAddr, dialect: Dialect, traffic: &'a Traffic) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, dialect, traffic, requests: Requests::new(traffic, true, 0, 1), out: Vec::new() })
    }

    /// So many updates in one write; returns when all are acknowledged.
    pub(super) fn say(&mut self, updates: u32) -> io::Result<()> {
        self.requests.tick();
        self.out.clear();
        for _ in 0..updates {
            let request = self.requests.next();
            match self.dialect {
                Dialect::RedisSet => redis::push_publish(&mut self.out, &request),
                dialect => dialect.push(&mut self.out, self.traffic, &request),
            }
        }
        self.stream.write_all(&self.out)?;
        let (mut left, mut buffer) = (updates as usize, [0; 16 << 10]);
        while left > 0 {
            let len = match self.stream.read(&mut buffer)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                len => len,
            };
            left = left.saturating_sub(memchr_iter(b'\n', &buffer[..len]).count());
        }
        Ok(())
    }
}
