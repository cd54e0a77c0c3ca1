//! What an update costs in herds of 5 to 5,000 servers, by the shape of the herd: the figures and plots
//! of `docs/large-herds.md`.
//!
//! ```sh
//! cargo run --release -p herd-sim --example large -- docs/large-herds
//! ```
//!
//! It writes a plot for each question into that folder, and the table to standard output. The same
//! command always writes the same.

#![expect(clippy::cast_precision_loss, reason = "figures for people")]

#[path = "../shared/lines.rs"]
mod lines;
mod sample;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

use herd_sim::Shape;

use self::lines::Plot;
use self::sample::Sample;

/// How many servers the herds have.
const SIZES: [usize; 4] = [5, 50, 500, 5000];

/// Which shapes they have.
const SHAPES: [(&str, Shape); 3] =
    [("cycle", Shape::Cycle), ("random, degree 4", Shape::Degree(4)), ("tree with cross links", Shape::Tree)];

/// What stands on the upright axis of a plot.
type Value = fn(&Sample) -> f64;

/// The files of the plots, their titles, and their values.
const PLOTS: [(&str, &str, Value); 4] = [
    ("copies.svg", "Copies of an update, for each server", |it| it.copies / it.servers as f64),
    ("time.svg", "Milliseconds until all servers have it (1 ms a link)", |it| it.millis),
    ("bytes.svg", "Bytes of an update, on all links together", |it| it.bytes),
    ("rest.svg", "Bytes a second of a herd at rest, on all links together", |it| it.rest),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(env::args_os().nth(1).unwrap_or_else(|| "docs/large-herds".into()));
    fs::create_dir_all(&folder)?;
    let samples: Vec<Vec<Sample>> =
        SHAPES.iter().map(|&(_, shape)| SIZES.iter().map(|&size| Sample::take(shape, size)).collect()).collect();
    print!("{}", table(&samples));
    for (file, title, value) in PLOTS {
        let points = |row: &[Sample]| row.iter().map(|it| (it.servers as f64, value(it))).collect();
        let lines = SHAPES.iter().zip(&samples).map(|((name, _), row)| ((*name).into(), points(row)));
        let plot = Plot { title, across: ("servers", 4.0, 6500.0), lines: lines.collect() };
        fs::write(folder.join(file), plot.draw()?)?;
    }
    Ok(())
}

fn table(samples: &[Vec<Sample>]) -> String {
    let mut text = String::from(
        "| shape | servers | links | copies of an update | copies a server | hops, mean | hops, most | ms until all have it \
         | bytes of an update | bytes a second at rest |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for ((name, _), row) in SHAPES.iter().zip(samples) {
        for sample in row {
            writeln!(text, "| {name} | {sample} |").expect("a String takes every write");
        }
    }
    text
}
