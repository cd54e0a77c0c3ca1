//! Few open files: clients may have those that a server does not need itself.

use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};

use herd_host::connect_from;
use herd_tests::client::Client;
use herd_tests::graphs::{pair, single};
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::wait_for;
use serde_json::Value;

use crate::binaries;

/// Not where a neighbour is.
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// Connections to A that rest.
fn rest(herd: &Herd, count: usize) -> Vec<TcpStream> {
    (0..count).map(|_| connect_from(herd.address("A"), ELSEWHERE).expect("a server that listens")).collect()
}

/// A and B, of which A is started behind `ulimit` with these arguments.
fn start(limit: &str) -> Herd {
    let mut herd = Plan::new(&binaries(), &pair()).prepare();
    herd.start("B");
    herd.start_behind(&["sh", "-c", &format!("ulimit {limit} && exec \"$0\" \"$@\"")], "A");
    herd
}

fn warnings(herd: &Herd, message: &str) -> usize {
    herd.log("A").iter().filter(|entry| entry["message"] == message && entry["level"] == "WARN").count()
}

/// With more clients at rest than there are files, links still open, both ways, and neighbours are let in.
#[test]
fn links_open_whatever_clients_take() {
    let mut herd = start("-n 64");
    let clients = rest(&herd, 200);
    wait_for("some to be turned away", || (warnings(&herd, "connections turned away") == 1).then_some(()));
    for time in 1..=3 {
        herd.kill("B");
        herd.start("B");
        for (from, to) in [("A", "B"), ("B", "A")] {
            let at = herd.report(from, &format!("from-{from}"), &time.to_string());
            herd.wait_until_known(to, &format!("from-{from}"), &at);
        }
    }
    assert_eq!(warnings(&herd, "too few open files, connections cut"), 1);
    assert_eq!(warnings(&herd, "connections turned away"), 1, "one a minute");
    assert_eq!(warnings(&herd, "connections could not be accepted"), 0);
    // Those that were let in are served.
    let mut served = Client::over(clients.into_iter().next().expect("the first"));
    assert!(served.ask("IAMAT kiwi +1+1 1").starts_with("AT A "));
}

/// A limit that may be raised is raised.
#[test]
fn a_soft_limit_is_raised() {
    let herd = start("-Sn 64");
    let mut clients: Vec<Client> = rest(&herd, 300).into_iter().map(Client::over).collect();
    for client in &mut clients {
        assert!(client.ask("IAMAT kiwi +1+1 1").starts_with("AT A "));
    }
    assert_eq!(warnings(&herd, "too few open files, connections cut"), 0);
}

/// A server that cannot accept for want of files goes on with what it has, and accepts again when it can.
#[test]
fn a_server_without_files_waits_for_some() {
    let mut herd = Plan::new(&binaries(), &single()).start();
    let mut client = herd.client("A");
    assert!(client.ask("IAMAT kiwi +1+1 1").starts_with("AT A "));
    let used = herd.process("A").open_files().expect("the system tells");
    herd.process("A").limit_open_files(used);
    let clients = rest(&herd, 20);
    let failed = "connections could not be accepted";
    wait_for("a word about it", || (warnings(&herd, failed) > 0).then_some(()));
    assert!(client.ask("IAMAT kiwi +1+1 2").starts_with("AT A "));
    herd.process("A").limit_open_files(1_000);
    for client in clients.into_iter().rev() {
        assert!(Client::over(client).ask("IAMAT kiwi +1+1 2").starts_with("AT A "));
    }
    assert_eq!(warnings(&herd, failed), 1, "one a minute");
}

/// A plain neighbour that does not close the connections on which it is told something costs no more than a few of them.
#[test]
fn connections_that_a_neighbour_does_not_close() {
    let mut herd = Plan::new(&binaries(), &pair()).without("B").start();
    let _deaf = TcpListener::bind(herd.address("B")).expect("a free port");
    let mut client = herd.client("A");
    assert!(client.ask("IAMAT kiwi +1+1 0").starts_with("AT A "));
    let used = herd.process("A").open_files().expect("the system tells");
    for time in 1..300 {
        assert!(client.ask(format!("IAMAT kiwi +1+1 {time}")).starts_with("AT A "));
    }
    let (mut opened, mut most) = (0, 0);
    wait_for("connections to B, one after the other", || {
        most = most.max(herd.process("A").open_files().expect("the system tells"));
        let is_one = |entry: &&Value| entry["message"] == "connection opened" && entry["to"] == "B";
        opened = herd.log("A").iter().filter(is_one).count();
        (opened >= 20).then_some(())
    });
    // One that is open and seven that are being closed.
    assert!(most <= used + 8, "{most} open files and not {used} when {opened} connections had been opened");
}
