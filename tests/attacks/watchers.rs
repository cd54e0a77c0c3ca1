//! Watchers that never read.

use std::collections::BTreeSet;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use herd_tests::client::Client;

use crate::alone;
use crate::flood::{Flood, Replies};
use crate::siege::Siege;

/// How many clients are reported, and of how many a watcher may have to be told before all begins anew.
const CLIENTS: u64 = 500;
const QUEUE: u64 = 100;

/// How long a line about one is, more or less, and how many there are: more than the system holds for one that does not read.
const LINE: usize = 500;
const REPORTS: u64 = (8 << 20) / LINE as u64;

/// What is unsent to one, and what one takes besides: of each client that waits there is an entry.
const UNSENT: u64 = 16 << 10;
const MOST: u64 = UNSENT + (16 << 10) + QUEUE * 2 * LINE as u64;

/// A number that a variable sets, for a longer form.
fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().expect("a number"))
}

/// One that watches all and reads.
struct Reader {
    stream: TcpStream,
    lines: Arc<AtomicU64>,
    thread: JoinHandle<()>,
}

impl Reader {
    fn start(address: SocketAddr) -> Self {
        let mut client = Client::connect(address);
        client.send("WATCH *\n");
        let stream = client.stream().try_clone().expect("a handle");
        let lines = Arc::<AtomicU64>::default();
        let count = Arc::clone(&lines);
        // A thousand of these are to fit.
        let small = thread::Builder::new().stack_size(256 << 10);
        let read = move || {
            while let Some(line) = client.try_line() {
                assert!(!line.starts_with("? "), "{line}");
                count.fetch_add(1, Ordering::Relaxed);
            }
        };
        Self { stream, lines, thread: small.spawn(read).expect("a thread") }
    }

    fn lines(&self) -> u64 {
        self.lines.load(Ordering::Relaxed)
    }

    fn end(self) {
        let _ = self.stream.shutdown(Shutdown::Both);
        self.thread.join().expect("it read what it was to read");
    }
}

/// A thousand reports, each newer than those before.
fn reports(round: u64) -> Vec<u8> {
    let line = |line| format!("IAMAT truck-{} +1.{:0LINE$}+1 {}\n", line % CLIENTS, 0, round * 1_000 + line);
    (0..1_000).map(line).collect::<Vec<_>>().concat().into()
}

/// One in ten of those that watch everybody never reads: the others are told, and memory stays within bounds. When those
/// read, they are told that they know nothing, and then all that there is.
#[test]
fn one_in_ten_never_reads() {
    let (watchers, seconds) = (number("WATCHERS", 100), number("SECONDS", 1));
    let limits = ["--max-unsent", &UNSENT.to_string(), "--watch-queue", &QUEUE.to_string()];
    let mut siege = Siege::of(alone().with(&limits));
    let address = siege.herd.address("A");
    let mut silent: Vec<Client> = (0..watchers / 10).map(|_| Client::narrow(address)).collect();
    for client in &mut silent {
        assert_eq!(client.ask("WATCH truck-*"), "WATCHING truck-*");
    }
    let readers: Vec<Reader> = (silent.len() as u64..watchers).map(|_| Reader::start(address)).collect();
    let flood = Flood::start(address, Replies::Read, reports);
    let start = Instant::now();
    while {
        let before: Vec<u64> = readers.iter().map(Reader::lines).collect();
        let mut monitor = siege.herd.client("A");
        let mut has_taken = || {
            let status: serde_json::Value = serde_json::from_str(&monitor.ask("STATUS")).expect("JSON");
            status["counters"]["iamat"].as_u64().is_some_and(|reports| reports >= REPORTS)
        };
        let mut all_are_told =
            || has_taken() && readers.iter().zip(&before).all(|(reader, before)| reader.lines() > *before);
        siege.hold(&format!("{} watchers of {watchers} that never read", silent.len()), &mut all_are_told);
        start.elapsed() < Duration::from_secs(seconds)
    } {}
    siege.assert_memory(watchers * MOST);
    drop(flood);
    for client in &mut silent {
        client.until("AGAIN truck-*");
        let told = client.until("WATCHING truck-*");
        let seen: BTreeSet<&str> = told.iter().filter_map(|line| line.split(' ').nth(3)).collect();
        assert_eq!(seen.len() as u64, CLIENTS, "all of them");
    }
    drop(silent);
    readers.into_iter().for_each(Reader::end);
    siege.wait_until_they_have_gone();
}
