//! Whole runs through the public door.

use std::collections::HashSet;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use herd_sim::{
    FastPath, Faults, Form, Graph, MILLI, Manner, Options, Planned, Recipe, Run, Scenario, Seed, Shape, Trace, What,
};

/// A writer that others can read.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panics with it").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn trace(scenario: &Scenario, form: Form) -> String {
    let out = Shared::default();
    let mut run = Run::new(scenario.clone()).expect("a herd");
    run.trace(Trace::new(form, Box::new(out.clone())));
    run.play();
    run.take_trace().expect("it was given").finish().expect("memory takes every write");
    let bytes = std::mem::take(&mut *out.0.lock().expect("nobody panics with it"));
    String::from_utf8(bytes).expect("traces are text")
}

#[test]
fn the_same_seed_gives_the_same_trace_byte_for_byte() {
    for seed in 0..10 {
        let recipe = Recipe::default();
        let one = trace(&recipe.scenario(seed), Form::Log);
        assert!(one.lines().count() > 100, "seed {seed}");
        assert!(one == trace(&recipe.scenario(seed), Form::Log), "seed {seed}");
        assert!(one != trace(&recipe.scenario(seed + 1), Form::Log), "seed {seed}");
    }
}

#[test]
fn every_line_of_a_json_trace_is_an_object_of_a_kind() {
    let json = trace(&Recipe::default().scenario(1), Form::Json);
    let mut at = 0;
    for (index, line) in json.lines().enumerate() {
        let record: serde_json::Value = serde_json::from_str(line).expect(line);
        assert!(record["kind"].is_string(), "{line}");
        if index == 0 {
            assert_eq!(record["kind"], "herd");
            assert_eq!(record["seed"], 1);
            continue;
        }
        let now = record["at"].as_u64().expect(line);
        assert!(now >= at, "{line}");
        at = now;
    }
}

#[test]
fn nothing_goes_wrong_where_nothing_is_wrong() {
    let recipe = Recipe { faults: Faults::NONE, ..Recipe::default() };
    for seed in 0..100 {
        let outcome = Run::new(recipe.scenario(seed)).expect("a herd").play();
        assert_eq!(outcome.violation, None, "seed {seed}");
        assert!(outcome.stats.replies > 0, "seed {seed}");
    }
}

#[test]
fn who_is_forgotten_and_what_is_over_goes_and_stays_away() {
    for clocks in ["", ",clocks"] {
        let faults = format!("forgets,expiry,partitions,crashes,latency,stops,breaks,disks{clocks}");
        let recipe = Recipe { faults: faults.parse().expect("they are faults"), ..Recipe::default() };
        let mut forgets = 0;
        for seed in 0..60 {
            let outcome = Run::new(recipe.scenario(seed)).expect("a herd").play();
            assert_eq!(outcome.violation, None, "seed {seed}, {faults}");
            forgets += outcome.stats.forgets;
        }
        assert!(forgets > 100, "{forgets}");
    }
}

#[test]
fn what_must_hold_holds_whatever_goes_wrong() {
    for seed in 0..150 {
        let outcome = Run::new(Recipe::default().scenario(seed)).expect("a herd").play();
        assert_eq!(outcome.violation, None, "seed {seed}");
    }
}

#[test]
fn a_scenario_survives_json() {
    for seed in 0..20 {
        let scenario = Recipe::default().scenario(seed);
        assert_eq!(Scenario::from_json(&scenario.to_json()).expect("it was one"), scenario);
    }
    for bad in ["", "{}", "[]"] {
        assert!(Scenario::from_json(bad).is_err(), "{bad}");
    }
    let mut scenario = Scenario::build(&Graph::cycle(3)).scenario();
    scenario.events.push(Planned { at: 0, what: What::Break { from: 0, to: 7 } });
    assert!(Scenario::from_json(&scenario.to_json()).is_err(), "a link that is not there");
}

#[test]
fn what_a_cut_held_back_comes_in_the_end() {
    let line = Graph { servers: 3, links: vec![(0, 1), (1, 2)] };
    let scenario = Scenario::build(&line)
        .says(100, 0, 0, "IAMAT kiwi +1+1 1\n")
        .cut(500, 20_000, 1, 2)
        .says(1_000, 0, 0, "IAMAT kiwi +2+2 2\n")
        .says(10_000, 1, 2, "WHATSAT kiwi 10 5\n")
        .scenario();
    let mut run = Run::new(scenario).expect("a herd");
    run.start();
    while run.now() < 15_000 * MILLI && run.step() {}
    let position = |run: &Run, server: usize| {
        run.node(server)
            .and_then(|node| node.record(b"kiwi"))
            .and_then(|kept| kept.record().position().map(<[u8]>::to_vec))
    };
    assert_eq!(position(&run, 1), Some(b"+2+2".to_vec()));
    assert_eq!(position(&run, 2), Some(b"+1+1".to_vec()), "nothing gets through a cut");
    while run.step() {}
    assert_eq!(run.violation(), None);
    assert_eq!(position(&run, 2), Some(b"+2+2".to_vec()));
}

#[test]
fn a_crash_forgets_and_the_herd_tells_again() {
    let scenario = Scenario::build(&Graph::cycle(5))
        .says(100, 0, 0, "IAMAT kiwi +1+1 1\n")
        .crash(2_000, 3_000, 0)
        .partition(4_000, 9_000, &[1, 2])
        .cut_one_way(5_000, 9_500, 3, 4)
        .says(5_000, 1, 3, "IAMAT emu +2+2 2\n")
        .breaks(6_000, 3, 4)
        .clock_jumps(6_000, 2, -10_000)
        .reads(6_000, 1, Some(10))
        .reads(12_000, 1, None)
        .scenario();
    let mut run = Run::new(scenario).expect("a herd");
    let outcome = run.play();
    assert_eq!(outcome.violation, None);
    for server in 0..5 {
        assert_eq!(run.node(server).map(herd::Node::clients), Some(2), "server {server}");
    }
}

#[test]
fn a_server_that_is_gone_for_good_is_not_waited_for() {
    let scenario = Scenario::build(&Graph::cycle(4)).dies(100, 2).says(500, 0, 0, "IAMAT kiwi +1+1 1\n").scenario();
    let mut run = Run::new(scenario).expect("a herd");
    assert_eq!(run.play().violation, None);
    assert!(run.node(2).is_none() && run.node(3).is_some_and(|node| node.clients() == 1));
}

#[test]
fn an_update_crosses_a_tree_once_and_its_path_is_measured() {
    let graph = Graph { servers: 4, links: vec![(0, 1), (1, 2), (2, 3)] };
    let scenario = Scenario::build(&graph).says(1_000, 0, 0, "IAMAT kiwi +1+1 1\n").scenario();
    let options = Options { spread: true, ..Options::default() };
    let spread = Run::with(scenario, options).expect("a herd").play().stats.spread;
    assert_eq!((spread.updates, spread.copies, spread.most_hops, spread.hops), (1, 3, 3, 6));
    assert!(spread.longest >= 3 * MILLI);
}

#[test]
fn the_fast_path_makes_no_difference() {
    let mut digests = HashSet::new();
    for seed in 0..10 {
        let [on, off] = [FastPath::On, FastPath::Off].map(|fast| {
            let options = Options { fast, ..Options::default() };
            Run::with(Recipe::default().scenario(seed), options).expect("a herd").play()
        });
        assert_eq!(on, off, "seed {seed}");
        assert!(digests.insert(on.digest), "seed {seed} is unlike those before");
    }
}

#[test]
fn a_trace_ends_with_what_was_counted() {
    let log = trace(&Scenario::build(&Graph::cycle(3)).says(100, 0, 0, "IAMAT kiwi +1+1 1\n").scenario(), Form::Log);
    let last: Vec<&str> = log.lines().rev().take(3).collect();
    assert!(last.iter().all(|line| line.contains(" counters ") && line.contains(" kept=1 ")), "{last:?}");
}

#[test]
fn graphs_are_connected_whatever_their_shape() {
    for shape in ["random", "cycle", "tree", "complete", "degree3", "degree4"] {
        let shape: Shape = shape.parse().expect(shape);
        for servers in 1..12 {
            let graph = shape.graph(servers, &mut Seed::new(7));
            Scenario::build(&graph).scenario().herd().expect("one herd");
        }
    }
}

/// Ten clients pipeline all that they can, and one asks now and then. Each has its turn, and each gets its replies.
#[test]
fn nobody_is_starved_by_those_who_ask_for_much() {
    let reports = (0..3000).map(|at| format!("IAMAT greedy +1+1 {at}\n")).collect::<Vec<_>>().concat();
    let questions = "WHATSAT greedy 50 20\n".repeat(500);
    let mut builder = Scenario::build(&Graph::cycle(2)).says(50, 10, 0, "IAMAT greedy +1+1 0\n");
    for client in 0..10 {
        builder = builder.says(100, client, 0, if client % 2 == 0 { &reports } else { &questions });
    }
    for at in (100..3_000).step_by(20) {
        builder = builder.says(at, 11, 0, "IAMAT innocent +1+1 1\nWHATSAT innocent 1 1\n");
    }
    let outcome = Run::new(builder.scenario()).expect("a herd").play();
    assert_eq!(outcome.violation, None);
    assert!(outcome.stats.replies > 5 * 3000 + 5 * 500, "{}", outcome.stats.replies);
}

/// Clients that ask and do not read are closed once all buffers together are full, the largest first; whoever reads is not.
#[test]
fn those_who_do_not_read_are_closed_when_buffers_are_full() {
    let bounds = herd_sim::Bounds { buffers: 100 << 10, ..herd_sim::Bounds::default() };
    let network = herd_sim::Network { window: 4 << 10, ..herd_sim::Network::default() };
    let mut builder = Scenario::build(&Graph::cycle(2)).bounds(bounds).network(network);
    builder = builder.says(50, 10, 0, "IAMAT kiwi +1+1 0\n");
    for client in 0..10 {
        builder = builder.reads(100, client, Some(0)).says(200, client, 0, &"WHATSAT kiwi 50 20\n".repeat(100));
    }
    for at in (200..3_000).step_by(50) {
        builder = builder.says(at, 11, 0, "IAMAT emu +1+1 1\nWHATSAT emu 1 1\n");
    }
    let mut run = Run::new(builder.scenario()).expect("a herd");
    assert_eq!(run.play().violation, None);
    let closed = run.node(0).map(|node| node.counters().closed_for_room);
    assert!(closed.is_some_and(|closed| (1..10).contains(&closed)), "{closed:?}");
    assert!(run.node(0).is_some_and(|node| node.buffered() <= 100 << 10));
}

/// A server that forgot what it once said itself, and is never told that by a flood.
#[test]
fn a_server_learns_anew_what_it_said_before_it_restarted() {
    let scenario = Scenario::build(&Graph::cycle(4))
        .cut(100, 8_000, 3, 0)
        .middlebox(100, 4_000, 2, 3, Manner::Close)
        .says(3_000, 0, 2, "IAMAT kiwi +1+1 1\n")
        .crash(3_500, 5_000, 2)
        .delists(4_500, 2, 1)
        .scenario();
    let mut run = Run::new(scenario).expect("a herd");
    run.start();
    while run.now() < 7_999 * MILLI && run.step() {}
    let knows = |run: &Run, server: usize| run.node(server).is_some_and(|node| node.record(b"kiwi").is_some());
    assert_eq!([0, 1, 2, 3].map(|server| knows(&run, server)), [true, true, false, false]);
    while run.step() {}
    assert_eq!(run.violation(), None);
    assert!(knows(&run, 2));
}
