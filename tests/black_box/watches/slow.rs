//! Whoever watches and does not read: costs nobody anything, and is told what is so when it reads.

use std::collections::BTreeMap;

use herd_tests::client::Client;
use herd_tests::graphs::single;
use herd_tests::herd::Plan;

use super::Reporter;
use crate::binaries;

/// Says of each of so many clients where it is, once for each time.
fn report(reporter: &mut Reporter, clients: usize, times: std::ops::Range<u32>) {
    for time in times {
        let lines: Vec<String> = (0..clients).map(|client| format!("IAMAT truck-{client} +1+1 {time}\n")).collect();
        reporter.0.send(lines.concat());
        for _ in 0..clients {
            assert!(reporter.0.line().starts_with("AT A "));
        }
    }
}

/// Reads until each of so many clients was told at that time: what was told last of each, and how often all began anew.
fn read(client: &mut Client, target: &str, (clients, time): (usize, u32)) -> (BTreeMap<String, u32>, u32) {
    let (mut known, mut again) = (BTreeMap::new(), 0);
    let is_over = |known: &BTreeMap<String, u32>| known.len() == clients && known.values().all(|known| *known == time);
    while !is_over(&known) {
        let line = client.line();
        match line.strip_suffix(target).expect("its target").split(' ').collect::<Vec<_>>()[..] {
            ["SEEN", "A", _, client, _, time, ""] => {
                let time = time.parse().expect("a time");
                let before = known.insert(client.to_owned(), time);
                assert!(before.is_none_or(|before| before <= time), "something older behind something newer: {line}");
            }
            ["AGAIN", ""] => {
                known.clear();
                again += 1;
            }
            ["WATCHING", ""] => {}
            _ => panic!("{line}"),
        }
    }
    (known, again)
}

/// While few clients are waiting to be told, it gets the newest of each, and nothing is told anew.
#[test]
fn it_gets_the_newest() {
    let herd = Plan::new(&binaries(), &single()).with(&["--max-unsent", "4KiB", "--log-filter", "info"]).start();
    let mut client = Client::narrow(herd.address("A"));
    assert_eq!(client.ask("WATCH truck-*"), "WATCHING truck-*");
    let mut reporter = Reporter::of(&herd);
    report(&mut reporter, 200, 0..500);
    let (known, again) = read(&mut client, "truck-*", (200, 499));
    assert_eq!((known.len(), again), (200, 0));
}

/// Past the bound it is told that it knows nothing, and then all that there is.
#[test]
fn past_the_bound_all_begins_anew() {
    let plan = Plan::new(&binaries(), &single()).with(&["--max-unsent", "4KiB", "--log-filter", "info"]);
    let herd = plan.with(&["--watch-queue", "16"]).start();
    let mut client = Client::narrow(herd.address("A"));
    assert_eq!(client.ask("WATCH truck-*"), "WATCHING truck-*");
    let mut reporter = Reporter::of(&herd);
    report(&mut reporter, 200, 0..500);
    let (known, again) = read(&mut client, "truck-*", (200, 499));
    assert_eq!(known.len(), 200);
    assert!(again >= 1, "{again}");
    // It is told each change as before.
    let at = reporter.at("truck-7", "+1+1", 500);
    let line = loop {
        let line = client.line();
        if line != "WATCHING truck-*" {
            break line;
        }
    };
    assert_eq!(line, format!("SEEN {at} truck-*"));
}
