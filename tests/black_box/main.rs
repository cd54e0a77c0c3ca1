//! Every black-box case, on the program of the package that this is a test of.

mod between_servers;
mod command_line;
mod connections;
mod logs;
mod places;
mod refusals;
mod requests;
mod sources;
mod whatsat;

use herd_tests::Binaries;
use herd_tests::graphs::single;
use herd_tests::herd::{Herd, Plan};

/// The program under test: the one that has its package's name.
fn binaries() -> Binaries {
    Binaries::new(&[env!(concat!("CARGO_BIN_EXE_", env!("CARGO_PKG_NAME")))])
}

/// Starts one server, `A`, as it is by default.
fn start() -> Herd {
    Plan::new(&binaries(), &single()).start()
}
