//! New clients at a steady rate, and which of them a server has acknowledged.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use herd_tests::client::Client;
use herd_tests::patience::{PATIENCE, wait_for};

const CONNECTIONS: usize = 4;

/// How often each connection sends what is due.
const TICK: Duration = Duration::from_millis(1);

/// How many questions are under way at a time.
const PIPELINE: usize = 500;

/// A load that runs until the server closes its connections. Every client in it is new, and reports once.
pub(super) struct Load {
    acknowledged: Arc<AtomicUsize>,
    connections: Vec<JoinHandle<Reported>>,
}

/// What one connection reported, or all of them.
#[derive(Debug, Default)]
pub(super) struct Reported {
    /// The clients that were acknowledged.
    pub(super) acknowledged: Vec<String>,
    /// Connections that were reset, and not closed in order.
    pub(super) resets: usize,
}

impl Load {
    /// So many new clients a second, whose names begin with `prefix`.
    pub(super) fn start(address: SocketAddr, prefix: &str, rate: usize) -> Self {
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let connection = |number| {
            let stream = TcpStream::connect(address).expect("a server that listens");
            stream.set_nodelay(true).expect("a socket");
            stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
            stream.set_write_timeout(Some(PATIENCE)).expect("a socket");
            let (acknowledged, prefix) = (Arc::clone(&acknowledged), format!("{prefix}-{number}-"));
            thread::spawn(move || report(&stream, &prefix, rate / CONNECTIONS, &acknowledged))
        };
        Self { connections: (0..CONNECTIONS).map(connection).collect(), acknowledged }
    }

    /// Waits until so many were acknowledged.
    pub(super) fn wait_for(&self, count: usize) {
        wait_for("the load to be acknowledged", || (self.acknowledged.load(Ordering::Relaxed) >= count).then_some(()));
    }

    /// Waits until the server has closed every connection.
    pub(super) fn end(self) -> Reported {
        let mut all = Reported::default();
        for connection in self.connections {
            let reported = connection.join().expect("replies that are right");
            all.acknowledged.extend(reported.acknowledged);
            all.resets += reported.resets;
        }
        all
    }
}

/// Reports new clients on one connection until the server closes it.
fn report(stream: &TcpStream, prefix: &str, rate: usize, count: &AtomicUsize) -> Reported {
    let is_closed = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| send(stream, prefix, rate, &is_closed));
        let reported = receive(stream, prefix, count);
        is_closed.store(true, Ordering::Relaxed);
        reported
    })
}

fn send(mut stream: &TcpStream, prefix: &str, rate: usize, is_closed: &AtomicBool) {
    let (start, mut sent) = (Instant::now(), 0);
    while !is_closed.load(Ordering::Relaxed) {
        let due = usize::try_from(start.elapsed().as_micros()).expect("a short load") * rate / 1_000_000;
        let lines: Vec<String> = (sent..due).map(|number| format!("IAMAT {prefix}{number} +1+1 1\n")).collect();
        // The server may have closed it already.
        if stream.write_all(lines.concat().as_bytes()).is_err() {
            break;
        }
        sent = due;
        thread::sleep(TICK);
    }
    let _ = stream.shutdown(Shutdown::Write);
}

fn receive(stream: &TcpStream, prefix: &str, count: &AtomicUsize) -> Reported {
    let (mut reader, mut reported, mut line) = (BufReader::new(stream), Reported::default(), String::new());
    loop {
        line.clear();
        match reader.read_line(&mut line) {
            Ok(0) => return reported,
            Ok(_) => {}
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::ConnectionReset, "a server that replies: {error}");
                reported.resets = 1;
                return reported;
            }
        }
        let client = format!("{prefix}{}", reported.acknowledged.len());
        assert!(line.ends_with('\n') && line.split(' ').nth(3) == Some(&client), "{line:?} for {client}");
        reported.acknowledged.push(client);
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Those of these clients that a server does not know.
pub(super) fn unknown(address: SocketAddr, clients: &[String]) -> Vec<String> {
    let (mut unknown, mut left) = (Vec::new(), clients);
    let mut connection = Client::connect(address);
    while !left.is_empty() {
        let asked = &left[..left.len().min(PIPELINE)];
        let questions: Vec<String> = asked.iter().map(|client| format!("WHATSAT {client} 0 0\n")).collect();
        connection.send(questions.concat());
        let known = asked.iter().take_while(|_| knows(&mut connection)).count();
        left = &left[known..];
        if known < asked.len() {
            unknown.push(left[0].clone());
            left = &left[1..];
            connection = Client::connect(address);
        }
    }
    unknown
}

/// Whether the next reply is a client's position. If not, the connection is over.
fn knows(connection: &mut Client) -> bool {
    if !connection.line().starts_with("AT ") {
        return false;
    }
    while !connection.raw_line().is_empty() {}
    true
}
