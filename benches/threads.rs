//! How much two threads do beside one, with one server's state between them: bytes in, bytes out, many
//! sessions, no sockets. `cargo run --release -p herd-benches --example threads [CLIENTS]`.
//!
//! A session's bytes are parsed, and its replies put together, by its own thread; of the node, each pass holds
//! one shard after the other.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use herd::{Herd, Limits, Member, Node, Now, ServerName, Session, SessionId, SplitMix64, Timestamp, Turn};
use herd_benches::BATCH;

/// Sessions of each thread.
const SESSIONS: u64 = 25;

/// Passes of each thread, each of [`BATCH`] IAMATs.
const PASSES: u64 = 4_000;

fn main() {
    let clients = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let node = node();
    run(&node, 1, clients, 0);
    // In turns, so that whatever else the machine does falls on both.
    let (mut one, mut two) = (Vec::new(), Vec::new());
    for round in 1..10 {
        one.push(rate(1, run(&node, 1, clients, 2 * round)));
        two.push(rate(2, run(&node, 2, clients, 2 * round + 1)));
    }
    let (one, two) = (median(one), median(two));
    println!(
        "{clients} clients: {one:.2} million IAMATs a second on one thread, {two:.2} on two: {:.2} times",
        two / one
    );
}

fn node() -> Node {
    let name = ServerName::new("Alford").expect("a name");
    let herd =
        Arc::new(Herd::new(vec![Member { name, address: "a:1".into(), links: Vec::new() }]).expect("one server"));
    let me = herd.find(b"Alford").expect("just made");
    Node::new(herd, me, Limits::default(), 5)
}

fn rate(threads: u64, took: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let requests = (threads * PASSES * BATCH) as f64;
    requests / took.as_secs_f64() / 1e6
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// What so many threads take for their passes, each newer than those of earlier rounds.
fn run(node: &Node, threads: u64, clients: u64, round: u64) -> Duration {
    // What is sent is made before the clock runs.
    let number = |thread, pass| (round * PASSES + pass) * threads + thread;
    let batches =
        |thread| (0..PASSES).map(|pass| batch(number(thread, pass), round * PASSES + pass, clients)).collect();
    let batches: Vec<Vec<Vec<u8>>> = (0..threads).map(batches).collect();
    let start = Instant::now();
    thread::scope(|scope| {
        for (thread, batches) in (0..).zip(&batches) {
            scope.spawn(move || {
                pin(thread);
                serve(node, thread, batches);
            });
        }
    });
    start.elapsed()
}

/// Gives each thread a processor of its own: a scheduler may leave two that live for an instant on one. Where that
/// cannot be asked for, it is left to the scheduler.
fn pin(thread: u64) {
    #[cfg(target_os = "linux")]
    {
        let mut processors = rustix::thread::CpuSet::new();
        processors.set(usize::try_from(thread).expect("a small number"));
        let _ = rustix::thread::sched_setaffinity(None, &processors);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = thread;
}

fn serve(node: &Node, thread: u64, batches: &[Vec<u8>]) {
    let remote = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let new = |index| node.session(SessionId(thread * SESSIONS + index), remote, herd::Instant::default());
    let mut sessions: Vec<Session> = (0..SESSIONS).map(new).collect();
    let (mut turn, mut out) = (Turn::default(), Vec::new());
    for (pass, bytes) in (0..).zip(batches) {
        let nanos = 1_000_000 * pass;
        let wall = Timestamp::from_nanos(1_479_413_884_500_000_000 + i128::from(nanos));
        turn.now = Now { wall, instant: herd::Instant::from_nanos(nanos) };
        let session = &mut sessions[usize::try_from(pass % SESSIONS).expect("a small number")];
        out.clear();
        session.receive(node, &mut turn, bytes).serve().reply(&mut out);
    }
}

/// A batch of IAMATs of clients anywhere among all, at a time in seconds.
fn batch(number: u64, time: u64, clients: u64) -> Vec<u8> {
    let (mut text, mut chance) = (Vec::new(), SplitMix64::new(number));
    for _ in 0..BATCH {
        let client = chance.below(clients);
        let time = 1_479_413_884 + time;
        writeln!(text, "IAMAT client-{client:07}.ucla.edu +34.068930-118.445127 {time}.392014450")
            .expect("a Vec takes every write");
    }
    text
}
