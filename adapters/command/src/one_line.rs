//! Text from elsewhere, made fit to stand in a message of one line.

/// The text with its control characters escaped and its lines joined, so that a message stays one line.
#[must_use]
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_control() {
            line.extend(char.escape_default());
        } else {
            line.push(char);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn no_line_ends_are_left() {
        assert_eq!(one_line("a\nb\u{1b}[1m é"), "a\\nb\\u{1b}[1m é");
    }
}
