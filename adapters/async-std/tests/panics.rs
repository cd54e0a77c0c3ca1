//! Programs of which a thread panics, on this runtime.

use std::process::ExitCode;

#[path = "../../../tests/whole/panicky.rs"]
mod panicky;
#[path = "../../../tests/whole/program.rs"]
mod program;

fn main() -> ExitCode {
    program::main::<herd_async_std::AsyncStd>()
}
