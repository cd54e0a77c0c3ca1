//! What people are told, and when they are told nothing.

use std::collections::BTreeMap;

use herd_sim::{Graph, MILLI, Run, SECOND, Scenario};

/// What was told in the time from `from` to `to`, in milliseconds.
fn told_between(scenario: Scenario, from: u64, to: u64) -> BTreeMap<&'static str, u64> {
    let mut run = Run::new(scenario).expect("a herd");
    run.start();
    while run.now() < from * MILLI && run.step() {}
    let before = run.stats().told.clone();
    while run.now() < to * MILLI && run.step() {}
    assert!(run.now() >= to * MILLI, "it ended after {} s", run.now() / SECOND);
    let mut told = run.stats().told.clone();
    told.retain(|event, count| {
        *count -= before.get(event).copied().unwrap_or_default();
        *count > 0
    });
    while run.step() {}
    assert_eq!(run.violation(), None);
    told
}

fn told<const N: usize>(events: [(&'static str, u64); N]) -> BTreeMap<&'static str, u64> {
    events.into()
}

const MINUTE: u64 = 60_000;

/// What is told once a minute is told on the minute, or half a minute later.
const QUARTER: u64 = MINUTE / 4;

/// From their start on; the report at the end is what makes the run last so long.
#[test]
fn a_herd_at_rest_tells_nothing() {
    let rest = Scenario::build(&Graph::cycle(5)).says(1_000, 0, 0, "IAMAT kiwi +1+1 1\n");
    let scenario = rest.says(11 * MINUTE, 0, 2, "WHATSAT kiwi 10 5\nIAMAT kiwi +1+1 2\n").scenario();
    assert_eq!(told_between(scenario, 0, 11 * MINUTE), BTreeMap::new());
}

/// Both of its neighbours tell of it once when it is gone, and once when it is there again.
#[test]
fn a_crash_is_told_twice_by_each_neighbour() {
    let crash = Scenario::build(&Graph::cycle(5)).crash(10_000, 5 * MINUTE, 0);
    let scenario = crash.says(7 * MINUTE, 0, 2, "IAMAT kiwi +1+1 2\n").scenario();
    assert_eq!(told_between(scenario.clone(), 0, 4 * MINUTE), told([("neighbour down", 2)]));
    assert_eq!(told_between(scenario, 4 * MINUTE, 7 * MINUTE), told([("neighbour up", 2)]));
}

/// By both servers of each link, once a minute until the clock is right again.
#[test]
fn clocks_that_differ_are_told_on_both_ends_while_they_do() {
    let line = Graph { servers: 3, links: vec![(0, 1), (1, 2)] };
    let jumps = Scenario::build(&line).clock_jumps(10_000, 2, 5_000).clock_jumps(10 * MINUTE, 2, -5_000);
    let scenario = jumps.says(20 * MINUTE, 0, 0, "IAMAT kiwi +1+1 2\n").scenario();
    let minutes = told_between(scenario.clone(), 5 * MINUTE + QUARTER, 8 * MINUTE + QUARTER);
    assert_eq!(minutes, told([("clocks differ", 2 * 3)]));
    assert_eq!(told_between(scenario.clone(), 0, 10_000), BTreeMap::new());
    // A greeting is said again every `repair-interval`, and then it is known to be over.
    assert_eq!(told_between(scenario, 11 * MINUTE, 20 * MINUTE), BTreeMap::new());
}

/// By both ends, once a minute, and nothing else is blamed.
#[test]
fn hash_keys_that_differ_are_told_on_both_ends() {
    let line = Graph { servers: 3, links: vec![(0, 1), (1, 2)] };
    let keyed = Scenario::build(&line).keys(&[1, 1, 2]);
    let scenario = keyed.says(11 * MINUTE, 0, 0, "IAMAT kiwi +1+1 2\n").scenario();
    let minutes = told_between(scenario, 5 * MINUTE + QUARTER, 10 * MINUTE + QUARTER);
    assert_eq!(minutes, told([("hash keys differ", 2 * 5)]));
}
