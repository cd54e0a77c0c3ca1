//! Greetings between servers of different makes: what they may hold, and who is turned away with which word.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use std::{fs, thread};

use herd_tests::client::Client;
use herd_tests::graphs::{self, Graph};
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::PATIENCE;

use crate::binaries;

/// The server `A`, which has a neighbour `B` that the test itself plays.
fn start() -> Herd {
    Plan::new(&binaries(), &graphs::pair()).without("B").start()
}

/// Asserts that a greeting of `A` has this many fields at the least, or exactly three.
fn assert_greeting(line: &str, with_fields: bool) {
    let fields: Vec<&str> = line.split(' ').collect();
    assert_eq!(fields[..2], ["HELLO", "A"], "{line}");
    assert!(fields[2].parse::<u64>().is_ok(), "{line}");
    assert_eq!(fields.len() > 3, with_fields, "{line}");
    assert_eq!(fields.contains(&"v=3"), with_fields, "{line}");
}

/// A server `B` of the older make: it knows greetings of three fields, and comparing, and refuses what it does not know.
/// It says what it hears: each connection's number, and a line.
fn older_make(address: SocketAddr) -> Receiver<(usize, String)> {
    let listener = TcpListener::bind(address).expect("a free port");
    let (heard, lines) = channel();
    thread::spawn(move || {
        for (number, stream) in listener.incoming().map_while(Result::ok).enumerate() {
            let heard = heard.clone();
            thread::spawn(move || {
                for line in BufReader::new(&stream).lines().map_while(Result::ok) {
                    let answer = answer_of_older_make(&line);
                    let is_refused = answer.starts_with("? ");
                    let _ = (&stream).write_all(answer.as_bytes());
                    if heard.send((number, line)).is_err() || is_refused {
                        break;
                    }
                }
            });
        }
    });
    lines
}

fn answer_of_older_make(line: &str) -> String {
    let fields: Vec<&str> = line.split(' ').collect();
    match fields[..] {
        ["HELLO", _, _] => "HELLO B 7\n".into(),
        ["HELLO", ..] => format!("? {line}\n"),
        ["REPAIR", _, "groups", ..] => "REPAIR B end\n".into(),
        _ => String::new(),
    }
}

/// One that refuses a greeting with fields is greeted without, on a new connection; then it is no plain server.
#[test]
fn an_older_neighbour() {
    let herd = start();
    let lines = older_make(herd.address("B"));
    let next = || lines.recv_timeout(PATIENCE).expect("a line in time");
    let (first, greeting) = next();
    assert_greeting(&greeting, true);
    let (second, greeting) = next();
    assert_greeting(&greeting, false);
    assert_ne!(first, second);
    for time in 0..20 {
        let at = herd.report("A", "kiwi", &time.to_string());
        let (connection, line) = loop {
            match next() {
                (_, line) if line.starts_with("REPAIR A groups ") => {}
                other => break other,
            }
        };
        assert_eq!((connection, line), (second, format!("{at} A")));
    }
    let mut older = herd.client("A");
    assert_greeting(&older.ask("HELLO B 7"), false);
    for time in 0..20 {
        let at = format!("AT B +0.100000000 lime +34.068930-118.445127 {time}");
        older.send(format!("{at} B\n"));
        herd.wait_until_known("A", "lime", &at);
    }
}

/// One that does not believe this server yet is no plain server: it is greeted again after `link-retry`, and gets no AT
/// line before it greets back.
#[test]
fn a_neighbour_that_is_told_of_this_server_later() {
    let herd = Plan::new(&binaries(), &graphs::pair()).with(&["--link-retry", "1s"]).without("B").start();
    let listener = TcpListener::bind(herd.address("B")).expect("a free port");
    let at = herd.report("A", "kiwi", "1");
    let mut refused: Option<Instant> = None;
    for word in ["unknown", "address", "unknown"] {
        let mut link = Client::over(listener.accept().expect("a connection").0);
        // Less a quarter. From before the word was said, so it is no shorter however late this side is.
        let pause = refused.map(|refused| refused.elapsed());
        assert!(pause.is_none_or(|pause| pause > Duration::from_millis(700)), "{pause:?}");
        assert_greeting(&link.line(), true);
        refused = Some(Instant::now());
        link.send(format!("REFUSED B {word}\n"));
        link.finish();
        assert_eq!(link.rest(), b"");
    }
    let mut link = Client::over(listener.accept().expect("a connection").0);
    assert_greeting(&link.line(), true);
    link.send("HELLO B 7 v=2\n");
    while link.line() != format!("{at} A") {}
}

/// Says a line to `A`, with another one behind it; all that comes back.
fn answer_to(herd: &Herd, line: &str) -> String {
    let mut client = herd.client("A");
    client.send(format!("{line}\nIAMAT late +1+1 1\n"));
    String::from_utf8(client.rest()).expect("text")
}

/// A name that this server does not know.
#[test]
fn a_stranger() {
    let herd = start();
    assert_eq!(answer_to(&herd, "HELLO x 1 v=2"), "REFUSED A unknown\n");
    assert_eq!(answer_to(&herd, "HELLO x 1 v=2 clock=1479413884.25"), "REFUSED A unknown\n");
    for line in ["HELLO x 1", "HELLO x 1 clock=1479413884.25", "REPAIR x groups -"] {
        assert_eq!(answer_to(&herd, line), format!("? {line}\n"));
    }
    assert_eq!(answer_to(&herd, "WHATSAT late 1 1"), "? WHATSAT late 1 1\n");
}

/// What is owed to earlier requests comes before the word.
#[test]
fn a_stranger_that_asked_before() {
    let herd = start();
    let mut client = herd.client("A");
    client.send("IAMAT kiwi +34.068930-118.445127 1\nWHATSAT kiwi 10 5\nHELLO x 1 v=2\nIAMAT late +1+1 1\n");
    let at = client.line();
    assert_eq!(client.whatsat().at, at);
    assert_eq!(String::from_utf8_lossy(&client.rest()), "REFUSED A unknown\n");
}

/// A neighbour's name, from an IP address that its own does not stand for.
#[test]
fn a_wrong_address() {
    let mut herd = Plan::new(&binaries(), &graphs::pair()).prepare();
    let (listen, elsewhere) = (herd.address("B").to_string(), format!("127.0.0.2:{}", herd.address("B").port()));
    let config = fs::read_to_string(&herd.config).expect("a config file");
    fs::write(&herd.config, config.replace(&listen, &elsewhere)).expect("a file");
    herd.start("A");
    assert_eq!(answer_to(&herd, "HELLO B 7 v=2"), "REFUSED A address\n");
    assert_eq!(answer_to(&herd, "HELLO B 7"), "? HELLO B 7\n");
    let from = "127.0.0.2".parse().expect("an address");
    let stream = herd_host::connect_from(herd.address("A"), from).expect("a server that listens");
    assert_greeting(&Client::over(stream).ask("HELLO B 7 v=2"), true);
}

/// A server of the herd that this one has no link with.
#[test]
fn one_that_is_no_neighbour() {
    let graph = Graph::new(&["A", "B", "C"], &[("A", "B"), ("B", "C")]);
    let herd = Plan::new(&binaries(), &graph).without("B").without("C").start();
    assert_eq!(answer_to(&herd, "HELLO C 7 v=2"), "REFUSED A unknown\n");
    assert_eq!(answer_to(&herd, "HELLO C 7"), "? HELLO C 7\n");
}

/// Fields that nobody knows yet are no fault.
#[test]
fn fields_of_a_greeting() {
    let herd = start();
    for fields in ["v=2", "v=2 colour=blue", "colour= v=2 shape=a=b", "v=2 clock=1479413884.25 same=9f3c0d2e51b7a864"] {
        let mut neighbour = herd.client("A");
        assert_greeting(&neighbour.ask(format!("HELLO B 7 {fields}")), true);
        // Once more on a link that is open: no restart, and no fault.
        assert_greeting(&neighbour.ask(format!("HELLO B 7 {fields}")), true);
        assert!(neighbour.ask("IAMAT kiwi +1+1 1").starts_with("AT A "));
    }
    let mut older = herd.client("A");
    assert_greeting(&older.ask("HELLO B 7"), false);
}

/// A field that is given twice is a fault, also one that nobody knows; so is one that has no value, and a wrong number.
#[test]
fn invalid_fields() {
    let herd = start();
    for line in [
        "HELLO B 7 v=2 v=2",
        "HELLO B 7 v=2 v=3",
        "HELLO B 7 v=2 colour=blue colour=red",
        "HELLO B 7 v=2 clock=1 clock=1",
        "HELLO B 7 colour",
        "HELLO B 7 v=2 =blue",
        "HELLO B v=2",
        "HELLO B 18446744073709551616 v=2",
        "HELLO B",
    ] {
        assert_eq!(answer_to(&herd, line), format!("? {line}\n"));
    }
}
