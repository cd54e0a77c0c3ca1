//! Herds in which servers run tokio and async-std in turn.

mod between_servers;

use herd_tests::Binaries;

/// The programs under test.
fn binaries() -> Binaries {
    Binaries::mixed(env!("CARGO_BIN_EXE_herd-async-std"))
}
