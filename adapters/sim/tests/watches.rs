//! Clients that ask who is near, and that watch.

use herd_sim::{Graph, Run, Scenario, What};

#[test]
fn a_watcher_at_one_server_sees_what_is_said_at_another_through_a_cut_and_a_crash() {
    let scenario = Scenario::build(&Graph { servers: 3, links: vec![(0, 1), (1, 2)] })
        .says(100, 0, 0, "IAMAT kiwi +34.06-118.44 1479413884\n")
        .says(500, 1, 2, "WATCH *\nFENCE +34.06-118.44 5 DWELL 2\nNEAR +34.06-118.44 5 10\nWATCH k*\n")
        .partition(600, 3_000, &[2])
        .says(1_000, 0, 0, "IAMAT kiwi +48+2 1479413885\nIAMAT emu +34.06-118.44 1479413885\n")
        .crash(2_000, 3_000, 1)
        .says(4_000, 0, 0, "IAMAT kiwi +48+2 1479413888\nFORGET emu 1479413889\n")
        .says(4_500, 1, 2, "UNWATCH *\nNEAR kiwi 20016 10\n")
        .scenario();
    let says = |planned: &&herd_sim::Planned| matches!(planned.what, What::Say { .. });
    assert_eq!(scenario.events.iter().filter(says).count(), 5);
    let outcome = Run::new(scenario).expect("a herd").play();
    assert_eq!(outcome.violation, None);
    assert_eq!((outcome.stats.watches, outcome.stats.nears), (3, 2));
}
