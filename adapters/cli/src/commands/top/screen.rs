//! The terminal: taken over, read, drawn on, and given back whatever happens.

use std::io;
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use ratatui::DefaultTerminal;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use ratatui::crossterm::execute;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use super::keys::Flow;
use super::polling::Polls;
use super::view::View;
use crate::failure::Failure;

/// The longest wait for a key: so often at least it is drawn anew.
const WAIT: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

/// Held while something is drawn, and by whoever gives the terminal back for good.
static DRAWING: Mutex<()> = Mutex::new(());

/// Gives the terminal back when it is dropped. ratatui does so itself where this program panics.
struct Taken;

impl Drop for Taken {
    fn drop(&mut self) {
        let _ = ratatui::try_restore();
    }
}

/// Shows it until a key or a signal ends it.
pub(super) fn run(view: &mut View, polls: &Polls) -> Result<ExitCode, Failure> {
    end_by_signals()?;
    let _taken = Taken;
    let mut terminal = ratatui::try_init()?;
    if watch(&mut terminal, view, polls)? == End::Gone {
        // There is nothing to give back, and nobody to be told.
        signal_hook::low_level::emulate_default_handler(SIGHUP)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Has a signal give the terminal back before it ends the process. It has a thread of its own, since this one may be
/// anywhere.
fn end_by_signals() -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM])?;
    thread::Builder::new().name("signals".into()).spawn(move || {
        if let Some(signal) = signals.forever().next() {
            // Nothing is drawn any more.
            let _drawing = DRAWING.lock();
            let _ = ratatui::try_restore();
            // Which a terminal of ratatui's does when it is dropped; this one is not.
            let _ = execute!(io::stdout(), Show);
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    })?;
    Ok(())
}

/// Why it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Somebody has pressed a key for it.
    Key,
    /// The terminal has gone.
    Gone,
}

fn watch(terminal: &mut DefaultTerminal, view: &mut View, polls: &Polls) -> Result<End, Failure> {
    loop {
        while let Some(poll) = polls.next()? {
            view.take(poll, Instant::now());
        }
        let is_drawn = {
            let _drawing = DRAWING.lock();
            terminal.draw(|frame| view.draw(frame, Instant::now())).is_ok()
        };
        if !is_drawn || has_gone()? {
            return Ok(End::Gone);
        }
        if is_ended_by_keys(view)? {
            return Ok(End::Key);
        }
    }
}

/// Waits for keys; whether the terminal has gone, of which crossterm would read nothing for ever.
fn has_gone() -> io::Result<bool> {
    let keyboard = io::stdin();
    let mut polled = [PollFd::new(&keyboard, PollFlags::IN)];
    match rustix::event::poll(&mut polled, Some(&WAIT)) {
        Ok(_) => Ok(polled[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL)),
        // A signal, such as that of another size.
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Takes all keys that are there.
fn is_ended_by_keys(view: &mut View) -> io::Result<bool> {
    while event::poll(Duration::ZERO)? {
        if let Event::Key(key) = event::read()?
            && key.kind != KeyEventKind::Release
            && view.press(key) == Flow::Quit
        {
            return Ok(true);
        }
    }
    Ok(false)
}
