//! Links between servers, and servers that are killed, come back, or speak little.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use herd_tests::client::Client;
use herd_tests::graphs::{self, Graph};
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::{PATIENCE, wait_for};
use herd_tests::plain::Plain;

use crate::binaries;

/// Three of ours and a plain neighbour between two of them, which is the only way.
#[test]
fn a_plain_neighbour_both_ways() {
    let graph = Graph::new(&["A", "B", "C", "Plain"], &[("A", "B"), ("B", "Plain"), ("Plain", "C")]);
    let herd = Plan::new(&binaries(), &graph).without("Plain").start();
    let links = [("B", herd.address("B")), ("C", herd.address("C"))];
    let plain = Plain::listen("Plain", herd.address("Plain"), &links);
    for time in 1..=5 {
        for (name, client) in [("A", "from-a"), ("C", "from-c")] {
            let at = herd.report(name, client, &time.to_string());
            herd.wait_until_all_know(client, &at);
        }
        let at = plain.report("from-plain", &time.to_string());
        herd.wait_until_all_know("from-plain", &at);
    }
    for connection in plain.connections() {
        assert_eq!(connection.lines.len(), 1, "{connection:#?}");
    }
}

/// Neighbours that are down, or accept and never read, hold nobody up.
#[test]
fn a_neighbour_that_is_down() {
    let graph = Graph::new(&["A", "B", "Down", "Deaf"], &[("A", "B"), ("A", "Down"), ("A", "Deaf")]);
    let herd = Plan::new(&binaries(), &graph).without("Down").without("Deaf").start();
    let _deaf = TcpListener::bind(herd.address("Deaf")).expect("a free port");
    let mut client = herd.client("A");
    for time in 0..2_000 {
        client.send(format!("IAMAT kiwi +1+1 {time}\n"));
    }
    let replies: Vec<String> = (0..2_000).map(|_| client.line()).collect();
    herd.wait_until_all_know("kiwi", &replies[1_999]);
}

/// An update that is sent 50 ms after a killed server listens again reaches it without delay.
#[test]
fn a_killed_server_comes_back() {
    let mut herd = Plan::new(&binaries(), &graphs::cycle()).start();
    warm_up(&herd);
    for round in 1..=3 {
        herd.kill("Ball");
        let at = herd.report("Alford", "kiwi", &format!("{round}00"));
        for name in herd.running() {
            herd.wait_until_known(&name, "kiwi", &at);
        }
        herd.start("Ball");
        std::thread::sleep(Duration::from_millis(50));
        reaches_at_once(&herd, "Alford", &["Ball"], &format!("{round}01"));
        reaches_at_once(&herd, "Ball", &["Alford", "Holiday"], &format!("{round}02"));
    }
}

/// So do two neighbours that were down together.
#[test]
fn two_killed_servers_come_back() {
    let graph = graphs::cycle();
    let mut herd = Plan::new(&binaries(), &graph).start();
    warm_up(&herd);
    for (round, (first, second)) in graph.links.iter().enumerate() {
        herd.kill(first);
        herd.kill(second);
        let client = format!("round{round}");
        let from = herd.running()[0].clone();
        let at = herd.report(&from, &client, "1");
        herd.wait_until_all_know(&client, &at);
        herd.start(first);
        herd.start(second);
        std::thread::sleep(Duration::from_millis(50));
        reaches_at_once(&herd, &from, &[first, second], &format!("{}", round + 1));
    }
}

/// Opens every link, so that there is something to lose.
fn warm_up(herd: &Herd) {
    for (time, name) in herd.running().iter().enumerate() {
        let at = herd.report(name, "warm", &time.to_string());
        herd.wait_until_all_know("warm", &at);
    }
}

/// Reports at one server, and expects the others to know long before a pause could be over.
fn reaches_at_once(herd: &Herd, from: &str, to: &[&str], time: &str) {
    let start = Instant::now();
    let at = herd.report(from, &format!("at-once-{from}"), time);
    for name in to {
        herd.wait_until_known(name, &format!("at-once-{from}"), &at);
    }
    let took = start.elapsed();
    assert!(took < Duration::from_millis(1_500), "from {from} to {to:?} it took {took:?}");
}

/// What a server missed while it was down arrives.
#[test]
fn what_was_missed_arrives() {
    let mut herd = Plan::new(&binaries(), &graphs::cycle()).start();
    warm_up(&herd);
    herd.kill("Welsh");
    let missed: Vec<(String, String)> =
        (0..50).map(|index| (format!("missed{index}"), herd.report("Ball", &format!("missed{index}"), "1"))).collect();
    herd.start("Welsh");
    for (client, at) in &missed {
        herd.wait_until_known("Welsh", client, at);
    }
}

/// A server that was never there hears of what was said before it started.
#[test]
fn a_server_that_starts_late() {
    let mut herd = Plan::new(&binaries(), &graphs::pair()).without("B").start();
    let at = herd.report("A", "kiwi", "1");
    herd.start("B");
    let start = Instant::now();
    herd.wait_until_known("B", "kiwi", &at);
    assert!(start.elapsed() < Duration::from_millis(1_500), "after {:?}", start.elapsed());
}

/// With `link-idle = 0` a link is closed as soon as what is queued has been sent.
#[test]
fn links_that_are_closed_at_once() {
    let herd = Plan::new(&binaries(), &graphs::cycle()).with(&["--link-idle", "0"]).start();
    for time in 1..=3 {
        let at = herd.report("Alford", "kiwi", &time.to_string());
        herd.wait_until_all_know("kiwi", &at);
        // A report that comes sooner may go over the link of the one before.
        wait_for("Alford to close its link", || {
            let log = herd.log("Alford");
            let count = |message: &str| {
                let is = |entry: &&serde_json::Value| entry["message"] == message && entry["to"] == "Welsh";
                log.iter().filter(is).count()
            };
            let opened = count("connection opened");
            (opened >= time && count("connection dropped") == opened).then_some(())
        });
    }
}

/// A link rests for `link-idle` and is then closed by the one that opened it.
#[test]
fn links_that_rest() {
    let herd = Plan::new(&binaries(), &graphs::pair()).with(&["--link-idle", "300ms"]).without("B").start();
    let listener = TcpListener::bind(herd.address("B")).expect("a free port");
    let at = herd.report("A", "kiwi", "1");
    let mut link = loop {
        let mut link = Client::over(listener.accept().expect("a connection").0);
        if link.line().starts_with("HELLO A ") {
            link.send("HELLO B 7\n");
            break link;
        }
    };
    assert_eq!(link.line(), format!("{at} A"));
    assert!(link.line().starts_with("REPAIR A groups "));
    let start = Instant::now();
    link.send("REPAIR B end\n");
    assert_eq!(link.rest(), b"");
    assert!(start.elapsed() >= Duration::from_millis(200) && start.elapsed() < PATIENCE / 2, "{:?}", start.elapsed());
}
