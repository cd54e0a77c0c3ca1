//! Herds on networks as they are: packets that are late or lost, partitions, clocks that are wrong. Each server has a
//! network namespace of its own, so this takes root and Linux; `tests/README.md` has the command.
#![cfg(target_os = "linux")]

mod addresses;
mod clocks;
mod country;
mod deaths;
mod partitions;
mod weather;

use std::path::Path;

/// The program under test: the one that has its package's name.
fn program() -> &'static Path {
    Path::new(env!(concat!("CARGO_BIN_EXE_", env!("CARGO_PKG_NAME"))))
}
