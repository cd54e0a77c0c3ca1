//! What a server that comes back with its data costs its neighbour: as much as has changed, and not as much as there is.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::thread;
use std::time::Instant;

use herd_tests::graphs::pair;
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::wait_for;
use herd_tests::proxy::Proxy;

use super::text;
use crate::binaries;

/// How many clients there are: `CLIENTS`, which `.ci/long` sets, or some. Of a thousand, one changes.
fn clients() -> u64 {
    env::var("CLIENTS").map_or(20_000, |clients| clients.parse().expect("CLIENTS is a number"))
}

/// Half of a mebibyte for a million, and never less than what it takes to look where something differs.
fn most(clients: u64) -> u64 {
    (clients * (512 << 10) / 1_000_000).max(32 << 10)
}

/// Has a server told of these clients, as fast as it goes, and waits until it has replied to all.
fn report(address: SocketAddr, clients: Range<u64>, time: u64) {
    let requests = TcpStream::connect(address).expect("a server that listens");
    let replies = BufReader::new(requests.try_clone().expect("a socket"));
    let count = clients.clone().count();
    let writer = thread::spawn(move || {
        let mut requests = std::io::BufWriter::new(requests);
        for client in clients {
            writeln!(requests, "IAMAT client-{client} +34.068930-118.445127 {time}").expect("a server that reads");
        }
        requests.flush().expect("a server that reads");
    });
    let told = replies.lines().take(count).filter(|line| line.as_ref().is_ok_and(|line| line.starts_with("AT ")));
    assert_eq!(told.count(), count);
    writer.join().expect("it ends");
}

/// Waits until everything is on disk that a server knows now.
fn wait_until_written(herd: &Herd, name: &str) {
    let since = Instant::now();
    wait_for(&format!("{name} to have written all"), || {
        let passed = since.elapsed().as_secs_f64();
        let ago = herd.status(name)["data"]["synced"].as_f64().expect("seconds");
        (ago < passed).then_some(())
    });
}

#[test]
fn a_server_that_comes_back_is_brought_what_has_changed() {
    let (clients, dir) = (clients(), tempfile::tempdir().expect("a folder"));
    let mut herd =
        Plan::new(&binaries(), &pair()).with(&["--data", text(dir.path()), "--log-filter", "info"]).prepare();
    let boxes = ["A", "B"].map(|name| Proxy::put_before(&herd, name));
    for name in ["A", "B"] {
        herd.start(name);
    }
    report(herd.address("A"), 0..clients, 1);
    wait_for("B to know all", || (herd.status("B")["clients"] == clients).then_some(()));
    wait_until_written(&herd, "B");
    herd.kill("B");
    let changed = clients / 1000;
    report(herd.address("A"), 0..changed, 2);
    // What waits for B is gone with A, so comparing has to find it.
    wait_until_written(&herd, "A");
    herd.kill("A");
    let before: u64 = boxes.iter().map(Proxy::bytes).sum();
    for name in ["A", "B"] {
        herd.start(name);
    }
    for client in 0..changed {
        let is_level = || herd.client("B").ask(format!("WHATSAT client-{client} 0 0")).ends_with(" 2").then_some(());
        wait_for("B to be level", is_level);
    }
    let bytes = boxes.iter().map(Proxy::bytes).sum::<u64>() - before;
    println!("{clients} clients, {changed} changed: {bytes} bytes");
    assert!(bytes <= most(clients), "{bytes}");
}
