//! Every way in which a small herd can go, tried.

mod check;
mod connection;
mod ends;
mod first;
mod graphs;
mod node;
mod site;
mod table;
mod update;
mod world;

use check::{Case, Found};
use update::Update;
use world::Bounds;

const ONE: &[Update] = &[Update { server: 0, client: "kiwi", time: 1 }];

#[test]
fn tune() {
    let get = |name: &str| std::env::var(name).ok().and_then(|v| v.parse::<usize>().ok());
    println!("{}", Found::HEAD);
    for (index, graph) in graphs::ALL.into_iter().enumerate() {
        if get("GRAPH").is_some_and(|g| g != index) { continue }
        let last = graph.servers - 1;
        let updates: Vec<Update> = match get("U").unwrap_or(1) {
            0 => vec![],
            1 => ONE.to_vec(),
            2 => vec![ONE[0], Update { server: last, client: "kiwi", time: 2 }],
            _ => vec![ONE[0], Update { server: last, client: "kiwi", time: 1 }, Update { server: 0, client: "emu", time: 1 }],
        };
        let bounds = Bounds { crashes: get("C").unwrap_or(0) as u8, cuts: get("X").unwrap_or(0) as u8 };
        let found = Case { graph, updates: Vec::leak(updates), bounds }.check();
        println!("{found}");
        found.expect_well();
    }
}
