//! Servers of an older make among the others.

use herd_sim::{FastPath, Faults, Graph, Options, Recipe, Run, Scenario};

fn scenario(older: &[usize]) -> Scenario {
    let mut builder = Scenario::build(&Graph::cycle(4));
    for &server in older {
        builder = builder.older(server);
    }
    builder
        .says(1_000, 0, 0, "IAMAT kiwi +1+1 1\n")
        .breaks(2_000, 0, 1)
        .says(2_001, 0, 0, "IAMAT kiwi +2+2 2\n")
        .crash(5_000, 6_000, 1)
        .says(5_500, 1, 2, "IAMAT emu +3+3 3\n")
        .crash(9_000, 9_500, 0)
        .partition(10_000, 14_000, &[1, 2])
        .says(12_000, 1, 2, "IAMAT emu +4+4 4\n")
        .scenario()
}

#[test]
fn old_and_new_agree_whoever_restarts() {
    for older in [&[1][..], &[0], &[0, 2], &[0, 1, 2, 3]] {
        let options = Options { fast: FastPath::Both, ..Options::default() };
        let mut run = Run::with(scenario(older), options).expect("a herd");
        assert_eq!(run.play().violation, None, "{older:?}");
        for server in 0..4 {
            assert_eq!(run.node(server).map(herd::Node::clients), Some(2), "{older:?}, server {server}");
        }
    }
}

#[test]
fn an_old_server_refuses_what_it_does_not_know_and_a_new_one_says_it_in_old_words() {
    let count = |older: &[usize]| {
        let mut run = Run::new(scenario(older)).expect("a herd");
        run.play();
        run.node(1).map(|node| (node.counters().refused, node.counters().hello)).expect("it is up")
    };
    let ((refused, greeted), (none, _)) = (count(&[1]), count(&[]));
    assert!(refused >= 1 && greeted >= 1 && none == 0, "{refused} refused, {greeted} understood");
}

#[test]
fn seeds_have_some() {
    let recipe = Recipe { faults: Faults::ALL, ..Recipe::default() };
    let mixed = (0..20).filter(|&seed| !recipe.scenario(seed).older.is_empty()).count();
    assert!((5..15).contains(&mixed), "{mixed} of 20");
}
