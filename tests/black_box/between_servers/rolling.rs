//! A herd that grows and shrinks while it runs and is used: one server after the other gets the new config file.

pub(super) mod load;
mod reloads;
mod secrets;
mod upgrades;

use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use herd_tests::graphs::{self, Graph};
use herd_tests::herd::{Herd, Plan, config_text};
use herd_tests::patience::{PATIENCE, wait_for};
use herd_tests::process::Signal;
use serde_json::Value;

use self::load::{Load, Told};
use crate::binaries;

/// Servers that compare often, so that a comparison that never ends well shows.
const INTERVAL: Duration = Duration::from_millis(500);

/// The classic herd, and a sixth server that has two links.
fn grown() -> Graph {
    let mut graph = graphs::cycle();
    graph.names.push("Campbell".into());
    for neighbour in ["Alford", "Ball"] {
        graph.links.push(("Campbell".into(), neighbour.into()));
    }
    graph
}

fn prepare(graph: &Graph) -> Herd {
    Plan::new(&binaries(), graph).with(&["--repair-interval", "500ms"]).prepare()
}

/// From the next start of a server on that one knows these servers and no others.
fn configure(herd: &Herd, graph: &Graph) {
    let addresses: Vec<SocketAddr> = graph.names.iter().map(|name| herd.address(name)).collect();
    fs::write(&herd.config, config_text(graph, &addresses)).expect("a file");
}

/// Ends a server in order, while its clients report. Its neighbours know what it has acknowledged then.
fn stop(herd: &mut Herd, name: &str) {
    herd.process(name).signal(Signal::TERM);
    assert!(herd.process(name).end().success(), "{name}");
}

/// Restarts a server, which reads the config file as it is then. It comes back with nothing, so the next one must wait
/// until it has got everything from its neighbours: else all of them forget what none of them was told again in time.
pub(super) fn restart(herd: &mut Herd, load: &Load, name: &str) {
    let told = load.told();
    stop(herd, name);
    herd.start(name);
    wait_until_known(herd, name, told);
}

/// Waits until all servers that run know all that was told, word for word.
pub(super) fn wait_until_all_know(herd: &Herd, told: &[Told]) {
    for name in herd.running() {
        wait_until_known(herd, &name, told.to_vec());
    }
}

/// Waits until one server does.
fn wait_until_known(herd: &Herd, name: &str, told: Vec<Told>) {
    let (mut missing, mut start) = (told, Instant::now());
    while !missing.is_empty() {
        let before = missing.len();
        missing = not_known(herd, name, missing);
        // Each look may take a while. What counts is that there is less to look for.
        if missing.len() < before {
            start = Instant::now();
        }
        assert!(start.elapsed() < PATIENCE, "{name} lacks {} and more: {:?}", missing.len(), missing[0]);
    }
}

/// What a server does not know of all that, or knows otherwise.
fn not_known(herd: &Herd, name: &str, mut told: Vec<Told>) -> Vec<Told> {
    let mut connection = herd.client(name);
    told.retain(|(client, at)| {
        connection.send(format!("WHATSAT {client} 0 0\n"));
        let known = connection.line();
        if known.starts_with("? ") {
            connection = herd.client(name);
        } else {
            while !connection.line().is_empty() {}
        }
        known != *at
    });
    told
}

/// The entries of a server's log that hold one of these texts. The logs are long, so the others are not parsed.
fn entries(herd: &Herd, name: &str, texts: &[&str]) -> Vec<Value> {
    let log = herd.log_text(name);
    let found = log.lines().filter(|line| texts.iter().any(|text| line.contains(text)));
    found.map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// No server has refused a line of another one's.
pub(super) fn assert_nothing_refused(herd: &Herd, names: &[String]) {
    for name in names {
        for entry in entries(herd, name, &["? AT ", "? KEPT ", "? REPAIR ", "? HELLO ", "REFUSED ", "refusing"]) {
            // That is what a WHATSAT of the test's gets while a report is on its way.
            assert_eq!(entry["refused"], "unknown client", "{name}: {entry}");
        }
    }
}

/// How many reports the comparisons of a server with another one have moved, both ways.
fn mended(herd: &Herd, name: &str, with: &str) -> u64 {
    let repaired = entries(herd, name, &["\"repaired\""]).into_iter().filter(|entry| entry["with"] == with);
    repaired.map(|entry| entry["sent"].as_u64().unwrap_or(0) + entry["received"].as_u64().unwrap_or(0)).sum()
}

/// How many comparisons of two servers have found that nothing differs.
fn agreements(herd: &Herd, one: &str, other: &str) -> usize {
    let count = |name, with| {
        entries(herd, name, &["compared, nothing differs"]).iter().filter(|entry| entry["with"] == with).count()
    };
    count(one, other) + count(other, one)
}

/// Each restart brings what is known to one server, by as many ways as it has links; and the herd agrees then.
fn assert_repair_follows_what_differs(herd: &Herd, restarts: usize, told: usize) {
    let links = &herd.graph().links;
    let mended: u64 = links.iter().map(|(one, other)| mended(herd, one, other) + mended(herd, other, one)).sum();
    println!("{restarts} restarts, {told} clients: {mended} reports came by repair");
    assert!(mended <= (restarts * 3 * told) as u64, "{mended} reports for {restarts} restarts and {told} clients");
    let running = herd.running();
    for (one, other) in links.iter().filter(|(one, other)| running.contains(one) && running.contains(other)) {
        let before = agreements(herd, one, other);
        wait_for(&format!("{one} and {other} to agree"), || (agreements(herd, one, other) > before).then_some(()));
    }
}

/// Five servers of a herd that is to have six: their file says five, and each has a load.
fn five_of_six() -> (Graph, Herd, Load) {
    let (five, six) = (graphs::cycle(), grown());
    let mut herd = prepare(&six);
    configure(&herd, &five);
    let mut load = Load::default();
    for name in &five.names {
        herd.start(name);
        load.start(&herd, name);
    }
    (six, herd, load)
}

/// A sixth server joins five, and one process after the other is restarted to know it.
#[test]
fn a_sixth_server() {
    let (six, mut herd, mut load) = five_of_six();
    configure(&herd, &six);
    for name in ["Alford", "Ball"] {
        restart(&mut herd, &load, name);
    }
    // The other three are told what they do not know yet: where Campbell's clients are.
    herd.start("Campbell");
    load.start(&herd, "Campbell");
    for name in ["Hamilton", "Holiday", "Welsh"] {
        restart(&mut herd, &load, name);
    }
    for name in &six.names {
        load.stop(name);
    }
    let told = load.told();
    wait_until_all_know(&herd, &told);
    assert_nothing_refused(&herd, &six.names);
    assert_repair_follows_what_differs(&herd, 6, told.len());
}

/// A sixth server that starts before the others know of it is turned away, and joins as soon as they do.
#[test]
fn a_sixth_server_that_is_early() {
    let (five, six) = (graphs::cycle(), grown());
    let mut herd = prepare(&six);
    configure(&herd, &five);
    for name in &five.names {
        herd.start(name);
    }
    configure(&herd, &six);
    let mut load = Load::default();
    herd.start("Campbell");
    load.start(&herd, "Campbell");
    wait_for("Campbell to be turned away", || {
        (entries(&herd, "Campbell", &["REFUSED Alford unknown", "REFUSED Ball unknown"]).len() >= 2).then_some(())
    });
    for name in &five.names {
        stop(&mut herd, name);
        herd.start(name);
    }
    load.stop("Campbell");
    wait_until_all_know(&herd, &load.told());
    assert_nothing_refused(&herd, &["Hamilton", "Holiday", "Welsh"].map(str::to_owned));
}

/// One of six leaves, and one process after the other is restarted without it: what its clients said stays known.
#[test]
fn a_server_that_leaves() {
    let (five, six) = (graphs::cycle(), grown());
    let mut herd = prepare(&six);
    let mut load = Load::default();
    for name in &six.names {
        herd.start(name);
        load.start(&herd, name);
    }
    wait_for("Campbell's clients to have reported", || (load.count("Campbell") >= 20).then_some(()));
    load.stop("Campbell");
    stop(&mut herd, "Campbell");
    herd.kill("Campbell");
    configure(&herd, &five);
    for name in &five.names {
        restart(&mut herd, &load, name);
    }
    for name in &five.names {
        load.stop(name);
    }
    let told = load.told();
    wait_until_all_know(&herd, &told);
    assert_nothing_refused(&herd, &six.names);
    assert_repair_follows_what_differs(&herd, 5, told.len());
}

/// `A` and `C` know three servers, `B` still two: what was said to `C` passes through `A` to `B`, which keeps it.
#[test]
fn one_that_has_an_older_config() {
    let three = Graph::new(&["A", "B", "C"], &[("A", "B"), ("A", "C")]);
    let two = Graph::new(&["A", "B"], &[("A", "B")]);
    let mut herd = prepare(&three);
    herd.start("A");
    herd.start("C");
    configure(&herd, &two);
    herd.start("B");
    let mut told: Vec<Told> = Vec::new();
    let tell = |herd: &Herd, told: &mut Vec<Told>| {
        for _ in 0..50 {
            let client = format!("of-c-{}", told.len());
            let at = herd.report("C", &client, "1");
            told.push((client, at));
        }
    };
    tell(&herd, &mut told);
    wait_until_all_know(&herd, &told);
    assert_eq!(dropped(&herd), 0);
    // This time they come as KEPT lines, to a server that has none.
    herd.kill("B");
    tell(&herd, &mut told);
    let moved = |herd: &Herd| mended(herd, "A", "B") + mended(herd, "B", "A");
    let (moved_before, agreed_before, start) = (moved(&herd), agreements(&herd, "A", "B"), Instant::now());
    herd.start("B");
    wait_until_all_know(&herd, &told);
    let drops = dropped(&herd);
    let agreed = wait_for("A and B to go on comparing", || {
        Some(agreements(&herd, "A", "B") - agreed_before).filter(|&agreed| agreed >= 4)
    });
    assert_eq!(dropped(&herd), drops);
    let (took, moved) = (start.elapsed(), moved(&herd) - moved_before);
    println!("an older config: {moved} reports came by repair, {} were missing", told.len());
    assert!((1..=2 * told.len() as u64).contains(&moved), "{moved} reports came by repair");
    assert!(agreed as u128 <= took.as_millis() / INTERVAL.as_millis() + 4, "{agreed} comparisons in {took:?}");
    assert_nothing_refused(&herd, &three.names);
}

/// Reports of more servers than anybody has a list of are passed on, kept, and compared like others.
#[test]
fn more_origins_than_a_herd_has_servers() {
    let graph = Graph::new(&["A", "B", "P"], &[("A", "B"), ("A", "P")]);
    let mut herd = prepare(&graph);
    herd.start("A");
    herd.start("B");
    // What is old does not travel by flood.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock that is set").as_secs();
    let at = |number: u64| format!("AT server-{number} +0.5 client-{number} +1+1 {}", now - number);
    let told: Vec<Told> = (0..5_000).map(|number| (format!("client-{number}"), at(number))).collect();
    let mut neighbour = herd.client("A");
    for (_, at) in &told {
        neighbour.send(format!("{at} P\n"));
    }
    // Some of them, and the last; that the others are there too, comparing finds out.
    let some: Vec<Told> = told.iter().rev().step_by(50).cloned().collect();
    wait_until_all_know(&herd, &some);
    herd.kill("B");
    herd.start("B");
    wait_until_all_know(&herd, &some);
    let agreed = agreements(&herd, "A", "B");
    wait_for("A and B to agree", || (agreements(&herd, "A", "B") > agreed).then_some(()));
    assert_nothing_refused(&herd, &["A", "B"].map(str::to_owned));
}

/// How often `A` has lost its link to `B`.
fn dropped(herd: &Herd) -> usize {
    entries(herd, "A", &["connection dropped"]).iter().filter(|entry| entry["to"] == "B").count()
}
