use herd::Timestamp;

use super::*;
use crate::{Graph, MILLI, Scenario};

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
    run.catch_up(1);
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
fn servers_that_stay_apart_are_caught() {
    let mut run = played();
    run.done = false;
    run.start_server(1);
    // It never hears of the other one again, and it is late.
    run.now = run.calm_at + TIME_TO_CONVERGE + MILLI;
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
