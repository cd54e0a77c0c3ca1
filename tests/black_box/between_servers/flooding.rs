//! Flooding: every server hears of every update, and no link carries one twice in one direction.

use std::collections::BTreeMap;

use herd_tests::graphs::{self, Graph};
use herd_tests::herd::{Herd, Plan};
use herd_tests::plain::Plain;
use herd_tests::process::Signal;

use crate::binaries;

/// Has each server report, waits until all know, and counts what each link carried.
fn floods(graph: &Graph) {
    let mut herd = Plan::new(&binaries(), graph).start();
    let mut told = Vec::new();
    for (index, name) in graph.names.iter().enumerate() {
        for time in ["20", "10.5", "30"] {
            told.push(herd.report(name, &format!("client{index}"), time));
        }
    }
    // The last update of each client is the newest.
    for (index, at) in told.chunks(3).map(|chunk| &chunk[2]).enumerate() {
        herd.wait_until_all_know(&format!("client{index}"), at);
    }
    assert_carried_once(&mut herd, &told);
}

fn assert_carried_once(herd: &mut Herd, told: &[String]) {
    let graph = herd.graph().clone();
    for name in &graph.names {
        herd.process(name).signal(Signal::TERM);
        assert!(herd.process(name).end().success(), "{name}");
    }
    for name in &graph.names {
        let carried = carried(herd, name);
        for ((to, line), count) in &carried {
            assert_eq!(*count, 1, "{name} sent {line} to {to}");
            let (at, sender) = line.rsplit_once(' ').expect("fields");
            assert!(told.iter().any(|told| told == at) && sender == name, "{name} sent {line}");
        }
    }
}

/// How often a server sent each line to each neighbour, by its log.
fn carried(herd: &Herd, name: &str) -> BTreeMap<(String, String), usize> {
    let mut carried = BTreeMap::new();
    for entry in herd.log(name) {
        let line = entry["line"].as_str().unwrap_or_default();
        let to = entry["to"].as_str().unwrap_or_default();
        let is_link = herd.graph().neighbours(name).contains(&to);
        if entry["message"] == "sent" && is_link && line.starts_with("AT ") {
            *carried.entry((to.to_owned(), line.to_owned())).or_default() += 1;
        }
    }
    assert!(!carried.is_empty(), "{name} sent nothing");
    carried
}

/// The built-in herd's cycle.
#[test]
fn on_a_cycle() {
    floods(&graphs::cycle());
}

/// The Goloman herd, with several cycles.
#[test]
fn on_the_goloman_graph() {
    floods(&graphs::goloman());
}

/// Eight servers, each linked with each.
#[test]
fn on_a_complete_graph() {
    floods(&graphs::complete());
}

/// Ten servers in a row.
#[test]
fn on_a_line() {
    floods(&graphs::line());
}

/// A tree of seven.
#[test]
fn on_a_tree() {
    floods(&graphs::tree());
}

/// What a neighbour is sent: each update once, also an old one, with the right fields; never the one
/// that it sent itself.
#[test]
fn what_a_neighbour_gets() {
    let graph = Graph::new(&["A", "B", "P"], &[("A", "B"), ("A", "P"), ("B", "P")]);
    let herd = Plan::new(&binaries(), &graph).without("P").start();
    // It passes nothing on, so that each update has one way only.
    let plain = Plain::listen("P", herd.address("P"), &[]);
    let newer = herd.report("A", "kiwi", "20");
    let older = herd.report("A", "kiwi", "10");
    let own = plain.report("kiwi", "15");
    assert_eq!(herd.converse("A", format!("{own} P\n")), b"");
    let last = herd.report("B", "kiwi", "30");
    for sender in ["A", "B"] {
        for at in [&newer, &older, &last] {
            plain.wait_for_line(at, sender);
        }
    }
    herd.wait_until_all_know("kiwi", &last);
    let mut carried = plain.at_lines();
    let count = carried.len();
    carried.sort();
    carried.dedup();
    assert_eq!((carried.len(), count), (6, 6), "{carried:#?}");
    assert!(!carried.iter().any(|line| line.starts_with(&own)), "{carried:#?}");
}

/// An update that is older than what is kept is passed on, and not kept; one that was handled is not.
#[test]
fn old_updates_are_passed_on() {
    let graph = Graph::new(&["A", "B", "P", "Q"], &[("A", "B"), ("A", "P"), ("B", "Q")]);
    let herd = Plan::new(&binaries(), &graph).without("P").without("Q").start();
    let first = Plain::listen("P", herd.address("P"), &[("A", herd.address("A"))]);
    let last = Plain::listen("Q", herd.address("Q"), &[("B", herd.address("B"))]);
    let newest = herd.report("B", "kiwi", "100");
    herd.wait_until_all_know("kiwi", &newest);
    for time in ["1", "2", "99.999999999"] {
        let at = first.report("kiwi", time);
        last.wait_for_line(&at, "B");
        let again = herd.converse("A", format!("{at} P\n"));
        assert_eq!(again.escape_ascii().to_string(), "");
    }
    herd.wait_until_all_know("kiwi", &newest);
    let marker = first.report("marker", "1");
    last.wait_for_line(&marker, "B");
    assert_eq!(last.at_lines().len(), 5, "{:#?}", last.at_lines());
}

/// With one server of the cycle down, whichever, all others hear of every update.
#[test]
fn one_server_down() {
    let graph = graphs::cycle();
    let mut herd = Plan::new(&binaries(), &graph).start();
    for (time, down) in graph.names.iter().enumerate() {
        herd.kill(down);
        for name in herd.running() {
            let at = herd.report(&name, &format!("from{name}"), &time.to_string());
            herd.wait_until_all_know(&format!("from{name}"), &at);
        }
        herd.start(down);
    }
}
