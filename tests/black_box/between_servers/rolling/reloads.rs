//! The same without a restart: each server reads its file again when it is told to.

use std::fs;
use std::process::Stdio;

use herd_tests::graphs;
use herd_tests::patience::wait_for;
use herd_tests::process::{Process, Signal};

use super::{assert_nothing_refused, configure, five_of_six, grown, prepare, wait_until_all_know};
use crate::binaries;

/// A sixth server joins five that go on: nothing is lost, and no connection of a client's is closed.
#[test]
fn a_sixth_server() {
    let (six, mut herd, mut load) = five_of_six();
    let mut client = herd.client("Alford");
    configure(&herd, &six);
    for name in &graphs::cycle().names {
        herd.reload(name);
    }
    herd.start("Campbell");
    load.start(&herd, "Campbell");
    wait_for("Campbell's clients to have reported", || (load.count("Campbell") >= 20).then_some(()));
    for name in &six.names {
        load.stop(name);
    }
    wait_until_all_know(&herd, &load.told());
    assert_nothing_refused(&herd, &six.names);
    assert!(client.ask("IAMAT kiwi +1+1 1").starts_with("AT Alford "));
}

/// A file that is wrong changes nothing, and is told with its line; one without the server itself too.
#[test]
fn a_file_that_is_wrong() {
    let graph = graphs::pair();
    let mut herd = prepare(&graph);
    herd.start("A");
    let file = fs::read_to_string(&herd.config).expect("a file");
    let config = herd.config.display().to_string();
    let renamed = file.replace("name = \"A\"", "name = \"C\"");
    for (text, told) in [
        (format!("{file}[limits]\nmax-lin = 1\n"), format!("{config}:12:1: unknown key \"max-lin\"")),
        (
            file.replace("links", "link"),
            format!("{config}:4:1: unknown key \"link\" in [[server]]; did you mean links?"),
        ),
        (renamed, "unknown server \"A\"".into()),
    ] {
        fs::write(&herd.config, text).expect("a file");
        let entry = herd.reload_in_vain("A");
        let error = entry["error"].as_str().expect("text");
        assert!(entry["level"] == "ERROR" && error.starts_with(&told), "{entry} lacks {told}");
    }
    fs::write(&herd.config, file).expect("a file");
    herd.reload("A");
    assert_eq!(herd.status("A")["neighbours"][0]["name"], "B");
}

/// A process that runs a whole herd takes over what its servers can, and says that a new one needs another start.
#[test]
fn a_whole_herd() {
    let (five, six) = (graphs::cycle(), grown());
    let herd = prepare(&six);
    configure(&herd, &five);
    let log = herd.config.with_file_name("up.log");
    let mut command = binaries().command();
    command.args(["up", "--config"]).arg(&herd.config).args(["--log-format", "json", "--log"]).arg(&log);
    let process = Process::listening(command.stdout(Stdio::null()), herd.address("Welsh"));
    let says = |text: &str| {
        wait_for(&format!("the herd to say {text:?}"), || {
            fs::read_to_string(&log).unwrap_or_default().lines().find(|line| line.contains(text)).map(str::to_owned)
        })
    };
    configure(&herd, &six);
    process.signal(Signal::HUP);
    let waits = says("some settings count from the next start only");
    assert!(waits.contains("\"settings\":\"server\""), "{waits}");
    assert_eq!(herd.status("Alford")["neighbours"].as_array().map(Vec::len), Some(3));
    assert_eq!(herd.status("Welsh")["neighbours"].as_array().map(Vec::len), Some(2));
}
