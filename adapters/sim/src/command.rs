//! The command line.

mod regions;

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::num::NonZero;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Instant;

use clap::Parser;
use herd_command::{exit_code, number};
use herd_sim::{FastPath, Faults, Form, Options, Outcome, Recipe, Run, Scenario, Shape, Trace, breaks, shrink};

use crate::failure::Failure;
use crate::many;
use crate::report::{Broken, Report};

/// Of so many seeds one is played with the fast path and without, if nobody says otherwise.
const BOTH_FOR_EACH: u64 = 8;

/// Days of work for any machine.
const MOST_SEEDS: u64 = 1_000_000_000;

/// More than anybody has continents.
const MOST_REGIONS: usize = 64;

/// More than any machine has cores.
const MOST_THREADS: usize = 1024;

/// Simulate herds on virtual time, and check what must hold
///
/// Each seed stands for a herd, a network, clients and faults; the same seed always gives the same run. If a check fails,
/// the report has the command that repeats the run, and a shorter scenario that fails in the same way.
#[derive(Debug, Parser)]
#[command(name = "herd-sim", version, after_help = exit_code::HELP, allow_negative_numbers = true)]
pub(crate) struct Line {
    /// How many servers each herd has, or a range
    #[arg(long, value_name = "N|LO..HI", default_value = "5..9", value_parser = range("servers", herd::Herd::MOST_SERVERS))]
    servers: (usize, usize),
    /// Simulate this many regions, or a range, in place of herds: their messages are lost, repeated and late, and their
    /// servers crash
    #[arg(
        long, value_name = "N|LO..HI", value_parser = range("regions", MOST_REGIONS),
        conflicts_with_all = ["servers", "faults", "graph", "fast", "trace", "scenario", "save", "no_shrink", "spread"]
    )]
    regions: Option<(usize, usize)>,
    /// How many seeds to run
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = number(1..=MOST_SEEDS))]
    seeds: u64,
    /// The first seed
    #[arg(long, value_name = "SEED", default_value_t = 0, value_parser = number(0..=u64::MAX))]
    first_seed: u64,
    /// What goes wrong: all, none, or a list of latency, chunking, breaks, partitions, slow, crashes, clocks, places,
    /// middleboxes, members, stops, makes, moves, keys, secrets, forgets, expiry, disks, watches, regions
    #[arg(long, default_value_t = Faults::ALL)]
    faults: Faults,
    /// How servers are linked: random, cycle, tree, complete, or degree2, degree3, ...
    #[arg(long, value_name = "SHAPE", default_value_t = Shape::Any)]
    graph: Shape,
    /// Whether sessions take the fast path: on, off, or both, which must give the same results [default: both for every
    /// 8th seed and for a scenario, otherwise on]
    #[arg(long, value_name = "both|on|off")]
    fast: Option<FastPath>,
    /// How many seeds to run at a time [default: one for each core]
    #[arg(long, value_name = "N", value_parser = number(1..=MOST_THREADS))]
    threads: Option<usize>,
    /// Write what happens to a file: a log, or JSON lines if its name ends in .json or .jsonl
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Run this scenario in place of seeds
    #[arg(long, value_name = "FILE", conflicts_with_all = ["servers", "seeds", "first_seed", "faults", "graph"])]
    scenario: Option<PathBuf>,
    /// Write the scenario, or the shortest that fails in the same way, to a file
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Do not look for a shorter scenario
    #[arg(long)]
    no_shrink: bool,
    /// Also measure how updates spread
    #[arg(long)]
    spread: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// A play that is over.
struct Played {
    seed: u64,
    options: Options,
    outcome: Outcome,
    /// The command that plays it again.
    again: String,
}

impl Line {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        if let Some(regions) = self.regions {
            return regions::play(&self, regions);
        }
        let started = Instant::now();
        let report = match &self.scenario {
            Some(path) => self.play_file(path)?,
            None => self.play_seeds()?,
        };
        let report = Report { seconds: started.elapsed().as_secs_f64(), ..report };
        report.print(&mut io::stdout().lock(), self.json)?;
        Ok(if report.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// How to play a seed, or a scenario that was read.
    fn options(&self, seed: Option<u64>) -> Options {
        let both = seed.is_none_or(|seed| seed.is_multiple_of(BOTH_FOR_EACH));
        let fast = self.fast.unwrap_or(if both { FastPath::Both } else { FastPath::On });
        Options { spread: self.spread, fast }
    }

    fn play_file(&self, path: &Path) -> Result<Report, Failure> {
        let text = fs::read_to_string(path).map_err(|why| Failure::Unreadable(path.into(), why))?;
        let scenario = Scenario::from_json(&text).map_err(|why| Failure::Scenario(path.into(), why))?;
        let options = self.options(None);
        let outcome = self.play(&scenario, options)?;
        let mut report = Report::default();
        let again = format!("cargo run --release --bin herd-sim -- --scenario {}{}", path.display(), self.fast_again());
        self.take(&mut report, Played { seed: scenario.seed, options, outcome, again }, || scenario)?;
        Ok(report)
    }

    fn play_seeds(&self) -> Result<Report, Failure> {
        if self.seeds != 1 && (self.trace.is_some() || self.save.is_some()) {
            return Err(Failure::Usage("--trace and --save are for one run: give --seeds 1, and --first-seed"));
        }
        let recipe = Recipe { servers: self.servers, faults: self.faults, shape: self.graph };
        let mut report = Report::default();
        if self.seeds == 1 {
            let scenario = recipe.scenario(self.first_seed);
            let outcome = self.play(&scenario, self.options(Some(self.first_seed)))?;
            self.take(&mut report, self.played(self.first_seed, outcome), || scenario)?;
            return Ok(report);
        }
        let play = |seed| {
            let options = self.options(Some(seed));
            Run::with(recipe.scenario(seed), options).expect("a recipe makes herds").play()
        };
        let mut failure = None;
        let is_broken = |outcome: &Outcome| outcome.violation.is_some();
        many::play(self.all_seeds(), self.all_threads(), play, is_broken, |seed, outcome| {
            let taken = self.take(&mut report, self.played(seed, outcome), || recipe.scenario(seed));
            failure = failure.take().or(taken.err());
        });
        failure.map_or(Ok(report), Err)
    }

    fn all_seeds(&self) -> Range<u64> {
        self.first_seed..self.first_seed.saturating_add(self.seeds)
    }

    fn all_threads(&self) -> usize {
        self.threads.unwrap_or_else(|| thread::available_parallelism().map_or(1, NonZero::get))
    }

    /// Plays one, and writes down what happens if that was asked for.
    fn play(&self, scenario: &Scenario, options: Options) -> Result<Outcome, Failure> {
        let mut run = Run::with(scenario.clone(), options).expect("a scenario that was read is of a herd");
        if let Some(path) = &self.trace {
            let file = File::create(path).map_err(|why| Failure::Unwritable(path.clone(), why))?;
            let json = path.extension().is_some_and(|extension| extension == "json" || extension == "jsonl");
            let form = if json { Form::Json } else { Form::Log };
            run.trace(Trace::new(form, Box::new(BufWriter::new(file))));
        }
        let outcome = run.play();
        if let (Some(trace), Some(path)) = (run.take_trace(), &self.trace) {
            trace.finish().map_err(|why| Failure::Unwritable(path.clone(), why))?;
        }
        Ok(outcome)
    }

    fn played(&self, seed: u64, outcome: Outcome) -> Played {
        Played { seed, options: self.options(Some(seed)), outcome, again: self.again(seed) }
    }

    fn take(&self, report: &mut Report, played: Played, scenario: impl FnOnce() -> Scenario) -> Result<(), Failure> {
        let Played { seed, options, outcome, again } = played;
        report.runs += 1;
        report.both_ways += u64::from(options.fast == FastPath::Both);
        report.stats.add(&outcome.stats);
        let mut scenario = scenario();
        let mut broken = outcome.violation.map(|violation| Broken { seed, violation, again, shortest: None });
        if let Some(broken) = broken.as_mut().filter(|_| !self.no_shrink && report.broken.is_empty()) {
            (scenario, _) = shrink(&scenario, breaks(options));
            broken.shortest = Some(scenario.clone());
        }
        if let Some(path) = &self.save {
            fs::write(path, scenario.to_json()).map_err(|why| Failure::Unwritable(path.clone(), why))?;
        }
        report.broken.extend(broken);
        Ok(())
    }

    /// The one command that plays a seed again, and writes down what happens.
    fn again(&self, seed: u64) -> String {
        let servers = written(self.servers);
        let (faults, graph) = (self.faults, self.graph);
        format!(
            "cargo run --release --bin herd-sim -- --servers {servers} --seeds 1 --first-seed {seed} \
             --faults {faults} --graph {graph}{} --trace herd-{seed}.log",
            self.fast_again()
        )
    }

    /// What was said of the fast path, to be said again.
    fn fast_again(&self) -> String {
        self.fast.map(|fast| format!(" --fast {fast}")).unwrap_or_default()
    }
}

/// A range as [`range`] reads it.
fn written((low, high): (usize, usize)) -> String {
    if low == high { low.to_string() } else { format!("{low}..{high}") }
}

/// `N`, or `LO..HI`, both included.
fn range(what: &'static str, most: usize) -> impl Fn(&str) -> Result<(usize, usize), String> + Clone {
    move |text| {
        let (low, high) = text.split_once("..").unwrap_or((text, text));
        let number = |text: &str| text.trim_start_matches('=').parse::<usize>().ok();
        match (number(low), number(high)) {
            (Some(low), Some(high)) if (1..=high).contains(&low) && high <= most => Ok((low, high)),
            _ => Err(format!("not a number of {what} from 1 to {most}, nor LO..HI")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parser_is_sound() {
        <Line as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn what_is_wrong_is_told_with_its_bounds() {
        let servers = format!("not a number of servers from 1 to {}, nor LO..HI", herd::Herd::MOST_SERVERS);
        for (arguments, told) in [
            (["--servers", "0"], servers.as_str()),
            (["--servers", "9..5"], &servers),
            (["--servers", "9999999"], &servers),
            (["--regions", "65"], "not a number of regions from 1 to 64, nor LO..HI"),
            (["--seeds", "0"], "not a whole number from 1 to 1000000000"),
            (["--seeds", "many"], "not a whole number from 1 to 1000000000"),
            (["--first-seed", "-1"], "not a whole number from 0 to 18446744073709551615"),
            (["--threads", "0"], "not a whole number from 1 to 1024"),
            (["--graph", "degree65"], "a graph is random, cycle, tree, complete, or degree2 to degree64"),
            (["--faults", "crashs"], "unknown fault \"crashs\"; did you mean crashes? (known: all, none, latency"),
            (["--sede", "3"], "'--seeds'"),
        ] {
            let error = Line::try_parse_from(["herd-sim"].iter().chain(&arguments)).expect_err(told);
            let line = herd_command::syntax::joined(&error.to_string());
            assert!(line.contains(told) && line.contains(arguments[0]) && line.lines().count() == 1, "{line}");
        }
    }
}
