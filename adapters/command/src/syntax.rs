//! What the command line's parser says, told as the rest is.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::ErrorKind;

use crate::{exit_code, one_line};

/// Whether nothing is wrong: help or the version was asked for, or nothing at all.
#[must_use]
pub fn is_help(error: &clap::Error) -> bool {
    use ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion};
    matches!(error.kind(), DisplayHelp | DisplayHelpOnMissingArgumentOrSubcommand | DisplayVersion)
}

/// The paragraphs of the parser's text one behind the other, without the usage, which `--help` has too. The
/// arguments that it quotes may hold anything: it is to be escaped.
#[must_use]
pub fn joined(text: &str) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let is_said_elsewhere = |part: &&str| part.starts_with("Usage:") || part.starts_with("For more information");
    let mut line = String::new();
    for part in text.split("\n\n").filter(|part| !is_said_elsewhere(part)) {
        let words: Vec<&str> = part.lines().map(str::trim).filter(|words| !words.is_empty()).collect();
        line += &words.join(" ");
        line += "; ";
    }
    line + "try --help"
}

/// Prints help as it is, and anything else as one line; the code to exit with.
#[must_use]
pub fn report(program: &str, error: &clap::Error) -> ExitCode {
    // Nobody is left to tell where the terminal itself is gone.
    if is_help(error) {
        let _ = error.print();
        return u8::try_from(error.exit_code()).map_or(ExitCode::from(exit_code::USAGE), ExitCode::from);
    }
    let _ = writeln!(io::stderr(), "{program}: error: {}", one_line(&joined(&error.to_string())));
    ExitCode::from(exit_code::USAGE)
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn the_parsers_text_becomes_one_line() {
        let text = "error: the following were not provided:\n  <LAT>\n  <LNG>\n\n  tip: give them\n\n\
                    Usage: herd iamat <CLIENT>\n       herd <COMMAND>\n\nFor more information, try '--help'.\n";
        assert_eq!(joined(text), "the following were not provided: <LAT> <LNG>; tip: give them; try --help");
    }
}
