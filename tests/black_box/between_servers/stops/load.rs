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
    connections: Vec<JoinHandle<Vec<String>>>,
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

    /// Waits until the server has closed every connection; the clients that it has acknowledged.
    pub(super) fn end(self) -> Vec<String> {
        self.connections.into_iter().flat_map(|connection| connection.join().expect("an orderly end")).collect()
    }
}

/// Reports new clients on one connection until the server closes it; those that were acknowledged.
fn report(stream: &TcpStream, prefix: &str, rate: usize, count: &AtomicUsize) -> Vec<String> {
    let is_closed = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| send(stream, prefix, rate, &is_closed));
        let acknowledged = receive(stream, prefix, count);
        is_closed.store(true, Ordering::Relaxed);
        acknowledged
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

fn receive(stream: &TcpStream, prefix: &str, count: &AtomicUsize) -> Vec<String> {
    let (mut reader, mut acknowledged, mut line) = (BufReader::new(stream), Vec::new(), String::new());
    loop {
        line.clear();
        match reader.read_line(&mut line) {
            Ok(0) => return acknowledged,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => panic!("not closed in order: {error}"),
        }
        let client = format!("{prefix}{}", acknowledged.len());
        assert!(line.ends_with('\n') && line.split(' ').nth(3) == Some(&client), "{line:?} for {client}");
        acknowledged.push(client);
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
