//! `herd-tokio`: servers of a herd, on tokio.

use std::process::ExitCode;

fn main() -> ExitCode {
    herd_host::main::<herd_tokio::Tokio>("herd-tokio")
}
