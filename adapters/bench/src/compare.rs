//! `herd bench compare`: every load of the table, on every system, side by side in one run.

mod attacks;
mod catch_up;
mod certificate;
mod cores;
mod disk;
mod experiment;
mod fan_out;
mod group;
mod lines;
mod measure;
mod near_moving;
mod redis;
mod regions;
mod results;
mod row;
mod server;
mod shown;
mod snapshots;
mod status;
mod system;
mod target;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use herd_command::{number, time};

pub(crate) use measure::Measure;
pub(crate) use results::{Results, RowResult};
pub(crate) use row::Row;
pub(crate) use system::System;

use self::experiment::Experiment;
use super::error::BenchError;

/// Measure herds, Redis, memcached and plain servers in Python and Node.js side by side
///
/// Starts all of them itself, on free ports of this machine, and says which of the herd's targets are
/// met. It finds `redis-server`, `memcached`, `python3` and `node` on the PATH.
#[derive(Args)]
pub struct Compare {
    /// Only this row of the table; may be repeated
    #[arg(long, value_enum, value_name = "ROW")]
    only: Vec<Row>,
    /// Only the row within TLS; short for --only tls
    #[arg(long, conflicts_with = "only")]
    tls: bool,
    /// Two runs of a second each: to try it, not to measure
    #[arg(long)]
    quick: bool,
    /// How many times to run each load on each system; the median counts [default: 3; 7 beside attacks]
    #[arg(long, value_name = "N", value_parser = number(1..=100_u32))]
    repeats: Option<u32>,
    /// How long each run is measured, 10ms to 24h
    #[arg(long, value_name = "TIME", value_parser = time(super::options::MEASURED))]
    duration: Option<Duration>,
    /// The folder of herd-tokio and herd-async-std [default: where this program is]
    #[arg(long, value_name = "DIR")]
    bin: Option<PathBuf>,
    /// The repository, to count its lines of code if it is there
    #[arg(long, value_name = "DIR", default_value = ".")]
    sources: PathBuf,
    /// Fail if anything could not be measured
    #[arg(long)]
    require_all: bool,
    /// Also draw the results into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

impl Compare {
    /// Measures the rows that were asked for, in their order, and writes them to standard output, as a table or
    /// as JSON. The code to exit with is 0, or 1 where a target was missed or a request got no right reply; with
    /// `--require-all` also where a system is missing or a target's figure could not be measured.
    ///
    /// Each system is a process of its own on a free port of this machine, and ends with its row. One that is not
    /// installed is left out and listed.
    ///
    /// # Errors
    /// [`Broken`](BenchError::Broken) where a load could not be run to its end, and
    /// [`Output`](BenchError::Output).
    pub fn run(self, is_json: bool) -> Result<ExitCode, BenchError> {
        let bin = match &self.bin {
            // Servers are started in folders of their own.
            Some(bin) => std::path::absolute(bin)?,
            None => std::env::current_exe()?.parent().map(PathBuf::from).unwrap_or_default(),
        };
        let seconds = if self.quick { 1 } else { 5 };
        let experiment = Experiment {
            bin,
            sources: self.sources,
            is_quick: self.quick,
            repeats: self.repeats,
            duration: self.duration.unwrap_or(Duration::from_secs(seconds)),
            warm_up: Duration::from_millis(seconds * 200),
        };
        let rows = match self.only {
            _ if self.tls => vec![Row::Tls],
            only if only.is_empty() => Row::ALL.to_vec(),
            only => only,
        };
        let mut results = Results::default();
        for row in rows {
            for result in experiment.run(row)? {
                results.add(result);
            }
        }
        if let Some(svg) = self.svg {
            std::fs::write(svg, super::plot::draw(&results))?;
        }
        let mut out = io::stdout().lock();
        if is_json {
            writeln!(out, "{:#}", serde_json::json!(results))?;
        } else {
            shown::write(&results, &mut out)?;
        }
        Ok(if results.is_success(self.require_all) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
