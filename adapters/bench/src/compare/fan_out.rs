//! What it takes to tell many watchers of each update.

mod audience;
mod speaker;

use std::time::{Duration, Instant};

use self::audience::Audience;
use self::speaker::Speaker;
use super::experiment::{Experiment, broken, in_turn};
use super::measure::Measure;
use super::results::RowResult;
use super::row::Row;
use super::server::Server;
use crate::dialect::Dialect;
use crate::error::BenchError;
use crate::traffic::Traffic;

/// How many watch.
const WATCHERS: u32 = 1_000;
/// How many clients move: no more at once, so that a watcher is told of each update.
const CLIENTS: u64 = 100;
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Tells the server of each system in turn where clients are, so many at once, and goes on when all watchers know.
pub(super) fn run(experiment: &Experiment, row: Row, at_once: u32) -> Result<RowResult, BenchError> {
    let mut result = RowResult::new(row);
    let groups = experiment.start_all(&mut result);
    for round in 0..experiment.repeats(row) {
        for (system, group) in in_turn(&groups, round) {
            let told = Told::measure(group.first(), system.dialect(), at_once, experiment);
            let told = told.map_err(|why| broken(*system, why))?;
            result.add(*system, Measure::Rate, told.lines / told.took.as_secs_f64());
            if let Some(cpu) = told.cpu {
                result.add(*system, Measure::ServerCpu, cpu.as_secs_f64() * 1e6 / told.lines);
            }
        }
    }
    Ok(result)
}

/// What was told in a run.
struct Told {
    /// Lines, one for each watcher and update.
    lines: f64,
    took: Duration,
    cpu: Option<Duration>,
}

impl Told {
    fn measure(server: &Server, dialect: Dialect, at_once: u32, experiment: &Experiment) -> std::io::Result<Self> {
        let traffic = Traffic { clients: CLIENTS, ..Traffic::default() };
        let mut speaker = Speaker::connect(server.address, dialect, &traffic)?;
        let mut audience = Audience::connect(server.address, dialect, WATCHERS)?;
        let mut tell_for = |time: Duration| {
            let (start, mut lines) = (Instant::now(), 0.0);
            while start.elapsed() < time {
                speaker.say(at_once)?;
                audience.hear(at_once)?;
                lines += f64::from(at_once) * f64::from(WATCHERS);
            }
            std::io::Result::Ok((lines, start.elapsed()))
        };
        tell_for(experiment.warm_up)?;
        let before = server.process().cpu();
        let (lines, took) = tell_for(experiment.duration)?;
        let cpu = server.process().cpu().zip(before).map(|(after, before)| after.saturating_sub(before));
        Ok(Self { lines, took, cpu })
    }
}
