//! What can go wrong outside of a simulation.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use herd_sim::BadScenario;

/// Why there is nothing to tell of a run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A file cannot be read or written.
    #[error("{path}: {why}", path = .0.display(), why = .1)]
    File(PathBuf, io::Error),
    /// It can be read, and holds no scenario.
    #[error("{path}: {why}", path = .0.display(), why = .1)]
    Scenario(PathBuf, BadScenario),
    /// Two things were asked for that do not go together.
    #[error("{0}")]
    Usage(&'static str),
    /// Whoever read the output has had enough, or there is no room for it.
    #[error("standard output: {0}")]
    Output(#[from] io::Error),
}

impl Failure {
    pub(crate) fn code(&self) -> ExitCode {
        match self {
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Self::File(..) | Self::Output(_) => ExitCode::FAILURE,
            Self::Scenario(..) | Self::Usage(_) => ExitCode::from(2),
        }
    }
}
