//! `up --regions`: regions on this machine, by one command.

use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::process::Stdio;

use herd_tests::client::Client;
use herd_tests::patience::wait_for;
use herd_tests::process::{Process, Signal};

use crate::support::binaries;

/// Starts three regions of two servers: the program, and what it prints.
fn start() -> (Process, impl Iterator<Item = String>) {
    let mut command = binaries().command();
    command.args(["up", "--regions", "3", "--servers", "2", "--log-level", "off"]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("a program to run");
    let lines = BufReader::new(child.stdout.take().expect("piped")).lines().map(|line| line.expect("text"));
    (Process::of(child), lines)
}

#[test]
fn one_command_starts_all_and_all_ends_with_it() {
    let (mut process, mut lines) = start();
    let first = lines.next().expect("a line");
    assert!(first.contains("3 regions of 2 servers, NATS at nats://127.0.0.1:"), "{first}");
    let file = lines.next().expect("the first region").rsplit_once("  ").expect("its file").1.to_owned();
    assert!(std::path::Path::new(&file).exists(), "{file}");
    let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
    let ask = |port, line: &str| {
        wait_for("a server to listen", || TcpStream::connect(at(port)).ok());
        Client::connect(at(port)).ask(line)
    };
    // Whoever arrives before there is a bridge is told of later.
    for ports in [[12_880, 12_881], [13_080, 13_081]] {
        let is_bridge = |port: &u16| {
            let status: serde_json::Value = serde_json::from_str(&ask(*port, "STATUS")).expect("JSON");
            status["region"]["bridge"].is_u64()
        };
        wait_for("a bridge", || ports.iter().any(is_bridge).then_some(()));
    }
    let reported = ask(12_880, "IAMAT kiwi +34.068930-118.445127 1479413884");
    wait_for("the last region to know of a client of the first", || {
        (ask(13_081, "WHATSAT kiwi 0 0") == reported).then_some(())
    });
    process.signal(Signal::TERM);
    assert!(process.end().success());
    let is_free = |port: u16| TcpStream::connect(at(port)).is_err();
    assert!([12_880, 12_881, 13_080].into_iter().all(is_free));
    assert!(!std::path::Path::new(&file).exists(), "{file}");

    let (mut process, mut lines) = start();
    let first = lines.next().expect("a line");
    let nats = first.rsplit_once("127.0.0.1:").and_then(|(_, rest)| rest.split(';').next()?.parse().ok());
    let ports = [12_880, 12_881, 13_080, nats.expect("the port of NATS")];
    for port in ports {
        wait_for("all to listen", || (!is_free(port)).then_some(()));
    }
    process.kill();
    for port in ports {
        wait_for("all to have ended", || is_free(port).then_some(()));
    }
    let file = lines.next().expect("the first region").rsplit_once("  ").expect("its file").1.to_owned();
    let folder = std::path::Path::new(&file).parent().expect("a folder");
    wait_for("nobody to write there any more", || std::fs::remove_dir_all(folder).ok());
}
