//! TLS between servers: who has shown a certificate is a neighbour, and whoever has not is told.

mod rolling;

use std::fs;

use herd_tests::certs::{Authority, Certs, Change, date_time_ymd};
use herd_tests::graphs::{Graph, pair};
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::wait_for;

use super::splits::wait_until_told;
use crate::binaries;

const RETRY: [&str; 2] = ["--link-retry", "200ms"];

/// The flags of a server with the files of `certs`.
fn flags(certs: &Certs, neighbours: &str) -> Vec<String> {
    let mut flags = certs.flags();
    flags.extend(["--tls-neighbours".to_owned(), neighbours.to_owned()]);
    flags
}

fn plan(graph: &Graph, flags: &[String]) -> Plan {
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    Plan::new(&binaries(), graph).with(&flags).with(&RETRY)
}

/// Waits until a server says why it believes another one.
fn wait_until_believed(herd: &Herd, name: &str, neighbour: &str, by: &str) {
    wait_for(&format!("{name} to believe {neighbour} by {by}"), || {
        let status = herd.status(name);
        let neighbours = status["neighbours"].as_array().expect("a list").clone();
        let known = neighbours.into_iter().find(|known| known["name"] == neighbour).expect("a neighbour");
        (known["proven"] == by).then_some(())
    });
}

/// Three servers that demand certificates of each other pass everything on.
#[test]
fn a_herd_within_tls() {
    let graph = Graph::new(&["A", "B", "C"], &[("A", "B"), ("B", "C")]);
    let certs = Certs::of(&Authority::new("test"), &graph.names);
    let herd = plan(&graph, &flags(&certs, "required")).start();
    for (number, name) in graph.names.iter().enumerate() {
        let client = format!("client-{number}");
        let at = herd.report(name, &client, "1");
        herd.wait_until_all_know(&client, &at);
    }
    wait_until_believed(&herd, "B", "A", "certificate");
    wait_until_believed(&herd, "B", "C", "certificate");
    for name in &graph.names {
        assert_eq!(herd.wrong(name), Vec::<String>::new(), "{name}");
    }
}

/// Where TLS is left open, a neighbour without it is talked to in plain text.
#[test]
fn a_neighbour_without() {
    let certs = Certs::of(&Authority::new("test"), &["A"]);
    let herd = plan(&pair(), &flags(&certs, "optional")).without("B").start();
    let mut plain = Plan::new(&binaries(), &pair()).with(&RETRY).prepare();
    fs::copy(&herd.config, &plain.config).expect("a file");
    plain.start_at("B", herd.address("B"));
    let at = herd.report("A", "kiwi", "1");
    plain.wait_until_all_know("kiwi", &at);
    let back = plain.report("B", "mango", "1");
    herd.wait_until_all_know("mango", &back);
}

/// One demands certificates, and the other one has none: neither believes the other, and both say why.
#[test]
fn one_that_demands_what_the_other_has_not() {
    let certs = Certs::of(&Authority::new("test"), &["A"]);
    let mut herd = plan(&pair(), &[]).prepare();
    let tls = flags(&certs, "required");
    let tls: Vec<&str> = tls.iter().map(String::as_str).collect();
    herd.start("B");
    let stderr = fs::File::create(herd.log_path("A")).expect("a log");
    herd.start_with("A", stderr.into(), &tls);
    wait_until_told(&herd, "A", "neighbour has no valid certificate", "B", "give both certificates of one authority");
    wait_until_told(&herd, "B", "refused by a neighbour", "A", "has shown no certificate that it accepts");
    wait_for("A to say why it is down", || {
        let status = herd.status("A");
        status["neighbours"][0]["why"].as_str().is_some_and(|why| why.contains("does not speak TLS")).then_some(())
    });
}

/// A certificate of `B`'s that is not to be believed is told by both, with what is wrong with it.
fn are_told_of(make: impl FnOnce(&Certs, &Authority, &Authority), why: &str) {
    let (authority, other) = (Authority::new("test"), Authority::new("other"));
    let certs = Certs::of(&authority, &["A", "B"]);
    make(&certs, &authority, &other);
    let herd = plan(&pair(), &flags(&certs, "required")).start();
    // The first time it may not know yet, where `B` was the first to connect.
    wait_until_told(&herd, "A", "neighbour has no valid certificate", "B", "give both certificates of one authority");
    let is_told = |text: &str| text.contains("B has shown no valid certificate") && text.contains(why);
    wait_for(&format!("A to log {why}"), || {
        herd.log("A").iter().any(|entry| entry["remedy"].as_str().is_some_and(is_told)).then_some(())
    });
    wait_for(&format!("A to say {why}"), || herd.wrong("A").iter().any(|wrong| is_told(wrong)).then_some(()));
    wait_until_told(&herd, "B", "refused by a neighbour", "A", "has shown no certificate that it accepts");
    wait_for("B to log that its certificate was not accepted", || {
        let log = herd.log("B");
        log.into_iter().find(|entry| entry["message"] == "certificate not accepted" && entry["level"] == "WARN")
    });
}

#[test]
fn a_certificate_of_another_authority() {
    are_told_of(|certs, _, other| certs.make("B", other, |_| ()), "it is of another authority");
}

#[test]
fn a_certificate_that_has_expired() {
    let old: Change = |params| params.not_after = date_time_ymd(2020, 1, 1);
    are_told_of(|certs, authority, _| certs.make("B", authority, old), "it expired at 2020-01-01T00:00:00Z");
}

#[test]
fn a_certificate_that_is_not_valid_yet() {
    let new: Change = |params| params.not_before = date_time_ymd(2100, 1, 1);
    are_told_of(|certs, authority, _| certs.make("B", authority, new), "it is not valid before 2100-01-01T00:00:00Z");
}

#[test]
fn a_certificate_of_another_name() {
    are_told_of(|certs, authority, _| certs.make_for("B", "C", authority, |_| ()), "it is for another name");
}

#[test]
fn a_certificate_without_a_name() {
    let nameless: Change = |params| params.subject_alt_names.clear();
    are_told_of(|certs, authority, _| certs.make("B", authority, nameless), "it is for another name");
}

/// A neighbour whose authority is trusted no more after a reload loses its connections both ways, and has them again when
/// it is.
#[test]
fn an_authority_that_is_trusted_no_more() {
    let (authority, other) = (Authority::new("test"), Authority::new("other"));
    let certs = Certs::of(&authority, &["A", "B"]);
    let mut herd = Plan::new(&binaries(), &pair()).with(&RETRY).prepare();
    herd.configure(&certs.table("required"));
    herd.start("A");
    herd.start("B");
    let before = herd.report("B", "kiwi", "1");
    herd.wait_until_all_know("kiwi", &before);
    wait_until_believed(&herd, "A", "B", "certificate");
    certs.trust(&[&other]);
    herd.reload("A");
    wait_until_told(&herd, "A", "neighbour has no valid certificate", "B", "give both certificates of one authority");
    wait_until_told(&herd, "B", "refused by a neighbour", "A", "has shown no certificate that it accepts");
    let meanwhile = herd.report("B", "mango", "1");
    assert_eq!(herd.converse("A", "WHATSAT mango 1 1\n"), b"? WHATSAT mango 1 1\n");
    certs.trust(&[&authority]);
    herd.reload("A");
    herd.wait_until_all_know("mango", &meanwhile);
    wait_until_believed(&herd, "A", "B", "certificate");
}
