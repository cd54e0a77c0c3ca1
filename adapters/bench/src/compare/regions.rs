//! What a region takes that is joined to others: questions for clients of another one, clients that move, and NATS that is
//! down.

mod bare;
mod world;

use std::io;
use std::time::{Duration, Instant};

use self::bare::Bare;
use self::world::World;
use super::experiment::{Experiment, broken, tell_errors};
use super::measure::Measure;
use super::results::RowResult;
use super::row::Row;
use super::system::System;
use crate::error::BenchError;
use crate::load::{Length, Load, Pace};
use crate::outcome::Outcome;
use crate::progress::Progress;

/// How many clients there are; all of them move at once.
const CLIENTS: u32 = 100_000;
/// Updates a second of clients that stay, and of the one whose latency is looked at.
const UPDATES: f64 = 50_000.0;
const RATE: f64 = 500.0;

/// Three regions of three servers each, with a NATS server between them.
pub(super) fn run(experiment: &Experiment) -> Result<RowResult, BenchError> {
    let mut result = RowResult::new(Row::Regions);
    for &system in Row::Regions.systems() {
        let mut world = match World::start(system, &experiment.bin) {
            Ok(world) => world,
            Err(error) => {
                result.missing.push(error.to_string());
                continue;
            }
        };
        let measured = Measuring { system, experiment, world: &mut world, result: &mut result }.all();
        measured.map_err(|why| broken(system, why))?;
    }
    Ok(result)
}

struct Measuring<'a> {
    system: System,
    experiment: &'a Experiment,
    world: &'a mut World,
    result: &'a mut RowResult,
}

impl Measuring<'_> {
    fn all(mut self) -> io::Result<()> {
        self.world.wait_until_joined()?;
        self.move_all_to(0)?;
        for _ in 0..self.experiment.repeats(Row::Regions) {
            self.ask_from_elsewhere()?;
            self.move_and_count()?;
            self.take_nats_away()?;
        }
        Ok(())
    }

    /// A load on a server of that region.
    fn load(&self, region: usize) -> Load {
        let mut load = Load::new(self.world.server(region).address, self.system.dialect());
        (load.traffic.clients, load.traffic.bound) = (CLIENTS.into(), 1);
        (load.warm_up, load.length) = (self.experiment.warm_up, Length::Time(self.experiment.duration));
        load
    }

    fn run(&mut self, load: &Load) -> io::Result<Outcome> {
        let outcome = load.run(&Progress::hidden())?;
        tell_errors(self.system, &outcome, self.result);
        Ok(outcome)
    }

    fn add(&mut self, measure: Measure, value: f64) {
        self.result.add(self.system, measure, value);
    }

    /// WHATSAT for clients of the first region at the second, beside requests to NATS alone; then as many as can be.
    fn ask_from_elsewhere(&mut self) -> io::Result<()> {
        let mut load = self.load(1);
        (load.traffic.questions, load.connections) = (65_536, 1);
        let alone = Bare::connect(self.world.nats)?.median(self.experiment.duration)?;
        let p50 = self.run(&load)?.micros_at(0.5);
        self.add(Measure::P50, p50);
        self.add(Measure::NatsShare, p50 / alone);
        (load.connections, load.pipeline) = (50, 10);
        let rate = self.run(&load)?.rate();
        self.add(Measure::Rate, rate);
        Ok(())
    }

    /// How long it takes until all know, from when the first of all clients reports to the second region.
    fn move_and_count(&mut self) -> io::Result<()> {
        let (start, before) = (Instant::now(), self.world.bytes_into_nats()?);
        self.move_all_to(1)?;
        self.add(Measure::Level, start.elapsed().as_secs_f64());
        let bytes = self.world.bytes_into_nats()? - before;
        self.add(Measure::ArrivalBytes, bytes / f64::from(CLIENTS));
        Ok(())
    }

    /// The second region's own clients while NATS is there, and while it is not; then all clients move, and NATS is back.
    fn take_nats_away(&mut self) -> io::Result<()> {
        let with = self.innocent(1)?;
        self.world.stop_nats();
        let without = self.innocent(1)?;
        let [with, without] = [with, without].map(|outcome| outcome.micros_at(0.99));
        self.add(Measure::WithoutP99, with);
        self.add(Measure::BesideP99, without);
        self.add(Measure::BesideShare, without / with);
        let fill = self.load(0).fill();
        self.run(&fill)?;
        if let Some(bytes) = self.world.server(0).process().resident() {
            self.add(Measure::Memory, mebibytes(bytes));
        }
        let start = Instant::now();
        self.world.start_nats()?;
        self.world.wait_until_at_home(0, CLIENTS)?;
        self.add(Measure::MadeUp, start.elapsed().as_secs_f64());
        Ok(())
    }

    /// A client of that region, beside a load of others.
    fn innocent(&mut self, region: usize) -> io::Result<Outcome> {
        let mut load = self.load(region);
        (load.pace, load.pipeline) = (Pace::Open(UPDATES), 100);
        let mut innocent = self.load(region);
        (innocent.connections, innocent.traffic.clients) = (1, 1_000);
        // Each is sent when it is due, whether or not the one before is answered.
        (innocent.pace, innocent.pipeline) = (Pace::Open(RATE), 1_000);
        std::thread::scope(|scope| {
            let loaded = scope.spawn(|| load.run(&Progress::hidden()));
            let outcome = self.run(&innocent)?;
            let loaded = loaded.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            tell_errors(self.system, &loaded, self.result);
            Ok(outcome)
        })
    }

    fn move_all_to(&mut self, region: usize) -> io::Result<()> {
        // Arrivals of one client are told once a second.
        std::thread::sleep(Duration::from_secs(1));
        let fill = self.load(region).fill();
        self.run(&fill)?;
        self.world.wait_until_at_home(region, CLIENTS)
    }
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
