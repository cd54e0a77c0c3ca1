//! Tables for people.

use std::fmt::Write;

/// Rows of texts, under a heading.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub(crate) fn new(heading: &[&str]) -> Self {
        Self { rows: vec![heading.iter().map(|&text| text.into()).collect()] }
    }

    /// One more row.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The table as text: the first column to the left, numbers to the right.
    pub(crate) fn render(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width =
            |column: usize| self.rows.iter().filter_map(move |row| row.get(column)).map(|cell| cell.chars().count());
        let widths: Vec<usize> = (0..columns).map(|column| width(column).max().unwrap_or_default()).collect();
        let is_number = |cell: &str| cell.starts_with(|first: char| first.is_ascii_digit()) || cell == NOTHING;
        let to_right =
            |column: usize| self.rows[1..].iter().filter_map(|row| row.get(column)).all(|cell| is_number(cell));
        let sides: Vec<bool> = (0..columns).map(|column| column > 0 && to_right(column)).collect();
        let mut out = String::new();
        for (index, row) in self.rows.iter().enumerate() {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let width = widths[column];
                let gap = if column == 0 { "" } else { "  " };
                let written = if sides[column] {
                    write!(line, "{gap}{cell:>width$}")
                } else {
                    write!(line, "{gap}{cell:<width$}")
                };
                written.expect("a String takes every write");
            }
            out += line.trim_end();
            out += "\n";
            if index == 0 {
                let rule: Vec<String> = widths.iter().map(|&width| "-".repeat(width)).collect();
                out += &rule.join("  ");
                out += "\n";
            }
        }
        out
    }
}

/// What stands for a figure that there is none of.
pub(crate) const NOTHING: &str = "-";

/// A count for people, with commas between the thousands.
#[expect(clippy::cast_precision_loss, reason = "counts are far from 2 to the 53rd")]
pub(crate) fn count(value: u64) -> String {
    figure(value as f64)
}

/// A figure for people: three digits or more, with commas between the thousands.
pub(crate) fn figure(value: f64) -> String {
    if !value.is_finite() {
        return NOTHING.into();
    }
    let decimals = match value.abs() {
        size if size < 10.0 => 2,
        size if size < 100.0 => 1,
        _ => 0,
    };
    let text = format!("{value:.decimals$}");
    let (whole, fraction) = text.split_once('.').map_or((&*text, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        let left = whole.len() - index;
        if index > 0 && left.is_multiple_of(3) && !out.ends_with('-') {
            out.push(',');
        }
        out.push(digit);
    }
    fraction.map_or(out.clone(), |fraction| format!("{out}.{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&["load", "a second", "verdict"]);
        table.row(vec!["IAMAT".into(), figure(1_234_567.0), "met".into()]);
        table.row(vec!["a connection each".into(), NOTHING.into(), "not measured".into()]);
        let text = "\
load                a second  verdict
-----------------  ---------  ------------
IAMAT              1,234,567  met
a connection each          -  not measured
";
        assert_eq!(table.render(), text);
    }

    #[test]
    fn figures_are_as_long_as_they_need_to_be() {
        for (value, text) in [
            (0.456_7, "0.46"),
            (12.34, "12.3"),
            (123.4, "123"),
            (1_000.0, "1,000"),
            (1_234_567.8, "1,234,568"),
            (-123_456.0, "-123,456"),
            (f64::NAN, "-"),
        ] {
            assert_eq!(figure(value), text);
        }
    }
}
