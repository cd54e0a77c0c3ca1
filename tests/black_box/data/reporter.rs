//! Clients that report as fast as they are answered, and remember what was.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::{JoinHandle, spawn};
use std::time::Instant;

/// How many reports are on their way on a connection.
const AT_ONCE: u64 = 20;

/// A client that reports, on a thread of its own, until its connection is over.
pub(super) struct Reporter {
    client: String,
    thread: JoinHandle<Vec<(u64, Instant)>>,
}

/// What a client was told: the times that it had reported, and when the replies were read.
pub(super) struct Acknowledged {
    pub(super) client: String,
    pub(super) times: Vec<(u64, Instant)>,
}

impl Reporter {
    /// Reports times from `first` on.
    pub(super) fn start(address: SocketAddr, client: String, first: u64) -> Self {
        let name = client.clone();
        Self { client, thread: spawn(move || report(address, &name, first)) }
    }

    pub(super) fn end(self) -> Acknowledged {
        Acknowledged { client: self.client, times: self.thread.join().expect("it ends") }
    }
}

fn report(address: SocketAddr, client: &str, first: u64) -> Vec<(u64, Instant)> {
    let mut acknowledged = Vec::new();
    let Ok(stream) = TcpStream::connect(address) else { return acknowledged };
    let (mut replies, mut requests) = (BufReader::new(stream.try_clone().expect("a socket")), stream);
    for block in 0.. {
        let first = first + block * AT_ONCE;
        let lines: Vec<_> = (first..first + AT_ONCE).map(|time| format!("IAMAT {client} +1+1 {time}\n")).collect();
        if requests.write_all(lines.concat().as_bytes()).is_err() {
            break;
        }
        for time in first..first + AT_ONCE {
            let mut reply = String::new();
            // A line whose end did not come was cut off by the kill.
            if replies.read_line(&mut reply).is_err() || !reply.ends_with('\n') {
                return acknowledged;
            }
            assert!(reply.starts_with("AT A ") && reply.ends_with(&format!(" {time}\n")), "{reply}");
            acknowledged.push((time, Instant::now()));
        }
    }
    acknowledged
}
