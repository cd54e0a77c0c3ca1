//! Clients that move to other regions, and come back.

use herd_sim::{Graph, MILLI, Recipe, Run, Scenario, What};

#[test]
fn who_moves_is_away_at_every_server_until_it_comes_back() {
    let line = Graph { servers: 3, links: vec![(0, 1), (1, 2)] };
    let hear = |text: &str| What::Hear { server: 2, text: text.into() };
    let scenario = Scenario::build(&line)
        .says(1_000, 0, 0, "IAMAT kiwi +1+1 1479413885\n")
        .at(2_000, hear("AWAY eu +0.5 kiwi 1479413886\n"))
        // Its reports of before that come late, and are no news.
        .says(3_000, 0, 1, "IAMAT kiwi +2+2 1479413885.5\n")
        .says(6_000, 0, 1, "WATCH kiwi\nIAMAT kiwi +3+3 1479413890\n")
        .at(7_000, hear("AWAY eu +0.5 kiwi 1479413886\nAWAY eu +0.25 kiwi 1479413889\n"))
        .scenario();
    let mut run = Run::new(scenario).expect("a herd");
    run.start();
    let regions = |run: &Run| -> Vec<_> {
        let record = |server| run.node(server).and_then(|node| node.record(b"kiwi"));
        (0..3).map(|server| record(server).and_then(|kept| kept.record().region().map(<[u8]>::to_vec))).collect()
    };
    while run.now() < 5_000 * MILLI && run.step() {}
    assert_eq!(regions(&run), vec![Some(b"eu".to_vec()); 3]);
    assert_eq!(run.node(1).map(|node| node.counters().buried), Some(1));
    while run.step() {}
    assert_eq!(run.violation(), None);
    assert_eq!(regions(&run), vec![None; 3]);
    assert!(
        (0..3).all(|server| run.node(server).is_some_and(|node| node.counters().moved == 1)),
        "an older one is no news"
    );
}

#[test]
fn what_must_hold_holds_where_clients_move() {
    let faults = "regions,forgets,expiry,partitions,crashes,latency,stops,breaks,watches".parse();
    let recipe = Recipe { faults: faults.expect("they are faults"), ..Recipe::default() };
    let mut heard = 0;
    for seed in 0..30 {
        let outcome = Run::new(recipe.scenario(seed)).expect("a herd").play();
        assert_eq!(outcome.violation, None, "seed {seed}");
        heard += outcome.stats.faults.get("hear").copied().unwrap_or_default();
    }
    assert!(heard > 30, "{heard}");
}
