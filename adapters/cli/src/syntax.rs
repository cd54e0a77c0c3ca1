//! What the command line's parser says, told as the rest is.

use std::process::ExitCode;

use clap::error::ErrorKind;

use crate::failure::Failure;
use crate::text::escaped;

/// Prints help as it is, and anything else as one line; the code to exit with.
pub(crate) fn report(error: &clap::Error) -> ExitCode {
    use ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion};
    if matches!(error.kind(), DisplayHelp | DisplayHelpOnMissingArgumentOrSubcommand | DisplayVersion) {
        // Nobody is left to tell where the terminal itself is gone.
        let _ = error.print();
        return u8::try_from(error.exit_code()).map_or(ExitCode::from(2), ExitCode::from);
    }
    Failure::Usage(one_line(&error.to_string())).report()
}

/// The paragraphs of the parser's text as one line, without the usage, which `--help` has too.
fn one_line(text: &str) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let is_said_elsewhere = |part: &str| part.starts_with("Usage:") || part.starts_with("For more information");
    let mut line = String::new();
    for part in text.split("\n\n").filter(|part| !is_said_elsewhere(part)) {
        let words: Vec<&str> = part.lines().map(str::trim).filter(|words| !words.is_empty()).collect();
        line += &words.join(" ");
        line += "; ";
    }
    // The arguments that it quotes may hold anything.
    escaped(&line) + "try --help"
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn the_parsers_text_becomes_one_line() {
        let text = "error: the following were not provided:\n  <LAT>\n  <LNG>\n\n  tip: give them\n\n\
                    Usage: herd iamat <CLIENT>\n       herd <COMMAND>\n\nFor more information, try '--help'.\n";
        assert_eq!(one_line(text), "the following were not provided: <LAT> <LNG>; tip: give them; try --help");
    }
}
