//! Boxes between servers that fail for a while: when they work again, so does the herd.

use std::thread::sleep;
use std::time::{Duration, Instant};

use herd_tests::graphs;
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::{PATIENCE, wait_for};
use herd_tests::proxy::{Mode, Proxy};

use crate::binaries;

/// How long a box fails.
const TROUBLE: Duration = Duration::from_secs(3);

/// Short times, so that a case does not take long.
const SHORT: [&str; 4] = ["--link-timeout", "1s", "--link-retry", "1s"];

/// What is found out after `link-timeout` and tried again after `link-retry` may take that much more.
const MARGIN: Duration = Duration::from_secs(2);

/// What a slow machine may take beyond that. It is less than what a server takes that waits for its next comparison.
const SLACK: Duration = Duration::from_secs(PATIENCE.as_secs() / 4);

/// Two servers that reach each other through a box each.
struct Pair {
    herd: Herd,
    boxes: [Proxy; 2],
    /// What was said: a client, and its AT line.
    told: Vec<(String, String)>,
}

impl Pair {
    /// Starts them, with boxes in that mode.
    fn start(flags: &[&str], mode: Mode) -> Self {
        let mut herd = Plan::new(&binaries(), &graphs::pair()).with(flags).prepare();
        let boxes = ["A", "B"].map(|name| Proxy::put_before(&herd, name));
        for proxy in &boxes {
            proxy.set(mode);
        }
        for name in ["A", "B"] {
            herd.start(name);
        }
        Self { herd, boxes, told: Vec::new() }
    }

    /// Starts them with boxes that work, and waits until each has heard from the other and they have compared.
    fn meet(flags: &[&str]) -> Self {
        let mut pair = Self::start(flags, Mode::Pass);
        pair.tell();
        pair.wait_until_both_know();
        wait_for("A and B to have compared", || {
            let compared = |name| {
                let log = pair.herd.log_text(name);
                log.contains("nothing differs") || log.contains("\"repaired\"")
            };
            (compared("A") || compared("B")).then_some(())
        });
        pair
    }

    /// Has each of them told of a client of its own.
    fn tell(&mut self) {
        for name in ["A", "B"] {
            let client = format!("{name}{}", self.told.len());
            let at = self.herd.report(name, &client, "1");
            self.told.push((client, at));
        }
    }

    fn wait_until_both_know(&self) {
        for (client, at) in &self.told {
            self.herd.wait_until_all_know(client, at);
        }
    }

    fn set(&self, mode: Mode) {
        for proxy in &self.boxes {
            proxy.set(mode);
        }
    }
}

/// The boxes fail, and both servers are told of clients meanwhile. How long it takes, once the boxes work, until both
/// know all.
fn recovers(mut pair: Pair, mode: Mode, within: Duration) {
    pair.set(mode);
    let start = Instant::now();
    while start.elapsed() < TROUBLE {
        pair.tell();
        sleep(Duration::from_millis(100));
    }
    pair.set(Mode::Pass);
    let start = Instant::now();
    pair.wait_until_both_know();
    let took = start.elapsed();
    println!("{mode:?}: both knew all after {took:?}, which may be {within:?}");
    assert!(took < within + SLACK, "after {mode:?} it took {took:?}, and not {within:?}");
}

fn recovers_soon(mode: Mode) {
    recovers(Pair::meet(&SHORT), mode, Duration::from_secs(1 + 1) + MARGIN);
}

/// A box that closes what it accepts is not taken for a server that knows no greetings.
#[test]
fn a_box_that_closes() {
    recovers_soon(Mode::Close);
}

/// A box that accepts and never answers is not taken for a silent server, and no connection through it is kept.
#[test]
fn a_box_that_holds() {
    recovers_soon(Mode::Hold);
}

/// A connection that leads nowhere, and says so to neither end, is found out.
#[test]
fn a_box_that_swallows() {
    recovers_soon(Mode::Swallow);
}

/// What is promised for the limits as they are by default, 5 s and 5 s.
#[test]
fn with_default_limits() {
    recovers(Pair::meet(&[]), Mode::Hold, Duration::from_secs(5 + 5) + MARGIN);
}

/// Two servers that have never met may each be plain to the other. They are greeted anew after one, two, four seconds.
#[test]
fn a_box_that_fails_from_the_start() {
    for mode in [Mode::Close, Mode::Hold] {
        recovers(Pair::start(&SHORT, mode), mode, Duration::from_secs(4) + MARGIN);
    }
}

/// A link that is closed as soon as all is sent does not wait for a sign of life, and finds out all the same.
#[test]
fn links_that_are_closed_at_once() {
    let flags = [&SHORT[..], &["--link-idle", "0"]].concat();
    for mode in [Mode::Close, Mode::Hold, Mode::Swallow] {
        recovers(Pair::meet(&flags), mode, Duration::from_secs(1 + 1) + MARGIN);
    }
}

/// A link that takes lines, and never shows that the neighbour lives, is found out while nothing else fails.
#[test]
fn a_link_that_leads_nowhere() {
    let mut pair = Pair::meet(&SHORT);
    pair.set(Mode::Swallow);
    pair.set(Mode::Pass);
    let start = Instant::now();
    pair.tell();
    let first = pair.told.len() - 2;
    let within = Duration::from_secs(1 + 1) + MARGIN + SLACK;
    loop {
        let (of_a, of_b) = (&pair.told[first], &pair.told[first + 1]);
        let knows =
            |name, (client, at): &(String, String)| pair.herd.client(name).ask(format!("WHATSAT {client} 0 0")) == *at;
        if knows("B", of_a) && knows("A", of_b) {
            break;
        }
        assert!(start.elapsed() < within, "nothing came over it for {:?}", start.elapsed());
        sleep(Duration::from_millis(500));
        pair.tell();
    }
    println!("a link that leads nowhere: found out after {:?}", start.elapsed());
    pair.wait_until_both_know();
}
