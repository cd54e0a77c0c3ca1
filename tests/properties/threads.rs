//! Many threads serve the sessions of one node at once, and it comes to what one thread comes to.

use core::cmp::Ordering;
use core::sync::atomic::{self, AtomicU64, AtomicUsize};
use std::collections::BTreeMap;
use std::thread;

use herd::{BroughtBy, Change, Changed, Limits, Node, OwnedRecord, SessionId, Turn};
use proptest::prelude::*;

use super::support::herds;

const THREADS: usize = 4;

/// One of a herd of two, with nothing kept.
fn node(limits: &Limits) -> Node {
    herds::node(&herds::herd(2, &[(0, 1)]), 0, limits, 11)
}

/// Sends each text in one piece on a session of its thread's, the texts of a thread one after the other; what it
/// got for each.
fn serve(node: &Node, thread: usize, fast: bool, texts: &[String]) -> Vec<String> {
    let mut turn = Turn::at(herds::at(0));
    let id = SessionId(thread.try_into().expect("a small number"));
    let mut session = node.session(id, Some(herds::LOOPBACK), turn.now.instant);
    session.set_fast(fast);
    let mut pass = |text: &String| {
        let mut out = Vec::new();
        session.receive(node, &mut turn, text.as_bytes()).serve().reply(&mut out);
        String::from_utf8(out).expect("these tests speak ASCII")
    };
    texts.iter().map(&mut pass).collect()
}

/// Does that for all threads at once; every other one reads no line many bytes at a time.
fn serve_all(node: &Node, texts: &[Vec<String>]) -> Vec<Vec<String>> {
    thread::scope(|scope| {
        let start = |(thread, texts)| scope.spawn(move || serve(node, thread, is_fast(thread), texts));
        let threads: Vec<_> = texts.iter().map(Vec::as_slice).enumerate().map(start).collect();
        threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect()
    })
}

const fn is_fast(thread: usize) -> bool {
    thread.is_multiple_of(2)
}

/// Reports of those clients, no two at one time, in the usual spellings.
fn iamats(thread: usize, passes: &[Vec<u8>]) -> Vec<String> {
    let mut time = 1_479_413_000 + 1_000_000 * thread;
    let mut line = |client: &u8| {
        time += 1;
        let decimals = ["", ".5", ".392014450"][time % 3];
        let position = ["+34.068930-118.445127", "+34-118", "-7.5+2"][time / 3 % 3];
        format!("IAMAT client{client} {position} {time}{decimals}\n")
    };
    passes.iter().map(|clients| clients.iter().map(&mut line).collect()).collect()
}

fn passes() -> impl Strategy<Value = Vec<Vec<Vec<u8>>>> {
    let pass = prop::collection::vec(0_u8..40, 1..60);
    prop::collection::vec(prop::collection::vec(pass, 1..12), THREADS)
}

/// A report among those of a thread: who, and by how many ticks it is older than the moment at which it is said.
type Said = (u8, u64);

/// Passes of reports of so few clients that the threads meet all the time. Most of them are newer than all before; some
/// are as old as another, or older.
fn collisions() -> impl Strategy<Value = Vec<Vec<Vec<Said>>>> {
    let client = prop_oneof![4 => Just(0_u8), 1 => 0_u8..3];
    let pass = prop::collection::vec((client, prop_oneof![3 => Just(0_u64), 1 => 0_u64..4]), 1..12);
    prop::collection::vec(prop::collection::vec(pass, 60..160), THREADS)
}

/// Says those reports, each thread its own: as a client, or as the neighbour `s1`, who passes on or mends. Time goes on
/// with each report that any of them says.
fn say(node: &Node, thread: usize, passes: &[Vec<Said>], clock: &AtomicU64) {
    let mut turn = Turn::at(herds::at(0));
    let id = SessionId(thread.try_into().expect("a small number"));
    let mut session = node.session(id, Some(herds::LOOPBACK), turn.now.instant);
    session.set_fast(is_fast(thread));
    let mut out = Vec::new();
    if thread >= 2 {
        session.receive(node, &mut turn, b"HELLO s1 5\n").serve().reply(&mut out);
    }
    for pass in passes {
        let now = 1_479_413_000 + clock.fetch_add(pass.len() as u64, atomic::Ordering::Relaxed);
        let line = |(time, (client, age)): (u64, &Said)| {
            let at = format!("client{client} +34.068930-118.445127 {}", time - age);
            match thread {
                0 | 1 => format!("IAMAT {at}\n"),
                2 => format!("AT s1 +0.5 {at} s1\n"),
                _ => format!("KEPT s1 +0.7 {at} s1\n"),
            }
        };
        let text: String = (now..).zip(pass).map(line).collect();
        session.receive(node, &mut turn, text.as_bytes()).serve().reply(&mut out);
    }
    assert!(!session.is_finished(), "no line was refused");
}

/// All threads say what they have to, while another one takes what changes; in the end, all that it took.
fn changes(node: &Node, said: &[Vec<Vec<Said>>]) -> Vec<(OwnedRecord, BroughtBy)> {
    let (clock, saying) = (AtomicU64::new(0), AtomicUsize::new(said.len()));
    thread::scope(|scope| {
        for (thread, passes) in said.iter().enumerate() {
            let (clock, saying) = (&clock, &saying);
            scope.spawn(move || {
                say(node, thread, passes, clock);
                saying.fetch_sub(1, atomic::Ordering::Release);
            });
        }
        let (mut told, mut changed) = (Vec::new(), Changed::default());
        loop {
            // One look more after the last thread is done.
            let is_over = saying.load(atomic::Ordering::Acquire) == 0;
            node.take_changes(&mut changed);
            assert_eq!(changed.missed, 0);
            told.extend(changed.iter().map(|Change { record, from }| (record.into(), from)));
            if is_over {
                return told;
            }
            thread::yield_now();
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn threads_together_keep_answer_and_pass_on_what_one_does(passes in passes()) {
        let texts: Vec<_> = passes.iter().enumerate().map(|(thread, passes)| iamats(thread, passes)).collect();
        let (together, alone) = (node(&Limits::default()), node(&Limits::default()));
        let replies = serve_all(&together, &texts);
        for (thread, texts) in texts.iter().enumerate() {
            // Each text is read the other way than by the threads.
            prop_assert_eq!(&replies[thread], &serve(&alone, thread, !is_fast(thread), texts));
        }
        prop_assert_eq!(together.digest(), alone.digest());
        prop_assert_eq!(together.clients(), alone.clients());
        let (counted, expected) = (together.counters(), alone.counters());
        prop_assert_eq!((counted.iamat, counted.forwarded), (expected.iamat, expected.forwarded));
        prop_assert_eq!(counted.kept + counted.older, counted.iamat);
        prop_assert_eq!(together.links(), alone.links());
    }

    #[test]
    fn threads_together_keep_no_more_clients_than_they_may(passes in passes(), clients in 1_usize..40) {
        let texts: Vec<_> = passes.iter().enumerate().map(|(thread, passes)| iamats(thread, passes)).collect();
        let node = node(&Limits { clients, ..Limits::default() });
        let replies = serve_all(&node, &texts).concat().concat();
        prop_assert!(node.clients() <= clients);
        prop_assert_eq!(node.records().count(), node.clients());
        // Nobody was told a position and then forgotten.
        let told = replies.lines().filter(|line| line.starts_with("AT ")).count();
        prop_assert_eq!(node.counters().kept + node.counters().older, told as u64);
    }

    /// The feed is written while a shard is held. If it were written after that, a report could overtake another one of
    /// its client.
    #[test]
    fn what_changes_is_told_in_the_order_in_which_it_did_however_many_threads_there_are(said in collisions()) {
        let node = node(&Limits::default());
        node.collect_changes(usize::MAX);
        let changes = changes(&node, &said);
        prop_assert_eq!(changes.len() as u64, node.counters().kept, "none is lost, and none is told twice");
        let mut last: BTreeMap<Vec<u8>, OwnedRecord> = BTreeMap::new();
        for (report, _) in changes {
            let before = last.insert(report.record().client().to_vec(), report.clone());
            if let Some(before) = before {
                let order = report.record().order(&before.record());
                prop_assert_eq!(order, Ordering::Greater, "{:?} behind {:?}", report, before);
            }
        }
        let kept: BTreeMap<_, _> = node.records().map(|kept| (kept.record().client().to_vec(), kept)).collect();
        prop_assert_eq!(last, kept);
    }
}
