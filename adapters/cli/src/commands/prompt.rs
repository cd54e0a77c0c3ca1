//! The prompt: a request a line, with history and completion.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::Validator;
use rustyline::{Context, Editor, Helper};

use crate::connection::{Connection, is_timeout};
use crate::failure::Failure;
use crate::reply::Reply;
use crate::server::Server;

/// The forms of the requests, for hints and help.
const FORMS: [(&str, &str); 4] =
    [("IAMAT", " CLIENT +LAT-LNG TIME"), ("WHATSAT", " CLIENT KM BOUND"), ("FORGET", " CLIENT TIME"), ("STATUS", "")];

/// Talks with a server until Ctrl-D.
pub(crate) fn run(server: &Server) -> Result<ExitCode, Failure> {
    let mut editor =
        Editor::<Words, DefaultHistory>::new().map_err(|error| Failure::Output(io::Error::other(error)))?;
    editor.set_helper(Some(Words::default()));
    let history = history_file();
    if let Some(path) = &history {
        // There is none the first time.
        let _ = editor.load_history(path);
    }
    let mut connection = Some(server.connect()?);
    println!("Connected to {server}. Try `help`; Ctrl-D leaves.");
    loop {
        let line = match editor.readline(&format!("{}> ", server.name)) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => continue,
            Err(_) => break,
        };
        match line.trim() {
            "" => continue,
            "quit" | "exit" => break,
            "help" => help(),
            _ => {
                converse(server, &mut connection, &line)?;
                if let Some(words) = editor.helper_mut().filter(|_| !is_auth(&line)) {
                    words.learn(&line);
                }
            }
        }
        // What is remembered is written to a file, where a token has no place.
        if !is_auth(&line) {
            let _ = editor.add_history_entry(&line);
        }
    }
    if let Some(path) = history {
        let _ = path.parent().map(std::fs::create_dir_all);
        let _ = editor.save_history(&path);
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether the line says a token.
fn is_auth(line: &str) -> bool {
    line.split_whitespace().next() == Some("AUTH")
}

fn help() {
    for (command, form) in FORMS {
        println!("  {command}{form}");
    }
    println!("  help, quit");
}

/// Asks and shows the answer, or why there is none: the next request may find the server again.
fn converse(server: &Server, connection: &mut Option<Connection>, line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match ask(server, connection, line.as_bytes()) {
        Err(failure) => writeln!(out, "{failure}")?,
        Ok(reply @ Reply::Refused(_)) => {
            let (red, plain) = if has_colours() { ("\x1b[31m", "\x1b[0m") } else { ("", "") };
            write!(out, "{red}")?;
            reply.write(&mut out)?;
            write!(out, "{plain}")?;
        }
        Ok(reply) => reply.write(&mut out)?,
    }
    out.flush()
}

/// Asks, once more on a new connection where the server had closed the old one. The connection is kept
/// only if it can be used again.
fn ask(server: &Server, kept: &mut Option<Connection>, request: &[u8]) -> Result<Reply, Failure> {
    loop {
        let (mut connection, is_old) = match kept.take() {
            Some(connection) => (connection, true),
            None => (server.connect()?, false),
        };
        match connection.ask(request) {
            Ok(Some(reply)) => {
                // The server closes after a refusal.
                *kept = Some(connection).filter(|_| !matches!(reply, Reply::Refused(_)));
                return Ok(reply);
            }
            Err(error) if is_timeout(&error) || !is_old => return Err(server.broken(&error)),
            Ok(None) if !is_old => {
                return Err(server.broken(&io::Error::other("it closed the connection without an answer")));
            }
            Ok(None) | Err(_) => {}
        }
    }
}

fn has_colours() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Where the XDG base directories put what a program remembers.
fn history_file() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    let state = state.or_else(|| std::env::home_dir().map(|home| home.join(".local/state")))?;
    Some(state.join("herd/history"))
}

/// What can be completed: commands, and the clients that this conversation was about.
#[derive(Default)]
struct Words {
    clients: BTreeSet<String>,
}

impl Words {
    fn learn(&mut self, line: &str) {
        self.clients.extend(line.split_whitespace().nth(1).map(String::from));
    }
}

impl Helper for Words {}
impl Validator for Words {}

impl Highlighter for Words {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if has_colours() { format!("\x1b[2m{hint}\x1b[0m").into() } else { hint.into() }
    }
}

impl Completer for Words {
    type Candidate = String;

    fn complete(&self, line: &str, end: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let start = line[..end].rfind(char::is_whitespace).map_or(0, |space| space + 1);
        let word = &line[start..end];
        let begins = |candidate: &&str| candidate.starts_with(word);
        let found = match line[..start].split_whitespace().count() {
            0 => {
                let words = ["IAMAT ", "WHATSAT ", "FORGET ", "STATUS", "help", "quit"];
                words.into_iter().filter(begins).map(String::from).collect()
            }
            1 => self.clients.iter().map(String::as_str).filter(begins).map(|client| format!("{client} ")).collect(),
            _ => Vec::new(),
        };
        Ok((start, found))
    }
}

impl Hinter for Words {
    type Hint = String;

    fn hint(&self, line: &str, end: usize, _: &Context<'_>) -> Option<String> {
        let form = FORMS.iter().find(|(command, _)| line.trim_end() == *command)?.1;
        (end == line.len()).then(|| form[line.len() - line.trim_end().len()..].into())
    }
}
