//! Servers that prove to each other that they know a secret, and strangers who know none.

use std::fmt::Write as _;

use herd_sim::{Builder, Faults, Graph, Options, Outcome, Recipe, Run, Ruse, Scenario, Trusting};

/// Three servers in a row that report all the time, for a quarter of a minute.
fn row() -> Builder {
    let mut builder = Scenario::build(&Graph { servers: 3, links: vec![(0, 1), (1, 2)] });
    for second in 0..15 {
        let mut text = String::new();
        for line in 0..5 {
            writeln!(text, "IAMAT c{line} +1+1 {second}.{line}").expect("a String takes every write");
        }
        builder = builder.says(1_000 * second, 0, 0, &text).says(1_000 * second + 10, 2, 2, &text.replace('c', "d"));
    }
    builder
}

fn play(builder: Builder) -> (Outcome, Vec<usize>) {
    let options = Options { fast: herd_sim::FastPath::Both, ..Options::default() };
    let mut run = Run::with(builder.scenario(), options).expect("a herd");
    let outcome = run.play();
    assert_eq!(outcome.violation, None);
    (outcome, (0..3).map(|server| run.node(server).map_or(0, herd::Node::clients)).collect())
}

#[test]
fn a_herd_gets_a_secret_and_then_another_one_server_by_server_and_nobody_is_refused() {
    let secrets = Trusting::secrets;
    let steps = [secrets(&[1]).or_addresses(), secrets(&[1]), secrets(&[1, 2]), secrets(&[2, 1]), secrets(&[2])];
    let mut builder = row();
    for (number, to) in (0..).zip(steps) {
        for server in [1, 0, 2] {
            builder = builder.trusts(1_500 + 2_000 * number + 500 * server as u64, server, to.clone());
        }
    }
    let (outcome, known) = play(builder);
    assert_eq!(known, [10, 10, 10]);
    for refused in ["refused by a neighbour", "neighbour has no valid secret", "neighbour down"] {
        assert!(!outcome.stats.told.contains_key(refused), "{:?}", outcome.stats.told);
    }
}

/// Both ends say so; what each knows of its own it keeps.
#[test]
fn servers_with_different_secrets_stay_apart_until_they_have_one() {
    let (outcome, known) = play(row().secret(1).trusts(0, 2, Trusting::secrets(&[2])));
    assert_eq!(known, [5, 5, 5]);
    assert!(outcome.stats.told.contains_key("neighbour has no valid secret"), "{:?}", outcome.stats.told);
    let mended = row().secret(1).trusts(0, 2, Trusting::secrets(&[2])).trusts(8_000, 2, Trusting::secrets(&[1]));
    assert_eq!(play(mended).1, [10, 10, 10]);
}

/// Also one that knows an old secret alone, while the others are believed by their addresses where they prove nothing.
#[test]
fn who_proves_a_wrong_secret_is_not_believed_by_its_address() {
    let changing = Trusting::secrets(&[1]).or_addresses();
    let builder = (0..2).fold(row(), |builder, server| builder.trusts(0, server, changing.clone()));
    let builder = builder.trusts(0, 2, Trusting::secrets(&[2]).or_addresses());
    assert_eq!(play(builder).1, [5, 5, 5]);
}

#[test]
fn strangers_are_heard_and_not_believed() {
    for ruse in Ruse::ALL {
        let builder = (0..20).fold(row().secret(1), |builder, at| builder.stranger(700 * at, 1, 0, ruse));
        let (outcome, known) = play(builder.crash(4_000, 4_500, 0).breaks(7_000, 0, 1));
        assert_eq!(known, [10, 10, 10]);
        assert!(outcome.stats.strangers >= 20, "{ruse:?}: {} lines", outcome.stats.strangers);
    }
}

/// Its neighbours greet whoever it is, and say no more; they have the server back when it is.
#[test]
fn an_impostor_is_greeted_and_told_nothing() {
    let builder = row().secret(1).impostor(0, 20_000, 1).crash(2_000, 9_000, 1).crash(10_000, 12_000, 1);
    let (outcome, known) = play(builder);
    assert_eq!(known, [10, 10, 10]);
    assert!(outcome.stats.strangers > 5, "{}", outcome.stats.strangers);
}

#[test]
fn seeds_have_some() {
    let recipe = Recipe { faults: Faults::ALL, ..Recipe::default() };
    let count = |kind: &str| (0..40).filter(|&seed| has(&recipe.scenario(seed), kind)).count();
    let (changes, strangers, impostors) = (count("trust"), count("stranger"), count("impostor"));
    assert!((10..30).contains(&changes) && strangers == 40 && (10..40).contains(&impostors), "{changes} {impostors}");
}

fn has(scenario: &Scenario, kind: &str) -> bool {
    scenario.events.iter().any(|planned| planned.what.name() == kind)
}

#[test]
fn a_scenario_with_secrets_goes_through_json() {
    let scenario = row().secret(3).trusts(5, 1, Trusting::secrets(&[1]).or_addresses());
    let scenario = scenario.stranger(6, 1, 0, Ruse::Relay).impostor(7, 8, 2).scenario();
    let json = scenario.to_json();
    assert!(json.contains(r#""trust-addresses": true"#) && json.contains(r#""ruse": "relay""#), "{json}");
    assert_eq!(Scenario::from_json(&json).expect("it was written"), scenario);
}
