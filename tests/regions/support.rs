//! Regions: herds of server programs, each with its table for NATS.

use herd_tests::Binaries;
use herd_tests::graphs::Graph;
use herd_tests::herd::{Herd, Plan};
use herd_tests::nats::Nats;
use herd_tests::patience::wait_for;
use serde_json::Value;

/// The program under test.
pub(crate) fn binaries() -> Binaries {
    Binaries::new(&[env!(concat!("CARGO_BIN_EXE_", env!("CARGO_PKG_NAME")))])
}

/// The table of a region.
pub(crate) fn table(name: &str, nats: &Nats) -> String {
    format!("[region]\nname = {name:?}\nnats = [{:?}]\n", nats.url())
}

/// A region of three servers in a row, each of which is joined to the others.
pub(crate) fn start(name: &str, nats: &Nats) -> Herd {
    let graph = Graph::new(&["A", "B", "C"], &[("A", "B"), ("B", "C")]);
    let herd = Plan::new(&binaries(), &graph).with_config(&table(name, nats)).start();
    wait_until_joined(&herd);
    herd
}

/// What a server says of its region.
pub(crate) fn region(herd: &Herd, server: &str) -> Value {
    herd.status(server)["region"].clone()
}

/// Waits until all servers that run are connected, and one of them is the bridge.
pub(crate) fn wait_until_joined(herd: &Herd) {
    for server in herd.running() {
        wait_for(&format!("{server} to be joined"), || region(herd, &server)["nats"].as_str().map(drop));
    }
    let _ = bridge(herd);
}

/// Which server is the bridge, and its fencing number.
pub(crate) fn bridge(herd: &Herd) -> (String, u64) {
    wait_for("a bridge", || {
        herd.running().into_iter().find_map(|server| {
            let fence = region(herd, &server)["bridge"].as_u64()?;
            Some((server, fence))
        })
    })
}
