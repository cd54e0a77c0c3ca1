//! `herd top`: how the servers of a herd are, again and again, on the whole terminal.

mod columns;
mod keys;
mod numbers;
mod pages;
mod polling;
mod screen;
mod theme;
mod view;
mod watched;

#[cfg(test)]
mod tests;

use std::env;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use herd_command::time;

use self::polling::Polls;
use self::theme::Theme;
use self::view::View;
use crate::failure::Failure;
use crate::format::Format;
use crate::server::ServersOptions;
use crate::terminal;

/// Watch the servers of a herd: rates, links, memory, and what is wrong
///
/// Each server is asked for its STATUS over a connection of its own. `?` shows the keys. If the output is not a terminal, or
/// TERM is dumb, one screen is printed as text.
#[derive(Args)]
pub(crate) struct Top {
    /// How often each server is asked, at least 100ms
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = time(LEAST_INTERVAL..=Duration::from_hours(24)))]
    interval: Duration,
    /// Print one screen as text, after asking each server twice
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    servers: ServersOptions,
}

/// Nobody reads faster than that.
const LEAST_INTERVAL: Duration = Duration::from_millis(100);

/// How wide a screen is that is printed to no terminal.
const WIDTH: u16 = 80;

impl Top {
    pub(crate) fn run(self, format: Format) -> Result<ExitCode, Failure> {
        if format.is_json() {
            return Err(Failure::Usage("top is for people: `herd status --json` tells programs".into()));
        }
        let servers = self.servers.servers()?;
        let is_dumb = env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
        let is_plain = is_dumb || env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let mut view = View::new(&servers, Theme::new(is_plain));
        let polls = Polls::start(servers, self.interval)?;
        if self.once || is_dumb || !io::stdout().is_terminal() {
            wait_for_two(&mut view, &polls)?;
            let width = terminal::columns().and_then(|columns| u16::try_from(columns).ok()).unwrap_or(WIDTH);
            let mut out = io::stdout().lock();
            out.write_all(view.to_text(width).as_bytes())?;
            out.flush()?;
            return Ok(if view.is_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        screen::run(&mut view, &polls)
    }
}

/// Waits until each server was asked twice, which rates need.
fn wait_for_two(view: &mut View, polls: &Polls) -> Result<(), Failure> {
    while !view.has_rates() {
        match polls.next()? {
            Some(poll) => view.take(poll, Instant::now()),
            None => thread::sleep(LEAST_INTERVAL),
        }
    }
    Ok(())
}
