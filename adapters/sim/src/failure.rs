//! What can go wrong outside of a simulation.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use herd_command::exit_code;
use herd_sim::BadScenario;

/// Why there is nothing to tell of a run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A scenario cannot be read.
    #[error("--scenario: {path} cannot be read: {why}; check the path", path = .0.display(), why = .1)]
    Unreadable(PathBuf, io::Error),
    /// A file cannot be written.
    #[error("{path} cannot be written: {why}", path = .0.display(), why = .1)]
    Unwritable(PathBuf, io::Error),
    /// It can be read, and holds no scenario.
    #[error("--scenario: {path}: {why}", path = .0.display(), why = .1)]
    Scenario(PathBuf, BadScenario),
    /// Two things were asked for that do not go together.
    #[error("{0}")]
    Usage(&'static str),
    /// Whoever read the output has had enough, or there is no room for it.
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
}

impl Failure {
    /// Prints it; the code to exit with.
    pub(crate) fn report(&self) -> ExitCode {
        let code = match self {
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
            Self::Unwritable(..) | Self::Output(_) => exit_code::FAILURE,
            Self::Unreadable(..) | Self::Scenario(..) | Self::Usage(_) => exit_code::USAGE,
        };
        // Nobody is left to tell where the terminal itself is gone.
        let _ = writeln!(io::stderr(), "herd-sim: error: {self}");
        ExitCode::from(code)
    }
}
