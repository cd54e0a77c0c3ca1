//! `herd-sim`: plays herds on virtual time, and says what did not hold.

mod command;
mod failure;
mod many;
mod report;

use std::process::ExitCode;

use clap::Parser;

use crate::command::Line;

fn main() -> ExitCode {
    // A panic of what is played is a violation, which is told once and with its seed.
    herd_command::exit_at_a_panic("herd-sim", herd_sim::is_playing);
    match Line::try_parse() {
        Err(error) => herd_command::syntax::report("herd-sim", &error),
        Ok(line) => line.run().unwrap_or_else(|failure| failure.report()),
    }
}
