//! The results as tables for people.

use std::io::{self, Write};

use super::measure::Measure;
use super::results::{LoadBound, Results, RowResult};
use super::target::{Bound, Judged, Verdict};
use crate::table::{NOTHING, Table, figure};

/// Writes all figures, then the verdicts.
pub(crate) fn write(results: &Results, out: &mut impl Write) -> io::Result<()> {
    let shown: Vec<Measure> = Measure::ALL.into_iter().filter(|&measure| has(results, measure)).collect();
    let names: Vec<&str> = shown.iter().map(|measure| measure.name()).collect();
    let mut figures = Table::new(&[&["load", "system"], &names[..]].concat());
    let mut verdicts = Table::new(&["load", "measure", "of", "is", "against", "is", "ratio", "target", "verdict"]);
    for row in &results.rows {
        for system in row.systems() {
            let mut cells = vec![row.title.clone(), system.name().into()];
            cells.extend(shown.iter().map(|&measure| shown_figure(row.median(system, measure))));
            figures.row(cells);
        }
        for judged in &row.judged {
            verdicts.row(cells(row, judged));
        }
    }
    write!(out, "{}", figures.render())?;
    if results.rows.iter().any(|row| !row.judged.is_empty()) {
        write!(out, "\n{}", verdicts.render())?;
    }
    let notes = |row: &RowResult| {
        let missing = row.missing.iter().map(|why| format!("not measured: {}: {why}", row.title));
        let errors = row.errors.iter().map(|what| format!("ERROR: {}: {what}", row.title));
        let bound = row.load_bound().map(|LoadBound { system, load, server }| {
            let (title, system) = (&row.title, system.name());
            let [load, server] = [load, server].map(figure);
            format!("the load's rate: {title}: {system} took {server} of a core, the load {load}: compare CPU")
        });
        missing.chain(errors).chain(bound).collect::<Vec<_>>()
    };
    results.rows.iter().flat_map(notes).try_for_each(|note| writeln!(out, "{note}"))?;
    let count =
        |verdict| results.rows.iter().flat_map(|row| &row.judged).filter(|judged| judged.verdict == verdict).count();
    let [met, missed, open] = [Verdict::Met, Verdict::Missed, Verdict::NotMeasured].map(count);
    writeln!(out, "\n{met} targets met, {missed} missed, {open} not measured")
}

fn has(results: &Results, measure: Measure) -> bool {
    results.rows.iter().flat_map(|row| &row.figures).any(|figure| figure.measure == measure)
}

fn shown_figure(value: Option<f64>) -> String {
    value.map_or_else(|| NOTHING.into(), figure)
}

fn cells(row: &RowResult, judged: &Judged) -> Vec<String> {
    let Judged { target, .. } = judged;
    let bound = match target.bound {
        Bound::AtMost(bound) => format!("at most {}", figure(bound)),
        Bound::AtLeast(bound) => format!("at least {}", figure(bound)),
    };
    let verdict = match judged.verdict {
        Verdict::Met => "met",
        Verdict::Missed => "MISSED",
        Verdict::NotMeasured => "not measured",
    };
    vec![
        row.title.clone(),
        target.measure.name().into(),
        target.of.name().into(),
        shown_figure(judged.figure),
        target.against.map_or(NOTHING, |against| against.name()).into(),
        shown_figure(judged.other),
        target.against.map_or_else(|| NOTHING.into(), |_| shown_figure(judged.value)),
        bound,
        verdict.into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::row::Row;
    use crate::compare::system::System;

    #[test]
    fn figures_and_verdicts_are_shown() {
        let mut row = RowResult::new(Row::Connect);
        row.add(System::HerdTokio, Measure::Rate, 12_000.0);
        row.add(System::RedisSet, Measure::Rate, 10_000.0);
        row.missing.push("herd-async-std is not there".into());
        let mut results = Results::default();
        results.add(row);
        let mut out = Vec::new();
        write(&results, &mut out).expect("a Vec takes every write");
        let text = String::from_utf8(out).expect("UTF-8");
        let expected = "\
load                      system      a second
------------------------  ----------  --------
IAMAT, a connection each  herd-tokio    12,000
IAMAT, a connection each  Redis SET     10,000

load                      measure   of                  is  against         is  ratio  target         verdict
------------------------  --------  --------------  ------  ----------  ------  -----  -------------  ------------
IAMAT, a connection each  a second  herd-tokio      12,000  Redis SET   10,000   1.20  at least 1.00  met
IAMAT, a connection each  a second  herd-async-std       -  herd-tokio  12,000      -  at least 0.75  not measured
not measured: IAMAT, a connection each: herd-async-std is not there

1 targets met, 0 missed, 1 not measured
";
        assert_eq!(text, expected);
    }
}
