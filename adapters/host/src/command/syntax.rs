//! What the command line's parser says, told as the rest is.

use clap::error::ErrorKind;

use crate::one_line::one_line;

/// Whether nothing is wrong: help or the version was asked for, or nothing at all.
pub(super) fn is_help(error: &clap::Error) -> bool {
    use ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion};
    matches!(error.kind(), DisplayHelp | DisplayHelpOnMissingArgumentOrSubcommand | DisplayVersion)
}

/// The parser's paragraphs as one line, without the usage, which `--help` has too.
pub(super) fn told(error: &clap::Error) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let is_said_elsewhere = |part: &&str| part.starts_with("Usage:") || part.starts_with("For more information");
    let mut line = String::new();
    for part in text.split("\n\n").filter(|part| !is_said_elsewhere(part)) {
        line += &part.lines().map(str::trim).filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" ");
        line += "; ";
    }
    // The arguments that it quotes may hold anything.
    one_line(&line) + "try --help"
}
