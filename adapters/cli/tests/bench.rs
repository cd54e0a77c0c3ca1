//! `herd bench`, end to end, against a herd's server.
//!
//! This program has no test harness, so that it can be the server too: a test knows the path of its own
//! package's programs only. Nothing here is timed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{ExitCode, Stdio};

use herd_tests::patience::wait_for;
use herd_tests::ports::free_address;
#[cfg(target_os = "linux")]
use herd_tests::process::runs_here;
use herd_tests::process::{Process, Signal, command};
use herd_tests::terminal::terminal;
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
    a_load_that_is_interrupted_tells_what_it_measured(&address);
    a_server_is_measured_for_as_long_as_it_is_there();
    a_wrong_answer_is_shown_as_it_is();
    what_cannot_be_measured_is_wrong_use(&address);
    clients_of_a_load_are_forgotten(&address);
    progress_fits_into_a_terminal(&address);
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
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("herd.toml").display().to_string();
    std::fs::write(&config, format!("[[server]]\nname = \"Alford\"\nlisten = {to:?}\n")).expect("a file");
    for far in [&["--to", to, "--far", to][..], &["--config", &config, "--far", "Alford"]] {
        let told = bench(&[far, &["--rate", "1000", "--duration", "300ms"]].concat());
        assert!(told["followed"].as_u64() > Some(0) && told["errors"] == 0, "{told}");
    }
    let wrong = output(&["--config", &config, "--far", "Alfrod"]);
    assert!(wrong.0 == 2 && wrong.2.contains("did you mean Alford?"), "{}", wrong.2);
}

/// Exit code, and what is told.
fn output(arguments: &[&str]) -> (i32, String, String) {
    let output = command(env!("CARGO_BIN_EXE_herd")).arg("bench").args(arguments).output().expect("the client starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().expect("it was not killed"), text(&output.stdout), text(&output.stderr))
}

fn a_load_that_is_interrupted_tells_what_it_measured(to: &str) {
    let mut load = command(env!("CARGO_BIN_EXE_herd"));
    load.args(["bench", "--to", to, "--duration", "24h", "--json"]).stdout(Stdio::piped());
    let before = counted(to, "iamat");
    let mut child = load.spawn().expect("the client starts");
    let out = child.stdout.take().expect("piped");
    let mut load = Process::of(child);
    wait_for("the load to begin", || (counted(to, "iamat") > before).then_some(()));
    load.signal(Signal::INT);
    let told: Value = serde_json::from_reader(out).expect("JSON");
    assert!(load.end().success(), "{told}");
    assert_eq!((&told["ended"], &told["errors"]), (&"interrupted".into(), &0.into()));
    assert!(told["replies"].as_u64() > Some(0) && told["seconds"].as_f64() < Some(24.0 * 3600.0), "{told}");
}

/// A number of a server's STATUS.
fn counted(to: &str, counter: &str) -> u64 {
    let mut stream = TcpStream::connect(to).expect("it listens");
    stream.write_all(b"STATUS\n").expect("it reads");
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).expect("an answer");
    let status: Value = serde_json::from_str(&line).expect("JSON");
    status["counters"][counter].as_u64().expect("a counter")
}

/// A server that is gone after some replies, long before the load is over.
fn a_server_is_measured_for_as_long_as_it_is_there() {
    const REPLIES: usize = 100;
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let to = listener.local_addr().expect("bound").to_string();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        let mut answers = stream.try_clone().expect("a handle");
        for request in BufReader::new(stream).lines().take(REPLIES) {
            let request = request.expect("a request");
            let reply = format!("AT A +0.1 {}\n", request.strip_prefix("IAMAT ").expect("a report"));
            answers.write_all(reply.as_bytes()).expect("it reads");
        }
    });
    let load = ["--to", &to, "--connections", "1", "--duration", "24h"];
    let (code, told, _) = output(&[&load[..], &["--json"]].concat());
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!((code, &told["ended"], &told["replies"]), (1, &"broken".into(), &REPLIES.into()));
    assert_eq!(told["errors"], 1, "only one request has no reply: {told}");
    assert!(told["seconds"].as_f64() < Some(3600.0), "{told}");
}

fn a_wrong_answer_is_shown_as_it_is() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let to = listener.local_addr().expect("bound").to_string();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        BufReader::new(&stream).read_line(&mut String::new()).expect("a request");
        stream.write_all("? Café 東京\x1b[1m\n".as_bytes()).expect("it reads");
    });
    let (code, told, _) = output(&["--to", &to, "--connections", "1", "--count", "1"]);
    let error = r"ERRORS: 1; the first: the server answered: ? Café 東京\x1b[1m";
    assert!(code == 1 && told.lines().any(|line| line == error), "{told}");
}

fn what_cannot_be_measured_is_wrong_use(to: &str) {
    for (arguments, what) in [
        (&["--duration", "0s"][..], "not a time from 10ms to 1day"),
        (&["--duration", "25h"], "not a time from 10ms to 1day"),
        (&["--duration", "soon"], "not a time in seconds or with a unit"),
        (&["--warm-up", "25h"], "not a time from 0s to 1day"),
        (&["--whatsat", "2"], "not a number from 0 to 1"),
        (&["--clients", "0"], "not a whole number from 1 to 999999999"),
        (&["--forget", "--dialect", "redis-set"], "cannot be used with"),
        (&["--to", "127.0.0.1:1"], "one server at a time"),
    ] {
        let (code, _, err) = output(&[&["--to", to], arguments].concat());
        assert!(code == 2 && err.lines().count() == 1 && err.contains(what), "{arguments:?}: {err}");
    }
}

fn clients_of_a_load_are_forgotten(to: &str) {
    let known = |client: &str| {
        let mut whatsat = command(env!("CARGO_BIN_EXE_herd"));
        let output = whatsat.args(["send", "--to", to, &format!("WHATSAT {client} 0 0")]).output();
        output.expect("the client starts").stdout.starts_with(b"AT ")
    };
    let load = ["--to", to, "--clients", "3", "--count", "100", "--whatsat", "0.5"];
    bench(&load);
    assert!(known("herd-bench-000000002"), "without --forget they stay");
    bench(&[&load[..], &["--forget"]].concat());
    for client in ["herd-bench-000000000", "herd-bench-000000001", "herd-bench-000000002"] {
        assert!(!known(client), "{client}");
    }
}

/// A terminal of eighty columns, and one that can do nothing.
fn progress_fits_into_a_terminal(to: &str) {
    for (term, is_shown) in [("xterm", true), ("dumb", false)] {
        let (mut screen, side) = terminal();
        let eighty = rustix::termios::Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(&side, eighty).expect("a terminal");
        let mut load = command(env!("CARGO_BIN_EXE_herd"));
        load.args(["bench", "--to", to, "--duration", "500ms"]).env("TERM", term).stdout(Stdio::null()).stderr(side);
        let mut child = load.spawn().expect("the client starts");
        drop(load);
        let (mut shown, mut buffer) = (Vec::new(), [0; 4096]);
        // The end is an error there.
        while let Ok(len @ 1..) = screen.read(&mut buffer) {
            shown.extend_from_slice(&buffer[..len]);
        }
        assert!(child.wait().expect("it ends").success());
        let shown = String::from_utf8(shown).expect("text");
        // Lines are drawn anew from their beginning, behind a code that clears them.
        let lines: Vec<&str> = shown.split(['\r', '\n']).map(|line| line.trim_start_matches("\x1b[2K")).collect();
        assert_eq!(lines.iter().any(|line| line.contains(" a second")), is_shown, "{shown:?}");
        assert!(lines.iter().all(|line| line.chars().count() <= 80), "{shown:?}");
    }
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
