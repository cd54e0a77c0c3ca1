//! How much room there is for what is shown.

use std::io;

/// How many columns a line may have: `COLUMNS` if it is set, else what the terminal has that output goes to. Where it goes
/// to no terminal, as many as it likes.
pub(crate) fn columns() -> Option<usize> {
    let set = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let of_terminal = || rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| usize::from(size.ws_col));
    set.or_else(of_terminal).filter(|&columns| columns > 0)
}

/// Cuts a text to so many columns, with a mark where something is missing.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.into();
    }
    text.chars().take(columns.saturating_sub(1)).chain(['…']).collect()
}

/// Joins words by two spaces, and goes on in a further line, set in, where there is no room for the next.
pub(crate) fn wrapped(words: &[&str], columns: Option<usize>) -> String {
    const GAP: &str = "  ";
    let (mut text, mut used) = (String::new(), 0);
    for word in words.iter().filter(|word| !word.is_empty()) {
        let len = word.chars().count();
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
        assert_eq!((cut("truck-7", 7), cut("truck-17", 7)), ("truck-7".into(), "truck-…".into()));
    }
}
