//! `herd bench`, end to end, against a herd's server.
//!
//! This program has no test harness, so that it can be the server too: a test knows the path of its own
//! package's programs only. Nothing here is timed.

use std::process::ExitCode;

use herd_tests::ports::free_address;
#[cfg(target_os = "linux")]
use herd_tests::process::runs_here;
use herd_tests::process::{Process, command};
use serde_json::Value;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        return herd_host::main::<herd_tokio::Tokio>("herd-tokio");
    }
    let (_server, address) = server();
    for case in [every_request_is_answered, questions_are_asked, each_has_a_connection, requests_are_due] {
        case(&address);
    }
    far_servers_are_followed(&address);
    a_token_is_said_on_each_connection();
    #[cfg(target_os = "linux")]
    another_load_agrees();
    println!("every load of herd bench was answered");
    ExitCode::SUCCESS
}

fn every_request_is_answered(to: &str) {
    let told = bench(&["--to", to, "--count", "5000", "--pipeline", "10", "--connections", "5", "--threads", "2"]);
    assert_eq!((&told["replies"], &told["errors"]), (&5_000.into(), &0.into()), "{told}");
    assert_eq!(told["updates_us"]["replies"], 5_000, "{told}");
}

fn questions_are_asked(to: &str) {
    let told = bench(&["--to", to, "--count", "400", "--clients", "50", "--whatsat", "0.5", "--pipeline", "8"]);
    let [updates, questions] = ["updates_us", "questions_us"].map(|kind| told[kind]["replies"].as_u64());
    assert_eq!(updates.zip(questions).map(|(updates, questions)| updates + questions), Some(400), "{told}");
    assert!(questions > Some(0) && told["errors"] == 0, "{told}");
}

fn each_has_a_connection(to: &str) {
    let told = bench(&["--to", to, "--count", "200", "--connections", "4", "--connect-each"]);
    assert_eq!((&told["replies"], &told["errors"]), (&200.into(), &0.into()), "{told}");
    // Slowly, so that connections are closed for a while.
    let told = bench(&["--to", to, "--count", "50", "--connections", "4", "--connect-each", "--rate", "1000"]);
    assert_eq!((&told["replies"], &told["errors"]), (&50.into(), &0.into()), "{told}");
}

fn requests_are_due(to: &str) {
    let told = bench(&["--to", to, "--count", "300", "--rate", "3000"]);
    assert_eq!((&told["replies"], &told["errors"]), (&300.into(), &0.into()), "{told}");
}

/// A server is not far from itself, but it is one.
fn far_servers_are_followed(to: &str) {
    let told = bench(&["--to", to, "--far", to, "--rate", "1000", "--duration", "300ms"]);
    assert!(told["followed"].as_u64() > Some(0) && told["errors"] == 0, "{told}");
}

/// Where anybody else may do nothing, all of a load is answered that has a token, on whatever connections.
fn a_token_is_said_on_each_connection() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name).display().to_string();
    let output =
        command(env!("CARGO_BIN_EXE_herd")).args(["token", "load", "--may", "all", "--out", &file("token")]).output();
    let lines = String::from_utf8(output.expect("the client starts").stdout).expect("text");
    let (address, config) = (free_address(), file("herd.toml"));
    let servers = format!("[[server]]\nname = \"Alford\"\nlisten = \"{address}\"\n[access]\nanonymous = []\n{lines}");
    std::fs::write(&config, servers).expect("a file");
    let mut server = command(std::env::current_exe().expect("a program"));
    server.args(["serve", "Alford", "--config", &config, "--log-filter", "error"]);
    let _server = Process::listening(&mut server, address);
    let to = ["--config", &config, "--token-file", &file("token")];
    for load in [
        &["--count", "2000", "--connections", "5", "--pipeline", "10"][..],
        &["--count", "200", "--connections", "4", "--clients", "20", "--whatsat", "0.5"],
        &["--count", "200", "--connections", "4", "--connect-each"],
        &["--far", &address.to_string(), "--rate", "1000", "--duration", "300ms"],
    ] {
        let told = bench(&[&to, load].concat());
        assert_eq!(told["errors"], 0, "{told}");
    }
    let refused = command(env!("CARGO_BIN_EXE_herd")).args(["bench", "--config", &config, "--count", "1"]).output();
    assert_eq!(refused.expect("the client starts").status.code(), Some(1), "nobody else may do anything");
}

/// The load that shares no code with this one runs, and finds every reply right. It starts this program as a herd.
#[cfg(target_os = "linux")]
fn another_load_agrees() {
    if !runs_here("python3") {
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let program = std::env::current_exe().expect("a program");
    std::os::unix::fs::symlink(program, dir.path().join("herd-tokio")).expect("a link");
    let output = command("python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../benches/independent.py"))
        .args(["--rounds", "1", "--seconds", "0.1", "--clients", "5000", "--bin"])
        .arg(dir.path())
        .output()
        .expect("python3 starts");
    let [told, error] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{told}{error}");
    for load in ["pipeline of 100", "one at a time", "a connection each"] {
        let row = told.lines().find(|line| line.starts_with(load) && line.contains("herd-tokio"));
        assert!(row.is_some(), "{load} is missing: {told}");
    }
}

/// What a load that goes well tells.
fn bench(arguments: &[&str]) -> Value {
    let output = command(env!("CARGO_BIN_EXE_herd"))
        .arg("bench")
        .args(arguments)
        .arg("--json")
        .output()
        .expect("the client starts");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}{}", String::from_utf8_lossy(&output.stdout));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A server, which is this program, and its address.
fn server() -> (Process, String) {
    let address = free_address();
    let to = address.to_string();
    let mut server = command(std::env::current_exe().expect("a program"));
    server.args(["serve", "Alford", "--listen", &to, "--log-filter", "error"]);
    (Process::listening(&mut server, address), to)
}
