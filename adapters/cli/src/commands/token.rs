//! `herd token`: makes a token.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::num::NonZeroU32;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use herd::access::InvalidRight;
use herd::{Right, Token};
use serde_json::json;

use crate::failure::Failure;
use crate::format::{self, Format};

/// Make a token that gives a client its own rights
///
/// Prints the token, which is not stored anywhere, and the lines for the herd's config file. Give the lines to every server,
/// and the token to the client, in a file for --token-file.
#[derive(Args)]
#[command(after_long_help = RIGHTS)]
pub(crate) struct MakeToken {
    /// The token's name in the config file and in logs
    #[arg(value_parser = name)]
    name: String,
    /// A right, as in report:truck-* or status; may be repeated
    #[arg(long, value_name = "RIGHT", required = true, value_parser = right)]
    may: Vec<Right>,
    /// How many reports per second it may send on average [default: as in the config file]
    #[arg(long, value_name = "N")]
    reports_per_second: Option<NonZeroU32>,
    /// Write the token to this new file, readable by its owner only, and print only the lines
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Every right, and what it is for.
const RIGHTS: &str = "\
Rights:
  report:PATTERN  report where these clients are
  ask:PATTERN     ask where they are, and for places near them
  forget:PATTERN  have them forgotten
  near            ask who is near, of those that ask:PATTERN covers
  watch:PATTERN   watch them, and fences that they cross
  share:PATTERN   make links that show them for a while
  status          ask how the servers are: herd status, herd top, /metrics
  all             everything
PATTERN is an ID, or a prefix followed by *; * alone is everybody.";

impl MakeToken {
    pub(crate) fn run(self, format: Format) -> Result<ExitCode, Failure> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(io::Error::from)?;
        let token = Token::new(&bytes);
        if let Some(file) = &self.out {
            write_new(file, &token)
                .map_err(|why| Failure::Usage(format!("--out: {} cannot be written: {why}", file.display())))?;
        }
        let shown = Some(token.as_str()).filter(|_| self.out.is_none());
        let mut out = io::stdout().lock();
        let may: Vec<String> = self.may.iter().map(ToString::to_string).collect();
        if format.is_json() {
            let (name, hash, rate) = (&self.name, token.hash().to_string(), self.reports_per_second);
            let made = json!({ "token": shown, "name": name, "sha256": hash, "may": may, "reports-per-second": rate });
            writeln!(out, "{}", format::line(&made))?;
            return Ok(ExitCode::SUCCESS);
        }
        if let Some(token) = shown {
            writeln!(out, "{token}\n")?;
        }
        let may: Vec<String> = may.iter().map(|right| quoted(right)).collect();
        writeln!(out, "[[access.token]]\nname = {}\nsha256 = \"{}\"", quoted(&self.name), token.hash())?;
        writeln!(out, "may = [{}]", may.join(", "))?;
        if let Some(rate) = self.reports_per_second {
            writeln!(out, "reports-per-second = {rate}")?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A file that was there may hold a token that is in use.
fn write_new(path: &Path, token: &Token) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{}", token.as_str())
}

/// A text as TOML has it; there are no control characters in it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn name(text: &str) -> Result<String, &'static str> {
    let is_name = (1..=64).contains(&text.len()) && !text.chars().any(char::is_control);
    if is_name { Ok(text.into()) } else { Err("a name has 1 to 64 bytes, and no control characters") }
}

fn right(text: &str) -> Result<Right, String> {
    if text.chars().any(char::is_control) {
        return Err("a right has no control characters".into());
    }
    text.parse().map_err(|error: InvalidRight| match error {
        InvalidRight::Unknown(_) => format!("{error} (known: {})", Right::WORDS.join(", ")),
        _ => error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::{RIGHTS, right};

    #[test]
    fn the_help_has_every_right() {
        let told: Vec<&str> = RIGHTS.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
        let words = |told: &[&str]| {
            let mut words: Vec<String> = told.iter().map(|told| told.replace(":PATTERN", "")).collect();
            words.sort();
            words
        };
        assert_eq!(words(&told), words(&herd::Right::WORDS));
        assert!(told.iter().all(|told| right(&told.replace("PATTERN", "truck-*")).is_ok()), "{told:?}");
    }
}
