//! Many threads serve the sessions of one node at once, and it comes to what one thread comes to.

use std::thread;

use herd::{Batch, Limits, Node, SessionId};
use proptest::prelude::*;

use super::support::herds;

const THREADS: usize = 4;

/// One of a herd of two, with nothing kept.
fn node(limits: &Limits) -> Node {
    herds::node(&herds::herd(2, &[(0, 1)]), 0, limits, 11)
}

/// Sends each text in one piece on a session of its thread's, the texts of a thread one after the other; what it
/// got for each.
fn serve(node: &Node, thread: usize, texts: &[String]) -> Vec<String> {
    let now = herds::at(0);
    let id = SessionId(thread.try_into().expect("a small number"));
    let mut session = node.session(id, Some(herds::LOOPBACK), now.instant);
    let mut batch = Batch::default();
    let mut pass = |text: &String| {
        let requests = session.receive(now, text.as_bytes(), std::mem::take(&mut batch));
        let mut out = Vec::new();
        batch = session.reply(node.serve(now, &session, requests, &mut Vec::new()), &mut out);
        String::from_utf8(out).expect("these tests speak ASCII")
    };
    texts.iter().map(&mut pass).collect()
}

/// The same for all threads at once.
fn serve_all(node: &Node, texts: &[Vec<String>]) -> Vec<Vec<String>> {
    thread::scope(|scope| {
        let threads = texts.iter().enumerate();
        let threads: Vec<_> = threads.map(|(thread, texts)| scope.spawn(move || serve(node, thread, texts))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no thread panics")).collect()
    })
}

/// Reports of those clients, no two at one time.
fn iamats(thread: usize, passes: &[Vec<u8>]) -> Vec<String> {
    let mut time = 1_479_413_000 + 1_000_000 * thread;
    let mut line = |client: &u8| {
        time += 1;
        format!("IAMAT client{client} +34.068930-118.445127 {time}.392014450\n")
    };
    passes.iter().map(|clients| clients.iter().map(&mut line).collect()).collect()
}

fn passes() -> impl Strategy<Value = Vec<Vec<Vec<u8>>>> {
    let pass = prop::collection::vec(0_u8..40, 1..60);
    prop::collection::vec(prop::collection::vec(pass, 1..12), THREADS)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn threads_together_keep_answer_and_pass_on_what_one_does(passes in passes()) {
        let texts: Vec<_> = passes.iter().enumerate().map(|(thread, passes)| iamats(thread, passes)).collect();
        let (together, alone) = (node(&Limits::default()), node(&Limits::default()));
        let replies = serve_all(&together, &texts);
        for (thread, texts) in texts.iter().enumerate() {
            prop_assert_eq!(&replies[thread], &serve(&alone, thread, texts));
        }
        prop_assert_eq!(together.digest(), alone.digest());
        prop_assert_eq!(together.clients(), alone.clients());
        let (counted, expected) = (together.counters(), alone.counters());
        prop_assert_eq!((counted.iamat, counted.forwarded), (expected.iamat, expected.forwarded));
        prop_assert_eq!(counted.kept + counted.older, counted.iamat);
        let queued = |node: &Node| node.links().map(|(_, _, bytes, _)| bytes).sum::<usize>();
        prop_assert_eq!(queued(&together), queued(&alone));
    }

    #[test]
    fn threads_together_keep_no_more_clients_than_they_may(passes in passes(), clients in 1_usize..40) {
        let texts: Vec<_> = passes.iter().enumerate().map(|(thread, passes)| iamats(thread, passes)).collect();
        let node = node(&Limits { clients, ..Limits::default() });
        let replies = serve_all(&node, &texts).concat().concat();
        prop_assert!(node.clients() <= clients);
        prop_assert_eq!(node.reports().count(), node.clients());
        // Nobody was told a position and then forgotten.
        let told = replies.lines().filter(|line| line.starts_with("AT ")).count();
        prop_assert_eq!(node.counters().kept + node.counters().older, told as u64);
    }
}
