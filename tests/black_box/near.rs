//! Who is near: NEAR, over the wire.

use herd_tests::client::Client;
use herd_tests::graphs::{pair, single};
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::wait_for;

use crate::{binaries, start};

/// A server that knows these clients.
fn with(clients: &[(&str, &str)]) -> Herd {
    let herd = start();
    let mut client = herd.client("A");
    for (name, position) in clients {
        assert!(client.ask(format!("IAMAT {name} {position} 1479413884")).starts_with("AT A "));
    }
    herd
}

/// The IDs in the reply to a NEAR, in their order.
fn near(client: &mut Client, request: &str) -> Vec<String> {
    client.send(format!("{request}\n"));
    client.near().iter().map(|line| line.split(' ').nth(3).expect("an AT line").to_owned()).collect()
}

/// The nearest come first, and of those as far away the one whose ID is less in bytes; the bound counts last.
#[test]
fn the_nearest_come_first() {
    let herd = with(&[
        ("truck-2", "+00.02+000.00"),
        ("truck-1", "+0.01+0"),
        ("car", "-0.01+0"),
        ("far", "+0.5+0"),
        ("Truck", "+0.01+0"),
    ]);
    let mut client = herd.client("A");
    assert_eq!(near(&mut client, "NEAR +0+0 10 20"), ["Truck", "car", "truck-1", "truck-2"]);
    assert_eq!(near(&mut client, "NEAR +0+0 10 2"), ["Truck", "car"]);
    assert_eq!(near(&mut client, "NEAR +0+0 10 1 truck-*"), ["truck-1"]);
    assert_eq!(near(&mut client, "NEAR +0+0 1 1000"), Vec::<String>::new());
    assert_eq!(near(&mut client, "NEAR +0.01+0 0 9"), ["Truck", "truck-1"], "the edge is within");
    assert_eq!(near(&mut client, "NEAR +0+0 20016 1000").len(), 5);
    assert_eq!(near(&mut client, "NEAR +0+0 10 0"), Vec::<String>::new());
    // Around a client, who is not near itself.
    assert_eq!(near(&mut client, "NEAR truck-1 1.2 9"), ["Truck", "truck-2"]);
}

/// The reply has the kept AT lines, and an empty line behind them.
#[test]
fn the_reply_is_what_is_kept() {
    let herd = start();
    let mut client = herd.client("A");
    let at = client.ask("IAMAT kiwi +34.068930-118.445127 1479413884.392014450");
    client.send("NEAR +34-118 50 9\nIAMAT emu +1+1 1479413885\nNEAR kiwi 50 9\n");
    assert_eq!(client.near(), [at]);
    assert!(client.line().ends_with(" emu +1+1 1479413885"), "replies are in order");
    assert_eq!(client.near(), Vec::<String>::new());
}

/// Where the map ends, the globe goes on.
#[test]
fn across_the_edges_of_the_map() {
    let herd =
        with(&[("east", "+10+179.99"), ("west", "+10-179.99"), ("pole-1", "+89.99+0"), ("pole-2", "+89.99-180")]);
    let mut client = herd.client("A");
    assert_eq!(near(&mut client, "NEAR +10+180 10 9"), ["east", "west"]);
    assert_eq!(near(&mut client, "NEAR west 3 9"), ["east"]);
    assert_eq!(near(&mut client, "NEAR pole-1 3 9"), ["pole-2"]);
    assert_eq!(near(&mut client, "NEAR -90+77 20016 9"), ["east", "west", "pole-1", "pole-2"]);
}

/// HEARD leaves out who was not heard of for longer, whatever the client's own time says.
#[test]
fn heard_goes_by_the_servers_clock() {
    let herd = with(&[("kiwi", "+1+1")]);
    let mut client = herd.client("A");
    assert_eq!(near(&mut client, "NEAR +1+1 1 9 HEARD 3600"), ["kiwi"]);
    assert_eq!(near(&mut client, "NEAR +1+1 1 9 kiwi HEARD 4294967295"), ["kiwi"]);
    wait_for("it to be too long ago", || near(&mut client, "NEAR +1+1 1 9 HEARD 1").is_empty().then_some(()));
}

/// Any server answers, from what it has heard of.
#[test]
fn any_server_answers() {
    let herd = Plan::new(&binaries(), &pair()).start();
    let at = herd.report("A", "kiwi", "1479413884");
    herd.wait_until_known("B", "kiwi", &at);
    let mut client = herd.client("B");
    client.send("NEAR +34-118 50 9\n");
    assert_eq!(client.near(), [at]);
}

/// Each wrong form is refused, the connection is closed, and nothing else has changed.
#[test]
fn wrong_forms() {
    let herd = with(&[("kiwi", "+1+1")]);
    for fields in [
        "",
        "kiwi",
        "kiwi 10",
        "emu 10 5",
        "kiwi -1 5",
        "kiwi 20016.1 5",
        "kiwi 1e1 5",
        "kiwi 10km 5",
        "kiwi 10 -1",
        "kiwi 10 1001",
        "kiwi 10 5.0",
        "kiwi 10 +5",
        "kiwi 10 5 a*b",
        "kiwi 10 5 **",
        "kiwi 10 5 * HEARD",
        "kiwi 10 5 HEARD 0",
        "kiwi 10 5 HEARD -1",
        "kiwi 10 5 HEARD 4294967296",
        "kiwi 10 5 HEARD 1.5",
        "kiwi 10 5 HEARD 5 *",
        "kiwi 10 5 * HEARD 5 5",
        "+91+0 10 5",
        "+1+1/ 10 5",
        "+1 +1 10 5",
    ] {
        let refused = herd.converse("A", format!("NEAR {fields}\nIAMAT kiwi +2+2 1479413885\n"));
        assert_eq!(String::from_utf8_lossy(&refused), format!("? NEAR {fields}\n"));
    }
    assert_eq!(herd.converse("A", "near kiwi 10 5\n"), b"? near kiwi 10 5\n");
    assert_eq!(near(&mut herd.client("A"), "NEAR +1+1 0 9"), ["kiwi"], "it has not moved");
}

/// Whom one may not ask for is not near, nor is anybody near them.
#[test]
fn rights() {
    let access = "[access]\nanonymous = [\"near\", \"ask:truck-*\", \"report:*\"]\n";
    let herd = Plan::new(&binaries(), &single()).with_config(access).start();
    let mut client = herd.client("A");
    for name in ["truck-1", "truck-2", "car"] {
        assert!(client.ask(format!("IAMAT {name} +1+1 1")).starts_with("AT A "));
    }
    assert_eq!(near(&mut client, "NEAR +1+1 1 9"), ["truck-1", "truck-2"]);
    assert_eq!(near(&mut client, "NEAR +1+1 1 9 car"), Vec::<String>::new());
    assert_eq!(near(&mut client, "NEAR truck-1 1 9"), ["truck-2"]);
    assert_eq!(client.ask("NEAR car 1 9"), "? NEAR car 1 9", "as if it were not known");
    assert_eq!(client.rest(), b"");
    herd.configure("[access]\nanonymous = [\"ask:*\"]\n");
    herd.reload("A");
    assert_eq!(herd.converse("A", "NEAR truck-1 1 9\n"), b"? NEAR truck-1 1 9\n");
}
