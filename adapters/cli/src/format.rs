//! Text for people, or JSON for programs.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::json;

use herd_command::escaped;

/// How answers and errors are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// Lines of JSON: answers on standard output, errors on standard error.
    Json,
}

impl Format {
    /// JSON, if that was asked for.
    pub(crate) const fn of(is_json: bool) -> Self {
        if is_json { Self::Json } else { Self::Text }
    }

    /// What a command line asks for that cannot be read any further.
    pub(crate) fn of_arguments() -> Self {
        Self::of(std::env::args_os().take_while(|argument| argument != "--").any(|argument| argument == "--json"))
    }

    /// Whether it is JSON.
    pub(crate) fn is_json(self) -> bool {
        self == Self::Json
    }

    /// Says on standard error, in one line, what went wrong.
    pub(crate) fn error(self, kind: &str, message: &str) {
        self.tell("error", kind, message);
    }

    /// Says on standard error, in one line, what somebody should know.
    pub(crate) fn warn(self, kind: &str, message: &str) {
        self.tell("warning", kind, message);
    }

    fn tell(self, what: &str, kind: &str, message: &str) {
        let line = match self {
            Self::Text => format!("herd: {what}: {}", escaped(message)),
            Self::Json => line(&json!({ what: message, "kind": kind })),
        };
        // Nobody is left to tell where standard error itself is gone.
        let _ = writeln!(io::stderr(), "{line}");
    }
}

/// A value as JSON in one line. No string in it holds a control character: JSON itself lets some through that terminals
/// obey.
pub(crate) fn line(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).expect("maps have keys of text here");
    let mut line = String::with_capacity(text.len());
    for char in text.chars() {
        // Line ends are white space between values, which somebody else has written.
        if char.is_control() && !char.is_ascii_control() || char == '\u{7f}' {
            write!(line, "\\u{:04x}", u32::from(char)).expect("a String takes every write");
        } else {
            line.push(char);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_terminal_obeys_a_string_in_json() {
        let told = line(&json!({ "client": "a\u{9b}2J\u{7f}\u{1b}東" }));
        assert_eq!(told, "{\"client\":\"a\\u009b2J\\u007f\\u001b東\"}");
        let back: serde_json::Value = serde_json::from_str(&told).expect("JSON");
        assert_eq!(back["client"], "a\u{9b}2J\u{7f}\u{1b}東");
    }
}
