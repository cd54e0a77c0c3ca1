//! Middleboxes of each manner, by hand: two servers agree as soon as is promised once the box works, or has gone.

use herd_sim::{Bounds, Builder, Graph, Manner, Outcome, Run, SECOND, Scenario};

/// What is told on the first server at that time, in milliseconds: positions that are newer each time.
fn told(mut builder: Builder, times: &[u64]) -> Builder {
    for (index, &at) in times.iter().enumerate() {
        builder = builder.says(at, 0, 0, &format!("IAMAT kiwi +{index}+1 {}\n", index + 1));
    }
    builder
}

/// Two servers, with a box before the second one for a while.
fn behind(how: Manner, from: u64, to: u64, times: &[u64]) -> Builder {
    told(Scenario::build(&Graph::cycle(2)).middlebox(from, to, 0, 1, how), times)
}

fn played(scenario: Scenario) -> Outcome {
    Run::new(scenario).expect("a herd").play()
}

#[test]
fn a_box_that_closes_is_not_a_plain_server() {
    let outcome = played(behind(Manner::Close, 5_000, 12_000, &[1_000, 6_000, 11_000]).scenario());
    assert_eq!(outcome.violation, None);
}

#[test]
fn a_box_that_holds_is_not_a_silent_server() {
    let outcome = played(behind(Manner::Hold, 5_000, 12_000, &[1_000, 6_000, 11_000]).scenario());
    assert_eq!(outcome.violation, None);
}

#[test]
fn a_connection_that_leads_nowhere_is_found_out() {
    let outcome = played(behind(Manner::Swallow, 5_000, 6_000, &[1_000, 4_000, 7_000]).scenario());
    assert_eq!(outcome.violation, None);
}

#[test]
fn a_connection_that_a_box_keeps_is_found_out() {
    let builder = behind(Manner::Keep, 5_000, 9_000, &[1_000, 4_000, 10_000]);
    // What the server says when it is back does not come through.
    let builder = builder.middlebox(5_000, 10_000, 1, 0, Manner::Hold).crash(6_000, 7_000, 1);
    assert_eq!(played(builder.scenario()).violation, None);
}

#[test]
fn each_of_several_that_lead_nowhere_is_found_out() {
    let line = Graph { servers: 4, links: vec![(0, 1), (1, 2), (2, 3)] };
    let bounds = Bounds { link_idle: 60 * SECOND, ..Bounds::default() };
    let mut builder = told(Scenario::build(&line).bounds(bounds), &[1_000, 7_000]);
    // What was said before has been answered by then, and the connections rest.
    for server in 0..3 {
        let (one, other) = (server, server + 1);
        builder = builder.middlebox(6_000, 6_500, one, other, Manner::Swallow);
        builder = builder.middlebox(6_000, 6_500, other, one, Manner::Swallow);
    }
    let outcome = played(builder.scenario());
    assert_eq!(outcome.violation, None);
    assert!(outcome.stats.settled_after > 15 * SECOND, "one behind the other");
}

/// Both restart behind boxes, and neither knows what the other one is.
#[test]
fn strangers_behind_boxes_are_greeted_again() {
    for how in [Manner::Close, Manner::Hold] {
        let builder = behind(how, 2_000, 20_000, &[1_000, 19_000]).middlebox(2_000, 20_000, 1, 0, how);
        let builder = builder.crash(3_000, 3_500, 0).crash(3_000, 3_500, 1);
        assert_eq!(played(builder.scenario()).violation, None, "{how:?}");
    }
}
