//! `kill -9` at random moments under load, then a start.

use std::env;
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use herd_tests::client::Client;
use herd_tests::herd::Herd;
use serde_json::Value;

use super::reporter::{Acknowledged, Reporter};
use super::start;

const CLIENTS: usize = 4;

/// How often it is killed: `KILLS`, which `.ci/long` sets, or a few times.
fn kills() -> u64 {
    env::var("KILLS").map_or(5, |kills| kills.parse().expect("KILLS is a number"))
}

/// Something else each time, and the same in each run.
fn moment(kill: u64) -> Duration {
    Duration::from_millis(20 + kill.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 400)
}

/// Runs reporters against a server until it is killed; what they were told.
fn killed_under_load(herd: &mut Herd, kill: u64) -> Vec<Acknowledged> {
    let address = herd.address("A");
    let first = kill * 1_000_000 + 1;
    let reporters = (0..CLIENTS).map(|client| Reporter::start(address, format!("c{client}"), first));
    let reporters: Vec<_> = reporters.collect();
    sleep(moment(kill));
    herd.kill("A");
    reporters.into_iter().map(Reporter::end).collect()
}

/// The time of the report that a server knows of a client; 0 if it knows none.
fn known(herd: &Herd, client: &str) -> u64 {
    let at = herd.client("A").ask(format!("WHATSAT {client} 0 0"));
    if at.starts_with("? ") {
        return 0;
    }
    at.rsplit(' ').next().and_then(|time| time.parse().ok()).unwrap_or_else(|| panic!("{at}"))
}

/// Every report whose reply was read is there.
#[test]
fn with_each_nothing_that_was_acknowledged_is_lost() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut herd, mut acknowledged) = (start(&dir, "each"), 0);
    for kill in 0..kills() {
        let told = killed_under_load(&mut herd, kill);
        herd.start("A");
        for Acknowledged { client, times } in told {
            let last = times.last().map_or(0, |(time, _)| *time);
            assert!(known(&herd, &client) >= last, "{client}: {} is older than {last}", known(&herd, &client));
            acknowledged += times.len();
        }
    }
    println!("{} kills, {acknowledged} reports acknowledged", kills());
    assert!(acknowledged > 0);
}

/// Nothing is missing that is older than a second before the last sync that ended.
#[test]
fn with_a_time_nothing_older_is_lost() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut herd, mut safe) = (start(&dir, "50ms"), 0);
    for kill in 0..kills() {
        let address = herd.address("A");
        let watcher = spawn(move || synced_until(&mut Client::connect(address)));
        let told = killed_under_load(&mut herd, kill);
        let until = watcher.join().expect("it ends");
        herd.start("A");
        for Acknowledged { client, times } in told {
            let before = |(_, read): &&(u64, Instant)| until.is_some_and(|until| *read <= until);
            let last = times.iter().rfind(before).map_or(0, |(time, _)| *time);
            assert!(known(&herd, &client) >= last, "{client}: {} is older than {last}", known(&herd, &client));
            safe += times.iter().filter(before).count();
        }
    }
    println!("{} kills, {safe} reports known to be safe", kills());
    assert!(safe > 0);
}

/// Up to when everything is on disk, as the server itself says until it is killed.
fn synced_until(client: &mut Client) -> Option<Instant> {
    let mut until = None;
    loop {
        let asked = Instant::now();
        let status = client.try_ask("STATUS").and_then(|line| serde_json::from_str::<Value>(&line).ok());
        let Some(status) = status else { return until };
        let ago = status["data"]["synced"].as_f64().expect("seconds");
        until = asked.checked_sub(Duration::from_secs_f64(ago));
        sleep(Duration::from_millis(5));
    }
}
