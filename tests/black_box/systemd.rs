//! A server under systemd: what it tells the service manager, and its log as lines for the journal.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use herd_tests::graphs::single;
use herd_tests::herd::Plan;
use herd_tests::patience::wait_for;
use herd_tests::process::Signal;

use crate::binaries;

/// What a server tells is read line by line, as systemd does.
struct Manager(UnixDatagram);

impl Manager {
    fn next(&self) -> Vec<String> {
        let mut message = [0; 4096];
        let length = self.0.recv(&mut message).expect("a message");
        String::from_utf8_lossy(&message[..length]).lines().map(Into::into).collect()
    }
}

/// It is told when a server is ready, when that reads its settings again, what came of it, and when it stops.
#[test]
fn what_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notify");
    let manager = Manager(UnixDatagram::bind(&path).expect("a socket"));
    manager.0.set_read_timeout(Some(Duration::from_mins(1))).expect("a timeout");
    let path = path.to_str().expect("text");
    let mut herd = Plan::new(&binaries(), &single()).with_variable("NOTIFY_SOCKET", path).start();
    let serves = format!("STATUS=A on {}", herd.address("A"));
    assert_eq!(manager.next(), ["READY=1", &serves]);

    let is_reloading = |message: &[String]| {
        let [reloading, time] = message else { return false };
        reloading == "RELOADING=1"
            && time.strip_prefix("MONOTONIC_USEC=").is_some_and(|time| time.parse::<u64>().is_ok())
    };
    herd.reload("A");
    assert!(is_reloading(&manager.next()));
    assert_eq!(manager.next(), ["READY=1", &serves]);

    herd.configure("[limits]\nmax-line = \"long\"\n");
    let _entry = herd.reload_in_vain("A");
    assert!(is_reloading(&manager.next()));
    let [ready, refused] = &manager.next()[..] else { panic!("two lines") };
    assert!(ready == "READY=1" && refused.starts_with("STATUS=The old settings stay: "), "{refused}");

    herd.process("A").signal(Signal::TERM);
    assert_eq!(manager.next(), ["STOPPING=1", "STATUS=Stopping"]);
    assert!(herd.process("A").end().success());
}

/// A log that goes to the journal has no times, which the journal has itself, and begins each line with its level as the
/// journal reads it.
#[test]
fn lines_for_the_journal() {
    let plan = Plan::new(&binaries(), &single()).with_variable("HERD_LOG_FORMAT", "");
    let mut herd = plan.with_variable("HERD_LOG_FILTER", "info").without("A").start();
    let stream = "JOURNAL_STREAM=$(stat -Lc %d:%i /dev/stderr) exec \"$0\" \"$@\"";
    herd.start_behind(&["sh", "-c", stream], "A");
    let log = wait_for("the server to be up", || Some(herd.log_text("A")).filter(|log| log.contains("server up")));
    assert!(log.lines().all(|line| line.starts_with("<6>herd::")), "{log}");
    assert!(log.contains("<6>herd::server: server up server=\"A\" address="), "{log}");
}

/// The variable is inherited by whoever is started from a service, also where standard error leads elsewhere.
#[test]
fn a_journal_that_is_somebody_elses() {
    let plan = Plan::new(&binaries(), &single()).with_variable("HERD_LOG_FORMAT", "");
    let herd = plan.with_variable("HERD_LOG_FILTER", "info").with_variable("JOURNAL_STREAM", "1:1").start();
    let log = wait_for("the server to be up", || Some(herd.log_text("A")).filter(|log| log.contains("server up")));
    assert!(log.lines().all(|line| line.starts_with("20") && line.contains("Z  INFO herd::")), "{log}");
}
