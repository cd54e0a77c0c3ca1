//! What operators are given to watch a herd with: each query of the dashboard, and each metric of the alerts, is there in two
//! regions that run, as Prometheus sees them. `promtool` tests the alerts themselves.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use herd_tests::Binaries;
use herd_tests::graphs::{pair, single};
use herd_tests::herd::Plan;
use herd_tests::http::HttpClient;
use herd_tests::nats::NatsPlan;
use herd_tests::patience::wait_for;
use herd_tests::ports::free_address;
use herd_tests::process::Process;
use serde_json::Value;

const DASHBOARD: &str = include_str!("../../adapters/package/monitoring/dashboard.json");
const ALERTS: &str = include_str!("../../adapters/package/monitoring/alerts.yml");

#[test]
fn each_query_finds_something() {
    let nats = NatsPlan::default().start();
    let region = |name: &str| format!("[region]\nname = {name:?}\nnats = [{:?}]\n[data]\ndir = \"data\"\n", nats.url());
    let plan = |graph| Plan::new(&Binaries::new(&[env!("CARGO_BIN_EXE_herd-tokio")]), &graph).with_http();
    let us = plan(pair()).with_config(&region("us")).start();
    let eu = plan(single()).with_config(&region("eu")).start();

    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("prometheus.yml");
    fs::write(&config, scraping(&[us.door("A"), us.door("B"), eu.door("A")])).expect("a file");
    let address = free_address();
    let mut prometheus = Command::new("prometheus");
    prometheus.arg(format!("--config.file={}", config.display())).arg(format!("--web.listen-address={address}"));
    prometheus.arg(format!("--storage.tsdb.path={}", folder.path().display())).stderr(Stdio::null());
    let _prometheus = Process::listening(&mut prometheus, address);

    let (queries, metrics) = (queries(), metrics());
    assert!(queries.len() > 30 && metrics.len() > 10, "{queries:?} {metrics:?}");
    let mut time = 0;
    for query in queries.into_iter().chain(metrics) {
        let query = query.replace("$job", "herd").replace("$__rate_interval", "20s");
        wait_for(&query, || {
            time += 1;
            // Something for the disk to sync.
            let _ = us.report("A", "kiwi", &time.to_string());
            finds(address, &query).then_some(())
        });
    }
}

/// Has Prometheus look at these doors.
fn scraping(doors: &[SocketAddr]) -> String {
    let targets: Vec<String> = doors.iter().map(ToString::to_string).collect();
    format!("scrape_configs:\n- job_name: herd\n  scrape_interval: 1s\n  static_configs:\n  - targets: {targets:?}\n")
}

/// All queries of the dashboard's panels.
fn queries() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(DASHBOARD).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    targets.map(|target| target["expr"].as_str().expect("a query").to_owned()).collect()
}

/// All metrics that the alerts look at.
fn metrics() -> BTreeSet<String> {
    let words = ALERTS.split(|char: char| !char.is_ascii_lowercase() && char != '_');
    words.filter(|word| word.starts_with("herd_") || word.starts_with("process_")).map(Into::into).collect()
}

/// Whether it finds a number.
fn finds(prometheus: SocketAddr, query: &str) -> bool {
    let mut encoded = String::new();
    for byte in query.bytes() {
        write!(encoded, "%{byte:02X}").expect("a string");
    }
    let mut http = HttpClient::connect(prometheus);
    let answer = http.ask("GET", &format!("/api/v1/query?query={encoded}"), &[], "");
    // It listens before it is ready.
    if answer.status == 503 {
        return false;
    }
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    let answer = answer.json();
    let found = answer["data"]["result"].as_array().expect("a list");
    found.iter().any(|series| series["value"][1] != "NaN")
}
