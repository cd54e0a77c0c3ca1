//! How long an innocent client waits beside each attack: the server alone on one processor, all others on another.

mod attack;
mod crowd;
mod talker;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use self::attack::Attack;
use super::cores::Cores;
use super::experiment::{Experiment, broken, in_turn, tell_errors};
use super::group::Group;
use super::measure::Measure;
use super::results::RowResult;
use super::row::Row;
use super::system::System;
use crate::error::BenchError;
use crate::load::{Length, Load, Pace};
use crate::outcome::Outcome;
use crate::progress::Progress;

/// How often the innocent says where it is, in a second.
const RATE: f64 = 500.0;
/// A run is no longer than that, since there are many.
const LONGEST: Duration = Duration::from_secs(2);

/// Each attack, on each system in turn: a result for each.
pub(super) fn run(experiment: &Experiment) -> Result<Vec<RowResult>, BenchError> {
    Attack::ALL.into_iter().map(|attack| beside(attack, experiment)).collect()
}

fn beside(attack: Attack, experiment: &Experiment) -> Result<RowResult, BenchError> {
    let mut result = RowResult::titled(Row::Attacks, format!("IAMAT beside {}", attack.title()));
    let cores = match Cores::take() {
        Ok(cores) => cores,
        Err(why) => {
            result.missing.push(why.to_string());
            return Ok(result);
        }
    };
    let mut groups = Vec::new();
    for &system in Row::Attacks.systems() {
        let started = cores.on_servers(|| Group::start(system, attack.shape(), &experiment.bin));
        match started.map_err(|why| broken(system, why))? {
            Ok(group) => groups.push((system, group)),
            Err(error) => result.missing.push(error.to_string()),
        }
    }
    for (system, group) in &groups {
        if let Some(load) = attack.load(group.first().address) {
            let filled = load.fill().run(&Progress::new("clients")).map_err(|why| broken(*system, why))?;
            tell_errors(*system, &filled, &mut result);
        }
    }
    for round in 0..experiment.repeats(Row::Attacks) {
        for (system, group) in in_turn(&groups, round) {
            let progress = Progress::new(&format!("{}: {}", attack.title(), system.name()));
            let outcome = once(attack, experiment, group, &progress).map_err(|why| broken(*system, why))?;
            record(*system, &outcome, &mut result);
        }
    }
    Ok(result)
}

/// One run.
fn once(attack: Attack, experiment: &Experiment, group: &Group, progress: &Progress) -> std::io::Result<Outcome> {
    let server = group.first();
    let mut innocent = Load::new(server.address, System::HerdTokio.dialect());
    (innocent.connections, innocent.traffic.clients) = (1, 1_000);
    // Each is sent when it is due, whether or not the one before is answered.
    (innocent.pace, innocent.pipeline) = (Pace::Open(RATE), 1_000);
    (innocent.warm_up, innocent.length) = (experiment.warm_up, Length::Time(experiment.duration.min(LONGEST)));
    innocent.pid = Some(server.process().0);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        attack.begin(scope, server.address, experiment.warm_up + experiment.duration.min(LONGEST), &over);
        let outcome = innocent.run(progress);
        over.store(true, Ordering::Relaxed);
        outcome
    })
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn record(system: System, outcome: &Outcome, result: &mut RowResult) {
    result.add(system, Measure::P50, outcome.micros_at(0.5));
    result.add(system, Measure::P99, outcome.micros_at(0.99));
    result.add(system, Measure::P999, outcome.micros_at(0.999));
    if let Some(resident) = outcome.resident {
        result.add(system, Measure::Memory, resident as f64 / f64::from(1 << 20));
    }
    tell_errors(system, outcome, result);
}
