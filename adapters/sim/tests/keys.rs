//! Servers with a hash key, and one that has another.

use herd_sim::{Faults, Graph, Recipe, Run, Scenario};

/// How many clients each of three servers in a row knows in the end: one that came before the last two forgot all they
/// knew, and one that came afterwards.
fn known(keys: &[usize]) -> Vec<usize> {
    let scenario = Scenario::build(&Graph { servers: 3, links: vec![(0, 1), (1, 2)] })
        .keys(keys)
        .says(500, 0, 0, "IAMAT kiwi +1+1 1\n")
        .crash(1_000, 3_000, 1)
        .crash(1_000, 2_000, 2)
        .says(20_000, 0, 0, "IAMAT emu +2+2 2\n")
        .scenario();
    let mut run = Run::new(scenario).expect("a herd");
    assert_eq!(run.play().violation, None, "{keys:?}");
    (0..3).map(|server| run.node(server).map_or(0, herd::Node::clients)).collect()
}

#[test]
fn with_one_key_they_compare_and_with_two_they_only_flood() {
    assert_eq!(known(&[]), [2, 2, 2]);
    assert_eq!(known(&[1, 1, 1]), [2, 2, 2]);
    assert_eq!(known(&[1, 1, 0]), [2, 2, 2], "what came by repair is told to a neighbour that does not compare");
    assert_eq!(known(&[1, 2, 2]), [2, 1, 1], "what was lost stays lost");
}

#[test]
fn seeds_have_some() {
    let recipe = Recipe { faults: Faults::ALL, ..Recipe::default() };
    let keys = |seed| recipe.scenario(seed).keys;
    let (keyed, mixed) = (0..400).fold((0, 0), |(keyed, mixed), seed| {
        let keys = keys(seed);
        (keyed + usize::from(!keys.is_empty()), mixed + usize::from(keys.iter().any(|&key| key != keys[0])))
    });
    assert!((120..200).contains(&keyed) && (1..keyed).contains(&mixed), "{keyed} of 400, {mixed} mixed");
}
