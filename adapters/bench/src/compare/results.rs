//! What was measured, row by row.

use serde::{Deserialize, Serialize};

use super::measure::Measure;
use super::row::Row;
use super::system::System;
use super::target::{Judged, Verdict};

/// All rows that were run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Results {
    /// In the order in which they ran.
    pub(crate) rows: Vec<RowResult>,
}

/// One row.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RowResult {
    /// Which.
    pub(crate) row: Row,
    /// What the load was, for people.
    pub(crate) title: String,
    /// What was measured.
    pub(crate) figures: Vec<Figure>,
    /// What came of the targets.
    pub(crate) judged: Vec<Judged>,
    /// Why some system was not measured.
    pub(crate) missing: Vec<String>,
    /// What went wrong while it was measured: then its figures mean nothing.
    pub(crate) errors: Vec<String>,
}

/// One measure of one system.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Figure {
    /// Whose.
    pub(crate) system: System,
    /// What.
    pub(crate) measure: Measure,
    /// What counts.
    pub(crate) median: f64,
    /// Each run's.
    pub(crate) runs: Vec<f64>,
}

impl Results {
    /// One more row.
    pub(crate) fn add(&mut self, mut row: RowResult) {
        row.judged = row.row.targets().into_iter().map(|target| target.judge(&row)).collect();
        self.rows.push(row);
    }

    /// Whether no target is missed and nothing went wrong; and everything was measured, if it has to be.
    pub(crate) fn is_success(&self, require_all: bool) -> bool {
        let mut verdicts = self.rows.iter().flat_map(|row| &row.judged).map(|judged| judged.verdict);
        let are_met =
            verdicts.all(|verdict| verdict == Verdict::Met || verdict == Verdict::NotMeasured && !require_all);
        are_met && self.rows.iter().all(|row| row.errors.is_empty() && (row.missing.is_empty() || !require_all))
    }
}

impl RowResult {
    /// Nothing measured yet.
    pub(crate) fn new(row: Row) -> Self {
        Self::titled(row, row.title().into())
    }

    /// Nothing measured yet of a part of a row.
    pub(crate) fn titled(row: Row, title: String) -> Self {
        Self { row, title, figures: Vec::new(), judged: Vec::new(), missing: Vec::new(), errors: Vec::new() }
    }

    /// One more run's figure.
    pub(crate) fn add(&mut self, system: System, measure: Measure, value: f64) {
        let is_it = |figure: &&mut Figure| (figure.system, figure.measure) == (system, measure);
        if let Some(figure) = self.figures.iter_mut().find(is_it) {
            figure.runs.push(value);
            figure.median = median(&figure.runs);
        } else {
            self.figures.push(Figure { system, measure, median: value, runs: vec![value] });
        }
    }

    /// The median of a system's runs.
    pub(crate) fn median(&self, system: System, measure: Measure) -> Option<f64> {
        let is_it = |figure: &&Figure| (figure.system, figure.measure) == (system, measure);
        self.figures.iter().find(is_it).map(|figure| figure.median)
    }

    /// The systems that could have borne more.
    pub(crate) fn load_bound(&self) -> impl Iterator<Item = LoadBound> + '_ {
        let cores = |system, micros| Some(self.median(system, Measure::Rate)? * self.median(system, micros)? / 1e6);
        let both = move |system| {
            let (load, server) = (cores(system, Measure::LoadCpu)?, cores(system, Measure::ServerCpu)?);
            Some(LoadBound { system, load, server })
        };
        self.systems().filter_map(both).filter(|bound| bound.load >= FULL && bound.server < bound.load)
    }

    /// The systems that were measured, in the order of the row.
    pub(crate) fn systems(&self) -> impl Iterator<Item = System> + '_ {
        let has = |system: &System| self.figures.iter().any(|figure| figure.system == *system);
        self.row.systems().iter().copied().filter(has)
    }
}

/// A load that takes that much of a core has none left.
const FULL: f64 = 0.9;

/// A system that could have borne more than the load could give: its rate is the load's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LoadBound {
    /// Which.
    pub(crate) system: System,
    /// What the load took, in cores.
    pub(crate) load: f64,
    /// What the server took, in cores.
    pub(crate) server: f64,
}

/// The middle one, or between the two in the middle.
fn median(runs: &[f64]) -> f64 {
    let mut sorted = runs.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) { f64::midpoint(sorted[middle - 1], sorted[middle]) } else { sorted[middle] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_counts() {
        let mut row = RowResult::new(Row::Single);
        for rate in [3.0, 9.0, 1.0, 5.0] {
            row.add(System::HerdTokio, Measure::Rate, rate);
        }
        assert_eq!(row.median(System::HerdTokio, Measure::Rate), Some(4.0));
        assert_eq!(row.median(System::RedisSet, Measure::Rate), None);
    }

    #[test]
    fn a_load_that_takes_a_core_is_told_where_the_server_takes_less() {
        let mut row = RowResult::new(Row::Connect);
        for (system, load, server) in
            [(System::HerdTokio, 40.0, 20.0), (System::RedisSet, 40.0, 50.0), (System::HerdAsyncStd, 30.0, 10.0)]
        {
            row.add(system, Measure::Rate, 25_000.0);
            row.add(system, Measure::LoadCpu, load);
            row.add(system, Measure::ServerCpu, server);
        }
        let tokio = LoadBound { system: System::HerdTokio, load: 1.0, server: 0.5 };
        assert_eq!(row.load_bound().collect::<Vec<_>>(), [tokio]);
    }

    #[test]
    fn what_is_not_measured_fails_only_where_it_must() {
        let mut results = Results::default();
        results.add(RowResult::new(Row::Single));
        assert!(results.is_success(false));
        assert!(!results.is_success(true));
        results.rows[0].errors.push("refused".into());
        assert!(!results.is_success(false));
    }
}
