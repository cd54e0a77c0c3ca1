//! Herds whose lists change while they run, one server's after the other's.

use herd_sim::{Graph, MILLI, Run, Scenario};

fn knows(run: &Run, server: usize, client: &str) -> bool {
    run.node(server).is_some_and(|node| node.record(client.as_bytes()).is_some())
}

#[test]
fn an_added_server_knows_all_and_is_known() {
    // For a while one of its neighbours knows of it and the other does not.
    let scenario = Scenario::build(&Graph::cycle(4))
        .absent(3)
        .says(100, 0, 0, "IAMAT kiwi +1+1 1\n")
        .enlists(1_000, 3, 3)
        .enlists(4_000, 2, 3)
        .says(5_000, 1, 3, "IAMAT emu +2+2 2\n")
        .enlists(9_000, 1, 3)
        .enlists(12_000, 0, 3)
        .scenario();
    let mut run = Run::new(scenario).expect("a herd");
    run.start();
    while run.now() < 3_999 * MILLI && run.step() {}
    assert!(run.node(3).is_some_and(|node| node.clients() == 0), "its neighbours do not believe it yet");
    while run.now() < 8_999 * MILLI && run.step() {}
    assert!(knows(&run, 3, "kiwi") && knows(&run, 0, "emu"), "over one link");
    while run.step() {}
    assert_eq!(run.violation(), None);
    assert!((0..4).all(|server| run.node(server).is_some_and(|node| node.links().len() == 2)));
}

#[test]
fn a_removed_server_is_talked_with_no_more() {
    let scenario = Scenario::build(&Graph::cycle(4))
        .says(100, 0, 0, "IAMAT kiwi +1+1 1\n")
        .delists(1_000, 0, 3)
        .delists(3_000, 1, 3)
        .delists(6_000, 2, 3)
        .says(2_000, 1, 3, "IAMAT emu +2+2 2\n")
        .says(7_000, 1, 3, "IAMAT rhea +3+3 3\n")
        .says(7_000, 0, 1, "IAMAT kea +4+4 4\n")
        .scenario();
    let mut run = Run::new(scenario).expect("a herd");
    assert_eq!(run.play().violation, None);
    assert!(knows(&run, 0, "emu") && knows(&run, 0, "kea"), "one neighbour still had it");
    assert!(knows(&run, 3, "rhea") && !knows(&run, 0, "rhea") && !knows(&run, 3, "kea"), "it is alone");
}

#[test]
fn a_neighbour_with_another_address_is_connected_to_anew() {
    let builder = Scenario::build(&Graph::cycle(2)).says(100, 0, 0, "IAMAT kiwi +1+1 1\n").readdresses(1_000, 0, 1);
    let scenario = builder.says(1_000, 0, 0, "IAMAT kiwi +2+2 2\n").says(1_001, 1, 1, "IAMAT emu +3+3 3\n").scenario();
    let mut run = Run::new(scenario).expect("a herd");
    let outcome = run.play();
    assert_eq!((outcome.violation, outcome.stats.connects), (None, 3));
}

#[test]
fn lists_that_are_no_herds_are_refused() {
    // Without the middle one of three, the others have no way to each other.
    let line = Graph { servers: 3, links: vec![(0, 1), (1, 2)] };
    let scenario = Scenario::build(&line).delists(1_000, 0, 2).scenario();
    let bad = scenario.to_json().replace("\"member\": 2", "\"member\": 1");
    assert!(Scenario::from_json(&scenario.to_json()).is_ok() && Scenario::from_json(&bad).is_err());
}
