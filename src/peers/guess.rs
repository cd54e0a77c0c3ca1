//! How much differs in a span, as far as what was found before tells, and how best to ask then.
//!
//! A sketch takes bytes in proportion to what differs, a list in proportion to what there is. Of a list only what is
//! newer crosses the link; a report that a sketch shows to differ is sent by both, since neither can tell whose is the
//! newer. So a list is the better one where about a third differs, or where there is little to list.

use crate::wire::{Held, Sketch, Span};

/// How many cells of a sketch are needed for each 1,024 clients.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Guess(usize);

/// What a neighbour can be asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words {
    /// Whether it knows `have`.
    pub(crate) lists: bool,
    /// The most cells of a sketch, and the most reports of a list, that a line holds.
    pub(crate) most_cells: usize,
    pub(crate) most_held: usize,
}

/// How to ask for a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// A sketch of so many cells.
    Sketch(usize),
    /// A list.
    List,
    /// All that the neighbour has: nothing is known of it here.
    All,
    /// All that the neighbour has, and it is sent all that is known here: it knows no lists.
    Everything,
    /// Its parts, which have so many bits more.
    Split(u32),
}

impl Way {
    /// An answer that may bring anything counts as so many reports.
    const WHOLE: usize = 512;

    /// How many reports the answer may bring, where so many clients are known.
    pub(super) const fn weight(self, clients: usize) -> usize {
        match self {
            Self::Sketch(cells) => cells,
            Self::List => clients,
            Self::All | Self::Everything => Self::WHOLE,
            Self::Split(_) => 0,
        }
    }
}

impl Guess {
    /// No sketch has fewer cells.
    const LEAST: usize = 6;

    /// The most cells of a first sketch, when little is known of how much differs.
    const MOST_FIRST: usize = 64;

    /// How many clients the guess is for.
    const PER: usize = 1024;

    /// More than lists take.
    const MOST: usize = 8 * Self::PER;

    /// So many ranges differ, and there are so many clients. From how many they are follows how much differs in each. One
    /// report that changed is two differences, and three cells tell two of them. Where nearly all ranges differ there is
    /// no telling, and a sketch that proves too short is not the end.
    pub(super) fn of(differing: usize, clients: usize) -> Self {
        let ranges = 1 << Span::RANGE_BITS;
        let same = ranges - differing.min(ranges);
        let cells = (12 * differing / (same + 1)).min(Self::MOST_FIRST - Self::LEAST);
        Self(cells * Self::PER / (clients / ranges).max(1)).bounded()
    }

    /// A sketch of so many cells did not tell what differs among so many clients.
    pub(super) fn fell_short(&mut self, cells: usize, clients: usize) {
        *self = Self((self.0 * 2).max(4 * cells * Self::PER / clients.max(1))).bounded();
    }

    /// So many reports differed among so many clients, both ends' counted.
    pub(super) fn was(&mut self, differing: usize, clients: usize) {
        let needed = Self(2 * differing * Self::PER / clients.max(1)).bounded();
        *self = Self((3 * self.0 + needed.0) / 4);
    }

    /// How to ask for a span of so many clients, when a sketch of `least` cells or more is needed.
    pub(super) fn way(self, clients: usize, least: usize, words: Words) -> Way {
        if clients == 0 {
            return Way::All;
        }
        let cells = least.max(Self::LEAST + (self.0 * clients).div_ceil(Self::PER));
        if words.lists && cells * Sketch::CELL_TEXT >= Held::text(clients) {
            return fit(clients, words.most_held, Way::List);
        }
        // A sketch that has as many cells as there are reports to send is of no use.
        if !words.lists && least > 0 && cells >= 2 * clients {
            return fit(clients, words.most_held, Way::Everything);
        }
        fit(cells, words.most_cells, Way::Sketch(cells))
    }

    const fn bounded(self) -> Self {
        Self(if self.0 < Self::MOST { self.0 } else { Self::MOST })
    }
}

/// That way, if a line holds so much, or parts that do.
fn fit(much: usize, most: usize, way: Way) -> Way {
    if much <= most { way } else { Way::Split(much.div_ceil(most.max(1)).next_power_of_two().ilog2().max(1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: Words = Words { lists: true, most_cells: 250, most_held: 190 };

    #[test]
    fn few_differences_are_sketched_and_many_are_listed() {
        assert_eq!(Guess::of(95, 1_000_000).way(976, 0, WORDS), Way::Sketch(7));
        assert_eq!(Guess::of(1024, 1_000_000).way(976, 0, WORDS), Way::Sketch(64));
        let mut guess = Guess::of(1024, 1_000_000);
        guess.fell_short(64, 976);
        guess.fell_short(256, 976);
        assert!(matches!(guess.way(976, 1024, WORDS), Way::Split(_)));
        guess.was(2 * 150, 150);
        assert_eq!(guess.way(150, 0, WORDS), Way::List);
        for _ in 0..9 {
            guess.was(2, 150);
        }
        assert!(matches!(guess.way(150, 0, WORDS), Way::Sketch(cells) if cells < 64));
    }

    #[test]
    fn whatever_is_guessed_a_sketch_that_falls_short_ends_in_a_list() {
        for words in [WORDS, Words { lists: false, ..WORDS }, Words { most_cells: 15, most_held: 15, ..WORDS }] {
            for clients in 1..=15 {
                let (guess, mut least, mut asked) = (Guess::default(), 0, 0);
                while let Way::Sketch(cells) = guess.way(clients, least, words) {
                    (least, asked) = (4 * cells, asked + 1);
                    assert!(asked < 5, "{clients} clients");
                }
                assert!(matches!(guess.way(clients, least, words), Way::List | Way::Everything | Way::Split(_)));
            }
        }
        assert_eq!(Guess::default().way(0, 0, WORDS), Way::All);
    }
}
