//! Servers that move to another address.

use herd_sim::{Graph, MILLI, Run, SECOND, Scenario, What};

#[test]
fn who_moves_is_believed_when_its_neighbour_has_looked_up_where_it_is() {
    let scenario = Scenario::build(&Graph::cycle(2))
        .says(1_000, 0, 1, "IAMAT kiwi +1+1 1\n")
        // Nobody is told that it went, so its neighbour has no reason to connect.
        .at(2_000, What::Crash { server: 1, lasts: Some(SECOND), silent: true, keeps: false })
        .moves(2_500, 1)
        .says(20_000, 1, 0, "IAMAT emu +2+2 2\n")
        .scenario();
    let mut run = Run::new(scenario).expect("a herd");
    run.start();
    while run.now() < 3_500 * MILLI && run.step() {}
    assert!(run.node(0).is_some_and(|node| node.counters().refused > 0), "a stranger, for all that it knows");
    while run.step() {}
    assert_eq!(run.violation(), None);
    assert!((0..2).all(|server| run.node(server).is_some_and(|node| node.clients() == 2)));
}
