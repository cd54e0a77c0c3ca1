//! `herd bench plot`: a picture of a comparison, as SVG.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::compare::{Measure, Results, RowResult, System};
use super::error::BenchError;
use super::table::figure;

/// Draw the results of `herd bench compare --json` as SVG on standard output
#[derive(Args)]
pub struct Plot {
    /// The results
    results: PathBuf,
}

impl Plot {
    /// Reads the results and writes the picture to standard output.
    ///
    /// # Errors
    /// [`Usage`](BenchError::Usage) where the file cannot be read or holds no results, and
    /// [`Output`](BenchError::Output).
    pub fn run(self) -> Result<ExitCode, BenchError> {
        let name = self.results.display();
        let text = std::fs::read(&self.results).map_err(|why| BenchError::Usage(format!("{name}: {why}")))?;
        let results = serde_json::from_slice(&text).map_err(|why| BenchError::Usage(format!("{name}: {why}")))?;
        io::stdout().write_all(draw(&results).as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What is drawn: what the targets are about.
const MEASURES: [Measure; 6] =
    [Measure::Rate, Measure::P99, Measure::ServerCpu, Measure::ClientMemory, Measure::ConnectionMemory, Measure::Lines];

const WIDTH: usize = 860;
/// Where the bars begin, and how long the longest is.
const LEFT: usize = 150;
const LONGEST: f64 = 170.0;
const BAR: usize = 20;
const PANEL_WIDTH: usize = 430;

/// One measure of one load: a bar for each system.
struct Panel {
    title: String,
    /// A system's name, and its figure.
    bars: Vec<(&'static str, f64)>,
}

/// A picture of bars: a panel for each measure of each load, two side by side. Each load begins a line.
pub(crate) fn draw(results: &Results) -> String {
    let mut body = String::new();
    let mut top = 10;
    for row in &results.rows {
        for pair in panels(row).chunks(2) {
            for (column, panel) in pair.iter().enumerate() {
                panel.draw(&mut body, column * PANEL_WIDTH, top);
            }
            top += pair.iter().map(Panel::height).max().unwrap_or_default();
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{top}\" viewBox=\"0 0 {WIDTH} {top}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{body}\
         </svg>\n"
    )
}

fn panels(row: &RowResult) -> Vec<Panel> {
    let panel = |measure: Measure| {
        let bar = |system: System| Some((system.name(), row.median(system, measure)?));
        let bars: Vec<_> = row.systems().filter_map(bar).collect();
        let better = if measure == Measure::Rate { "more" } else { "less" };
        let title = format!("{}: {} ({better} is better)", row.title, measure.name());
        (!bars.is_empty()).then_some(Panel { title, bars })
    };
    MEASURES.into_iter().filter_map(panel).collect()
}

impl Panel {
    fn height(&self) -> usize {
        (self.bars.len() + 2) * BAR
    }

    fn draw(&self, out: &mut String, left: usize, top: usize) {
        let most = self.bars.iter().map(|(_, value)| *value).fold(f64::MIN_POSITIVE, f64::max);
        let mut text = |x: usize, y: usize, rest: &str, text: &str| {
            let text = text.replace('&', "&amp;").replace('<', "&lt;");
            writeln!(out, "<text x=\"{x}\" y=\"{y}\"{rest}>{text}</text>").expect("a String takes every write");
        };
        text(left + 20, top + 15, " font-weight=\"bold\"", &self.title);
        for (index, (name, _)) in self.bars.iter().enumerate() {
            let y = top + BAR * (index + 1) + 15;
            text(left + LEFT - 8, y, " text-anchor=\"end\"", name);
        }
        for (index, (name, value)) in self.bars.iter().enumerate() {
            let (y, width) = (top + BAR * (index + 1) + 3, (value / most * LONGEST).max(1.0));
            let colour = if name.starts_with("herd") { "#2b6cb0" } else { "#a0aec0" };
            let x = left + LEFT;
            writeln!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{width:.1}\" height=\"15\" fill=\"{colour}\"/>")
                .and_then(|()| {
                    let (end, y) = (f64::from(u32::try_from(x).unwrap_or(0)) + width + 6.0, y + 12);
                    writeln!(out, "<text x=\"{end:.1}\" y=\"{y}\">{}</text>", figure(*value))
                })
                .expect("a String takes every write");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Row;

    #[test]
    fn the_longest_bar_is_the_largest_figure() {
        let mut row = RowResult::new(Row::Single);
        row.add(System::HerdTokio, Measure::Rate, 200_000.0);
        row.add(System::RedisSet, Measure::Rate, 100_000.0);
        let mut results = Results::default();
        results.add(row);
        let svg = draw(&results);
        for part in ["<svg ", "width=\"170.0\"", "width=\"85.0\"", ">200,000<", ">Redis SET<", "more is better"] {
            assert!(svg.contains(part), "{part} is missing: {svg}");
        }
    }
}
