//! Herds in which servers run tokio and async-std in turn.

mod between_servers;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use herd_tests::Binaries;

const HERE: &str = env!("CARGO_BIN_EXE_herd-async-std");

/// The other adapter's program, beside this one's. `cargo test -p herd-async-std` alone does not build
/// it.
static OTHER: LazyLock<PathBuf> = LazyLock::new(|| {
    let other = Path::new(HERE).with_file_name(format!("herd-tokio{}", std::env::consts::EXE_SUFFIX));
    if !other.exists() {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "-p", "herd-tokio"]);
        if other.parent().is_some_and(|folder| folder.ends_with("release")) {
            build.arg("--release");
        }
        let status = build.status().expect("cargo");
        assert!(status.success() && other.exists(), "{} cannot be built", other.display());
    }
    other
});

/// The programs under test.
fn binaries() -> Binaries {
    Binaries::new(&[Path::new(HERE), &OTHER])
}
