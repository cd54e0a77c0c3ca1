//! How long a client waits while its server writes a snapshot, and how long between two of them.

use std::io;
use std::time::{Duration, Instant};

use super::experiment::{Experiment, broken, tell_errors};
use super::group::Group;
use super::measure::Measure;
use super::results::RowResult;
use super::row::Row;
use super::status::Status;
use super::system::System;
use crate::error::BenchError;
use crate::load::{Length, Load, Pace};
use crate::outcome::Outcome;
use crate::progress::Progress;

/// Enough clients for a snapshot to take a second, and updates a second for one to be due every few seconds.
const CLIENTS: u64 = 1_000_000;
const UPDATES: f64 = 200_000.0;

/// How often the innocent says where it is, in a second.
const RATE: f64 = 500.0;

/// How long the innocent goes on before it is looked whether a snapshot is being written.
const SLICE: Duration = Duration::from_millis(200);

/// What a run lasts at least: there are snapshots in it, and time between them.
const LEAST: Duration = Duration::from_secs(15);

/// An innocent's latency beside a load, told apart by whether the server writes a snapshot.
pub(super) fn run(experiment: &Experiment) -> Result<RowResult, BenchError> {
    let mut result = RowResult::new(Row::DiskSnapshot);
    for &system in Row::DiskSnapshot.systems() {
        let group = match Group::start(system, Row::DiskSnapshot.shape(), &experiment.bin) {
            Ok(group) => group,
            Err(error) => {
                result.missing.push(error.to_string());
                continue;
            }
        };
        let mut load = Load::new(group.first().address, system.dialect());
        (load.traffic.clients, load.pipeline, load.pace) = (CLIENTS, 100, Pace::Open(UPDATES));
        let filled = load.fill().run(&Progress::new(&format!("{}: clients", system.name())));
        tell_errors(system, &filled.map_err(|why| broken(system, why))?, &mut result);
        load.length = Length::Time(experiment.duration.max(LEAST));
        for _ in 0..experiment.repeats(Row::DiskSnapshot) {
            let progress = Progress::new(&format!("{}: {}", result.title, system.name()));
            let (beside, between) = once(&load, &progress).map_err(|why| broken(system, why))?;
            record(system, &beside, &between, &mut result);
        }
    }
    Ok(result)
}

/// One run: what the innocent saw beside a snapshot, and between them.
fn once(load: &Load, progress: &Progress) -> io::Result<(Outcome, Outcome)> {
    let mut innocent = Load::new(load.address, load.dialect);
    (innocent.connections, innocent.traffic.clients, innocent.length) = (1, 1_000, Length::Time(SLICE));
    // Each is sent when it is due, whether or not the one before is answered.
    (innocent.pace, innocent.pipeline) = (Pace::Open(RATE), 1_000);
    let Length::Time(length) = load.length else { return Err(io::ErrorKind::InvalidInput.into()) };
    let mut status = Status::open(load.address)?;
    std::thread::scope(|scope| {
        let loaded = scope.spawn(|| load.run(progress));
        let (mut beside, mut between) = (Outcome::new(), Outcome::new());
        let (start, mut was_compacting) = (Instant::now(), is_compacting(&mut status)?);
        while start.elapsed() < length {
            let slice = innocent.run(&Progress::hidden())?;
            let is_compacting = is_compacting(&mut status)?;
            // A slice in which one begins or ends is of neither kind.
            match (was_compacting, is_compacting) {
                (true, true) => beside.add(&slice),
                (false, false) => between.add(&slice),
                _ => {}
            }
            was_compacting = is_compacting;
        }
        let loaded = loaded.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        between.error(loaded.errors, || loaded.first_error.unwrap_or_default());
        Ok((beside, between))
    })
}

fn record(system: System, beside: &Outcome, between: &Outcome, result: &mut RowResult) {
    tell_errors(system, beside, result);
    tell_errors(system, between, result);
    if beside.replies == 0 || between.replies == 0 {
        let what = if beside.replies == 0 { "no snapshot was written" } else { "one snapshot followed another" };
        result.errors.push(format!("{}: {what} in a run", system.name()));
        return;
    }
    let [beside, between] = [beside, between].map(|outcome| outcome.micros_at(0.99));
    result.add(system, Measure::WithoutP99, between);
    result.add(system, Measure::BesideP99, beside);
    result.add(system, Measure::BesideShare, beside / between);
}

/// Whether a snapshot is being written.
fn is_compacting(status: &mut Status) -> io::Result<bool> {
    let is_compacting = status.ask()?["data"]["compacting"].as_bool();
    is_compacting.ok_or_else(|| io::Error::other("STATUS tells nothing of a snapshot"))
}
