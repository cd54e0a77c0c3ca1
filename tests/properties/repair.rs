//! What two neighbours bring each other, and what that costs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use herd::{Limits, Node, SessionId};
use proptest::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use super::support::driver::{Accepted, Driver};
use super::support::herds;
use super::support::pair::Pair;

/// The node keeps a report of that client's, of that time.
fn keep(driver: &mut Driver, client: usize, time: usize) {
    let line = format!("AT s0 +0.263873386 c{client:019} +34.068930-118.445127 {}.392014450", 1_479_413_884 + time);
    driver.restore(line.as_bytes());
}

/// Two servers that keep `same` clients alike and differ in the rest.
fn pair(
    same: usize,
    newer_at_asker: usize,
    newer_at_answerer: usize,
    only_at_asker: usize,
    only_at_answerer: usize,
) -> Pair {
    let mut pair = Pair::new(&Limits::default());
    let mut client = 0;
    for (count, here, there) in [
        (same, Some(0), Some(0)),
        (newer_at_asker, Some(1), Some(0)),
        (newer_at_answerer, Some(0), Some(1)),
        (only_at_asker, Some(0), None),
        (only_at_answerer, None, Some(0)),
    ] {
        for _ in 0..count {
            if let Some(time) = here {
                keep(&mut pair.asker, client, time);
            }
            if let Some(time) = there {
                keep(&mut pair.answerer, client, time);
            }
            client += 1;
        }
    }
    pair
}

/// What they keep, in order.
fn kept(node: &Node) -> Vec<Vec<u8>> {
    let mut lines: Vec<_> = node.records().map(|report| report.line().to_vec()).collect();
    lines.sort_unstable();
    lines
}

#[test]
fn of_a_million_clients_a_hundred_differ_and_few_bytes_say_so() {
    let mut clients = 1_000_000;
    let mut pair = pair(clients, 0, 0, 0, 0);
    let cases = [(100, 0, 0, 0), (0, 100, 0, 0), (0, 0, 100, 0), (0, 0, 0, 100), (25, 25, 25, 25)];
    for (time, (newer_at_asker, newer_at_answerer, only_at_asker, only_at_answerer)) in (1..).zip(cases) {
        // Far apart, so that no two differences help each other.
        let known = |index: usize| (time + index * 7919) % 1_000_000;
        (0..newer_at_asker).for_each(|index| keep(&mut pair.asker, known(index), time));
        (newer_at_asker..newer_at_asker + newer_at_answerer)
            .for_each(|index| keep(&mut pair.answerer, known(index), time));
        (clients..clients + only_at_asker).for_each(|client| keep(&mut pair.asker, client, 0));
        clients += only_at_asker;
        (clients..clients + only_at_answerer).for_each(|client| keep(&mut pair.answerer, client, 0));
        clients += only_at_answerer;

        let cost = pair.meet();
        let (asker, answerer) = (pair.asker.node(), pair.answerer.node());
        assert_eq!(asker.digest(), answerer.digest());
        assert_eq!((asker.clients(), answerer.clients()), (clients, clients));
        assert!(cost.bytes <= 64 << 10, "{cost:?}");
        assert!(cost.round_trips <= 5, "one to greet, and four: {cost:?}");
    }
    let cost = pair.meet();
    assert!(cost.bytes <= 1 << 10, "nothing differs: {cost:?}");
}

/// IDs of so many clients that belong into the first range, each so long.
fn crowd(count: usize, len: usize) -> Vec<String> {
    let id = |number: usize| format!("{number:0len$}");
    (0..).map(id).filter(|id| xxh3_64(id.as_bytes()) >> 54 == 0).take(count).collect()
}

/// A server that is asked, and a connection on which its neighbour has greeted.
fn asked(clients: &[String]) -> (Driver, Accepted) {
    let mut driver = Driver::new(&herds::herd(2, &[(0, 1)]), 1, &Limits::default(), 2);
    for client in clients {
        driver.restore(format!("AT s0 +0.5 {client} +1-1 7").as_bytes());
    }
    let mut session = driver.accept(SessionId(0), Some(herds::LOOPBACK));
    driver.receive(&mut session, b"HELLO s0 1 v=2\n");
    (driver, session)
}

#[test]
fn one_question_is_answered_at_a_time_and_no_answer_is_long() {
    // As one packet of a neighbour that has gone wrong.
    let (mut driver, mut session) = asked(&crowd(100, 4000));
    let mut answer = driver.receive(&mut session, "REPAIR s0 all 10/000\n".repeat(64).as_bytes());
    for question in 0..64 {
        assert_eq!(answer, b"REPAIR s1 more 10/000\n", "{question}");
        assert_eq!(session.can_resume(), question < 63);
        answer = driver.receive(&mut session, b"");
    }
    assert_eq!(answer, b"");
    // Part by part all of it is had.
    let parts = (0..16_usize)
        .map(|part| driver.receive(&mut session, format!("REPAIR s0 all 14/{:04x}\n", part << 2).as_bytes()));
    let parts: Vec<_> = parts.map(|answer| String::from_utf8(answer).expect("it is")).collect();
    assert!(parts.iter().all(|answer| answer.len() <= 140 << 10 && answer.ends_with(" -\n")));
    assert_eq!(parts.iter().map(|answer| answer.matches("KEPT ").count()).sum::<usize>(), 100);
}

#[test]
fn no_question_has_a_server_look_at_all_that_crowd_one_range() {
    let (mut driver, mut session) = asked(&crowd(2500, 6));
    let cells = "A".repeat(16);
    for question in ["all 10/000", &format!("sketch 10/000 {cells}"), "have 10/000 -"] {
        let answer = driver.receive(&mut session, format!("REPAIR s0 {question}\n").as_bytes());
        assert_eq!(answer, b"REPAIR s1 more 10/000\n", "{question}");
    }
}

#[test]
fn what_is_named_again_and_again_is_asked_for_once() {
    let mut pair = pair(40_000, 0, 0, 0, 0);
    let (mut named, mut asked) = (false, 0);
    pair.meet_with(|bytes| {
        if bytes.starts_with(b"REPAIR s1 end") {
            named = true;
            // Digests that nobody has.
            let digests = STANDARD_NO_PAD.encode([7; 256]);
            bytes.splice(..0, format!("REPAIR s1 ranges 3 {digests}\n").repeat(100).into_bytes());
        } else if named {
            let asks = |line: &&[u8]| line.starts_with(b"REPAIR s0 sketch") || line.starts_with(b"REPAIR s0 have");
            asked += bytes.split(|&byte| byte == b'\n').filter(asks).count();
        }
    });
    assert_eq!(asked, 32, "each range of the group once");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_differs_they_agree_after_one_meeting(
        same in 0_usize..3000, newer_at_asker in 0_usize..300, newer_at_answerer in 0_usize..300,
        only_at_asker in 0_usize..3000, only_at_answerer in 0_usize..3000,
    ) {
        let mut pair = pair(same, newer_at_asker, newer_at_answerer, only_at_asker, only_at_answerer);
        pair.meet();
        let (asker, answerer) = (pair.asker.node(), pair.answerer.node());
        prop_assert_eq!(kept(asker), kept(answerer));
        prop_assert_eq!(asker.clients(), same + newer_at_asker + newer_at_answerer + only_at_asker + only_at_answerer);
    }
}
