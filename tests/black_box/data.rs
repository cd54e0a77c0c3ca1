//! What a server keeps on disk: what is there after it was killed, what it does when the disk fails, and which folders it
//! does not take.

mod kills;
mod mending;
mod reporter;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use herd_tests::graphs::{goloman, single};
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::wait_for;
use herd_tests::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::{assert_fails, binaries};

/// The server `A` with a data folder.
fn start(dir: &TempDir, sync: &str) -> Herd {
    Plan::new(&binaries(), &single()).with(&["--data", text(dir.path()), "--data-sync", sync]).start()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

/// A folder in which a server `A` has kept a client, and was stopped in order.
fn kept() -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let mut herd = start(&dir, "1s");
    assert!(herd.report("A", "kiwi", "1479413884").starts_with("AT A "));
    stop(&mut herd);
    dir
}

fn stop(herd: &mut Herd) {
    herd.process("A").signal(Signal::TERM);
    assert!(herd.process("A").end().success());
    herd.forget("A");
}

/// A file of what server `A` keeps there.
fn file(dir: &TempDir, end: &str) -> PathBuf {
    let files = fs::read_dir(dir.path().join("A")).expect("a folder").map(|entry| entry.expect("a file").path());
    files.filter(|path| text(path).ends_with(end)).max().expect("such a file")
}

#[test]
fn what_was_reported_is_there_after_a_stop_and_a_start() {
    for sync in ["1s", "each"] {
        let dir = tempfile::tempdir().expect("a folder");
        let mut herd = start(&dir, sync);
        let at = herd.report("A", "kiwi", "1479413884.392014450");
        stop(&mut herd);
        herd.start("A");
        herd.wait_until_known("A", "kiwi", &at);
        assert!(herd.client("A").ask("FORGET kiwi 1479413885").starts_with("GONE A "));
        stop(&mut herd);
        herd.start("A");
        assert_eq!(herd.client("A").ask("WHATSAT kiwi 0 0"), "? WHATSAT kiwi 0 0", "it is forgotten");
    }
}

#[test]
fn a_herd_that_was_killed_whole_answers_for_every_client() {
    let dir = tempfile::tempdir().expect("a folder");
    let plan = Plan::new(&binaries(), &goloman()).with(&["--data", text(dir.path()), "--data-sync", "each"]);
    let mut herd = plan.start();
    let names = herd.running();
    let reported: Vec<_> = names
        .iter()
        .flat_map(|name| (0..20).map(move |number| (name, format!("{name}-{number}"))))
        .map(|(name, client)| (herd.report(name, &client, "1479413884"), client))
        .collect();
    for name in &names {
        herd.kill(name);
    }
    for name in &names {
        herd.start(name);
    }
    for (at, client) in &reported {
        herd.wait_until_all_know(client, at);
    }
}

fn data(herd: &Herd) -> Value {
    herd.status("A")["data"].clone()
}

/// The disk takes nothing any more, and then it does again.
#[test]
fn with_each_reports_are_refused_while_the_disk_fails() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut herd =
        Plan::new(&binaries(), &single()).with(&["--data", text(dir.path()), "--data-sync", "each"]).prepare();
    herd.start_with("A", Stdio::null(), &[]);
    let first = herd.report("A", "kiwi", "1");
    herd.process("A").limit_file_size(Some(1));
    let mut waiting = herd.client("A");
    waiting.send("IAMAT kiwi +1+1 2\n");
    assert_eq!(waiting.rest_unless_reset().unwrap_or_default(), b"", "no reply to what is not safe");
    wait_for("the disk to fail", || data(&herd)["failing"].is_number().then_some(()));
    assert_eq!(herd.client("A").ask("IAMAT pear +1+1 3"), "? IAMAT pear +1+1 3");
    assert_eq!(herd.client("A").ask("FORGET kiwi 3"), "? FORGET kiwi 3");
    assert!(herd.client("A").ask("WHATSAT kiwi 0 0").starts_with("AT A "), "questions are answered");
    let wrong = herd.wrong("A").concat();
    assert!(wrong.contains("cannot be written") && wrong.contains("reports are refused"), "{wrong}");
    herd.process("A").limit_file_size(None);
    wait_for("the disk to work", || data(&herd)["failing"].is_null().then_some(()));
    assert_eq!(herd.wrong("A"), Vec::<String>::new());
    let last = herd.report("A", "pear", "4");
    herd.kill("A");
    herd.start("A");
    herd.wait_until_known("A", "pear", &last);
    assert_ne!(herd.client("A").ask("WHATSAT kiwi 0 0").split(' ').next_back(), Some("0"), "{first}");
}

#[test]
fn with_a_time_a_server_goes_on_while_the_disk_fails() {
    let dir = tempfile::tempdir().expect("a folder");
    let plan = Plan::new(&binaries(), &single()).with(&["--data", text(dir.path()), "--data-sync", "100ms"]);
    let mut herd = plan.prepare();
    herd.start_with("A", Stdio::null(), &[]);
    herd.process("A").limit_file_size(Some(1));
    let ats: Vec<_> = (0..50).map(|client| herd.report("A", &format!("c{client}"), "7")).collect();
    wait_for("the disk to fail", || data(&herd)["failing"].is_number().then_some(()));
    let last = herd.report("A", "pear", "7");
    assert!(last.starts_with("AT A "), "{last}");
    herd.process("A").limit_file_size(None);
    wait_for("the disk to work", || data(&herd)["failing"].is_null().then_some(()));
    herd.kill("A");
    herd.start("A");
    herd.wait_until_known("A", "pear", &last);
    for (client, at) in ats.iter().enumerate() {
        herd.wait_until_known("A", &format!("c{client}"), at);
    }
}

#[test]
fn a_folder_in_use_is_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut herd = start(&dir, "1s");
    let pid = herd.process("A").id().to_string();
    let config = herd.config.clone();
    let output =
        binaries().output(&["A", "--config", text(&config), "--data", text(dir.path()), "--listen", "127.0.0.1:0"]);
    assert_fails(&output, 1, &["data folder", "A is in use by process ", &pid]);
}

#[test]
fn folders_that_cannot_be_used_are_told() {
    let dir = kept();
    let herd = Plan::new(&binaries(), &single()).prepare();
    let config = text(&herd.config);
    let refused = |dir: &Path, parts: &[&str]| {
        let arguments = ["A", "--config", config, "--data", text(dir), "--listen", "127.0.0.1:0"];
        assert_fails(&binaries().output(&arguments), 1, parts);
    };
    let file_path = dir.path().join("file");
    fs::write(&file_path, "").expect("a file");
    refused(&file_path, &["data folder", "is not a folder"]);

    let of_b = tempfile::tempdir().expect("a folder");
    fs::create_dir(of_b.path().join("A")).expect("a folder");
    let manifest = fs::read_to_string(file(&dir, "MANIFEST")).expect("text");
    fs::write(of_b.path().join("A/MANIFEST"), &manifest[..manifest.len() - 2]).expect("a file");
    refused(of_b.path(), &["MANIFEST: damaged manifest", "--data-recover"]);

    let log = file(&dir, ".log");
    let mut bytes = fs::read(&log).expect("a log");
    let at = bytes.len() - 5;
    bytes[at] ^= 1;
    fs::write(&log, bytes).expect("a log");
    refused(dir.path(), &[text(&log), "damaged payload at byte", "--data-recover"]);
}

#[test]
fn what_is_in_a_folder_is_told_and_what_is_damaged_set_aside() {
    let dir = kept();
    let herd = Plan::new(&binaries(), &single()).with(&["--data", text(dir.path()), "--data-recover"]).prepare();
    let check = || binaries().output(&["check", "--config", text(&herd.config), "--data", text(dir.path())]);
    let output = check();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("A: clients: 1, forgotten: 0, away: 0, heard from "), "{told}");

    let log = file(&dir, ".log");
    let mut bytes = fs::read(&log).expect("a log");
    bytes[20] ^= 1;
    fs::write(&log, bytes).expect("a log");
    let output = check();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success() && told.contains("damaged: ") && told.contains("damaged file header"), "{told}");

    let mut herd = herd;
    herd.start("A");
    assert!(herd.client("A").ask("WHATSAT kiwi 0 0").starts_with("AT A "), "what is whole is used");
    assert!(Path::new(&format!("{}.damaged", text(&log))).exists(), "nothing is thrown away");
}
