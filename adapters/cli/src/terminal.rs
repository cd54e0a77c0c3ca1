//! How much room there is for what is shown.

use std::io;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many columns a line may have: `COLUMNS` if it is set, else what the terminal has that output goes to. Where it goes
/// to no terminal, as many as it likes.
pub(crate) fn columns() -> Option<usize> {
    let set = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let of_terminal = || rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| usize::from(size.ws_col));
    set.or_else(of_terminal).filter(|&columns| columns > 0)
}

/// How many columns a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// Cuts a text to so many columns, with a mark where something is missing.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.into();
    }
    let mut room = columns.saturating_sub(1);
    let fits = |char: &char| {
        let width = char.width().unwrap_or_default();
        let fits = width <= room;
        room = room.saturating_sub(width);
        fits
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

/// A text in lines that begin with `indent` and break between words.
pub(crate) fn paragraph(text: &str, columns: Option<usize>, indent: &str) -> String {
    let mut lines = vec![String::from(indent)];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is one");
        let is_begun = line.len() > indent.len();
        if is_begun && columns.is_some_and(|columns| width(line) + 1 + width(word) > columns) {
            lines.push(format!("{indent}{word}"));
        } else {
            line.extend(is_begun.then_some(' '));
            line.push_str(word);
        }
    }
    lines.join("\n")
}

/// Joins words by two spaces, and goes on in a further line, set in, where there is no room for the next.
pub(crate) fn wrapped(words: &[&str], columns: Option<usize>) -> String {
    const GAP: &str = "  ";
    let (mut text, mut used) = (String::new(), 0);
    for word in words.iter().filter(|word| !word.is_empty()) {
        let len = width(word);
        if used > 0 {
            let is_full = columns.is_some_and(|columns| used + GAP.len() + len > columns);
            if is_full {
                text.truncate(text.trim_end().len());
                text.push('\n');
                used = 0;
            }
            text.push_str(GAP);
            used += GAP.len();
        }
        text.push_str(word);
        used += len;
    }
    text.truncate(text.trim_end().len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_goes_on_in_the_next_line() {
        let words = ["12:00:00", "seen   ", "truck-7", "34.06893 -118.44513", ""];
        assert_eq!(wrapped(&words, None), "12:00:00  seen     truck-7  34.06893 -118.44513");
        assert_eq!(wrapped(&words, Some(47)), wrapped(&words, None));
        assert_eq!(wrapped(&words, Some(46)), "12:00:00  seen     truck-7\n  34.06893 -118.44513");
        assert_eq!(wrapped(&words, Some(20)), "12:00:00  seen\n  truck-7\n  34.06893 -118.44513");
        assert_eq!(paragraph("one two three", Some(9), "  "), "  one two\n  three");
        assert_eq!(paragraph("one two three", None, "  "), "  one two three");
        assert_eq!((cut("東京タワー", 10), cut("東京タワー", 9)), ("東京タワー".into(), "東京タワ…".into()));
        assert_eq!((cut("truck-7", 7), cut("truck-17", 7)), ("truck-7".into(), "truck-…".into()));
    }
}
