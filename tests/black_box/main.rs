//! Every black-box case, on the program of the package that this is a test of.

mod access;
mod api;
mod between_servers;
mod command_line;
mod connections;
mod data;
mod devices;
mod door;
mod log_faults;
mod logs;
mod near;
mod open_files;
mod places;
mod plain;
mod refusals;
mod reloads;
mod requests;
mod shared_links;
mod signals;
mod sources;
mod status;
mod systemd;
mod tls;
mod versions;
mod watches;
mod whatsat;

use std::process::Output;

use herd_tests::Binaries;
use herd_tests::client::WhatsatReply;
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

/// Tells the server `A` where `kiwi` is, and asks it for so many places within 10 km of there.
fn whatsat(herd: &Herd, bound: usize) -> WhatsatReply {
    let at = herd.report("A", "kiwi", "1479413884.392014450");
    let mut client = herd.client("A");
    client.send(format!("WHATSAT kiwi 10 {bound}\n"));
    let reply = client.whatsat();
    assert!(at.ends_with(&reply.at[reply.at.len() - 30..]), "{}", reply.at);
    reply
}

/// Nothing on standard output, one line on standard error that holds each of `parts`.
fn assert_fails(output: &Output, code: i32, parts: &[&str]) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{told}");
    assert_eq!((output.stdout.len(), told.lines().count()), (0, 1), "{told}");
    for part in parts {
        assert!(told.contains(part), "{told} lacks {part}");
    }
}
