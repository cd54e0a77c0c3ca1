//! Streams of events at the HTTP door that are never read.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use herd_tests::http::EventStream;

use crate::alone;
use crate::flood::{Flood, Replies};
use crate::siege::Siege;

/// How many clients are reported, and of how many a watcher may have to be told before all begins anew.
const CLIENTS: u64 = 500;
const QUEUE: u64 = 100;

/// How long a line about one is, more or less, and how many there are: more than the system holds for one that does not read.
const LINE: usize = 500;
const REPORTS: u64 = (4 << 20) / LINE as u64;

/// What a stream takes that does not read: what hyper holds, and an entry of each client that waits.
const MOST: u64 = (192 << 10) + QUEUE * 2 * LINE as u64;

/// One that reads all events until it is told to end.
struct Reader {
    events: Arc<AtomicU64>,
    thread: JoinHandle<()>,
}

impl Reader {
    fn start(door: SocketAddr, is_over: &Arc<AtomicBool>) -> Self {
        let mut stream = EventStream::open(door, "/v1/watch", &[]);
        let (events, is_over) = (Arc::<AtomicU64>::default(), Arc::clone(is_over));
        let count = Arc::clone(&events);
        // Many of these are to fit.
        let small = thread::Builder::new().stack_size(256 << 10);
        let read = move || {
            while !is_over.load(Ordering::Relaxed) && stream.next_event().is_some() {
                count.fetch_add(1, Ordering::Relaxed);
            }
        };
        Self { events, thread: small.spawn(read).expect("a thread") }
    }

    fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }
}

/// A thousand reports, each newer than those before.
fn reports(round: u64) -> Vec<u8> {
    let line = |line| format!("IAMAT truck-{} +1.{:0LINE$}+1 {}\n", line % CLIENTS, 0, round * 1_000 + line);
    (0..1_000).map(line).collect::<Vec<_>>().concat().into()
}

/// Ten streams are never read: the others are told, and memory stays within bounds.
/// `STREAMS=1000` sets how many there are.
#[test]
fn some_streams_are_never_read() {
    let count: usize = std::env::var("STREAMS").ok().map_or(14, |text| text.parse().expect("a number"));
    let mut siege = Siege::of(alone().with_http().with(&["--watch-queue", &QUEUE.to_string()]));
    let (door, address) = (siege.herd.door("A"), siege.herd.address("A"));
    let silent: Vec<_> = (0..10).map(|_| EventStream::open(door, "/v1/watch", &[])).collect();
    let is_over = Arc::<AtomicBool>::default();
    let readers: Vec<Reader> = (silent.len()..count).map(|_| Reader::start(door, &is_over)).collect();
    let flood = Flood::start(address, Replies::Read, reports);
    let before: Vec<u64> = readers.iter().map(Reader::events).collect();
    let mut monitor = siege.herd.client("A");
    let mut has_taken = || {
        let status: serde_json::Value = serde_json::from_str(&monitor.ask("STATUS")).expect("JSON");
        status["counters"]["iamat"].as_u64().is_some_and(|reports| reports >= REPORTS)
    };
    let mut all_are_told =
        || has_taken() && readers.iter().zip(&before).all(|(reader, before)| reader.events() > *before);
    siege.hold(&format!("{} streams of {count} that never read", silent.len()), &mut all_are_told);
    siege.assert_memory(count as u64 * MOST);
    is_over.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.thread.join().expect("it read what it was to read");
    }
    drop((flood, silent, monitor));
    siege.wait_until_they_have_gone();
}
