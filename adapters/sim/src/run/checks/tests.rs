use herd::{SessionId, Timestamp};

use super::*;
use crate::listener::Listener;
use crate::oracle::Verdict;
use crate::{Graph, MILLI, Outcome, Scenario};

/// Two servers that know of one client.
fn played() -> Run {
    let scenario = Scenario::build(&Graph::cycle(2)).says(1_000, 0, 0, "IAMAT kiwi +1+1 1\n").scenario();
    let mut run = Run::new(scenario).expect("a herd");
    assert_eq!(run.play().violation, None);
    run
}

fn broken(run: &Run) -> Option<Invariant> {
    run.violation().map(|violation| violation.invariant)
}

#[test]
fn a_position_that_went_back_is_caught() {
    let mut run = played();
    run.oracle.judge_client(1, "s1", Timestamp::from_nanos(0), b"IAMAT kiwi +2+2 2");
    run.check_kept(1, 0);
    assert_eq!(broken(&run), Some(Invariant::NeverBack));
}

#[test]
fn a_position_from_nowhere_is_caught() {
    let mut run = played();
    run.oracle.forget(1);
    run.check_kept(1, 0);
    assert_eq!(broken(&run), Some(Invariant::Newest));
    let mut run = played();
    run.oracle = crate::oracle::Oracle::new(2, 10);
    run.check_invented(1);
    assert_eq!(broken(&run), Some(Invariant::Invented));
}

#[test]
fn an_update_that_crosses_twice_is_caught() {
    let mut run = played();
    let wire = run.wires.find(&run.herd, 0, 1).expect("they are neighbours");
    let line = [b"AT ", &*run.oracle.report(0).line, b" s0\n"].concat();
    run.count_crossings(wire, &line);
    assert_eq!(broken(&run), Some(Invariant::CrossesOnce));
}

#[test]
fn what_grows_past_its_limit_is_caught() {
    let mut run = played();
    run.limits.clients = 0;
    run.check_links(1);
    assert_eq!(broken(&run), Some(Invariant::Bounded));
}

#[test]
fn a_feed_that_tells_less_or_too_much_is_caught() {
    let mut run = played();
    let kept = run.hosts[1].listener.newest(0).cloned().expect("it was told");
    assert!(run.hosts[1].listener.hear(0, kept, false).is_err(), "a second time");
    run.check_feed(1);
    assert_eq!(broken(&run), Some(Invariant::Feed));
    let mut run = played();
    run.hosts[1].listener = Listener::default();
    run.check_feed(1);
    assert_eq!(broken(&run), Some(Invariant::Feed));
}

#[test]
fn a_change_that_nobody_told_is_caught() {
    let mut run = played();
    let node = run.hosts[1].node.clone().expect("it is up");
    let mut client = node.session(SessionId(u64::MAX), None, run.turn.now.instant);
    run.turn.now = run.hosts[1].now(run.now);
    client
        .receive(
            &node,
            &mut run.turn,
            &b"IAMAT kiwi +2+2 2
"[..],
        )
        .serve()
        .reply(&mut Vec::new());
    let wall = run.turn.now.wall;
    // Some server was told it, and not this one.
    run.oracle.judge_client(0, "s1", wall, b"IAMAT kiwi +2+2 2");
    run.take_feed(1, None);
    assert_eq!(broken(&run), Some(Invariant::Feed));
}

#[test]
fn a_wish_to_be_woken_that_is_not_there_is_caught() {
    let mut run = played();
    run.hosts[1].wake_at = None;
    run.check_links(1);
    assert_eq!(broken(&run), Some(Invariant::Wakes));
}

#[test]
fn a_second_connection_is_caught() {
    let mut run = played();
    let wire = run.wires.find(&run.herd, 0, 1).expect("they are neighbours");
    run.connect(wire);
    run.connect(wire);
    assert_eq!(broken(&run), Some(Invariant::Links));
}

#[test]
fn a_fast_path_that_makes_a_difference_is_caught() {
    let scenario = Scenario::build(&Graph::cycle(2)).says(1_000, 0, 0, "IAMAT kiwi +1+1 1\n").scenario();
    let mut run = Run::new(scenario).expect("a herd");
    let outcome = run.play();
    run.play_without(&outcome);
    assert_eq!(broken(&run), None);
    run.play_without(&Outcome { digest: outcome.digest ^ 1, ..outcome });
    assert_eq!(broken(&run), Some(Invariant::FastPath));
}

#[test]
fn servers_that_stay_apart_are_caught() {
    let mut run = played();
    run.done = false;
    run.crash(0, 1, true, false);
    run.start_server(1);
    // It never hears of the other one again, and it is late.
    run.now = run.quiet_at;
    run.look();
    assert_eq!(broken(&run), None);
    run.now += run.agrees_within() + MILLI;
    run.look();
    assert_eq!(broken(&run), Some(Invariant::Converges));
}

#[test]
fn a_panic_is_a_violation_with_a_time() {
    let scenario = Scenario::build(&Graph::cycle(2)).says(1_000, 0, 0, "IAMAT kiwi +1+1 1\n").scenario();
    let mut run = Run::new(scenario).expect("a herd");
    run.clients.clear();
    let violation = run.play().violation.expect("there is no such client");
    assert_eq!((violation.invariant, violation.at), (Invariant::NoPanic, 1_000 * MILLI));
}

#[test]
fn what_a_server_took_to_its_end_is_caught() {
    let scenario = Scenario::build(&Graph::cycle(2)).says(30_000, 0, 0, "IAMAT kiwi +1+1 1\n").scenario();
    let mut run = Run::new(scenario).expect("a herd");
    assert_eq!(run.play().violation, None);
    // As if it had acknowledged what it never told.
    let wall = run.hosts[0].now(run.now).wall;
    let verdict = run.oracle.judge_client(0, "s0", wall, b"IAMAT emu +2+2 2");
    let Verdict::Report(report) = verdict else { panic!("{verdict:?}") };
    run.hosts[0].acknowledged.insert(run.oracle.report(report).client, report);
    run.done = false;
    run.stop(0, 0, false);
    while run.step() {}
    assert_eq!(broken(&run), Some(Invariant::Acknowledged));
}
