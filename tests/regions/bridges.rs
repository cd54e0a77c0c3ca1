//! Bridges that are killed, paused or stopped.

use herd_tests::nats::NatsPlan;
use herd_tests::patience::wait_for;
use herd_tests::process::Signal;

use crate::support::{bridge, region, start};

#[test]
fn a_bridge_that_is_killed_is_replaced() {
    let nats = NatsPlan::default().start();
    let [mut us, eu] = ["us", "eu"].map(|region| start(region, &nats));
    let (first, fence) = bridge(&us);
    us.kill(&first);
    let (second, higher) = bridge(&us);
    assert!(second != first && higher > fence, "{second} by {higher} after {first} by {fence}");
    let at = us.report(&second, "kiwi", "1479413884.000000000");
    eu.wait_until_all_know("kiwi", &at);
}

#[test]
fn a_bridge_that_is_paused_is_replaced_and_knows_it_when_it_goes_on() {
    let nats = NatsPlan::default().start();
    let us = start("us", &nats);
    let (first, fence) = bridge(&us);
    us.signal(&first, Signal::STOP);
    let others: Vec<String> = us.running().into_iter().filter(|server| *server != first).collect();
    let (second, higher) = wait_for("another bridge", || {
        others.iter().find_map(|server| Some((server, region(&us, server)["bridge"].as_u64()?)))
    });
    assert!(higher > fence, "{second} by {higher} after {first} by {fence}");
    us.signal(&first, Signal::CONT);
    wait_for("the first to know", || region(&us, &first)["bridge"].is_null().then_some(()));
    let given_up = us.log(&first).iter().any(|line| line["message"] == "no longer the bridge");
    assert!(given_up && region(&us, second)["bridge"] == higher);
}

#[test]
fn a_bridge_that_is_stopped_gives_it_away_and_ends() {
    let nats = NatsPlan::default().start();
    let mut us = start("us", &nats);
    let (first, fence) = bridge(&us);
    us.signal(&first, Signal::TERM);
    assert!(us.process(&first).end().success());
    us.forget(&first);
    let (_, higher) = bridge(&us);
    assert!(higher > fence);
    let log = us.log(&first);
    let at = |message: &str| log.iter().position(|line| line["message"] == message);
    assert!(
        at("server stopping") < at("no longer the bridge") && at("no longer the bridge") < at("server down"),
        "{log:?}"
    );
}
