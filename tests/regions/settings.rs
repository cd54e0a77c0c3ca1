//! `[region]`: what is read again, and what is shown.

use herd_tests::http::HttpClient;
use herd_tests::nats::NatsPlan;
use herd_tests::patience::wait_for;

use crate::support::{start, table};

#[test]
fn the_timeout_changes_at_once_and_the_rest_waits() {
    let nats = NatsPlan::default().start();
    let us = start("us", &nats);
    us.configure(&(table("us", &nats) + "timeout = \"250ms\"\nreplicas = 2\n"));
    us.reload("A");
    assert_eq!(us.status("A")["limits"]["region-timeout"], "250ms");
    let waits = wait_for("what waits to be told", || {
        us.log("A").into_iter().find(|line| line["message"] == "some settings count from the next start only")
    });
    assert_eq!(waits["settings"], "region");
}

#[test]
fn the_password_is_in_no_log_and_no_status() {
    let nats = NatsPlan::default().with("authorization { users: [{ user: us, password: hush-hush }] }").start();
    let graph = herd_tests::graphs::single();
    let login = "user = \"us\"\npassword-file = \"us.password\"\n";
    let mut us = herd_tests::herd::Plan::new(&crate::support::binaries(), &graph)
        .with_variable("HERD_LOG_FILTER", "trace,async_nats=trace")
        .with_config(&(table("us", &nats) + login))
        .prepare();
    us.write("us.password", "hush-hush\n");
    let name = us.graph().names[0].clone();
    us.start(&name);
    crate::support::wait_until_joined(&us);
    let status = us.client(&name).ask("STATUS");
    assert!(status.contains("\"region\"") && !status.contains("hush-hush"), "{status}");
    let log = us.log_text(&name);
    assert!(log.contains("connected to NATS") && !log.contains("hush-hush"));
}

#[test]
fn metrics_have_the_bus() {
    let nats = NatsPlan::default().start();
    let graph = herd_tests::graphs::single();
    let us = herd_tests::herd::Plan::new(&crate::support::binaries(), &graph)
        .with_config(&table("us", &nats))
        .with_http()
        .start();
    crate::support::wait_until_joined(&us);
    let mut http: HttpClient = us.http(&us.graph().names[0]);
    let metrics = http.ask("GET", "/metrics", &[], "").text();
    for line in ["herd_region_connected 1", "herd_region_bridge 1", "herd_region_failed_total 0"] {
        assert!(metrics.lines().any(|found| found == line), "{line} is not in {metrics}");
    }
}
