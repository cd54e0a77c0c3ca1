//! Text from elsewhere, made fit for a terminal.

use std::fmt::Write;

/// The text with its control characters as `\x1b` and the like: whoever chose a client's ID or a place's
/// name must not move the cursor, set colours or begin a line.
pub(crate) fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_control() {
            write!(shown, "\\x{:02x}", u32::from(char)).expect("a String takes every write");
        } else {
            shown.push(char);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn control_characters_are_escaped_and_nothing_else_is() {
        assert_eq!(escaped("a\x1b[1m\n\t\u{7f}\u{9b}"), r"a\x1b[1m\x0a\x09\x7f\x9b");
        assert_eq!(escaped(r#"Café "Zur \ Post" 東京"#), r#"Café "Zur \ Post" 東京"#);
    }
}
