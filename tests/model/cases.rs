//! Which herds are checked, and how much happens to them.

use super::graphs::{self, Graph};
use super::update::Update;
use super::world::Bounds;

/// One herd, and how much happens to it.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) graph: Graph,
    pub(crate) updates: Vec<Update>,
    pub(crate) bounds: Bounds,
}

/// How much happens to a graph: updates that are known from the start, updates that are said, crashes, cuts,
/// rests.
type Trouble = (usize, usize, u8, u8, u8);

/// What is checked each time the tests run: the troubles of each graph, in the order of [`graphs::ALL`].
const SMALL: [&[Trouble]; 10] = [
    &[(0, 3, 2, 0, 0)],
    &[(0, 2, 1, 1, 0), (0, 1, 2, 0, 1)],
    &[(0, 2, 1, 0, 0), (1, 1, 0, 1, 1)],
    &[(0, 1, 1, 0, 0), (1, 1, 0, 1, 0), (0, 2, 0, 0, 1)],
    &[(0, 1, 1, 0, 0), (1, 1, 0, 1, 0), (0, 1, 0, 0, 1)],
    &[(0, 1, 1, 0, 0), (1, 1, 0, 1, 0), (0, 1, 0, 0, 1)],
    &[(0, 1, 1, 0, 0), (1, 1, 0, 1, 0), (0, 1, 0, 0, 1)],
    &[(0, 1, 1, 0, 0), (1, 1, 0, 1, 0), (0, 1, 0, 0, 1)],
    &[(1, 0, 1, 0, 0), (0, 1, 0, 1, 0), (0, 2, 0, 0, 0)],
    &[(1, 0, 1, 0, 0), (0, 1, 0, 1, 0)],
];

/// What takes longer.
const LARGE: [&[Trouble]; 10] = [
    &[(0, 3, 3, 0, 1)],
    &[(0, 3, 2, 1, 1)],
    &[(0, 2, 1, 1, 0)],
    &[(0, 2, 1, 0, 0)],
    &[(0, 2, 1, 0, 0)],
    &[(0, 1, 1, 0, 1)],
    &[(0, 1, 1, 0, 1)],
    &[(0, 1, 1, 1, 0)],
    &[(0, 1, 1, 0, 0)],
    &[(0, 1, 1, 0, 0)],
];

/// Those that every run of the tests checks.
pub(crate) fn small() -> Vec<Case> {
    cases(&SMALL)
}

/// Those with more trouble.
pub(crate) fn large() -> Vec<Case> {
    cases(&LARGE)
}

fn cases(troubles: &[&[Trouble]; 10]) -> Vec<Case> {
    let case = |graph: Graph, (known, said, crashes, cuts, rests): Trouble| Case {
        graph,
        updates: updates(graph)[..known + said].to_vec(),
        bounds: Bounds { known, crashes, cuts, rests },
    };
    let of = |(graph, troubles): (_, &&[Trouble])| troubles.iter().map(|&one| case(graph, one)).collect::<Vec<_>>();
    graphs::ALL.into_iter().zip(troubles).flat_map(of).collect()
}

/// One client tells the first server, and the last one, at the same time: the bytes decide which is kept. Then it tells
/// the first one something newer. The times are near what the servers' clocks say, so that neighbours are told in usual
/// lines.
fn updates(graph: Graph) -> [Update; 3] {
    let (first, last) = (0, graph.servers - 1);
    [
        Update { server: first, client: "kiwi", time: 1_479_413_881 },
        Update { server: last, client: "kiwi", time: 1_479_413_881 },
        Update { server: first, client: "kiwi", time: 1_479_413_882 },
    ]
}
