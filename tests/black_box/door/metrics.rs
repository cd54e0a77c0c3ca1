//! What Prometheus is told.

use std::collections::BTreeSet;

use herd_tests::graphs::pair;
use herd_tests::herd::Plan;
use herd_tests::patience::wait_for;

use super::{HERE, get, put, start};
use crate::binaries;

/// The samples' names with their labels, each there once.
fn samples(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no sample: {line}"));
        assert!(value.parse::<f64>().is_ok(), "{line}");
        assert!(names.insert(name.to_owned()), "twice there: {line}");
    }
    names
}

/// The value of a sample, which is a whole number.
fn value(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name}: {text}")).parse().expect("a number")
}

/// Whatever a server counts is there by its name, so that a counter that is added later is too.
#[test]
fn every_counter_is_there() {
    let herd = start();
    let mut http = herd.http("A");
    assert_eq!(put(&mut http, "/v1/clients/kiwi", HERE).status, 200);
    let answer = get(&mut http, "/metrics");
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = answer.text();
    let names = samples(&text);
    let status = herd.status("A");
    let counters = status["counters"].as_object().expect("counters");
    for counter in counters.keys() {
        assert!(names.contains(&format!("herd_{counter}_total")), "{counter} is missing");
        assert!(text.contains(&format!("# TYPE herd_{counter}_total counter\n")), "{counter}");
        assert!(text.contains(&format!("# HELP herd_{counter}_total ")), "{counter}");
    }
    assert_eq!((value(&text, "herd_clients"), value(&text, "herd_kept_total")), (1, 1), "{text}");
    let puts = "herd_http_request_seconds_count{route=\"/v1/clients/{id}\",status=\"2xx\"}";
    assert_eq!(value(&text, puts), 1, "{text}");
    assert!(value(&text, "process_resident_memory_bytes") > 1_000_000, "{text}");
    assert!(!text.contains("kiwi") && !text.contains("127.0.0.1"), "no client and no remote address is in it");
}

/// Neighbours have a sample each, by their names.
#[test]
fn neighbours_are_there_by_name() {
    let mut herd = Plan::new(&binaries(), &pair()).with_http().start();
    let up = |herd: &herd_tests::herd::Herd| {
        value(&get(&mut herd.http("A"), "/metrics").text(), "herd_neighbour_up{neighbour=\"B\"}")
    };
    wait_for("B to be up", || (up(&herd) == 1).then_some(()));
    herd.kill("B");
    wait_for("B to be down", || (up(&herd) == 0).then_some(()));
}
