//! A connection on which somebody talks as fast as is listened.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::digits;

/// How long a talker may not see that it is over.
const NAP: Duration = Duration::from_millis(50);
/// Bytes of a block of lines that are all the same.
const BLOCK: usize = 32 << 10;
/// The clients of a block of reports.
const CLIENTS: usize = 1_000;
/// Digits of a report's time.
const TIME: usize = 10;

/// Lines that are said again and again, each time with later times.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    bytes: Vec<u8>,
    /// Where the times stand.
    times: Vec<usize>,
}

impl Block {
    /// One line, as often as fits.
    pub(super) fn again(line: &str) -> Self {
        Self { bytes: line.repeat(BLOCK / line.len() + 1).into_bytes(), times: Vec::new() }
    }

    /// Reports of a neighbour's, with that word.
    pub(super) fn reports(word: &str) -> Self {
        let mut block = Self::default();
        for client in 0..CLIENTS {
            let mut start = String::new();
            write!(start, "{word} Ball +0.100000000 herd-bench-{client:09}").expect("a String takes every write");
            block.report(start.as_bytes(), b" Ball");
        }
        block
    }

    /// One more report: what stands before its position, and behind its time.
    pub(super) fn report(&mut self, start: &[u8], end: &[u8]) {
        self.bytes.extend_from_slice(start);
        self.bytes.extend_from_slice(b" +34.068930-118.445127 ");
        self.times.push(self.bytes.len());
        self.bytes.extend_from_slice(&[b'0'; TIME]);
        self.bytes.extend_from_slice(end);
        self.bytes.push(b'\n');
    }

    /// Moves all its times on.
    fn set_times(&mut self, round: u64) {
        let mut time = Vec::new();
        digits::push::<TIME>(&mut time, round);
        for &at in &self.times {
            self.bytes[at..at + TIME].copy_from_slice(&time);
        }
    }
}

/// Says it until it is over, on another connection when one is closed, and reads what is replied.
pub(super) fn talk(server: SocketAddr, mut block: Block, over: &AtomicBool) {
    // Runs follow each other, and times must grow from one to the next.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let mut round = u64::try_from(now.as_millis()).unwrap_or(0);
    while !over.load(Ordering::Relaxed) {
        if connection(server, &mut block, &mut round, over).is_err() {
            // The server closed it, or takes no more for a moment.
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn connection(server: SocketAddr, block: &mut Block, round: &mut u64, over: &AtomicBool) -> io::Result<()> {
    let mut stream = TcpStream::connect_timeout(&server, NAP)?;
    stream.set_write_timeout(Some(NAP))?;
    stream.set_read_timeout(Some(NAP))?;
    let replies = stream.try_clone()?;
    let is_closed = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| forget(replies, &is_closed));
        let ended = (|| {
            while !over.load(Ordering::Relaxed) {
                block.set_times(*round);
                *round += 1;
                say(&mut stream, &block.bytes, over)?;
            }
            Ok(())
        })();
        is_closed.store(true, Ordering::Relaxed);
        ended
    })
}

/// Writes all of it, or what is taken until it is over.
fn say(stream: &mut TcpStream, bytes: &[u8], over: &AtomicBool) -> io::Result<()> {
    let mut written = 0;
    while written < bytes.len() && !over.load(Ordering::Relaxed) {
        match stream.write(&bytes[written..]) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(len) => written += len,
            Err(error) if is_nap(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn forget(mut stream: TcpStream, is_closed: &AtomicBool) {
    let mut bytes = vec![0; 256 << 10];
    while !is_closed.load(Ordering::Relaxed) {
        match stream.read(&mut bytes) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if is_nap(&error) => {}
            Err(_) => return,
        }
    }
}

fn is_nap(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_can_read_what_is_said() {
        let mut block = Block::reports("AT");
        block.set_times(7);
        let line = block.bytes.split(|&byte| byte == b'\n').next().expect("a line");
        let text = "AT Ball +0.100000000 herd-bench-000000000 +34.068930-118.445127 0000000007 Ball";
        assert_eq!(line, text.as_bytes());
        assert!(matches!(herd::wire::Message::parse(line), Ok(Some(herd::wire::Message::At { .. }))));
    }
}
