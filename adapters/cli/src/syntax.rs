//! What the command line's parser says, told as the rest is.

use std::process::ExitCode;

use herd_host::command::syntax::{is_help, joined};
use herd_host::exit_code;

use crate::failure::Failure;
use crate::format::Format;
use herd_command::escaped;

/// Prints help as it is, and anything else as one line; the code to exit with.
pub(crate) fn report(error: &clap::Error) -> ExitCode {
    if is_help(error) {
        // Nobody is left to tell where the terminal itself is gone.
        let _ = error.print();
        return u8::try_from(error.exit_code()).map_or(ExitCode::from(exit_code::USAGE), ExitCode::from);
    }
    Failure::Usage(escaped(&joined(&error.to_string()))).report(Format::of_arguments())
}
