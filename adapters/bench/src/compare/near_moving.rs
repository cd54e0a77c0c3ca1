//! How long reports wait beside questions for who is near, and these beside reports.

use std::io;

use super::experiment::{Experiment, broken, tell_errors};
use super::group::Group;
use super::measure::Measure;
use super::results::RowResult;
use super::row::Row;
use super::system::System;
use crate::error::BenchError;
use crate::load::{Length, Load, Pace};
use crate::outcome::Outcome;
use crate::progress::Progress;

const CLIENTS: u64 = 1_000_000;
/// How many of each there are a second.
const IAMATS: f64 = 100_000.0;
const NEARS: f64 = 1_000.0;

/// Each kind alone, then both: a result for each kind.
pub(super) fn run(experiment: &Experiment) -> Result<Vec<RowResult>, BenchError> {
    let titles = ["IAMAT beside NEAR", "NEAR beside IAMAT"];
    let mut results = titles.map(|title| RowResult::titled(Row::NearMoving, title.into()));
    for &system in Row::NearMoving.systems() {
        let group = match Group::start(system, Row::NearMoving.shape(), &experiment.bin) {
            Ok(group) => group,
            Err(error) => {
                for result in &mut results {
                    result.missing.push(error.to_string());
                }
                continue;
            }
        };
        let loads = loads(experiment, system, &group);
        let filled = loads[0].fill().run(&Progress::new(&format!("{}: clients", system.name())));
        tell_errors(system, &filled.map_err(|why| broken(system, why))?, &mut results[0]);
        for _ in 0..experiment.repeats(Row::NearMoving) {
            let progress = Progress::new(&format!("{}: {}", Row::NearMoving.title(), system.name()));
            let outcomes = once(&loads, &progress).map_err(|why| broken(system, why))?;
            for (result, (alone, beside)) in results.iter_mut().zip(&outcomes) {
                record(system, alone, beside, result);
            }
        }
    }
    Ok(results.into())
}

/// The reports and the questions. Each is sent when it is due, whether or not the one before is answered.
fn loads(experiment: &Experiment, system: System, group: &Group) -> [Load; 2] {
    let mut load = Load::new(group.first().address, system.dialect().near());
    (load.traffic.clients, load.traffic.bound, load.pipeline) = (CLIENTS, 20, 1_000);
    (load.warm_up, load.length) = (experiment.warm_up, Length::Time(experiment.duration));
    let (mut reports, mut questions) = (load.clone(), load);
    reports.pace = Pace::Open(IAMATS);
    (questions.pace, questions.traffic.questions) = (Pace::Open(NEARS), 65_536);
    [reports, questions]
}

/// One run: of each kind how it went alone, and beside the other.
fn once([reports, questions]: &[Load; 2], progress: &Progress) -> io::Result<[(Outcome, Outcome); 2]> {
    let alone = [reports.run(progress)?, questions.run(progress)?];
    let beside = std::thread::scope(|scope| {
        let asked = scope.spawn(|| questions.run(&Progress::hidden()));
        let reported = reports.run(progress)?;
        let asked = asked.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        io::Result::Ok([reported, asked])
    })?;
    let [(reports, questions), (reported, asked)] = [alone, beside].map(<(Outcome, Outcome)>::from);
    Ok([(reports, reported), (questions, asked)])
}

fn record(system: System, alone: &Outcome, beside: &Outcome, result: &mut RowResult) {
    tell_errors(system, alone, result);
    tell_errors(system, beside, result);
    let [alone, beside] = [alone, beside].map(|outcome| outcome.micros_at(0.99));
    result.add(system, Measure::WithoutP99, alone);
    result.add(system, Measure::BesideP99, beside);
    result.add(system, Measure::BesideShare, beside / alone);
}
