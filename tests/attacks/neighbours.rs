//! Whatever a neighbour can say, said as fast as it is taken: any process of the neighbour's machine can.

use std::fmt::Write;

use herd_tests::chosen;

use crate::bereft;
use crate::flood::{Flood, Replies};
use crate::impostor::Impostor;
use crate::siege::Siege;

/// How much is said at least.
const SAID: u64 = 2 << 20;

/// What `B` says without end.
fn says(what: &str, say: impl FnMut(u64) -> Vec<u8> + Send + 'static) {
    let mut siege = Siege::of(bereft());
    let flood = Flood::start(siege.herd.address("A"), Replies::Read, say);
    siege.hold(what, || flood.said() >= SAID);
    drop(flood);
    siege.assert_memory(0);
    siege.assert_logged_at_most(64 << 10);
    siege.wait_until_memory_is_back();
}

fn again(line: &str) -> impl FnMut(u64) -> Vec<u8> + Send + 'static {
    let lines = line.repeat((32 << 10) / line.len() + 1).into_bytes();
    move |_| lines.clone()
}

/// The same thousand clients, newer with each round.
fn reports(word: &'static str) -> impl FnMut(u64) -> Vec<u8> + Send + 'static {
    move |round| {
        let mut lines = String::new();
        for client in 0..1_000 {
            writeln!(lines, "{word} B +0.1 {client} +34.068930-118.445127 {round} B").expect("a string");
        }
        lines.into()
    }
}

/// `bytes` zeros in base64 without padding.
fn zeros(bytes: usize) -> String {
    "A".repeat((bytes * 4).div_ceil(3))
}

#[test]
fn hello() {
    says("HELLO", again("HELLO B 7 v=2\n"));
}

#[test]
fn at() {
    says("AT", reports("AT"));
}

#[test]
fn kept() {
    says("KEPT", reports("KEPT"));
}

#[test]
fn repair_groups() {
    says("REPAIR groups", again(&format!("REPAIR B groups {}\n", zeros(32 * 8))));
}

#[test]
fn repair_sketch() {
    says("REPAIR sketch", again(&format!("REPAIR B sketch 10/000 {}\n", zeros(12))));
}

#[test]
fn repair_all() {
    says("REPAIR all", again("REPAIR B all 10/000\n"));
}

/// Everything of one range is asked for, 64 times in a packet, where clients with IDs of 4,000 bytes crowd it.
#[test]
fn repair_all_of_a_crowd() {
    let mut siege = Siege::of(bereft());
    let mut client = siege.herd.client("A");
    for id in chosen::long_crowd(4_000, 200) {
        let line = [b"IAMAT ", &id[..], b" +1.0+1.0 1"].concat();
        assert!(client.ask(line).starts_with("AT A "));
    }
    siege.mark();
    let line = "REPAIR B all 10/000\n".repeat(64);
    let address = siege.herd.address("A");
    let floods: Vec<Flood> = (0..4).map(|_| Flood::start(address, Replies::Read, again(&line))).collect();
    siege.hold("REPAIR all of a crowd", || floods.iter().all(|flood| flood.said() > 0));
    drop(floods);
    siege.assert_memory(0);
    siege.wait_until_memory_is_back();
}

/// Whoever holds the port of a neighbour that is away answers a comparison with `ranges` without end.
#[test]
fn answers_without_end() {
    let mut siege = Siege::of(bereft().with(&["--link-retry", "100ms"]));
    let line = format!("REPAIR B ranges 0 {}\n", zeros(32 * 8));
    let impostor = Impostor::listen(siege.herd.address("B"), line.repeat(64).into_bytes());
    siege.hold("answers without end", || impostor.said() >= SAID);
    drop(impostor);
    siege.assert_memory(0);
    siege.assert_log_has_a_rate();
    siege.wait_until_memory_is_back();
}
