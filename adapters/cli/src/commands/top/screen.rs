//! The terminal: taken over, read, drawn on, and given back whatever happens.

use std::io;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use super::keys::Flow;
use super::polling::Polls;
use super::view::View;
use crate::failure::Failure;

/// The longest wait for a key: so often at least it is drawn anew, and signals are looked for.
const WAIT: Duration = Duration::from_millis(200);

/// Gives the terminal back when it is dropped. ratatui does so itself where this program panics.
struct Taken;

impl Drop for Taken {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// Shows it until a key or a signal ends it.
pub(super) fn run(view: &mut View, polls: &Polls) -> Result<ExitCode, Failure> {
    // A signal must not end the process while the terminal is not as it was.
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM])?;
    let signal = {
        let _taken = Taken;
        let mut terminal = ratatui::try_init()?;
        watch(&mut terminal, view, polls, &mut signals)?
    };
    if let Some(signal) = signal {
        signal_hook::low_level::emulate_default_handler(signal)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The signal that ended it, if none of the keys did.
fn watch(
    terminal: &mut DefaultTerminal,
    view: &mut View,
    polls: &Polls,
    signals: &mut Signals,
) -> Result<Option<i32>, Failure> {
    loop {
        while let Some(poll) = polls.next()? {
            view.take(poll, Instant::now());
        }
        terminal.draw(|frame| view.draw(frame, Instant::now()))?;
        if let Some(signal) = signals.pending().next() {
            return Ok(Some(signal));
        }
        if is_ended_by_keys(view)? {
            return Ok(None);
        }
    }
}

/// Waits for keys, and takes all that are there.
fn is_ended_by_keys(view: &mut View) -> io::Result<bool> {
    let mut wait = WAIT;
    while event::poll(wait)? {
        if let Event::Key(key) = event::read()?
            && key.kind != KeyEventKind::Release
            && view.press(key) == Flow::Quit
        {
            return Ok(true);
        }
        wait = Duration::ZERO;
    }
    Ok(false)
}
