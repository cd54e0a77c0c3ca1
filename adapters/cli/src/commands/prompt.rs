//! The prompt: a request a line, with history and completion.

mod answer;
mod conversation;
mod exchange;
mod standing;
mod typed;
mod words;

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{Editor, ExternalPrinter};

use self::conversation::{Aside, aside, plainly};
use self::exchange::Exchange;
use self::standing::Standing;
use self::typed::Typed;
use self::words::Words;
pub(super) use self::words::forms;
use crate::client::Client;
use crate::failure::Failure;
use herd_command::escaped;

type Lines = Editor<Words, DefaultHistory>;

/// Talks with a herd until Ctrl-D.
pub(crate) fn run(client: Client) -> Result<ExitCode, Failure> {
    let mut editor = Lines::new().map_err(|error| Failure::Output(io::Error::other(error)))?;
    editor.set_helper(Some(Words::default()));
    let history = history_file();
    if let Some(path) = &history {
        // There is none the first time.
        let _ = editor.load_history(path);
    }
    let (aside, is_dumb) = printer(&mut editor);
    let standing = Standing::default();
    let exchange = Exchange::open(client, aside.clone(), standing.clone())?;
    let standing = Some(standing).filter(|_| is_dumb);
    writeln!(io::stdout(), "Connected to {}. Type `help` for help; Ctrl-D leaves.", exchange.server())?;
    let mut prompt = Prompt { editor, exchange, aside, standing };
    while prompt.next()?.is_continue() {}
    if let Some(path) = history {
        let _ = path.parent().map(std::fs::create_dir_all);
        let _ = prompt.editor.save_history(&path);
    }
    Ok(ExitCode::SUCCESS)
}

struct Prompt {
    editor: Lines,
    exchange: Exchange,
    aside: Aside,
    /// What Ctrl-C draws anew, where the editor does not.
    standing: Option<Standing>,
}

impl Prompt {
    /// Reads a line, or several that were pasted, and answers each.
    fn next(&mut self) -> Result<ControlFlow<()>, Failure> {
        let prompt = format!("{}> ", escaped(&self.exchange.server().name));
        self.standing.iter().for_each(|standing| standing.begin(&prompt));
        let read = self.editor.readline(&prompt);
        self.standing.iter().for_each(Standing::end);
        let text = match read {
            Ok(text) => text,
            Err(ReadlineError::Interrupted) => return Ok(ControlFlow::Continue(())),
            Err(_) => return Ok(ControlFlow::Break(())),
        };
        for line in text.lines() {
            match Typed::of(line) {
                Typed::Nothing => continue,
                Typed::Quit => return Ok(ControlFlow::Break(())),
                Typed::Help => words::help(&mut io::stdout().lock())?,
                Typed::Request(request) => {
                    let reply = self.exchange.ask(request.as_bytes());
                    answer::show(&request, reply, self.exchange.client(), &self.aside)?;
                }
            }
            self.remember(line);
        }
        Ok(ControlFlow::Continue(()))
    }

    /// What is remembered is written to a file, where a token has no place.
    fn remember(&mut self, line: &str) {
        if line.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case("AUTH")) {
            return;
        }
        let _ = self.editor.add_history_entry(line);
        if let Some(words) = self.editor.helper_mut() {
            words.learn(line);
        }
    }
}

/// A way for lines that come while somebody may be typing, and whether the terminal is too dumb for the editor.
fn printer(editor: &mut Lines) -> (Aside, bool) {
    match editor.create_external_printer() {
        Ok(mut printer) => (aside(move |text| printer.print(text).map_err(io::Error::other)), false),
        Err(_) => (aside(|text| plainly(&text)), true),
    }
}

/// Where the XDG base directories put what a program remembers.
fn history_file() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    let state = state.or_else(|| std::env::home_dir().map(|home| home.join(".local/state")))?;
    Some(state.join("herd/history"))
}
