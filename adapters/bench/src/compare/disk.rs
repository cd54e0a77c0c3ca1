//! How long a server takes to start that was killed, and how much it has on disk.

use std::thread::sleep;
use std::time::Duration;

use super::catch_up::watcher::Watcher;
use super::experiment::{Experiment, broken, tell_errors};
use super::group::Group;
use super::measure::Measure;
use super::results::RowResult;
use crate::dialect::AT_LEN;
use crate::error::BenchError;
use crate::load::Load;
use crate::progress::Progress;

/// How many clients there are.
const CLIENTS: u64 = 1_000_000;

/// Longer than what a crash may lose, and than a snapshot takes.
const SETTLED: Duration = Duration::from_secs(5);

/// Fills each system of the row twice, so that there is something superseded, kills it, and starts it again.
pub(super) fn restarts(experiment: &Experiment, result: &mut RowResult) -> Result<(), BenchError> {
    for &system in result.row.systems() {
        let mut group = match Group::start(system, result.row.shape(), &experiment.bin) {
            Ok(group) => group,
            Err(error) => {
                result.missing.push(error.to_string());
                continue;
            }
        };
        let mut load = Load::new(group.first().address, system.dialect());
        load.traffic.clients = CLIENTS;
        for _ in 0..2 {
            let progress = Progress::new(&format!("{}: clients", system.name()));
            let filled = load.fill().run(&progress).map_err(|why| broken(system, why))?;
            tell_errors(system, &filled, result);
        }
        sleep(SETTLED);
        for _ in 0..experiment.repeats(result.row) {
            let bytes = group.on_disk().map_err(|why| broken(system, why))?;
            result.add(system, Measure::DiskShare, share(bytes, CLIENTS * (AT_LEN as u64 + 1)));
            let start = group.restart().map_err(|why| broken(system, std::io::Error::other(why)))?;
            let watcher = Watcher::open(system.dialect(), group.first().address, CLIENTS, 1);
            let seen = watcher.and_then(Watcher::wait).map_err(|why| broken(system, why))?;
            result.add(system, Measure::Restart, (seen.last - start).as_secs_f64());
        }
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn share(part: u64, of: u64) -> f64 {
    part as f64 / of as f64
}
