//! Wrong use, told to the one who must act.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use herd_command::{exit_code, one_line, syntax};

use crate::config::{ConfigError, Unguarded};
use crate::logs::LogError;
use crate::server::{BindError, StartError};
use crate::source::PlacesError;

/// Why nothing was started. Each but [`Help`](Self::Help) is one line.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// Not wrong: help or the version was asked for, or nothing at all.
    #[error(transparent)]
    Help(clap::Error),
    /// The command line itself: an unknown flag, a missing name.
    #[error("{}", one_line(&syntax::joined(&.0.to_string())))]
    Syntax(clap::Error),
    /// A setting, and where it was given.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A server that the herd does not have; the text names those that it has.
    #[error("{0}")]
    Name(String),
    /// Others can reach the servers, and nothing says whom these are to believe.
    #[error("{}{why}", config.as_deref().map_or_else(String::new, |file| format!("{}: ", one_line(&file.to_string_lossy()))))]
    Unguarded {
        /// The config file, if there is one.
        config: Option<PathBuf>,
        /// What has to be said in it first.
        why: Unguarded,
    },
    /// A server cannot be started with what it has: its data, mostly.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A port that is taken, or an address that is not this machine's.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// A file of the places source cannot be used.
    #[error(transparent)]
    Places(#[from] PlacesError),
    /// The log cannot be opened.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl From<clap::Error> for UsageError {
    fn from(error: clap::Error) -> Self {
        if syntax::is_help(&error) { Self::Help(error) } else { Self::Syntax(error) }
    }
}

impl UsageError {
    /// Prints it as `PROGRAM: error: ...`, or help as it is, and gives the code to exit with: 0 after a call for help, 1 where
    /// it is for this machine that nothing was started, and else 2.
    #[must_use]
    pub fn report(&self, program: &str) -> ExitCode {
        // Nobody is left to tell where the terminal itself is gone, so failures to print are dropped.
        if let Self::Help(error) = self {
            let _ = error.print();
            return u8::try_from(error.exit_code()).map_or(ExitCode::from(exit_code::USAGE), ExitCode::from);
        }
        let _ = writeln!(std::io::stderr(), "{program}: error: {self}");
        ExitCode::from(match self {
            Self::Start(_) | Self::Bind(_) | Self::Log(_) => exit_code::FAILURE,
            _ => exit_code::USAGE,
        })
    }
}
