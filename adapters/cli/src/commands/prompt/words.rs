//! What can be typed: for help, hints and completion.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{self, Write};

use rustyline::completion::Completer;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::Validator;
use rustyline::{Context, Helper};

use crate::colours;

/// The forms of the requests, and what they are for.
const FORMS: [(&str, &str, &str); 10] = [
    ("IAMAT", " CLIENT +LAT-LNG TIME", "say where a client is"),
    ("WHATSAT", " CLIENT KM BOUND", "ask where it is, and for places near it"),
    ("WHERE", " CLIENT", "ask which region it is at home in"),
    ("NEAR", " CLIENT|+LAT-LNG KM BOUND [PATTERN] [HEARD SECONDS]", "ask which clients are near"),
    ("WATCH", " PATTERN|+LAT-LNG KM [PATTERN]", "show clients, and every change"),
    ("FENCE", " +LAT-LNG KM [PATTERN] [DWELL SECONDS]", "show who enters a circle, and who leaves it"),
    ("UNWATCH", " TARGET", "end a watch or a fence, named as it was begun"),
    ("FORGET", " CLIENT TIME", "have the herd forget a client"),
    ("STATUS", "", "show how the server is"),
    ("AUTH", " TOKEN", "use the rights of a token"),
];

/// The forms under a heading, for `--help`.
pub(in crate::commands) fn forms() -> String {
    let forms = FORMS.map(|(command, form, purpose)| row(&format!("{command}{form}"), purpose));
    format!("Requests:\n{}TIME is in POSIX seconds.", forms.concat())
}

/// A form and its purpose, in no more than 80 columns.
fn row(form: &str, purpose: &str) -> String {
    if form.len() > 24 { format!("  {form}\n  {:24}  {purpose}\n", "") } else { format!("  {form:24}  {purpose}\n") }
}

/// Tells the forms, and what else can be typed.
pub(super) fn help(out: &mut impl Write) -> io::Result<()> {
    for (command, form, purpose) in FORMS {
        write!(out, "{}", row(&format!("{command}{form}"), purpose))?;
    }
    writeln!(out, "  {:24}  leave; so does Ctrl-D", "quit")?;
    writeln!(out, "TIME is in POSIX seconds, or now. Commands may be in lower case. Tab completes.")?;
    writeln!(out, "Ctrl-C gives up a request that is not answered.")
}

/// What can be completed: commands, and the clients that this conversation was about.
#[derive(Default)]
pub(super) struct Words {
    clients: BTreeSet<String>,
}

impl Words {
    /// What a line was about may be meant again.
    pub(super) fn learn(&mut self, line: &str) {
        self.clients.extend(line.split_whitespace().nth(1).map(String::from));
    }
}

impl Helper for Words {}
impl Validator for Words {}

impl Highlighter for Words {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if colours::are_shown() { format!("\x1b[2m{hint}\x1b[0m").into() } else { hint.into() }
    }
}

/// The commands that begin so, in the case that somebody writes.
fn commands(word: &str) -> Vec<String> {
    let begin = word.to_ascii_uppercase();
    let found = FORMS.iter().filter(|(command, ..)| command.starts_with(&begin));
    let mut found: Vec<String> = found
        .map(|(command, form, _)| if form.is_empty() { (*command).into() } else { format!("{command} ") })
        .collect();
    if word.chars().any(|char| char.is_ascii_lowercase()) {
        for command in &mut found {
            command.make_ascii_lowercase();
        }
    }
    found.extend(["help", "quit"].iter().filter(|command| command.starts_with(word)).map(ToString::to_string));
    found
}

impl Completer for Words {
    type Candidate = String;

    fn complete(&self, line: &str, end: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let start = line[..end].rfind(char::is_whitespace).map_or(0, |space| space + 1);
        let word = &line[start..end];
        let found = match line[..start].split_whitespace().count() {
            0 => commands(word),
            1 => {
                let begins = self.clients.iter().filter(|client| client.starts_with(word));
                begins.map(|client| format!("{client} ")).collect()
            }
            _ => Vec::new(),
        };
        Ok((start, found))
    }
}

impl Hinter for Words {
    type Hint = String;

    fn hint(&self, line: &str, end: usize, _: &Context<'_>) -> Option<String> {
        let form = FORMS.iter().find(|(command, ..)| line.trim_end().eq_ignore_ascii_case(command))?.1;
        (end == line.len()).then(|| form.get(line.len() - line.trim_end().len()..).map(Into::into)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_fits_into_eighty_columns() {
        let mut out = Vec::new();
        help(&mut out).expect("a Vec takes every write");
        let text = String::from_utf8(out).expect("text") + &forms();
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }

    #[test]
    fn commands_are_completed_as_they_are_written() {
        assert_eq!(commands("WH"), ["WHATSAT ", "WHERE "]);
        assert_eq!(commands("wh"), ["whatsat ", "where "]);
        assert_eq!(commands("S"), ["STATUS"]);
        assert_eq!(commands("q"), ["quit"]);
    }
}
