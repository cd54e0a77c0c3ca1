//! What the rule of the first herd does on the same graphs.

use stateright::{Checker, HasDiscoveries, Model};

use super::ends::{ends, shortest_circle, states};
use super::first::First;
use super::graphs::{self, Graph};
use super::update::Update;
use super::world::{AGREEMENT, Bounds, World};

/// A herd of the first kind, one of whose servers hears of a client.
fn world(graph: Graph, origin: usize, crashes: u8) -> World<First> {
    let updates = [Update { server: origin, client: "kiwi", time: 1 }];
    World::new(First::new(graph, &updates), graph, Bounds { crashes, cuts: 0 })
}

/// One update, no crash: on which graphs, and from where, the flood ends.
pub(crate) fn floods() {
    println!("| graph | cycles | said to | states | the first herd's flood |\n| --- | --- | --- | --- | --- |");
    for graph in graphs::ALL {
        for origin in 0..graph.servers {
            let world = world(graph, origin, 0);
            let states = states(&world);
            let row = format!("| {} | {} | {} | {states} |", graph.name, graph.cycles(), graphs::name(origin));
            if let Some(ends) = ends(&world) {
                println!("{row} ends after {} messages |", ends.longest);
                assert!(!graph.has_cycle_without(origin), "it ends though there is a cycle without the origin");
                continue;
            }
            let (stem, circle) = shortest_circle(&world).expect("what does not end comes back to where it was");
            let tell = |way: &[_]| way.iter().map(|&step| world.tell(step)).collect::<Vec<_>>().join(", ");
            println!("{row} never ends: {}; again and again: {} |", tell(&stem), tell(&circle));
            assert!(graph.has_cycle_without(origin), "it does not end though every cycle has the origin on it");
            assert!(circle.iter().all(|step| step.is_delivery()), "nothing from outside keeps it going");
        }
    }
}

/// One update and one crash: the shortest way to lose it.
pub(crate) fn losses() {
    println!("| graph | steps | how the first herd loses an update |\n| --- | --- | --- |");
    for graph in graphs::ALL.into_iter().filter(|graph| graph.servers > 1) {
        let checker = world(graph, 0, 1).checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
        let path = checker.discovery(AGREEMENT).expect("nobody repairs what a crash loses");
        let way: Vec<_> = path.into_actions().into_iter().map(|step| checker.model().tell(step)).collect();
        println!("| {} | {} | {} |", graph.name, way.len(), way.join(", "));
    }
}
