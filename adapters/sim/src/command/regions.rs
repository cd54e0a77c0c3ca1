//! `--regions`: regions on a bus that anything may happen to, in the place of herds.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;

use herd_sim::{Regions, RegionsStats};
use serde::Serialize;

use super::{Line, written};
use crate::failure::Failure;
use crate::many;

/// All runs, added up.
#[derive(Debug, Default, Serialize)]
struct Report {
    runs: u64,
    seconds: f64,
    stats: RegionsStats,
    broken: Vec<Broken>,
}

/// A run in which something did not hold.
#[derive(Debug, Serialize)]
struct Broken {
    seed: u64,
    violation: String,
    /// The command that plays it again.
    again: String,
}

/// Plays all seeds, with as many regions as they choose of that range.
pub(super) fn play(line: &Line, (low, high): (usize, usize)) -> Result<ExitCode, Failure> {
    let (started, mut report) = (Instant::now(), Report::default());
    let play = |seed: u64| {
        let more = usize::try_from(seed % (high - low + 1) as u64).expect("less than what it is divided by");
        Regions::new(seed, low + more).play()
    };
    many::play(
        line.all_seeds(),
        line.all_threads(),
        play,
        |outcome| outcome.violation.is_some(),
        |seed, outcome| {
            report.runs += 1;
            report.stats.add(&outcome.stats);
            let broken = outcome.violation.map(|violation| Broken { seed, violation, again: again((low, high), seed) });
            report.broken.extend(broken);
        },
    );
    report.seconds = started.elapsed().as_secs_f64();
    let mut out = io::stdout().lock();
    if line.json {
        serde_json::to_writer(&mut out, &report).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        report.print(&mut out)?;
    }
    Ok(if report.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The one command that plays a seed again.
fn again(regions: (usize, usize), seed: u64) -> String {
    format!("cargo run --release --bin herd-sim -- --regions {} --seeds 1 --first-seed {seed}", written(regions))
}

impl Report {
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    fn print(&self, out: &mut impl Write) -> io::Result<()> {
        for Broken { seed, violation, again } in self.broken.iter().take(crate::report::TOLD) {
            writeln!(out, "seed {seed}: {violation}\n  again: {again}")?;
        }
        if self.broken.len() > crate::report::TOLD {
            writeln!(out, "and {} more", self.broken.len() - crate::report::TOLD)?;
        }
        let (stats, seconds) = (&self.stats, self.seconds.max(1e-9));
        let RegionsStats { traffic, lost, told, moves, asked, answered, watched } = stats;
        writeln!(out, "seeds       {} in {seconds:.1} s, {:.1} a second", self.runs, self.runs as f64 / seconds)?;
        writeln!(out, "clients     {told} reports and FORGETs, {moves} of them in another region than before")?;
        writeln!(out, "questions   {asked} asked, {answered} answered by a report; {watched} lines of watches")?;
        let sum = traffic.sum();
        writeln!(out, "messages    {} between regions, {} bytes; {lost} lost", sum.count, sum.bytes)?;
        let ways = [
            ("arrivals", traffic.arrivals),
            ("questions", traffic.questions),
            ("answers", traffic.answers),
            ("to everybody", traffic.everybody),
        ];
        for (way, messages) in ways {
            writeln!(out, "            {} {way}, {} bytes", messages.count, messages.bytes)?;
        }
        writeln!(out, "violations  {}", self.broken.len())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn what_did_not_hold_is_told_with_the_command_that_plays_it_again() {
        let again = again((2, 4), 438);
        let broken = Broken { seed: 438, violation: "after 180 s: two homes".into(), again: again.clone() };
        let mut out = Vec::new();
        let report = Report { runs: 2, seconds: 0.5, broken: vec![broken], ..Report::default() };
        report.print(&mut out).expect("a Vec takes every write");
        let text = String::from_utf8(out).expect("text");
        assert!(text.starts_with(&format!("seed 438: after 180 s: two homes\n  again: {again}\n")), "{text}");
        assert!(text.contains("seeds       2 in 0.5 s, 4.0 a second\n") && text.ends_with("violations  1\n"), "{text}");
        let (_, arguments) = again.split_once(" -- ").expect("arguments");
        let line = Line::try_parse_from(["herd-sim"].into_iter().chain(arguments.split(' '))).expect("a command line");
        assert_eq!((line.regions, line.all_seeds()), (Some((2, 4)), 438..439));
    }
}
