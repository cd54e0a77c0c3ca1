//! How the servers of a herd are joined to other regions, as a table for people.

use std::fmt;

use super::grid::Grid;
use crate::health::{Answer, OtherRegion, Region, Shown};
use crate::terminal::wrapped;
use herd_command::escaped;

const HEADS: [&str; 7] = ["server", "region", "NATS", "lag", "arrivals", "questions", "time-outs"];

/// As text behind an empty line; none where no server is part of a region.
pub(super) struct Regions<'a>(pub(super) &'a [Answer]);

impl fmt::Display for Regions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = || self.0.iter().filter_map(|answer| Some((answer, &answer.report.as_ref().ok()?.shown)));
        let rows = told().filter_map(|(answer, shown)| Some(row(answer, shown, shown.region.as_ref()?)));
        let rows: Vec<_> = [HEADS.map(String::from)].into_iter().chain(rows).collect();
        if rows.len() == 1 {
            return Ok(());
        }
        write!(f, "\n{}", Grid(rows))?;
        let others = OtherRegion::of_all(told().map(|(_, shown)| shown));
        if others.is_empty() {
            return writeln!(f, "\nNo other region was heard of.");
        }
        let words: Vec<String> =
            others.iter().map(|region| format!("{} {}", escaped(&region.name), region.describe())).collect();
        let words: Vec<&str> = ["Other regions:"].into_iter().chain(words.iter().map(String::as_str)).collect();
        writeln!(f, "\n{}", wrapped(&words, Some(super::grid::WIDTH)))
    }
}

fn row(answer: &Answer, shown: &Shown, region: &Region) -> [String; 7] {
    let count = |names: &[&str]| names.iter().filter_map(|&name| shown.counters.get(name)).sum::<u64>().to_string();
    let bridge = if region.is_bridge() { " (bridge)" } else { "" };
    [
        escaped(&answer.name),
        format!("{}{bridge}", escaped(&region.name)),
        region.nats(),
        region.lag.map_or_else(|| "-".into(), |lag| lag.to_string()),
        count(&["arrivals_told", "arrivals_heard"]),
        count(&["region_questions"]),
        count(&["region_timeouts"]),
    ]
}
