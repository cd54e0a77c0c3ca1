//! Sees a server learn where clients are now, by asking it for some of them.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::dialect::Dialect;

/// How many clients are asked for, evenly from all of them, and how many at once.
const SAMPLE: u64 = 2_000;
const AT_ONCE: usize = 50;
/// How long to wait where one is not yet there.
const NAP: Duration = Duration::from_millis(5);
/// How long a server may take in all.
const PATIENCE: Duration = Duration::from_mins(5);

/// A conversation with the server that learns.
pub(in crate::compare) struct Watcher {
    dialect: Dialect,
    stream: BufReader<TcpStream>,
    /// The clients that it does not know to have moved yet.
    pending: VecDeque<u64>,
    /// Moved is whose report is of then or later, in nanoseconds since 1970.
    since: u64,
    bytes: u64,
}

/// What was seen.
#[derive(Clone, Copy, Debug)]
pub(in crate::compare) struct Seen {
    /// When one of the clients was known to have moved.
    pub(in crate::compare) first: Instant,
    /// When all of them were.
    pub(in crate::compare) last: Instant,
    /// What asking took on the wire.
    pub(in crate::compare) bytes: u64,
}

/// What the system's clock says, in nanoseconds since 1970.
pub(in crate::compare) fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_nanos()).unwrap_or(u64::MAX)
}

impl Watcher {
    /// Connects.
    pub(in crate::compare) fn open(dialect: Dialect, server: SocketAddr, clients: u64, since: u64) -> io::Result<Self> {
        let sample = SAMPLE.min(clients);
        let pending = (0..sample).map(|index| index * clients / sample).collect();
        Ok(Self { dialect, stream: connect(server)?, pending, since, bytes: 0 })
    }

    /// Asks until all have moved.
    pub(in crate::compare) fn wait(mut self) -> io::Result<Seen> {
        let (start, mut first) = (Instant::now(), None);
        while !self.pending.is_empty() {
            let asked: Vec<u64> = self.pending.drain(..AT_ONCE.min(self.pending.len())).collect();
            let moved = self.ask(&asked)?;
            if moved.contains(&true) {
                first.get_or_insert_with(Instant::now);
            }
            let still = asked.iter().zip(&moved).filter(|(_, moved)| !**moved).map(|(client, _)| *client);
            self.pending.extend(still);
            if moved.contains(&false) {
                std::thread::sleep(NAP);
            }
            if start.elapsed() > PATIENCE {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "it is not level after five minutes"));
            }
        }
        let last = Instant::now();
        Ok(Seen { first: first.unwrap_or(last), last, bytes: self.bytes })
    }

    /// Whether each of these clients has moved. Before it was told of any, a herd closes: then none has.
    fn ask(&mut self, clients: &[u64]) -> io::Result<Vec<bool>> {
        let mut requests = String::new();
        for client in clients {
            let request = match self.dialect {
                Dialect::Herd => format!("WHATSAT herd-bench-{client:09} 0 0\n"),
                _ => format!("GET herd-bench-{client:09}\r\n"),
            };
            requests.write_str(&request).expect("a String takes every write");
        }
        self.stream.get_mut().write_all(requests.as_bytes())?;
        self.bytes += requests.len() as u64;
        let mut moved = Vec::with_capacity(clients.len());
        for _ in clients {
            let Some(time) = self.reply()? else {
                self.stream = connect(self.stream.get_ref().peer_addr()?)?;
                moved.resize(clients.len(), false);
                break;
            };
            moved.push(time >= self.since);
        }
        Ok(moved)
    }

    /// The time of the report in one reply, in nanoseconds; none where the client is not known.
    fn reply(&mut self) -> io::Result<Option<u64>> {
        let mut line = self.line()?;
        if self.dialect != Dialect::Herd {
            // It is not there, or the server is busy loading all it was sent.
            if line.starts_with("$-1") || line.starts_with('-') {
                return Ok(Some(0));
            }
            line = self.line()?;
            return Ok(time(&line));
        }
        let time = time(&line).filter(|_| line.starts_with("AT "));
        while time.is_some() && line != "\n" {
            line = self.line()?;
        }
        Ok(time)
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.bytes += line.len() as u64;
        Ok(line)
    }
}

fn connect(server: SocketAddr) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect_timeout(&server, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(BufReader::new(stream))
}

/// The time at the end of an AT line, in nanoseconds.
fn time(line: &str) -> Option<u64> {
    let (seconds, nanos) = line.trim_end().rsplit_once(' ')?.1.split_once('.')?;
    Some(seconds.parse::<u64>().ok()? * 1_000_000_000 + nanos.parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_its_time_at_the_end() {
        assert_eq!(time("AT Alford +0.1 x +1.0+1.0 1479413884.392014450\r\n"), Some(1_479_413_884_392_014_450));
        assert_eq!(time("? WHATSAT x 0 0\n"), None);
    }
}
