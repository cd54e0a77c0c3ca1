//! What the command line's parser says, told as the rest is.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::{exit_code, listed, one_line};

/// Whether nothing is wrong: help or the version was asked for, or nothing at all.
#[must_use]
pub fn is_help(error: &clap::Error) -> bool {
    use ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion};
    matches!(error.kind(), DisplayHelp | DisplayHelpOnMissingArgumentOrSubcommand | DisplayVersion)
}

/// Where an option was given that this command does not have and others do, says which do, rather than what it looks like.
#[must_use]
pub fn name_owners(mut error: clap::Error, line: &clap::Command) -> clap::Error {
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else { return error };
    let has_it = |argument: &clap::Arg| argument.get_long().is_some_and(|long| option.strip_prefix("--") == Some(long));
    let owners = line.get_subcommands().filter(|command| command.get_arguments().any(has_it));
    let owners: Vec<&str> = owners.map(clap::Command::get_name).collect();
    if error.kind() == ErrorKind::UnknownArgument && !owners.is_empty() {
        let owners = listed(owners.into_iter());
        error.remove(ContextKind::SuggestedArg);
        error.insert(
            ContextKind::Suggested,
            ContextValue::StyledStrs(vec![format!("it is an option of {owners}").into()]),
        );
    }
    error
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
    use clap::{Arg, Command};

    use super::{joined, name_owners};

    #[test]
    fn an_option_of_other_commands_is_told_as_theirs() {
        let command = |name: &'static str, option: &'static str| Command::new(name).arg(Arg::new(option).long(option));
        let line = Command::new("herd").subcommands([command("up", "clients"), command("serve", "listen")]);
        let told = |option| {
            let error = line.clone().try_get_matches_from(["herd", "up", option]).expect_err("no such option");
            joined(&name_owners(error, &line).to_string())
        };
        let found = "unexpected argument '--listen' found; tip: it is an option of serve; try --help";
        assert_eq!(told("--listen"), found);
        let found = "unexpected argument '--client' found; tip: a similar argument exists: '--clients'; try --help";
        assert_eq!(told("--client"), found);
    }

    #[test]
    fn the_parsers_text_becomes_one_line() {
        let text = "error: the following were not provided:\n  <LAT>\n  <LNG>\n\n  tip: give them\n\n\
                    Usage: herd iamat <CLIENT>\n       herd <COMMAND>\n\nFor more information, try '--help'.\n";
        assert_eq!(joined(text), "the following were not provided: <LAT> <LNG>; tip: give them; try --help");
    }
}
