//! Neighbours that know nothing but AT lines, in each of the manners in which such servers listen.

use std::time::Duration;

use herd_tests::graphs;
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::{PATIENCE, wait_for};
use herd_tests::plain::{Connection, Manner, Plain};

use crate::binaries;

/// Longer than it takes to close a connection at once, and shorter than `link-idle`.
const AT_ONCE: Duration = Duration::from_secs(PATIENCE.as_secs() / 4);

/// The server `A`, and the plain neighbour `B`.
fn start(manner: Manner, flags: &[&str]) -> (Herd, Plain) {
    let herd = Plan::new(&binaries(), &graphs::pair()).with(flags).without("B").start();
    let plain = Plain::listen_as(manner, "B", herd.address("B"), &[("A", herd.address("A"))]);
    (herd, plain)
}

/// So many updates at once; their AT lines as the neighbour gets them.
fn burst(herd: &Herd, client: &str, count: usize) -> Vec<String> {
    let mut connection = herd.client("A");
    for time in 0..count {
        connection.send(format!("IAMAT {client} +34.068930-118.445127 {time}\n"));
    }
    (0..count).map(|_| format!("{} A", connection.line())).collect()
}

/// Every update reaches it once and whole, on a connection of its own that is closed at once; and what it says
/// reaches the herd.
fn hears_and_is_heard(manner: Manner) {
    let (herd, plain) = start(manner, &[]);
    let mut told = burst(&herd, "kiwi", 300);
    for time in 0..5 {
        let at = herd.report("A", "lime", &time.to_string());
        plain.wait_for_line(&at, "A");
        told.push(format!("{at} A"));
        let at = plain.report("fig", &time.to_string());
        herd.wait_until_known("A", "fig", &at);
    }
    wait_for("B to hear everything", || (plain.at_lines().len() >= told.len()).then_some(()));
    let mut lines = plain.at_lines();
    lines.sort();
    told.sort();
    assert_eq!(lines, told);
    assert_one_line_each(&plain);
}

/// A connection that brings an AT line brings nothing else, and is closed at once; so does one that brings a greeting.
fn assert_one_line_each(plain: &Plain) {
    for Connection { lines, open } in plain.connections() {
        assert_eq!(lines.len(), 1, "{} and more", lines[..2].join("; "));
        assert!(lines[0].starts_with("AT ") || lines[0].starts_with("HELLO A "), "{}", lines[0]);
        assert!(open < AT_ONCE, "{} was left open for {open:?}", lines[0]);
    }
}

/// It is greeted again and again, each time on a connection of its own, and loses nothing meanwhile.
fn is_greeted_anew(manner: Manner) {
    let (herd, plain) = start(manner, &["--repair-interval", "500ms"]);
    let mut told = 0;
    wait_for("B to be greeted again and again", || {
        let at = herd.report("A", "kiwi", &told.to_string());
        plain.wait_for_line(&at, "A");
        told += 1;
        // Each time that may be with fields and without.
        (plain.greetings().len() >= 4).then_some(())
    });
    assert_eq!(plain.at_lines().len(), told);
    assert_one_line_each(&plain);
}

/// One that reads a line, answers, and closes.
#[test]
fn one_that_reads_line_by_line() {
    hears_and_is_heard(Manner::LineByLine);
}

/// One that closes on what it does not know.
#[test]
fn one_that_closes() {
    hears_and_is_heard(Manner::LineByLineMute);
}

/// One that looks at nothing before the connection has come to its end.
#[test]
fn one_that_reads_to_the_end() {
    hears_and_is_heard(Manner::ToTheEnd);
}

/// One that never says a word.
#[test]
fn one_that_says_nothing() {
    hears_and_is_heard(Manner::Silent);
}

/// One that refuses what it does not know may have been replaced since.
#[test]
fn greetings_for_one_that_reads_line_by_line() {
    is_greeted_anew(Manner::LineByLine);
}

/// So may one that closed on a greeting.
#[test]
fn greetings_for_one_that_closes() {
    is_greeted_anew(Manner::LineByLineMute);
}

/// One of which nobody knows yet whether it only was busy.
#[test]
fn greetings_for_one_that_reads_to_the_end() {
    is_greeted_anew(Manner::ToTheEnd);
}

/// So is one that has never said a word.
#[test]
fn greetings_for_one_that_says_nothing() {
    is_greeted_anew(Manner::Silent);
}
