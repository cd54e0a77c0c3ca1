//! One row of the table, measured.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;

use super::attacks;
use super::catch_up;
use super::disk;
use super::fan_out;
use super::group::Group;
use super::lines;
use super::measure::Measure;
use super::near_moving;
use super::redis;
use super::regions;
use super::results::RowResult;
use super::row::Row;
use super::server::Server;
use super::snapshots;
use super::system::System;
use crate::dialect::Dialect;
use crate::error::BenchError;
use crate::load::{Length, Load};
use crate::outcome::Outcome;
use crate::progress::Progress;
use crate::propagation::Propagation;

/// How many connections are opened to see what one takes.
const CONNECTIONS: u16 = 1_000;

/// How rows are measured.
#[derive(Debug)]
pub(crate) struct Experiment {
    /// Where the herds are.
    pub(crate) bin: PathBuf,
    /// Where the repository is.
    pub(crate) sources: PathBuf,
    /// Whether it is only to be seen that it works.
    pub(crate) is_quick: bool,
    /// How often each load is run on each system, where that was said.
    pub(crate) repeats: Option<u32>,
    /// How long each run is measured.
    pub(crate) duration: Duration,
    /// How long it goes on before that.
    pub(crate) warm_up: Duration,
}

impl Experiment {
    /// Measures a row: one result, or one for each of its parts.
    pub(crate) fn run(&self, row: Row) -> Result<Vec<RowResult>, BenchError> {
        match row {
            Row::Attacks => attacks::run(self),
            Row::CatchUp => catch_up::run(self),
            Row::NearMoving => near_moving::run(self),
            Row::Watch => Ok(vec![fan_out::run(self, row, 1)?]),
            Row::WatchHundred => Ok(vec![fan_out::run(self, row, 100)?]),
            Row::Disk => {
                let mut result = self.compare(row)?;
                disk::restarts(self, &mut result)?;
                Ok(vec![result])
            }
            Row::Regions => Ok(vec![regions::run(self)?]),
            Row::DiskSnapshot => Ok(vec![snapshots::run(self)?]),
            _ => Ok(vec![self.compare(row)?]),
        }
    }

    /// How often a row's loads are run on each system.
    pub(super) fn repeats(&self, row: Row) -> u32 {
        self.repeats.unwrap_or(if self.is_quick { 2 } else { row.repeats() })
    }

    /// Starts all systems of the row that are on this machine; the others are missing.
    pub(super) fn start_all(&self, result: &mut RowResult) -> Vec<(System, Group)> {
        let mut groups = Vec::new();
        for &system in result.row.systems() {
            match Group::start(system, result.row.shape(), &self.bin) {
                Ok(group) => groups.push((system, group)),
                Err(error) => result.missing.push(error.to_string()),
            }
        }
        groups
    }

    /// Starts all systems of the row, and loads them in turn.
    fn compare(&self, row: Row) -> Result<RowResult, BenchError> {
        let mut result = RowResult::new(row);
        let groups = self.start_all(&mut result);
        for (system, group) in &groups {
            self.prepare(*system, group, &mut result)?;
        }
        for round in 0..self.repeats(row) {
            for (system, group) in in_turn(&groups, round) {
                let progress = Progress::new(&format!("{}: {}", row.title(), system.name()));
                self.measure(*system, group, &mut result, &progress)?;
            }
        }
        Ok(result)
    }

    /// The load on a system.
    fn load(&self, row: Row, system: System, group: &Group) -> Load {
        let server = group.first();
        let mut load = Load::new(server.address, system.dialect());
        row.apply(&mut load);
        (load.warm_up, load.length) = (self.warm_up, Length::Time(self.duration));
        load.pid = Some(server.process().0);
        load.encryption.clone_from(&group.encryption);
        load
    }

    /// Makes all clients known, and measures what is not measured under load.
    fn prepare(&self, system: System, group: &Group, result: &mut RowResult) -> Result<(), BenchError> {
        let server = group.first();
        let load = self.load(result.row, system, group);
        let broken = |why: std::io::Error| broken(system, why);
        if load.traffic.questions > 0 && load.dialect == Dialect::RedisGeoadd {
            redis::load_places(server.address).map_err(broken)?;
        }
        let empty = server.process().resident();
        let filled = load.fill().run(&Progress::new(&format!("{}: clients", system.name()))).map_err(broken)?;
        tell_errors(system, &filled, result);
        if result.row.measures_memory() {
            let full = server.process().resident();
            if let Some(bytes) = share(empty, full, load.traffic.clients) {
                result.add(system, Measure::ClientMemory, bytes);
            }
        }
        if result.row == Row::Baselines {
            let bytes = connections(&load, server).map_err(broken)?;
            if let Some(bytes) = bytes {
                result.add(system, Measure::ConnectionMemory, bytes);
            }
            if let Some(lines) = lines::of(system, &self.sources).and_then(|lines| u32::try_from(lines).ok()) {
                result.add(system, Measure::Lines, lines.into());
            }
        }
        Ok(())
    }

    /// One run.
    fn measure(
        &self,
        system: System,
        group: &Group,
        result: &mut RowResult,
        progress: &Progress,
    ) -> Result<(), BenchError> {
        let load = self.load(result.row, system, group);
        if result.row == Row::Propagation {
            let far = group.farthest().address;
            let measured = Propagation::measure(&load, far, progress).map_err(|why| broken(system, why))?;
            result.add(system, Measure::Rate, measured.load.rate());
            result.add(system, Measure::P50, measured.micros_at(0.5));
            result.add(system, Measure::P99, measured.micros_at(0.99));
            tell_errors(system, &measured.load, result);
            return Ok(());
        }
        let outcome = load.run(progress).map_err(|why| broken(system, why))?;
        result.add(system, Measure::Rate, outcome.rate());
        result.add(system, Measure::P50, outcome.micros_at(0.5));
        result.add(system, Measure::P99, outcome.micros_at(0.99));
        result.add(system, Measure::P999, outcome.micros_at(0.999));
        result.add(system, Measure::LoadCpu, outcome.load_micros());
        if let Some(micros) = outcome.server_micros() {
            result.add(system, Measure::ServerCpu, micros);
        }
        tell_errors(system, &outcome, result);
        Ok(())
    }
}

/// The systems in the order of a round: there and back again, so that what changes on the machine in the meantime changes
/// for all of them.
pub(super) fn in_turn(groups: &[(System, Group)], round: u32) -> Vec<&(System, Group)> {
    if round.is_multiple_of(2) { groups.iter().collect() } else { groups.iter().rev().collect() }
}

/// What a connection takes that has said something and rests.
fn connections(load: &Load, server: &Server) -> std::io::Result<Option<f64>> {
    let before = server.process().resident();
    let mut open = Vec::new();
    for number in 0..CONNECTIONS {
        let mut stream = TcpStream::connect_timeout(&load.address, load.patience)?;
        stream.set_read_timeout(Some(load.patience))?;
        writeln!(stream, "IAMAT herd-bench-{number:09} +1.000000+1.000000 1.000000000")?;
        open.push(BufReader::new(stream));
    }
    for stream in &mut open {
        stream.read_line(&mut String::new())?;
    }
    Ok(share(before, server.process().resident(), CONNECTIONS.into()))
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn share(before: Option<u64>, after: Option<u64>, count: u64) -> Option<f64> {
    Some(after?.saturating_sub(before?) as f64 / count as f64)
}

pub(super) fn tell_errors(system: System, outcome: &Outcome, result: &mut RowResult) {
    if let Some(error) = &outcome.first_error {
        result.errors.push(format!("{}: {} errors, the first: {error}", system.name(), outcome.errors));
    }
}

pub(super) fn broken(system: System, why: std::io::Error) -> BenchError {
    BenchError::Broken { server: system.name().into(), why }
}
