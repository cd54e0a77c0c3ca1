//! Servers that stop in good order.

use herd_sim::{Graph, MILLI, Network, Run, SECOND, Scenario};

fn knows(run: &Run, server: usize) -> bool {
    run.node(server).is_some_and(|node| node.record(b"kiwi").is_some())
}

#[test]
fn what_was_acknowledged_a_moment_before_is_known() {
    // It takes a while to send, and the link rests: the server has to connect first.
    let network = Network { latency: 100 * MILLI, ..Network::default() };
    let builder = Scenario::build(&Graph::cycle(3)).network(network);
    let scenario = builder.says(30_000, 0, 0, "IAMAT kiwi +1+1 1\n").stops(30_150, 60_000, 0).scenario();
    let mut run = Run::new(scenario).expect("a herd");
    run.start();
    while run.now() < 32 * SECOND && run.step() {}
    assert!(run.node(0).is_none(), "it has stopped long before its time was over");
    assert!(knows(&run, 1) && knows(&run, 2));
    while run.step() {}
    assert!(run.violation().is_none() && knows(&run, 0), "it is told again");
}

#[test]
fn who_is_not_reachable_is_not_waited_for_without_end() {
    let builder = Scenario::build(&Graph::cycle(3)).says(1_000, 0, 0, "IAMAT kiwi +1+1 1\n").cut(900, 60_000, 0, 1);
    let mut run = Run::new(builder.stops(1_500, 20_000, 0).scenario()).expect("a herd");
    run.start();
    while run.now() < 19 * SECOND && run.step() {}
    assert!(run.node(0).is_none() && knows(&run, 1) && knows(&run, 2), "by the other way");
    while run.step() {}
    assert_eq!(run.violation(), None);
}
