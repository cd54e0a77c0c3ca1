//! The plain servers of `benches/baselines` speak the wire that the herd's own do: or comparing them would
//! say nothing.

use std::net::SocketAddr;

use herd_tests::client::{Client, converse};
use herd_tests::patience::wait_for;
use herd_tests::ports::free_address;
use herd_tests::process::{Process, command, runs_here};
use herd_tests::skew::{nanos, now, skew_of};

const NO_PLACES: &str = "{\"results\":[],\"status\":\"ZERO_RESULTS\"}\n\n";

#[test]
fn asyncio() {
    assert_speaks_the_wire("python3", "herd.py");
}

#[test]
fn node() {
    assert_speaks_the_wire("node", "herd.js");
}

fn assert_speaks_the_wire(interpreter: &str, script: &str) {
    if !runs_here(interpreter) {
        return;
    }
    let [a, b, c] = [free_address(), free_address(), free_address()];
    // On a line, so that what C knows went by B.
    let _a = start(interpreter, script, ("A", a), &[("B", b)]);
    let _b = start(interpreter, script, ("B", b), &[("A", a), ("C", c)]);
    let _c = start(interpreter, script, ("C", c), &[("B", b)]);

    positions_and_skews(a);
    one_conversation(a);
    refusals(a);
    at_lines(b);
    flooding(a, &[a, b, c]);
}

fn start(interpreter: &str, script: &str, (name, address): (&str, SocketAddr), to: &[(&str, SocketAddr)]) -> Process {
    let mut command = command(interpreter);
    command.arg(format!("{}/../benches/baselines/{script}", env!("CARGO_MANIFEST_DIR")));
    command.args([name, &address.port().to_string()]);
    command.args(to.iter().map(|(name, address)| format!("{name}={}", address.port())));
    Process::listening(&mut command, address)
}

/// The report that a server keeps of a client, if it knows it.
fn kept(address: SocketAddr, client: &str) -> Option<String> {
    let reply = text(converse(address, format!("WHATSAT {client} 0 0")));
    reply.strip_suffix(NO_PLACES)?.strip_suffix('\n').map(str::to_owned)
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("text")
}

/// Fields come back as they were; time and skew add up to the time at which the line came.
fn positions_and_skews(address: SocketAddr) {
    let mut client = Client::connect(address);
    for fields in [
        "kiwi +34.068930-118.445127 1479413884.392014450",
        "edge -90.000+180.0 99999999999.000000001",
        "zero +00034-000118 -9223372036854775808",
        "last +0-0 9223372036854775807.999999999",
    ] {
        let reply = client.ask(format!("\t IAMAT\x0b {fields}\r"));
        let clock = nanos(skew_of(&reply, fields)) + nanos(fields.rsplit_once(' ').expect("fields").1);
        let age = now() - clock;
        assert!((0..20_000_000_000).contains(&age), "{reply} is {age} ns old");
    }
}

/// Pipelined, blank lines, bytes that are no text, the last line without its end, a half-close.
fn one_conversation(address: SocketAddr) {
    let mut client = Client::connect(address);
    client.send_bytewise(b"\n \r\nIAMAT \xff\0 +1+1 7\nWHATSAT \xff\0 10 20\n");
    let at = client.raw_line();
    assert!(at.starts_with(b"AT A +") && at.ends_with(b" \xff\0 +1+1 7"), "{}", at.escape_ascii());
    client.send("IAMAT kiwi +2+2 5\nWHATSAT kiwi 50.0 00");
    client.finish();
    let mut expected = [&at[..], b"\n", NO_PLACES.as_bytes()].concat();
    let rest = client.rest();
    let middle = rest.strip_prefix(&expected[..]).expect("the report that is kept, and no places");
    let reply = middle.split(|&byte| byte == b'\n').next().expect("a line");
    assert!(reply.ends_with(b" kiwi +2+2 5"));
    // That one was older.
    let kiwi = kept(address, "kiwi").expect("a known client");
    assert!(kiwi.ends_with(" kiwi +34.068930-118.445127 1479413884.392014450"), "{kiwi}");
    expected.extend([reply, b"\n", kiwi.as_bytes(), b"\n", NO_PLACES.as_bytes()].concat());
    assert_eq!(rest.escape_ascii().to_string(), expected.escape_ascii().to_string());
}

fn refusals(address: SocketAddr) {
    let long = "x".repeat(4097);
    for line in [
        "IAMAT k +90.0000000000000000000001+0 1",
        "IAMAT k +0-180.1 1",
        "IAMAT k 34.0-118.0 1",
        "IAMAT k +34.0118.0 1",
        "IAMAT k +34.-118 1",
        "IAMAT k +1+1/ 1",
        "IAMAT k +1+1 1.0000000000",
        "IAMAT k +1+1 9223372036854775808",
        "IAMAT k +1+1 -9223372036854775808.000000001",
        "IAMAT k +1+1 +1",
        "IAMAT k +1+1 1.",
        "IAMAT k +1+1 1 1",
        "IAMAT k\u{a0}k +1+1",
        "iamat k +1+1 1",
        "WHATSAT kiwi 50.000000000000000000001 5",
        "WHATSAT kiwi -1 5",
        "WHATSAT kiwi 10 21",
        "WHATSAT kiwi 10 -0",
        "WHATSAT stranger 10 5",
        "HELLO B 1",
        "AT A +0.1 kiwi +1+1 1 stranger",
        "AT A 0.1 kiwi +1+1 1 B",
        " \tno such\x0b  thing \r",
        &long,
    ] {
        // What is owed comes first, and what is behind is dropped.
        let mut client = Client::connect(address);
        client.send(format!("WHATSAT last 0 0\n{line}\nIAMAT late +1+1 1\n"));
        assert!(client.whatsat().at.ends_with(" last +0-0 9223372036854775807.999999999"));
        assert_eq!(text(client.rest()), format!("? {}\n", &line[..line.len().min(4096)]));
    }
    assert_eq!(kept(address, "late"), None);
}

/// A neighbour's line has no reply, and of two with one time the greater is kept.
fn at_lines(address: SocketAddr) {
    let mut neighbour = Client::connect(address);
    neighbour.send("AT A -7.000000000 lime +1+1 2 A\r\nAT C +1.5 lime +1+1 2.000 A\n");
    neighbour.send("AT C +1.25 lime +1+1 2 C\nWHATSAT lime 0 0\n");
    assert_eq!(neighbour.whatsat().at, "AT C +1.5 lime +1+1 2.000");
}

/// All servers come to know the newest, also when older ones come behind it.
fn flooding(at: SocketAddr, all: &[SocketAddr]) {
    let lines: Vec<String> = (0..1000).rev().map(|time| format!("IAMAT c{} +1+1 {time}\n", time % 10)).collect();
    let replies = text(converse(at, lines.concat()));
    assert_eq!(replies.lines().count(), lines.len());
    for (index, newest) in replies.lines().take(10).enumerate() {
        for &address in all {
            let client = format!("c{}", 9 - index);
            wait_for(newest, || (kept(address, &client).as_deref() == Some(newest)).then_some(()));
        }
    }
}
