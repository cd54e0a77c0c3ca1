//! How long a server takes to be level again that was stopped while all clients moved, and what it costs.

mod link;
pub(super) mod watcher;

use std::time::Instant;

use self::watcher::Watcher;
use super::experiment::{Experiment, broken, tell_errors};
use super::group::Group;
use super::measure::Measure;
use super::redis;
use super::results::RowResult;
use super::row::Row;
use super::system::System;
use crate::dialect::AT_LEN;
use crate::error::BenchError;
use crate::load::Load;
use crate::progress::Progress;

/// How many clients move. The last one takes minutes, so it is left out where all is to be quick, and runs once.
const CLIENTS: [u64; 4] = [10_000, 100_000, 1_000_000, 10_000_000];
/// What is many.
const MANY: u64 = 10_000_000;

/// Each number of clients, on each system in turn: a result for each.
pub(super) fn run(experiment: &Experiment) -> Result<Vec<RowResult>, BenchError> {
    let counts = CLIENTS.into_iter().filter(|&clients| clients < MANY || !experiment.is_quick);
    counts.map(|clients| after(clients, experiment)).collect()
}

/// All of so many clients move meanwhile.
fn after(clients: u64, experiment: &Experiment) -> Result<RowResult, BenchError> {
    let mut result = RowResult::titled(Row::CatchUp, format!("catch up, {} clients", crate::table::count(clients)));
    let repeats = if clients < MANY { experiment.repeats(Row::CatchUp) } else { 1 };
    // One system after the other: together they would need memory for ten times as many.
    for &system in Row::CatchUp.systems() {
        let group = match Group::start(system, Row::CatchUp.shape(), &experiment.bin) {
            Ok(group) => group,
            Err(error) => {
                result.missing.push(error.to_string());
                continue;
            }
        };
        fill(system, &group, clients, &mut result)?;
        for _ in 0..repeats {
            once(system, &group, clients, &mut result).map_err(|why| broken(system, why))?;
        }
    }
    Ok(result)
}

/// All clients say where they are, at the first server.
fn fill(system: System, group: &Group, clients: u64, result: &mut RowResult) -> Result<(), BenchError> {
    let mut load = Load::new(group.first().address, system.dialect());
    load.traffic.clients = clients;
    let since = watcher::now();
    let title = format!("{}: clients", system.name());
    let filled = load.fill().run(&Progress::new(&title)).map_err(|why| broken(system, why))?;
    tell_errors(system, &filled, result);
    let level = Watcher::open(system.dialect(), group.farthest().address, clients, since).and_then(Watcher::wait);
    level.map(drop).map_err(|why| broken(system, why))
}

/// One run: the second server is stopped, all clients move at the first, and the second goes on.
fn once(system: System, group: &Group, clients: u64, result: &mut RowResult) -> std::io::Result<()> {
    let (first, second) = (group.first(), group.farthest());
    second.process().stop()?;
    if matches!(system, System::RedisPartial | System::RedisFull) {
        // Else there is nothing to resynchronise: all of it waits on the connection.
        redis::drop_replicas(first.address)?;
    }
    let mut load = Load::new(first.address, system.dialect());
    load.traffic.clients = clients;
    let since = watcher::now();
    let moved = load.fill().run(&Progress::new(&format!("{}: clients move", system.name())))?;
    tell_errors(system, &moved, result);
    let (start, before) = (Instant::now(), link::bytes()?);
    second.process().go_on()?;
    let seen = Watcher::open(system.dialect(), second.address, clients, since)?.wait()?;
    let bytes = link::bytes()? - before - seen.bytes;
    result.add(system, Measure::First, (seen.first - start).as_secs_f64());
    result.add(system, Measure::Level, (seen.last - start).as_secs_f64());
    result.add(system, Measure::LinkShare, share(bytes, clients * (AT_LEN as u64 + 1)));
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn share(part: u64, of: u64) -> f64 {
    part as f64 / of as f64
}
