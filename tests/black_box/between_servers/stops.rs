//! Orderly stops: what was acknowledged is known elsewhere, what is owed is sent, and nothing holds a stop up for ever.

mod load;

use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use herd_tests::client::Client;
use herd_tests::graphs::{self, Graph};
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::wait_for;
use herd_tests::places_server::PlacesServer;
use herd_tests::plain::Plain;
use herd_tests::process::Signal;

use self::load::Load;
use crate::binaries;

/// Longer than any test waits.
const FOR_EVER: [&str; 2] = ["--drain", "1h"];

/// Waits until a server's log has such a line.
fn wait_for_log(herd: &Herd, name: &str, message: &str) -> serde_json::Value {
    let is_it = |entry: &serde_json::Value| entry["message"] == message;
    wait_for(&format!("{name} to log {message:?}"), || herd.log(name).into_iter().find(is_it))
}

/// What came of some stops.
#[derive(Debug, Default)]
struct Outcome {
    acknowledged: usize,
    /// For each other server, clients that it does not know.
    unknown: usize,
    /// Stops after which there was such a client.
    lossy: usize,
    /// Connections that were reset, and not closed in order.
    resets: usize,
    longest: Duration,
}

/// Stops the first server of a herd while it takes in new clients at this rate, so often, each time in a herd of its own.
fn stop_under_load(graph: &Graph, rate: usize, stops: usize) -> Outcome {
    let mut outcome = Outcome::default();
    for stop in 0..stops {
        let mut herd = Plan::new(&binaries(), graph).with(&["--log-filter", "info"]).start();
        let name = graph.names[0].clone();
        let load = Load::start(herd.address(&name), &format!("stop{stop}"), rate);
        // Not always at the same point.
        load.wait_for(rate / 4 + stop * 37);
        let start = Instant::now();
        herd.process(&name).signal(Signal::TERM);
        let reported = load.end();
        assert!(herd.process(&name).end().success());
        outcome.longest = outcome.longest.max(start.elapsed());
        herd.forget(&name);
        let running = herd.running();
        let unknown: usize = running.iter().map(|other| unknown_for_good(&herd, other, &reported.acknowledged)).sum();
        outcome.unknown += unknown;
        outcome.lossy += usize::from(unknown > 0);
        outcome.resets += reported.resets;
        outcome.acknowledged += reported.acknowledged.len();
        if (stop + 1).is_multiple_of(10) {
            println!("{} stops: {outcome:?}", stop + 1);
        }
    }
    outcome
}

/// How many of these clients a server does not know, and does not hear of within a moment either.
fn unknown_for_good(herd: &Herd, name: &str, clients: &[String]) -> usize {
    let start = Instant::now();
    let mut unknown = load::unknown(herd.address(name), clients);
    // What reached a neighbour of the stopped server may still be on its way from there.
    while !unknown.is_empty() && start.elapsed() < Duration::from_secs(5) {
        unknown = load::unknown(herd.address(name), &unknown);
    }
    unknown.len()
}

/// Every client that was acknowledged before a stop is known to all others.
#[test]
fn what_was_acknowledged_is_known() {
    let outcome = stop_under_load(&graphs::pair(), 4_000, 3);
    assert!(outcome.acknowledged >= 3_000, "{outcome:?}");
    assert_eq!((outcome.unknown, outcome.resets), (0, 0), "{outcome:?}");
}

/// The same a hundred times, with 20,000 new clients a second. For release builds.
#[test]
#[ignore = "some minutes"]
fn a_hundred_stops_under_load() {
    let start = Instant::now();
    let outcome = stop_under_load(&graphs::cycle(), 20_000, 100);
    println!("{outcome:?} in {:?}", start.elapsed());
    assert_eq!((outcome.unknown, outcome.resets), (0, 0), "{outcome:?}");
}

/// A WHATSAT that waits for its places gets them, and the requests behind it are not taken.
#[test]
fn places_that_are_owed() {
    let places = PlacesServer::with_places(3);
    places.hold();
    let flags = ["--places", "google-legacy", "--places-url", &places.url()];
    let mut herd = Plan::new(&binaries(), &graphs::single()).with(&flags).start();
    let at = herd.report("A", "kiwi", "1");
    let mut client = herd.client("A");
    client.send("WHATSAT kiwi 10 3\n");
    places.wait_for_requests(1);
    herd.process("A").signal(Signal::TERM);
    wait_for_log(&herd, "A", "server stopping");
    client.send("IAMAT late +1+1 1\n");
    places.release();
    let reply = client.whatsat();
    assert_eq!((reply.at.as_str(), reply.count()), (at.as_str(), 3));
    assert_eq!(client.rest(), b"");
    drop(client);
    assert!(herd.process("A").end().success());
}

/// Replies that a client has not read yet reach it, although it goes on writing.
#[test]
fn replies_that_are_not_read() {
    let mut herd = Plan::new(&binaries(), &graphs::single()).with(&["--log-filter", "info"]).start();
    let mut client = herd.client("A");
    let lines = (0..2_000).map(|time| format!("IAMAT kiwi +1+1 {time}\n")).collect::<Vec<_>>().concat();
    client.send(&lines);
    // The first is answered, so the others have been read or lie there.
    assert!(client.line().ends_with(" kiwi +1+1 0"));
    herd.process("A").signal(Signal::TERM);
    wait_for_log(&herd, "A", "server stopping");
    client.send(&lines);
    let rest = String::from_utf8(client.rest()).expect("text");
    assert!(rest.is_empty() || rest.ends_with('\n'), "{rest}");
    for (time, line) in (1..).zip(rest.lines()) {
        assert!(line.ends_with(&format!(" kiwi +1+1 {time}")), "{line} for {time}");
    }
    drop(client);
    assert!(herd.process("A").end().success());
}

/// While a server stops nobody can connect, and its port is free again.
#[test]
fn the_port_is_closed_at_once() {
    let mut herd = Plan::new(&binaries(), &graphs::single()).with(&FOR_EVER).start();
    let mut stays = herd.client("A");
    assert!(stays.ask("IAMAT kiwi +1+1 1").starts_with("AT A "));
    herd.process("A").signal(Signal::TERM);
    assert_eq!(stays.rest(), b"");
    wait_for("the port to be closed", || TcpStream::connect(herd.address("A")).is_err().then_some(()));
    assert!(TcpListener::bind(herd.address("A")).is_ok());
    drop(stays);
    assert!(herd.process("A").end().success());
}

/// A client that never closes is cut off when the time is over, and the log says so.
#[test]
fn a_client_that_never_closes() {
    let mut herd = Plan::new(&binaries(), &graphs::single()).with(&["--drain", "200ms"]).start();
    let mut stays = herd.client("A");
    assert!(stays.ask("IAMAT kiwi +1+1 1").starts_with("AT A "));
    herd.process("A").signal(Signal::TERM);
    assert!(herd.process("A").end().success());
    let told = wait_for_log(&herd, "A", "drain ran out");
    assert_eq!((&told["level"], &told["connections"], &told["neighbours"]), (&"WARN".into(), &1.into(), &"".into()));
    wait_for_log(&herd, "A", "server down");
}

/// A neighbour that takes nothing does not hold a stop up for longer than that either.
#[test]
fn a_neighbour_that_never_reads() {
    let graph = Graph::new(&["A", "Deaf"], &[("A", "Deaf")]);
    let mut herd = Plan::new(&binaries(), &graph).with(&["--drain", "300ms"]).without("Deaf").start();
    let listener = TcpListener::bind(herd.address("Deaf")).expect("a free port");
    let _at = herd.report("A", "kiwi", "1");
    let _link = Client::over(listener.accept().expect("a connection").0);
    herd.process("A").signal(Signal::TERM);
    assert!(herd.process("A").end().success());
    let told = wait_for_log(&herd, "A", "drain ran out");
    assert_eq!((&told["connections"], &told["neighbours"]), (&0.into(), &"Deaf".into()));
}

/// A plain neighbour, which takes a line a connection, gets every line that is queued for it.
#[test]
fn a_plain_neighbour() {
    let mut herd = Plan::new(&binaries(), &graphs::pair()).without("B").start();
    let plain = Plain::listen("B", herd.address("B"), &[]);
    let mut client = herd.client("A");
    client.send((0..200).map(|time| format!("IAMAT kiwi +1+1 {time}\n")).collect::<Vec<_>>().concat());
    let told: Vec<String> = (0..200).map(|_| client.line()).collect();
    herd.process("A").signal(Signal::TERM);
    drop(client);
    assert!(herd.process("A").end().success());
    for at in told {
        plain.wait_for_line(&at, "A");
    }
    assert_eq!(plain.at_lines().len(), 200);
}

/// A neighbour that is down is no reason to wait.
#[test]
fn a_neighbour_that_is_down() {
    let mut herd = Plan::new(&binaries(), &graphs::pair()).with(&FOR_EVER).without("B").start();
    let _at = herd.report("A", "kiwi", "1");
    herd.process("A").signal(Signal::TERM);
    assert!(herd.process("A").end().success());
}

/// A second signal ends the process at once.
#[test]
fn a_second_signal() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let mut herd = Plan::new(&binaries(), &graphs::single()).with(&FOR_EVER).start();
        let mut stays = herd.client("A");
        assert!(stays.ask("IAMAT kiwi +1+1 1").starts_with("AT A "));
        herd.process("A").signal(Signal::TERM);
        wait_for_log(&herd, "A", "server stopping");
        herd.process("A").signal(signal);
        assert_eq!(herd.process("A").end().code(), Some(code));
    }
}

/// All servers of a herd stopped at the same time: none waits for another.
#[test]
fn a_whole_herd() {
    let mut herd = Plan::new(&binaries(), &graphs::cycle()).with(&FOR_EVER).start();
    let at = herd.report("Alford", "kiwi", "1");
    herd.wait_until_all_know("kiwi", &at);
    for name in herd.running() {
        herd.process(&name).signal(Signal::TERM);
    }
    for name in herd.running() {
        assert!(herd.process(&name).end().success(), "{name}");
    }
}
