//! Limits that change while servers run.

use herd_sim::{Bounds, Graph, MILLI, Run, Scenario};

#[test]
fn a_link_compares_as_often_as_its_new_limits_say() {
    let comparisons = |tight: bool| {
        let mut scenario = Scenario::build(&Graph::cycle(2)).says(1_000, 0, 0, "IAMAT kiwi +1+1 1\n");
        if tight {
            scenario = scenario.limits(30_000, 300_000, 0).limits(30_000, 300_000, 1);
        }
        let mut run = Run::new(scenario.says(301_000, 0, 0, "IAMAT kiwi +1+1 2\n").scenario()).expect("a herd");
        run.start();
        let mut counted = 0;
        while run.step() {
            if run.now() < 300_000 * MILLI {
                counted = (0..2).filter_map(|server| run.node(server)).map(|node| node.counters().comparisons).sum();
            }
        }
        assert_eq!(run.violation(), None);
        assert!((0..2).all(|server| run.node(server).is_some_and(|node| node.limits() == Bounds::default().limits())));
        counted
    };
    let (before, tight): (u64, u64) = (comparisons(false), comparisons(true));
    assert!(2 * tight > 3 * before, "{tight} comparisons with half the interval, and {before} before");
}
