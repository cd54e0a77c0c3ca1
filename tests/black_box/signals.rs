//! What signals do besides those that stop a server (`command_line.rs`) or have it read its settings again
//! (`between_servers/rolling/reloads.rs`).

use std::process::Command;

use herd_tests::graphs::single;
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::wait_for;
use herd_tests::process::Signal;
use serde_json::Value;

use crate::binaries;

/// The signals of which a server has said that it ignores them.
fn ignored(herd: &Herd) -> Vec<Value> {
    let log = herd.log("A").into_iter().filter(|entry| entry["message"] == "signal ignored");
    log.map(|entry| entry["signal"].clone()).collect()
}

/// What would end a process that does not look at it ends no server, and is told once.
#[test]
fn those_that_say_nothing_to_a_server() {
    let mut herd = Plan::new(&binaries(), &single()).with(&["--log-level", "info"]).start();
    let mut client = herd.client("A");
    // It listens before it has a log.
    wait_for("the server to be up", || herd.log_text("A").contains("\"server up\"").then_some(()));
    let named = [Signal::ALARM, Signal::IO, Signal::PROF, Signal::USR1, Signal::USR2, Signal::VTALARM, Signal::XFSZ];
    for (count, signal) in named.into_iter().enumerate() {
        herd.process("A").signal(signal);
        wait_for(&format!("{signal:?} to be told"), || (ignored(&herd).len() > count).then_some(()));
    }
    let [.., last] = &ignored(&herd)[..] else { panic!("nothing was told") };
    assert_eq!(last, "SIGXFSZ");
    // They were told, and writing to a pipe that nobody reads is an error of the write and no more.
    for signal in [Signal::USR1, Signal::PIPE] {
        herd.process("A").signal(signal);
    }
    if cfg!(target_os = "linux") {
        let kill = format!("kill -30 {0} && kill -40 {0} && kill -64 {0}", herd.process("A").id());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("a shell").success());
        wait_for("signals without names to be told", || (ignored(&herd).len() == named.len() + 3).then_some(()));
    }
    assert!(client.ask("IAMAT kiwi +1+1 1").starts_with("AT A "));
    drop(client);
    herd.process("A").signal(Signal::TERM);
    assert!(herd.process("A").end().success());
}
