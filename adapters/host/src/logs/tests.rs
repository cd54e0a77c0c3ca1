use std::fs;
use std::io::Write;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};

use super::queue::MOST_WAITING;
use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

fn settings(format: LogFormat, filter: &str) -> LogSettings {
    LogSettings { file: None, format, filter: filter.into() }
}

/// What is logged meanwhile.
fn logged(format: LogFormat, filter: &str, work: impl Fn()) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("herd.log");
    for _ in 0..2 {
        let file = append(&path).expect("a file");
        let (dispatch, log) = open(&settings(format, filter), Box::new(file), Reader::File).expect("a log");
        dispatcher::with_default(&dispatch, &work);
        log.flush(PATIENCE);
    }
    fs::read_to_string(&path).expect("the log")
}

fn three() {
    tracing::info!(target: "herd::link", peer = "Ball", "up");
    tracing::debug!(target: "herd::line", line = %Escaped(b"a\nERROR peer=\"Ball\""), "received");
    tracing::debug!(target: "herd::other", "unheard");
}

#[test]
fn a_file_is_appended_to_and_filtered_by_target() {
    let log = logged(LogFormat::Human, "info,herd::line=debug", three);
    assert_eq!(log.lines().count(), 4, "{log}");
    assert!(log.contains("Z  INFO herd::link: up peer=\"Ball\"\n"), "{log}");
    // What was said stands in quotes, and those within are escaped: no field can be forged.
    assert!(log.contains("Z DEBUG herd::line: received line=\"a\\nERROR peer=\\\"Ball\\\"\"\n"), "{log}");
}

#[test]
fn a_json_line_is_an_object() {
    let log = logged(LogFormat::Json, "debug", three);
    let lines: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    assert_eq!(lines.len(), 6);
    assert_eq!((&lines[0]["target"], &lines[0]["peer"]), (&"herd::link".into(), &"Ball".into()));
    assert_eq!(lines[1]["line"], "a\\nERROR peer=\\\"Ball\\\"");
}

#[test]
fn no_field_ends_a_line() {
    let log = logged(LogFormat::Human, "info", || {
        tracing::info!(target: "herd::link", error = %"a\nb\x1b[1m", name = ?"c\nd", "down");
    });
    assert!(log.lines().all(|line| line.ends_with("herd::link: down error=a\\nb\\u{1b}[1m name=\"c\\nd\"")), "{log}");
    assert_eq!(log.lines().count(), 2, "{log}");
}

/// Of one kind only so many lines are logged; how many were left out is told, and other kinds are not touched.
#[test]
fn too_many_of_a_kind() {
    let log = logged(LogFormat::Human, "info", || {
        for _ in 0..5_000 {
            tracing::info!(target: "herd::links", "again");
        }
        tracing::info!(target: "herd::links", "once");
    });
    let count = |what: &str| log.lines().filter(|line| line.contains(what)).count();
    assert_eq!(count("INFO herd::links: once"), 2, "{log}");
    let told = log.lines().filter_map(|line| line.split_once("log lines left out lines=")?.1.split_once(' '));
    let told: Vec<_> = told.map(|(lines, kind)| (lines.parse::<usize>().expect("a number"), kind)).collect();
    assert!(told.iter().all(|&(_, kind)| kind == "kind=herd::links: again"), "{told:?}");
    let left_out: usize = told.iter().map(|&(lines, _)| lines).sum();
    assert_eq!(count("INFO herd::links: again") + left_out, 10_000);
    assert!(left_out > 5_000, "{left_out}");
}

/// A filter that names nothing of the log's own still lets it tell what it had to leave out.
#[test]
fn the_log_speaks_for_itself() {
    for (filter, is_told) in [("herd::links=info", true), ("off,herd::links=info,herd::log=off", false)] {
        let log = logged(LogFormat::Human, filter, || {
            (0..1_000).for_each(|_| tracing::info!(target: "herd::links", "again"));
        });
        assert_eq!(log.contains("log lines left out"), is_told, "{log}");
    }
}

/// What is behind a log: it takes something when it is allowed to, and may be told to fail.
struct Valve {
    allowed: Receiver<bool>,
    taken: Arc<Mutex<Vec<u8>>>,
}

impl Write for Valve {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.allowed.recv() {
            Ok(false) => Err(io::ErrorKind::StorageFull.into()),
            // An odd part of it, as a disk that is nearly full.
            Ok(true) => {
                let some = bytes.len().min(1_000);
                self.taken.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&bytes[..some]);
                Ok(some)
            }
            Err(_) => {
                self.taken.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
                Ok(bytes.len())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn valve() -> (Valve, SyncSender<bool>, Arc<Mutex<Vec<u8>>>) {
    let (allow, allowed) = sync_channel(0);
    let taken = Arc::default();
    (Valve { allowed, taken: Arc::clone(&taken) }, allow, taken)
}

/// While nothing can be written, whoever logs goes on; what has no room is counted and told, and no line is torn.
#[test]
fn a_log_that_blocks_and_fails() {
    let (sink, allow, taken) = valve();
    let (dispatch, log) = open(&settings(LogFormat::Json, "debug"), Box::new(sink), Reader::File).expect("a log");
    let (filler, lines) = ("x".repeat(1_000), 9_000);
    dispatcher::with_default(&dispatch, || {
        tracing::debug!(target: "herd::test", "first");
        // The thread is at it, and stays there.
        allow.send(false).expect("a sink that is asked");
        for _ in 1..lines {
            tracing::debug!(target: "herd::test", filler, "more");
        }
    });
    allow.send(false).expect("a sink that is asked again");
    allow.send(true).expect("a sink that is asked again");
    drop(allow);
    log.flush(PATIENCE);
    let text = String::from_utf8(taken.lock().unwrap_or_else(PoisonError::into_inner).clone()).expect("text");
    let entries: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("a whole line")).collect();
    let lost: u64 = entries
        .iter()
        .filter(|entry| entry["message"] == "log lines lost")
        .filter_map(|entry| entry["lines"].as_u64())
        .sum();
    let written = entries.iter().filter(|entry| entry["target"] == "herd::test").count();
    assert_eq!(written + usize::try_from(lost).expect("few"), lines);
    assert_eq!(log.queue.losses().0, lost);
    assert!(lost > 0 && text.len() < 2 * MOST_WAITING + (1 << 20), "{lost} lost, {} bytes", text.len());
}

/// A file takes over from one that cannot be written to: what was torn there is whole in it, and what waited follows.
#[test]
fn a_file_takes_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("herd.log");
    let (sink, allow, taken) = valve();
    let (dispatch, log) = open(&settings(LogFormat::Json, "info"), Box::new(sink), Reader::File).expect("a log");
    let tell = |number: usize| {
        tracing::info!(target: "herd::test", number, filler = "x".repeat(1_500), "told");
        tracing::debug!(target: "herd::test", number, "told too");
    };
    dispatcher::with_default(&dispatch, || {
        tell(0);
        allow.send(false).expect("a sink that is asked");
        (1..5).for_each(tell);
        allow.send(true).expect("a sink that is asked again");
        let now = LogSettings { file: Some(path.clone()), format: LogFormat::Json, filter: "debug".into() };
        log.change(Log::prepare(&now).expect("a file"));
        tell(5);
        while allow.send(false).is_ok() {}
        log.flush(PATIENCE);
    });
    let old = String::from_utf8(taken.lock().unwrap_or_else(PoisonError::into_inner).clone()).expect("text");
    let new = fs::read_to_string(&path).expect("a log");
    let whole = old.rfind('\n').map_or("", |end| &old[..=end]).to_owned() + &new;
    let numbers = whole.lines().map(|line| {
        let entry: serde_json::Value = serde_json::from_str(line).expect("a whole line");
        (entry["number"].as_u64().expect("a number"), entry["level"].as_str().expect("text").to_owned())
    });
    let numbers: Vec<(u64, String)> = numbers.collect();
    let told = (0..6).map(|number| (number, "INFO".to_owned())).chain([(5, "DEBUG".to_owned())]);
    assert_eq!(numbers, told.collect::<Vec<_>>());
}

/// On the way out a log that does not work is given up.
#[test]
fn a_flush_ends() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (dispatch, log) = open(&settings(LogFormat::Human, "info"), Box::new(Full), Reader::File).expect("a log");
    dispatcher::with_default(&dispatch, || tracing::info!(target: "herd::test", "unheard"));
    // Where it fails nothing is gained by waiting for longer: this would be for ever.
    log.flush(Duration::MAX);
}

#[test]
fn an_unwritable_log_is_one_line() {
    let file = Some("/nowhere/at/all.log".into());
    let Err(error) = start(&LogSettings { file, ..LogSettings::default() }) else { panic!("it was opened") };
    assert_eq!(
        error.to_string(),
        "the log /nowhere/at/all.log cannot be written: No such file or directory (os error 2); \
         name another file with --log, or leave it out for standard error"
    );
}
