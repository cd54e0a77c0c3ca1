//! What a server that runs takes over when it reads its settings again, besides the list of servers
//! (`between_servers/rolling/reloads.rs`), and who tells it to.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use herd_tests::graphs::single;
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::wait_for;
use herd_tests::process::{Process, Signal};
use serde_json::Value;

use crate::{assert_fails, binaries};

fn entries(log: &[Value], message: &str) -> Vec<Value> {
    log.iter().filter(|entry| entry["message"] == message).cloned().collect()
}

/// Limits are other ones for the connections that there are; flags go before the file, as at the start.
#[test]
fn limits() {
    let plan = Plan::new(&binaries(), &single()).with(&["--idle-timeout", "7m"]);
    let herd = plan.with_config("[limits]\nclients = 1\n").start();
    let (mut kiwi, mut moa) = (herd.client("A"), herd.client("A"));
    assert!(kiwi.ask("IAMAT kiwi +1+1 1").starts_with("AT A "));
    herd.configure("[limits]\nclients = 2\nmax-line = 100\nidle-timeout = \"1m\"\n");
    herd.reload("A");
    let read = entries(&herd.log("A"), "settings read again");
    assert_eq!(read[0]["limits"], "max-line, clients", "{read:?}");
    assert!(entries(&herd.log("A"), "list of servers changed").is_empty(), "only limits have changed");
    assert!(moa.ask("IAMAT moa +1+1 1").starts_with("AT A "));
    let limits = &herd.status("A")["limits"];
    assert_eq!((&limits["clients"], &limits["idle-timeout"]), (&"2".into(), &"7m".into()));
    // Fewer than there are: those that are known go on.
    herd.configure("[limits]\nclients = 1\nconnections = 1\nmax-line = 40\n");
    herd.reload("A");
    for client in [&mut kiwi, &mut moa] {
        assert!(client.ask("IAMAT moa +1+1 2").starts_with("AT A "));
    }
    assert_eq!(kiwi.ask("IAMAT emu +1+1 1"), "? IAMAT emu +1+1 1");
    assert_eq!(moa.ask(format!("IAMAT {} +1+1 1", "x".repeat(60))), format!("? IAMAT {}", "x".repeat(34)));
    assert!(entries(&herd.log("A"), "some settings count from the next start only").is_empty());
}

/// What cannot be changed while the server runs is named in one line.
#[test]
fn what_needs_another_start() {
    let herd = Plan::new(&binaries(), &single()).start();
    herd.configure("[runtime]\nworkers = 3\n[log]\nfile = \"herd.log\"\n");
    herd.reload("A");
    let waits = wait_for("what waits to be named", || {
        let waits = entries(&herd.log("A"), "some settings count from the next start only");
        (!waits.is_empty()).then_some(waits)
    });
    let named = waits[0]["settings"].as_str().expect("text");
    assert!(
        waits.len() == 1 && named.ends_with("log") && !herd.config.with_file_name("herd.log").exists(),
        "{waits:?}"
    );
}

/// The file's filter counts, and not that of the plan.
fn with_log(config: &str) -> Herd {
    Plan::new(&binaries(), &single()).with_variable("HERD_LOG_FILTER", "").with_config(config).start()
}

#[test]
fn the_filter_of_the_log() {
    let herd = with_log("");
    let said = |line: &str| {
        let _reply = herd.converse("A", format!("{line}\n"));
        herd.log_text("A").matches(line).count()
    };
    assert_eq!(said("IAMAT one +1+1 1"), 0);
    herd.configure("[log]\nfilter = \"info,herd::wire=debug\"\n");
    herd.reload("A");
    let _reply = herd.converse("A", "IAMAT two +1+1 1\n");
    wait_for("the wire to be logged", || herd.log_text("A").contains("IAMAT two +1+1 1").then_some(()));
    herd.configure("[log]\nfilter = \"inf\"\n");
    let error = herd.reload_in_vain("A")["error"].as_str().expect("text").to_owned();
    let place = format!("{}:7:10: unknown log level \"inf\"; did you mean info?", herd.config.display());
    assert!(error.starts_with(&place), "{error}");
    herd.configure("");
    herd.reload("A");
    let _reply = herd.converse("A", "IAMAT three +1+1 1\n");
    herd.reload("A");
    assert!(!herd.log_text("A").contains("three"), "what was logged before the last line is there by now");
}

fn text_of(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// As `logrotate` does it: the file is renamed, the server is told, and the next line is in a new file of that name. No line
/// is lost, and none torn, however many come meanwhile.
#[test]
fn the_file_of_the_log() {
    let (requests, turns) = (6_000, 4);
    let herd = with_log("[log]\nfile = \"herd.log\"\nfilter = \"debug\"\n");
    let log = herd.config.with_file_name("herd.log");
    let mut old = Vec::new();
    let mut client = herd.client("A");
    let reader = std::thread::spawn(move || {
        for time in 0..requests {
            assert!(client.ask(format!("IAMAT kiwi +1+1 {time}")).ends_with(&format!(" {time}")));
        }
    });
    for turn in 1..=turns {
        let renamed = log.with_extension(format!("log.{turn}"));
        wait_for("lines to rotate", || text_of(&log).contains("IAMAT kiwi").then_some(()));
        fs::rename(&log, &renamed).expect("a log");
        old.push(renamed);
        herd.signal("A", Signal::HUP);
        wait_for("a new file", || text_of(&log).contains("settings read again").then_some(()));
    }
    reader.join().expect("a client that is answered");
    let last = format!("IAMAT kiwi +1+1 {}\"", requests - 1);
    wait_for("the last line", || text_of(&log).contains(&last).then_some(()));
    let whole: String = old.iter().chain([&log]).map(|path| text_of(path)).collect();
    let entries: Vec<Value> = whole.lines().map(|line| serde_json::from_str(line).expect("a whole line")).collect();
    assert!(entries.iter().all(|entry| entry["target"] != "herd::log"), "nothing is left out or lost");
    let received = entries.iter().filter(|entry| entry["message"] == "received").map(|entry| &entry["line"]);
    let sent = (0..requests).map(|time| format!("IAMAT kiwi +1+1 {time}"));
    assert!(received.eq(sent.collect::<Vec<_>>().iter()), "each is there once, and in order");
    assert_eq!(
        (entries.iter().filter(|entry| entry["message"] == "settings read again").count(), turns),
        (turns, old.len())
    );
}

/// A file that cannot be opened changes nothing: the log goes on where it was.
#[test]
fn a_file_of_the_log_that_cannot_be_opened() {
    let herd = with_log("[log]\nfile = \"herd.log\"\n");
    let log = herd.config.with_file_name("herd.log");
    herd.configure("[log]\nfile = \"none/herd.log\"\n[limits]\nclients = 5\n");
    herd.signal("A", Signal::HUP);
    wait_for("the fault", || text_of(&log).contains("none/herd.log cannot be written: No such file").then_some(()));
    assert_eq!(herd.status("A")["limits"]["clients"], "10000000");
    herd.configure("[log]\nfile = \"other.log\"\n");
    herd.signal("A", Signal::HUP);
    let other = log.with_file_name("other.log");
    wait_for("the other file", || text_of(&other).contains("settings read again").then_some(()));
}

/// Another source takes the place of the one that there was, for the connections that there are.
#[test]
fn the_source_of_places() {
    let herd = Plan::new(&binaries(), &single()).start();
    let mut client = herd.client("A");
    client.ask("IAMAT kiwi +34.068930-118.445127 1");
    let mut found = || {
        client.send("WHATSAT kiwi 10 1\n");
        client.whatsat().names()
    };
    let before = found();
    assert_eq!(before.len(), 1);
    let point = r#"{"type": "Feature", "geometry": {"type": "Point", "coordinates": [-118.4451, 34.0689]},
                    "properties": {"name": "Ours"}}"#;
    herd.write("ours.geojson", &format!(r#"{{"type": "FeatureCollection", "features": [{point}]}}"#));
    herd.configure("[places]\nsource = \"file\"\nfile = \"ours.geojson\"\n");
    herd.reload("A");
    assert_eq!(found(), ["Ours"]);
    assert_eq!(herd.status("A")["places"]["source"], "file");
    herd.configure("[places]\nsource = \"file\"\nfile = \"none.geojson\"\n");
    let error = herd.reload_in_vain("A");
    assert!(error["error"].as_str().is_some_and(|error| error.contains("none.geojson")), "{error}");
    assert_eq!(found(), ["Ours"]);
    herd.configure("");
    herd.reload("A");
    assert_eq!(found(), before);
}

/// `reload --pid` of the program, with the herd's config file.
fn reload(herd: &Herd, pid: &str) -> Output {
    let mut command = binaries().command();
    command.args(["reload", "--pid", pid, "--config"]).arg(&herd.config);
    command.output().expect("a program to run")
}

/// The settings are checked first, and what is wrong with them reaches nobody.
#[test]
fn by_the_command() {
    let mut herd = Plan::new(&binaries(), &single()).start();
    let pid = herd.process("A").id().to_string();
    let count = |herd: &Herd| {
        let said = ["settings read again", "settings cannot be used, the old ones stay"];
        said.map(|said| entries(&herd.log("A"), said).len())
    };
    herd.configure("[limits]\nclients = 5\n");
    let told = reload(&herd, &pid);
    assert!(told.status.success() && told.stderr.is_empty(), "{told:?}");
    assert!(String::from_utf8_lossy(&told.stdout).contains(&format!("the log of process {pid} says")), "{told:?}");
    wait_for("the settings to be read", || (count(&herd) == [1, 0]).then_some(()));
    herd.configure("[limits]\nclients = many\n");
    assert_fails(&reload(&herd, &pid), 2, &["herd.toml:7:11: "]);
    herd.configure("");
    herd.reload("A");
    assert_eq!(count(&herd), [2, 0], "the wrong ones were never read");
}

/// It would end a process that is something else.
#[test]
fn by_the_command_for_nobody() {
    let herd = Plan::new(&binaries(), &single()).prepare();
    let sleep = Command::new("sleep").arg("1000").stdin(Stdio::null()).spawn().expect("a program to run");
    let pid = sleep.id().to_string();
    let mut sleep = Process::of(sleep);
    // Until it has begun, it is what has started it.
    let told = wait_for("it to sleep", || {
        Some(reload(&herd, &pid)).filter(|told| String::from_utf8_lossy(&told.stderr).contains("\"sleep\""))
    });
    assert_fails(&told, 1, &[&format!("process {pid} is \"sleep\" and no server of a herd")]);
    sleep.kill();
    assert_fails(&reload(&herd, &pid), 1, &[&format!("there is no process {pid}")]);
    for pid in ["0", "-1", "kiwi", "99999999999"] {
        assert_fails(&reload(&herd, pid), 2, &["--pid"]);
    }
}
