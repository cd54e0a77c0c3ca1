//! What the rule of the first herd does on the same graphs.

use super::ends::ends;
use super::first::First;
use super::graphs::{self, Graph};
use super::reach::{Circle, Reach, shortest};
use super::update::Update;
use super::world::{Bounds, World};

/// A herd of the first kind, one of whose servers hears of a client.
fn world(graph: Graph, origin: usize, crashes: u8) -> World<First> {
    let updates = [Update { server: origin, client: "kiwi", time: 1 }];
    World::new(First::new(graph, &updates), graph, Bounds { crashes, ..Bounds::default() })
}

/// One update, no crash: on which graphs, and from where, the flood ends.
pub(crate) fn floods() {
    println!("| graph | cycles | said to | states | the first herd's flood |\n| --- | --- | --- | --- | --- |");
    for graph in graphs::ALL {
        for origin in 0..graph.servers {
            let world = world(graph, origin, 0);
            let reach = Reach::all(&world);
            let (graph_is, from, states) = (graph.name, graphs::name(origin), reach.len());
            let row = format!("| {graph_is} | {} | {from} | {states} |", graph.cycles());
            match (ends(&world), reach.shortest_circle()) {
                (Some(ends), None) => {
                    println!("{row} ends after {} messages |", ends.longest);
                    assert!(!graph.has_cycle_without(origin), "it ends though there is a cycle without the origin");
                }
                (None, Some(Circle { stem, round })) => {
                    let (stem_is, round_is) = (world.tell_all(&stem), world.tell_all(&round));
                    println!("{row} never ends: {stem_is}; again and again: {round_is} |");
                    assert!(graph.has_cycle_without(origin), "it never ends though each cycle has the origin on it");
                    assert!(round.iter().all(|step| step.is_delivery()), "nothing from outside keeps it going");
                }
                _ => panic!("{graph_is}: two searches differ in whether it ends"),
            }
        }
    }
}

/// One update and one crash: the shortest way to lose it.
pub(crate) fn losses() {
    println!("| graph | steps | how the first herd loses an update |\n| --- | --- | --- |");
    for graph in graphs::ALL.into_iter().filter(|graph| graph.servers > 1) {
        let world = world(graph, 0, 1);
        let way = shortest(&world, |state| world.has_lost(state)).expect("nobody repairs what a crash loses");
        println!("| {} | {} | {} |", graph.name, way.len(), world.tell_all(&way));
    }
}
