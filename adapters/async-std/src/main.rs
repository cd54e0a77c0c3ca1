//! `herd-async-std`: servers of a herd, on async-std.

use std::process::ExitCode;

fn main() -> ExitCode {
    herd_host::main::<herd_async_std::AsyncStd>("herd-async-std")
}
