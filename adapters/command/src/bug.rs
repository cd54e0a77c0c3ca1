//! A panic, told to people.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt;
use std::io::{self, Write};
use std::panic::{self, PanicHookInfo};
use std::process;
use std::thread;

use crate::exit_code;

/// What is known of a panic.
#[derive(Clone, Debug)]
pub struct Bug {
    /// What the code that panicked said.
    pub message: String,
    /// On which thread, and where in the source.
    pub place: String,
    /// Where it was called from, as far as `RUST_BACKTRACE` asks for that: empty, or lines with a line end in front.
    trace: String,
}

impl Bug {
    /// What a hook is told of a panic.
    #[must_use]
    pub fn of(panic: &PanicHookInfo<'_>) -> Self {
        let trace = Backtrace::capture();
        let thread = thread::current();
        Self {
            message: panic.payload_as_str().unwrap_or("no message").to_owned(),
            place: match panic.location() {
                Some(at) => format!("thread {:?} at {at}", thread.name().unwrap_or_default()),
                None => format!("thread {:?}", thread.name().unwrap_or_default()),
            },
            trace: if trace.status() == BacktraceStatus::Captured { format!("\n{trace}") } else { String::new() },
        }
    }
}

impl fmt::Display for Bug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bug: {}, {}{}", self.message, self.place, self.trace)
    }
}

/// Has a panic, on whatever thread, end the process with [`exit_code::BUG`] and a line that says what happened; but not where
/// `is_expected` says that somebody catches it.
pub fn exit_at_a_panic(program: &'static str, is_expected: fn() -> bool) {
    panic::set_hook(Box::new(move |panic| {
        if !is_expected() {
            // Nobody is left to tell where the terminal itself is gone.
            let _ = writeln!(io::stderr(), "{program}: {}", Bug::of(panic));
            process::exit(exit_code::BUG.into());
        }
    }));
}
