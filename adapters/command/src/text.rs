//! Text from elsewhere, made fit for a terminal.

use std::fmt::Write;

/// The text with its control characters as `\x1b` and the like: whoever chose a client's ID or a place's
/// name must not move the cursor, set colours, begin a line or turn the direction of writing.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    push(&mut shown, text);
    shown
}

/// Bytes of others' making as text, its control characters and whatever is not UTF-8 as `\x1b` and the like.
#[must_use]
pub fn readable(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        push(&mut shown, chunk.valid());
        chunk.invalid().iter().for_each(|byte| _ = write!(shown, "\\x{byte:02x}"));
    }
    shown
}

/// The same of text in lines, whose ends are left as they are.
#[must_use]
pub fn readable_lines(bytes: &[u8]) -> String {
    let lines: Vec<String> = bytes.split(|&byte| byte == b'\n').map(readable).collect();
    lines.join("\n")
}

fn push(shown: &mut String, text: &str) {
    for char in text.chars() {
        match u32::from(char) {
            code if char.is_control() => _ = write!(shown, "\\x{code:02x}"),
            code if turns(char) => _ = write!(shown, "\\u{{{code:x}}}"),
            _ => shown.push(char),
        }
    }
}

/// Whether it changes the direction of writing of what follows, or begins a line in some programs' eyes.
const fn turns(char: char) -> bool {
    matches!(char, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::{escaped, readable, readable_lines};

    #[test]
    fn control_characters_are_escaped_and_nothing_else_is() {
        assert_eq!(escaped("a\x1b[1m\n\t\u{7f}\u{9b}"), r"a\x1b[1m\x0a\x09\x7f\x9b");
        assert_eq!(escaped(r#"Café "Zur \ Post" 東京"#), r#"Café "Zur \ Post" 東京"#);
        assert_eq!(escaped("truck\u{202e}7"), r"truck\u{202e}7");
        assert_eq!(readable("Café\u{1b}".as_bytes()), r"Café\x1b");
        assert_eq!(readable(b"a\xffb\xc3"), r"a\xffb\xc3");
        assert_eq!(readable_lines(b"a\x07\n\xff\n"), "a\\x07\n\\xff\n");
    }
}
