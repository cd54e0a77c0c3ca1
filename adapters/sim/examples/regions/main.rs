//! What regions say to each other, by how many there are and how many clients: the figures and plots of `docs/regions.md`.
//!
//! ```sh
//! cargo run --release -p herd-sim --example regions -- docs/regions
//! ```
//!
//! It writes the plots into that folder, and the table to standard output. The same command always writes the same.

#![expect(clippy::cast_precision_loss, reason = "figures for people")]

#[path = "../shared/lines.rs"]
mod lines;

use std::path::PathBuf;
use std::{env, fs};

use herd_sim::{Load, Messages, Regions, Traffic};

use self::lines::Plot;

/// How many regions there are.
const REGIONS: [usize; 3] = [1, 3, 10];

/// How many clients there are in all of them together, in millions.
const MILLIONS: [u64; 2] = [1, 10];

/// As many are simulated. What regions say grows with what clients do, so these do what all of them would.
const SIMULATED: u64 = 100_000;

/// Each client comes to another region so often, in seconds, and is asked for from another region as often.
const ONCE_IN: u64 = 3600;

/// For so many seconds it is counted.
const SECONDS: u64 = 60;

/// What stands on the upright axis of a plot.
type Value = fn(Messages) -> u64;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(env::args_os().nth(1).unwrap_or_else(|| "docs/regions".into()));
    fs::create_dir_all(&folder)?;
    println!("| regions | million clients | arrivals | questions and answers | presence | all |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let mut counted = Vec::new();
    for millions in MILLIONS {
        for regions in REGIONS {
            let a_second = millions * 1_000_000 / ONCE_IN;
            let load = Load { clients: SIMULATED, moves: a_second, asks: a_second };
            let traffic = Regions::measure(regions, load, SECONDS)?;
            println!("| {regions} | {millions} | {} |", row(&traffic).join(" | "));
            counted.push((millions, regions, traffic.sum()));
        }
    }
    let plots: [(&str, &str, Value); 2] = [
        ("messages.svg", "Messages a second into NATS", |sum| sum.count),
        ("bytes.svg", "Bytes a second into NATS", |sum| sum.bytes),
    ];
    for (file, title, value) in plots {
        let line = |millions: u64| {
            let points = counted.iter().filter(|(of, ..)| *of == millions);
            let points = points.map(|&(_, regions, sum)| (regions as f64, value(sum) as f64 / SECONDS as f64));
            (format!("{millions} million clients"), points.collect())
        };
        let lines = MILLIONS.into_iter().map(line).collect();
        fs::write(folder.join(file), Plot { title, across: ("regions", 0.9, 11.0), lines }.draw()?)?;
    }
    Ok(())
}

/// Messages and bytes a second.
fn row(traffic: &Traffic) -> [String; 4] {
    let mut questions = Traffic { questions: traffic.questions, ..Traffic::default() };
    questions.answers = traffic.answers;
    [traffic.arrivals, questions.sum(), traffic.everybody, traffic.sum()].map(|Messages { count, bytes }| {
        let a_second = |number: u64| number as f64 / SECONDS as f64;
        let kilobytes = a_second(bytes) / 1000.0;
        format!("{:.1}, {kilobytes:.1} kB", a_second(count))
    })
}
