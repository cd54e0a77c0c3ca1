//! Servers whose file system fails: one that is full, and one that the kernel has made read-only. Each is mounted by the
//! case, so this takes root and Linux; `tests/README.md` has the command.
#![cfg(target_os = "linux")]

mod mounted;

use std::fs;

use herd_tests::graphs::single;
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::wait_for;
use herd_tests::process::Binaries;

use crate::mounted::Mounted;

/// The server `A`, which keeps its data on that file system.
fn start(disk: &Mounted, sync: &str) -> Herd {
    let program = Binaries::new(&[env!(concat!("CARGO_BIN_EXE_", env!("CARGO_PKG_NAME")))]);
    let dir = disk.path();
    Plan::new(&program, &single()).with(&["--data", dir.to_str().expect("text"), "--data-sync", sync]).start()
}

fn is_failing(herd: &Herd) -> bool {
    herd.status("A")["data"]["failing"].is_number()
}

/// Reports a client until the disk fails, on a new connection each time: one that waits for the disk is closed. What was
/// acknowledged last.
fn report_until_it_fails(herd: &Herd) -> String {
    let mut acknowledged = String::new();
    let mut time = 0;
    wait_for("the disk to fail", || {
        time += 1;
        let mut client = herd.client("A");
        client.send(format!("IAMAT kiwi +1+1 {time}\n"));
        client.finish();
        let reply = client.rest_unless_reset().unwrap_or_default();
        let reply = String::from_utf8(reply).expect("text");
        if reply.starts_with("AT A ") {
            reply.trim_end().clone_into(&mut acknowledged);
        }
        is_failing(herd).then_some(())
    });
    acknowledged
}

/// Nothing that was acknowledged is lost on a full disk, and when there is room again the server goes on by itself.
#[test]
fn a_full_disk() {
    let disk = Mounted::small();
    let mut herd = start(&disk, "each");
    let filler = disk.fill();
    let before = report_until_it_fails(&herd);
    assert_eq!(herd.client("A").ask("IAMAT kiwi +2+2 1000000"), "? IAMAT kiwi +2+2 1000000");
    let wrong = herd.wrong("A").concat();
    assert!(wrong.contains("No space left on device"), "{wrong}");

    fs::remove_file(filler).expect("the file that filled it");
    wait_for("the disk to work", || (!is_failing(&herd)).then_some(()));
    let after = herd.report("A", "pear", "7");
    herd.kill("A");
    herd.start("A");
    herd.wait_until_known("A", "pear", &after);
    let kept = herd.client("A").ask("WHATSAT kiwi 0 0");
    assert!(time(&kept) >= time(&before), "acknowledged: {before}, kept: {kept}");
}

/// A server that may be behind for a time goes on, and writes all of it when there is room again.
#[test]
fn a_full_disk_and_a_time() {
    let disk = Mounted::small();
    let mut herd = start(&disk, "100ms");
    let filler = disk.fill();
    report_until_it_fails(&herd);
    let reported: Vec<_> = (0..50).map(|client| format!("c{client}")).collect();
    let ats: Vec<_> = reported.iter().map(|client| herd.report("A", client, "7")).collect();
    fs::remove_file(filler).expect("the file that filled it");
    wait_for("the disk to work", || (!is_failing(&herd)).then_some(()));
    wait_for("all of it to be written", || (herd.status("A")["data"]["waiting"] == 0).then_some(()));
    herd.kill("A");
    herd.start("A");
    for (client, at) in reported.iter().zip(&ats) {
        herd.wait_until_known("A", client, at);
    }
}

/// A file system that the kernel has made read-only stays so until somebody mounts it anew: questions are answered
/// meanwhile, and a server that is started then has all that was acknowledged.
#[test]
fn a_disk_that_goes_read_only() {
    let mut disk = Mounted::ext4();
    let mut herd = start(&disk, "each");
    let kept = herd.report("A", "pear", "7");
    disk.abort();
    report_until_it_fails(&herd);
    assert_eq!(herd.client("A").ask("IAMAT kiwi +2+2 1000000"), "? IAMAT kiwi +2+2 1000000");
    assert!(herd.client("A").ask("WHATSAT pear 0 0").starts_with(&kept), "questions are answered");
    let wrong = herd.wrong("A").concat();
    assert!(wrong.contains("Read-only file system"), "{wrong}");
    herd.kill("A");
    disk.mount_anew();
    herd.start("A");
    herd.wait_until_known("A", "pear", &kept);
    assert!(herd.report("A", "pear", "8").starts_with("AT A "), "it takes reports again");
}

/// The time of an AT line, in whole seconds.
fn time(at: &str) -> u64 {
    let time = at.lines().next().and_then(|line| line.rsplit(' ').next());
    time.and_then(|time| time.parse().ok()).unwrap_or_else(|| panic!("no AT line: {at:?}"))
}
