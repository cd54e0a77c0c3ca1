//! Who is let in where clients take all that they may.

use herd_sim::{Bounds, Graph, Run, SECOND, Scenario};

/// Three servers, each linked with each other one, where many clients come to the first and stay.
fn crowded(bounds: Bounds) -> Run {
    let mut builder = Scenario::build(&Graph::cycle(3)).bounds(bounds);
    for client in 0..20 {
        builder = builder.says(1_000, client, 0, &format!("IAMAT c{client} +1+1 1\n"));
    }
    let builder = builder.breaks(2_000, 0, 1).breaks(2_000, 0, 2).crash(3_000, 4_000, 1);
    let scenario = builder.says(8_000, 20, 1, "IAMAT late +1+1 1\n").scenario();
    let mut run = Run::new(scenario).expect("a herd");
    run.start();
    run
}

fn turned_away(run: &Run) -> (u64, u64) {
    let counters = run.node(0).expect("it is up").counters();
    (counters.turned_away, counters.turned_away_share)
}

#[test]
fn neighbours_get_in_while_clients_fill_the_rest() {
    let mut run = crowded(Bounds { connections: 12, ..Bounds::default() });
    while run.now() < 20 * SECOND && run.step() {}
    let (full, share) = turned_away(&run);
    assert!(full >= 12 && share == 0, "{full} of 20 clients were turned away");
    let node = run.node(0).expect("it is up");
    assert!(node.connections() <= 12 && node.record(b"late").is_some(), "who was let in late has told it");
    assert!(run.node(1).is_some_and(|node| node.record(b"c0").is_some()), "and was told");
    while run.step() {}
    assert_eq!(run.violation(), None);
}

#[test]
fn clients_of_one_address_get_their_share() {
    let mut run = crowded(Bounds { connections_per_address: 5, ..Bounds::default() });
    while run.now() < 20 * SECOND && run.step() {}
    assert_eq!(turned_away(&run), (0, 15));
    while run.step() {}
    assert_eq!(run.violation(), None);
}
