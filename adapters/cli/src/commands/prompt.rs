//! The prompt: a request a line, with history and completion.

mod conversation;

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
use rustyline::{Context, Editor, ExternalPrinter, Helper};

use self::conversation::{Aside, Conversation, aside, plainly, shown};
use crate::connection::is_timeout;
use crate::failure::Failure;
use crate::reply::Reply;
use crate::server::Server;

/// The forms of the requests, for hints and help.
const FORMS: [(&str, &str); 9] = [
    ("IAMAT", " CLIENT +LAT-LNG TIME"),
    ("WHATSAT", " CLIENT KM BOUND"),
    ("WHERE", " CLIENT"),
    ("NEAR", " CLIENT|+LAT-LNG KM BOUND [PATTERN] [HEARD SECONDS]"),
    ("WATCH", " PATTERN|+LAT-LNG KM [PATTERN]"),
    ("FENCE", " +LAT-LNG KM [PATTERN] [DWELL SECONDS]"),
    ("UNWATCH", " TARGET, as it was watched"),
    ("FORGET", " CLIENT TIME"),
    ("STATUS", ""),
];

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
    let aside = match editor.create_external_printer() {
        Ok(mut printer) => aside(move |text| printer.print(text).map_err(io::Error::other)),
        Err(_) => aside(|text| plainly(&text)),
    };
    let mut connection = Some(open(server, &aside)?);
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
                converse(server, (&mut connection, &aside), &line)?;
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

fn open(server: &Server, aside: &Aside) -> Result<Conversation, Failure> {
    Ok(Conversation::over(server.connect()?, server.timeout(), aside.clone()))
}

/// A connection that may be used again, and where goes what comes on it by the way.
type Way<'a> = (&'a mut Option<Conversation>, &'a Aside);

/// Asks and shows the answer, or why there is none: the next request may find the server again.
fn converse(server: &Server, way: Way<'_>, line: &str) -> io::Result<()> {
    let aside = way.1;
    let reply = ask(server, way, line.as_bytes());
    let mut out = io::stdout().lock();
    match reply {
        Err(failure) => writeln!(out, "{failure}")?,
        Ok(reply @ Reply::Refused(_)) => {
            let (red, plain) = if has_colours() { ("\x1b[31m", "\x1b[0m") } else { ("", "") };
            write!(out, "{red}")?;
            reply.write(&mut out)?;
            write!(out, "{plain}")?;
        }
        Ok(Reply::Near(lines)) => {
            lines.iter().try_for_each(|line| out.write_all(shown(line).as_bytes()))?;
            writeln!(out)?;
        }
        // Behind the lines before it, which go the same way.
        Ok(Reply::Line(line)) if is_of_watch(&line) => _ = aside.send(shown(&line)),
        Ok(reply) => reply.write(&mut out)?,
    }
    out.flush()
}

fn is_of_watch(line: &[u8]) -> bool {
    line.starts_with(b"WATCHING ") || line.starts_with(b"UNWATCHED ")
}

/// Asks, once more on a new connection where the server had closed the old one. The connection is kept
/// only if it can be used again.
fn ask(server: &Server, (kept, aside): Way<'_>, request: &[u8]) -> Result<Reply, Failure> {
    loop {
        let (mut connection, is_old) = match kept.take() {
            Some(connection) => (connection, true),
            None => (open(server, aside)?, false),
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
                let words = [
                    "IAMAT ", "WHATSAT ", "WHERE ", "NEAR ", "WATCH ", "FENCE ", "UNWATCH ", "FORGET ", "STATUS",
                    "help", "quit",
                ];
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
