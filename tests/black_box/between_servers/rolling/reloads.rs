//! The same without a restart: each server reads its file again when it is told to.

use std::fs;

use herd_tests::graphs;
use herd_tests::patience::wait_for;

use super::load::Load;
use super::{assert_nothing_refused, configure, entries, grown, prepare, wait_until_all_know};

/// A sixth server joins five that go on: nothing is lost, and no connection of a client's is closed.
#[test]
fn a_sixth_server() {
    let (five, six) = (graphs::cycle(), grown());
    let mut herd = prepare(&six);
    configure(&herd, &five);
    let mut load = Load::default();
    for name in &five.names {
        herd.start(name);
        load.start(&herd, name);
    }
    let mut client = herd.client("Alford");
    configure(&herd, &six);
    for name in &five.names {
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
        (format!("{file}[limits]\nmax-lin = 1\n"), format!("{config}:12:1: unknown limit `max-lin`")),
        (file.replace("links", "link"), format!("{config}:4:1: unknown field `link`")),
        (renamed, "\"A\" is no server of this herd".into()),
    ] {
        fs::write(&herd.config, text).expect("a file");
        let entry = herd.reload_in_vain("A");
        let error = entry["error"].as_str().expect("text");
        assert!(entry["level"] == "ERROR" && error.starts_with(&told), "{entry} lacks {told}");
    }
    fs::write(&herd.config, format!("{file}[limits]\nmax-line = 100\n")).expect("a file");
    herd.reload("A");
    let waits = entries(&herd, "A", &["some settings count from the next start only"]);
    assert!(waits.len() == 1 && waits[0]["settings"] == "max-line", "{waits:?}");
    assert_eq!(herd.status("A")["neighbours"][0]["name"], "B");
}
