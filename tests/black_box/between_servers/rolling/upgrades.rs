//! An upgrade: five servers are restarted one after the other, while clients report that go to another server of the file
//! when theirs is down. Nothing that was acknowledged is lost, and nobody is refused.

use std::fs;

use herd_tests::graphs;
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::wait_for;

use super::load::Load;
use super::{assert_nothing_refused, not_known, stop, wait_until_all_know, wait_until_known};
use crate::binaries;

/// Five servers, each with clients that have reported already.
fn five(config: &str) -> (Herd, Load) {
    let herd =
        Plan::new(&binaries(), &graphs::cycle()).with(&["--repair-interval", "500ms"]).with_config(config).start();
    let mut load = Load::default();
    for name in herd.running() {
        load.start_roaming(&herd, &name);
    }
    (herd, load)
}

/// Waits until the clients of a server have reported so many times more, wherever they do.
fn wait_for_reports(load: &Load, name: &str) {
    let before = load.count(name);
    wait_for(&format!("clients of {name} to report"), || (load.count(name) >= before + 5).then_some(()));
}

/// All clients stop, and everything that they were told is known everywhere.
fn end(herd: &Herd, load: &mut Load) {
    let names = herd.running();
    for name in &names {
        load.stop(name);
    }
    assert_eq!(load.refused(), [""; 0], "nobody is refused");
    wait_until_all_know(herd, &load.told());
    assert_nothing_refused(herd, &names);
}

/// A server without a disk comes back with nothing: the next one waits until it has everything from its neighbours.
#[test]
fn without_a_disk() {
    let (mut herd, mut load) = five("");
    for name in herd.running() {
        wait_for_reports(&load, &name);
        let told = load.told();
        stop(&mut herd, &name);
        wait_for_reports(&load, &name);
        herd.start(&name);
        wait_until_known(&herd, &name, told);
    }
    end(&herd, &mut load);
}

/// One with a disk knows what it knew as soon as it listens, so the next one need not wait for anything.
#[test]
fn with_a_disk() {
    let (mut herd, mut load) = five("[data]\ndir = \"data\"\n");
    for name in herd.running() {
        wait_for_reports(&load, &name);
        let acknowledged = load.told_by(&name);
        stop(&mut herd, &name);
        herd.start(&name);
        let missing = not_known(&herd, &name, acknowledged);
        assert!(missing.is_empty(), "{name} has lost {missing:?}");
    }
    end(&herd, &mut load);
    let folders = fs::read_dir(herd.config.with_file_name("data")).expect("a folder");
    assert_eq!(folders.count(), 5);
}
