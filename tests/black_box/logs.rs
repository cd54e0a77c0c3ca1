//! Logs: what is in them at which level, in which form, and that no client can forge a line.

use std::fs;

use herd_tests::graphs::{pair, single};
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::wait_for;
use herd_tests::process::Signal;
use serde_json::Value;

use crate::binaries;

fn entries<'a>(log: &'a [Value], message: &str) -> Vec<&'a Value> {
    log.iter().filter(|entry| entry["message"] == message).collect()
}

/// Waits for an entry in a server's log.
fn wait_for_entry(herd: &Herd, name: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    wait_for(what, || herd.log(name).into_iter().find(|entry| is(entry)))
}

/// At `info`: servers up and down, neighbours down and up, one line each, and no lines of the wire.
#[test]
fn at_info() {
    let mut herd = Plan::new(&binaries(), &pair()).with(&["--log-level", "info"]).start();
    let at = herd.report("A", "kiwi", "1");
    herd.wait_until_known("B", "kiwi", &at);
    let is = |entry: &Value, message: &str| entry["message"] == message && entry["neighbour"] == "B";
    // Where A was there first, it missed B until then.
    let before = wait_for("A to say that B is there", || {
        let log = herd.log("A");
        let count = |message| log.iter().filter(|entry| is(entry, message)).count();
        (count("neighbour up") == count("neighbour down")).then(|| count("neighbour up"))
    });
    let told = herd.log("A").len();
    herd.kill("B");
    wait_for("A to miss B", || (herd.log("A").len() > told).then_some(()));
    herd.start("B");
    wait_for("A to have B again", || herd.log("A").into_iter().filter(|entry| is(entry, "neighbour up")).nth(before));
    let at = herd.report("B", "moa", "1");
    herd.wait_until_known("A", "moa", &at);
    herd.process("A").signal(Signal::TERM);
    assert!(herd.process("A").end().success());
    let log = herd.log("A");
    assert_eq!((entries(&log, "server up").len(), entries(&log, "server down").len()), (1, 1));
    // From when it was killed on: two lines, and the end of A itself.
    let [down, up, _, ..] = &log[told..] else { panic!("{log:#?}") };
    assert!(is(down, "neighbour down") && is(up, "neighbour up"), "{log:#?}");
    assert!(down["level"] == "WARN" && down["reason"].as_str().is_some_and(|why| !why.is_empty()), "{down}");
    assert_eq!(down["address"], herd.address("B").to_string());
    assert_eq!((&up["level"], &up["sent"], &up["received"]), (&"INFO".into(), &1.into(), &0.into()), "{up}");
    assert!(up["after"].as_str().is_some_and(|after| after.ends_with('s')), "{up}");
    assert!(log[told + 2..].iter().all(|entry| entry["neighbour"].is_null()), "{log:#?}");
    assert!(log.iter().all(|entry| entry["level"] != "DEBUG" && entry["line"].is_null()), "{log:#?}");
    assert!(entries(&log, "connection opened").is_empty(), "{log:#?}");
}

/// At `debug`: each line received and sent.
#[test]
fn at_debug() {
    let herd = Plan::new(&binaries(), &pair()).start();
    let at = herd.report("A", "kiwi", "1");
    herd.wait_until_known("B", "kiwi", &at);
    let request = "IAMAT kiwi +34.068930-118.445127 1";
    for (name, message, line) in [
        ("A", "received", request.to_owned()),
        ("A", "sent", at.clone()),
        ("A", "sent", format!("{at} A")),
        ("B", "received", format!("{at} A")),
    ] {
        wait_for_entry(&herd, name, &format!("{name} to log {line} as {message}"), |entry| {
            entry["message"] == message && entry["line"] == line.as_str() && entry["level"] == "DEBUG"
        });
    }
}

/// A level for one target leaves the others alone.
#[test]
fn a_level_for_a_target() {
    let filter = ["--log-filter", "warn,herd::server=info"];
    let herd = Plan::new(&binaries(), &single()).with(&filter).start();
    let _reply = herd.report("A", "kiwi", "1");
    wait_for_entry(&herd, "A", "the server to be up", |entry| entry["message"] == "server up");
    let log = herd.log("A");
    assert!(!log.is_empty() && log.iter().all(|entry| entry["target"] == "herd::server"), "{log:#?}");
}

/// No byte of a client's ends a log line, or reaches a terminal.
#[test]
fn what_clients_say_is_escaped() {
    let evil = b"IAMAT \x1b[31mred\x1b[0m\xff\0\"\\\r{\"level\":\"ERROR\"} +1+1 1";
    for format in ["json", "human"] {
        let herd = Plan::new(&binaries(), &single()).with(&["--log-format", format]).start();
        let _reply = herd.converse("A", [&evil[..], b"\n"].concat());
        let text = wait_for("the line", || Some(herd.log_text("A")).filter(|text| text.contains("received")));
        assert!(text.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)), "{text:?}");
        assert!(text.contains("x1b[31mred"), "{text}");
        if format == "json" {
            let log = herd.log("A");
            let received = entries(&log, "received");
            assert_eq!(received[0]["line"], evil.escape_ascii().to_string());
        }
    }
}

/// `--log` appends to a file, and standard error stays empty.
#[test]
fn to_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("herd.log");
    let path = file.to_str().expect("a path of text");
    for run in 1..=2 {
        let herd = Plan::new(&binaries(), &single()).with(&["--log", path]).start();
        // Until the server has opened it there is none.
        let ups = || fs::read_to_string(&file).unwrap_or_default().matches("server up").count();
        wait_for("the server to say that it is up", || (ups() == run).then_some(()));
        assert_eq!(herd.log_text("A"), "");
        drop(herd);
        assert_eq!(ups(), run);
    }
}
