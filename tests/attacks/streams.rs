//! Streams of events at the HTTP door that are never read.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

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
    fn start(door: SocketAddr, target: &str, is_over: &Arc<AtomicBool>) -> Self {
        let mut stream = EventStream::open(door, target, &[]);
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

/// A report, newer than those with lower numbers.
fn report(number: u64) -> String {
    format!("IAMAT truck-{} +1.{:0LINE$}+1 {number}", number % CLIENTS, 0)
}

/// A thousand of them.
fn reports(round: u64) -> Vec<u8> {
    let lines = (round * 1_000..(round + 1) * 1_000).map(|number| report(number) + "\n");
    lines.collect::<String>().into()
}

/// How many streams there are.
fn count(usual: usize) -> usize {
    std::env::var("STREAMS").ok().map_or(usual, |text| text.parse().expect("a number"))
}

/// Ten streams are never read: the others are told, and memory stays within bounds.
/// `STREAMS=1000` sets how many there are.
#[test]
fn some_streams_are_never_read() {
    let count = count(14);
    let mut siege = Siege::of(alone().with_http().with(&["--watch-queue", &QUEUE.to_string()]));
    let (door, address) = (siege.herd.door("A"), siege.herd.address("A"));
    let silent: Vec<_> = (0..10).map(|_| EventStream::open(door, "/v1/watch", &[])).collect();
    let flood = Flood::start(address, Replies::Read, reports);
    let mut monitor = siege.herd.client("A");
    let mut are_full = || {
        let status: serde_json::Value = serde_json::from_str(&monitor.ask("STATUS")).expect("JSON");
        status["counters"]["iamat"].as_u64().is_some_and(|reports| reports >= REPORTS)
    };
    siege.hold(&format!("{} streams that are never read", silent.len()), &mut are_full);
    // Each report is told to each of these: with them from the start it would take as much longer as there are more.
    let is_over = Arc::<AtomicBool>::default();
    let readers: Vec<Reader> = (silent.len()..count).map(|_| Reader::start(door, "/v1/watch", &is_over)).collect();
    let all_are_told = || readers.iter().all(|reader| reader.events() > 2 * CLIENTS);
    siege.hold(&format!("{} beside them that are", readers.len()), all_are_told);
    siege.assert_memory(count as u64 * MOST);
    is_over.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.thread.join().expect("it read what it was to read");
    }
    drop((flood, silent, monitor));
    siege.wait_until_they_have_gone();
}

/// How long it takes until a stream tells of a report that was just made, in the median: one report at a time, of which all
/// streams tell.
fn wait(siege: &Siege, stream: &mut EventStream, first: u64) -> Duration {
    const REPORTS: u64 = 300;
    let mut client = siege.herd.client("A");
    let mut took = Vec::new();
    for time in first..first + REPORTS {
        let reported = Instant::now();
        client.ask(format!("IAMAT probe +1+1 {time}"));
        let time = time.to_string();
        while stream.expect("seen").json()["properties"]["time"] != time.as_str() {}
        took.push(reported.elapsed());
    }
    took.sort();
    took[took.len() / 2]
}

/// Others are told as soon as before beside ten streams that are never read. It asserts times, so it is for a machine that
/// has nothing else to do: `STREAMS=1000 cargo test --release -p herd-tokio --test attacks -- --ignored --nocapture streams`.
#[test]
#[ignore = "it takes a machine for itself"]
fn others_are_told_as_soon_as_before() {
    let siege = Siege::of(alone().with_http().with(&["--watch-queue", &QUEUE.to_string()]));
    let (door, count) = (siege.herd.door("A"), count(1000));
    let is_over = Arc::<AtomicBool>::default();
    let probe = "/v1/watch?match=probe";
    let readers: Vec<Reader> = (11..count).map(|_| Reader::start(door, probe, &is_over)).collect();
    let mut stream = EventStream::open(door, probe, &[]);
    stream.expect("watching");
    let before = wait(&siege, &mut stream, 1);
    let silent: Vec<_> = (0..10).map(|_| EventStream::open(door, "/v1/watch", &[])).collect();
    // More than the system holds for them.
    let mut client = siege.herd.client("A");
    (0..2 * REPORTS).for_each(|number| drop(client.ask(report(number))));
    let beside = wait(&siege, &mut stream, 1_000);
    println!("{count} streams: told after {before:?}, beside {} that never read {beside:?}", silent.len());
    assert!(beside <= 2 * before, "{beside:?}, and {before:?} before");
    is_over.store(true, Ordering::Relaxed);
    client.ask("IAMAT probe +1+1 9999");
    for reader in readers {
        reader.thread.join().expect("it read what it was to read");
    }
}
