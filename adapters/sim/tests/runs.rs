//! Whole runs through the public door.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use herd_sim::{Faults, Form, Recipe, Run, Scenario, Trace};

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
fn what_must_hold_holds_whatever_goes_wrong() {
    for seed in 0..300 {
        let outcome = Run::new(Recipe::default().scenario(seed)).expect("a herd").play();
        assert_eq!(outcome.violation, None, "seed {seed}");
    }
}
