//! `herd`: tells a herd where clients are, and asks it.

use std::process::ExitCode;

fn main() -> ExitCode {
    herd_cli::main()
}
