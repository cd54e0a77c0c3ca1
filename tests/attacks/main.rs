//! Attacks on the program of the package that this is a test of. Each goes on for a second or more: meanwhile what can
//! be counted stays within its bound, and whoever does nothing wrong is served.

mod boxes;
mod crowds;
mod everything;
mod flood;
mod forged;
mod greedy;
mod guessed;
mod handshakes;
mod idle;
mod impostor;
mod neighbours;
mod siege;
mod strangers;
mod streams;
mod watchers;

use herd_tests::Binaries;
use herd_tests::graphs::{pair, single};
use herd_tests::herd::Plan;

/// The program under attack: the one that has its package's name.
fn binaries() -> Binaries {
    Binaries::new(&[env!(concat!("CARGO_BIN_EXE_", env!("CARGO_PKG_NAME")))])
}

/// One server, `A`, that logs as it does by default.
fn alone() -> Plan {
    Plan::new(&binaries(), &single()).with(&["--log-filter", "info"])
}

/// Two neighbours, `A` and `B`.
fn two() -> Plan {
    Plan::new(&binaries(), &pair()).with(&["--log-filter", "info"])
}

/// The server `A`, whose neighbour `B` is away: any process of this machine can speak as `B`.
fn bereft() -> Plan {
    two().without("B")
}
