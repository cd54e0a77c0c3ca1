//! A herd that changes to TLS, and from one authority to another, while it runs and is used: nothing is lost, and nobody
//! is refused.

use std::fs;
use std::net::SocketAddr;

use herd_tests::certs::{Authority, Certs};
use herd_tests::graphs;
use herd_tests::herd::{Herd, Plan, config_text};
use herd_tests::patience::wait_for;

use super::super::rolling::load::Load;
use super::super::rolling::{assert_nothing_refused, wait_until_all_know};
use super::wait_until_believed;
use crate::binaries;

fn prepare() -> Herd {
    Plan::new(&binaries(), &graphs::cycle()).with(&["--repair-interval", "500ms", "--link-retry", "200ms"]).prepare()
}

/// From its next reload on a server has this at the end of its file.
fn configure(herd: &Herd, tls: &str) {
    let graph = herd.graph();
    let addresses: Vec<SocketAddr> = graph.names.iter().map(|name| herd.address(name)).collect();
    fs::write(&herd.config, config_text(graph, &addresses) + tls).expect("a file");
}

/// Starts all servers, and clients at each.
fn start(herd: &mut Herd) -> Load {
    let mut load = Load::default();
    for name in &herd.graph().names.clone() {
        herd.start(name);
        load.start(herd, name);
    }
    load
}

/// Has one server after the other read its files again.
fn roll(herd: &Herd, load: &Load) {
    for name in &herd.graph().names.clone() {
        let before = load.count(name);
        herd.reload(name);
        wait_for("its clients to go on", || (load.count(name) >= before + 5).then_some(()));
    }
}

fn wait_until_all_believe_by(herd: &Herd, by: &str) {
    for (one, other) in &herd.graph().links {
        wait_until_believed(herd, one, other, by);
        wait_until_believed(herd, other, one, by);
    }
}

/// Nothing was lost, and nobody refused.
fn finish(herd: &Herd, mut load: Load) {
    let names = &herd.graph().names;
    for name in names {
        load.stop(name);
    }
    wait_until_all_know(herd, &load.told());
    assert_nothing_refused(herd, names);
}

#[test]
fn from_plain_text_to_tls() {
    let mut herd = prepare();
    let certs = Certs::of(&Authority::new("test"), &herd.graph().names);
    let tls = |neighbours: &str| certs.table(neighbours);
    let load = start(&mut herd);
    configure(&herd, &tls("optional"));
    roll(&herd, &load);
    wait_until_all_believe_by(&herd, "certificate");
    configure(&herd, &tls("required"));
    roll(&herd, &load);
    finish(&herd, load);
    wait_until_all_believe_by(&herd, "certificate");
}

#[test]
fn from_one_authority_to_another() {
    let mut herd = prepare();
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let certs = Certs::of(&old, &herd.graph().names);
    configure(&herd, &certs.table("required"));
    let load = start(&mut herd);
    wait_until_all_believe_by(&herd, "certificate");
    certs.trust(&[&old, &new]);
    roll(&herd, &load);
    for name in &herd.graph().names.clone() {
        certs.make(name, &new, |_| ());
    }
    roll(&herd, &load);
    certs.trust(&[&new]);
    // What was opened with an old certificate is closed, so that nobody goes on by it.
    for name in &herd.graph().names.clone() {
        super::super::rolling::restart(&mut herd, &load, name);
    }
    finish(&herd, load);
    wait_until_all_believe_by(&herd, "certificate");
}
