//! Rows in columns, as wide as a terminal at most.

use std::fmt;

use crate::terminal::cut;

/// How wide a terminal is at least.
pub(super) const WIDTH: usize = 80;

const GAP: usize = 2;

/// Rows of which the first is the head. The first three columns are words, of which the first two give way where there is
/// not enough room; the others are numbers.
pub(super) struct Grid<const N: usize>(pub(super) Vec<[String; N]>);

impl<const N: usize> Grid<N> {
    const WORDS: usize = 3;

    /// As wide as what they hold, and the first two less wide where that is too much.
    fn widths(&self) -> [usize; N] {
        let mut widths = [0; N];
        for row in &self.0 {
            for (width, text) in widths.iter_mut().zip(row) {
                *width = text.chars().count().max(*width);
            }
        }
        let least = [0, 1].map(|column| self.0[0][column].len());
        while widths.iter().sum::<usize>() + GAP * (N - 1) > WIDTH {
            let wider = usize::from(widths[1] - least[1].min(widths[1]) >= widths[0] - least[0].min(widths[0]));
            if widths[wider] <= least[wider] {
                break;
            }
            widths[wider] -= 1;
        }
        widths
    }
}

impl<const N: usize> fmt::Display for Grid<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        for row in &self.0 {
            let cells = row.iter().zip(widths).enumerate().map(|(column, (text, width))| {
                let text = cut(text, width);
                if column < Self::WORDS { format!("{text:width$}") } else { format!("{text:>width$}") }
            });
            writeln!(f, "{}", cells.collect::<Vec<_>>().join(&" ".repeat(GAP)).trim_end())?;
        }
        Ok(())
    }
}
