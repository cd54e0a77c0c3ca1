//! What becomes of a server when its log cannot be written: it goes on, and so do its links.

use std::fs::File;
use std::io::Read;
use std::process::Stdio;

use herd_tests::client::Client;
use herd_tests::graphs::pair;
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::wait_for;
use herd_tests::process::Signal;
use herd_tests::terminal::terminal;
use serde_json::Value;

use crate::binaries;

/// A and B, of which A logs everything to there, or to what `arguments` say.
fn start(stderr: impl Into<Stdio>, arguments: &[&str]) -> Herd {
    let mut herd = Plan::new(&binaries(), &pair()).prepare();
    herd.start("B");
    herd.start_with("A", stderr.into(), arguments);
    herd
}

/// Clients of A are answered, and what they said goes to B and back also when the links have to be made anew; a signal
/// stops A in order.
fn is_whole(herd: &mut Herd) {
    // Each is two lines at least, together more than any pipe holds.
    let mut client = herd.client("A");
    for time in 0..2_000 {
        assert!(client.ask(format!("IAMAT many +1+1 {time}")).ends_with(&format!(" {time}")));
    }
    drop(client);
    for time in 1..=3 {
        for (from, to) in [("A", "B"), ("B", "A")] {
            let at = herd.report(from, &format!("from-{from}"), &time.to_string());
            herd.wait_until_known(to, &format!("from-{from}"), &at);
        }
        herd.kill("B");
        herd.start("B");
    }
    herd.process("A").signal(Signal::TERM);
    assert!(herd.process("A").end().success());
}

/// Nobody reads standard error any more, as where the `tee` behind a pipe has died.
#[test]
fn a_pipe_without_a_reader() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let mut herd = start(writer, &[]);
    drop(reader);
    is_whole(&mut herd);
}

/// There is a reader, and it does not read.
#[test]
fn a_pipe_that_is_full() {
    let (_reader, writer) = std::io::pipe().expect("a pipe");
    is_whole(&mut start(writer, &[]));
}

/// A reader that comes back finds whole lines, and how many are missing.
#[test]
fn a_pipe_that_is_read_again() {
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let mut herd = start(writer, &[]);
    let mut client = herd.client("A");
    for time in 0..9_000 {
        client.send(format!("IAMAT {} +1+1 {time}\n", "x".repeat(400)));
    }
    for _ in 0..9_000 {
        drop(client.line());
    }
    let status = herd.status("A");
    assert!(status["log"]["lost"].as_u64() > Some(0), "{status}");
    let wrong = herd.wrong("A");
    assert!(wrong.iter().any(|wrong| wrong.starts_with("log lines were lost: ")), "{wrong:?}");
    let read = std::thread::spawn(move || {
        let mut text = String::new();
        reader.read_to_string(&mut text).expect("a pipe");
        text
    });
    herd.process("A").signal(Signal::TERM);
    assert!(herd.process("A").end().success());
    let text = read.join().expect("a reader");
    let entries: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let lost = entries.iter().find(|entry| entry["message"] == "log lines lost").expect("a count");
    assert!(lost["lines"].as_u64() > Some(0) && lost["level"] == "WARN", "{lost}");
    assert!(entries.iter().any(|entry| entry["message"] == "server down"), "the log works again");
}

/// The disk is full from the start.
#[test]
fn a_disk_that_is_full() {
    let mut herd = start(Stdio::null(), &["--log", "/dev/full"]);
    is_whole(&mut herd);
}

/// The terminal of standard error is closed, which also sends SIGHUP.
#[test]
fn a_terminal_that_goes_away() {
    let (terminal, other_side) = terminal();
    let mut herd = start(other_side, &[]);
    let at = herd.report("A", "before", "1");
    herd.wait_until_known("B", "before", &at);
    drop(terminal);
    herd.process("A").signal(Signal::HUP);
    is_whole(&mut herd);
}

/// What one client says at `debug`, and how often somebody connects, does not fill a disk.
#[test]
fn how_much_is_logged() {
    let herd = Plan::new(&binaries(), &pair()).start();
    let address = herd.address("A");
    let mut client = herd.client("A");
    let requests = 100_000;
    for _ in 0..requests / 1_000 {
        client.send("IAMAT kiwi +34.068930-118.445127 1479413884.392014450\n".repeat(1_000));
        for _ in 0..1_000 {
            drop(client.line());
        }
    }
    for _ in 0..1_000 {
        let mut stranger = Client::connect(address);
        assert!(stranger.ask("HELLO B 5").starts_with("HELLO A "));
    }
    let left_out = wait_for("a count of what was left out", || {
        let told = |entry: &Value| entry["kind"] == "herd::wire: received" && entry["message"] == "log lines left out";
        herd.log("A").into_iter().find(told)
    });
    assert!(left_out["lines"].as_u64() > Some(0), "{left_out}");
    let lines = herd.log("A").len();
    assert!(lines < requests, "{lines} lines for {requests} requests");
}

/// A log that is written to a file is whole when the server has ended.
#[test]
fn the_last_lines() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("herd.log");
    let mut herd = start(Stdio::null(), &["--log", path.to_str().expect("text")]);
    drop(herd.report("A", "kiwi", "1"));
    herd.process("A").signal(Signal::TERM);
    assert!(herd.process("A").end().success());
    let mut text = String::new();
    File::open(&path).and_then(|mut file| file.read_to_string(&mut text)).expect("a log");
    assert!(text.lines().last().is_some_and(|line| line.contains("server down")), "{text}");
}
