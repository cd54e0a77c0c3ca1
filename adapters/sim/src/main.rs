//! `herd-sim`: plays herds on virtual time, and says what did not hold.

mod command;
mod failure;
mod many;
mod report;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::command::Line;

fn main() -> ExitCode {
    // A panic of the core is a violation, which is told once and with its seed.
    std::panic::set_hook(Box::new(|_| {}));
    match Line::parse().run() {
        Ok(code) => code,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "herd-sim: error: {failure}");
            failure.code()
        }
    }
}
