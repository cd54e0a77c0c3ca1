//! What can go wrong, told in one line.

use std::io::{self, Write};
use std::process::ExitCode;

use herd_bench::BenchError;

/// Why a command did not do what it was to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command line asks for something that cannot be.
    #[error("{0}")]
    Usage(String),
    /// Nobody answers.
    #[error("cannot reach {server}: {why}{hint}", hint = hint(.why))]
    Unreachable {
        /// Who was called.
        server: String,
        /// What the system said.
        why: io::Error,
    },
    /// The conversation broke off.
    #[error("{server}: {why}")]
    Broken {
        /// Who was talked to.
        server: String,
        /// What happened.
        why: String,
    },
    /// The server did not take a request.
    #[error("{server} refused: {request}{why}")]
    Refused {
        /// Who was asked.
        server: String,
        /// What it was asked, as it echoed it.
        request: String,
        /// What that mostly means.
        why: &'static str,
    },
    /// The server does not know the token that it was shown.
    #[error("{server}: {}", WRONG_TOKEN)]
    WrongToken {
        /// Who was called.
        server: String,
    },
    /// The requests could not be read.
    #[error("cannot read standard input: {0}")]
    Input(io::Error),
    /// A line of the input is wrong.
    #[error("{0}")]
    Line(String),
    /// What was to be shown could not be.
    #[error(transparent)]
    Output(#[from] io::Error),
}

impl From<BenchError> for Failure {
    fn from(error: BenchError) -> Self {
        match error {
            BenchError::Usage(why) => Self::Usage(why),
            BenchError::Unreachable { server, why } => Self::Unreachable { server, why },
            BenchError::Broken { server, why } => Self::Broken { server, why: why.to_string() },
            BenchError::Output(why) => Self::Output(why),
        }
    }
}

impl Failure {
    /// The input could not be read, or a line of it is wrong.
    pub(crate) fn of_input(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::InvalidData { Self::Line(error.to_string()) } else { Self::Input(error) }
    }
}

/// What to do where a token is not known.
const WRONG_TOKEN: &str =
    "the token is not known there: check --token-file or HERD_TOKEN, and [[access.token]] in the server's file";

fn hint(why: &io::Error) -> &'static str {
    match why.kind() {
        io::ErrorKind::ConnectionRefused => "; is it running? `herd-tokio up` starts the built-in herd",
        _ => "",
    }
}

impl Failure {
    /// What went wrong, without whom it was with.
    pub(crate) fn why(&self) -> String {
        match self {
            Self::Unreachable { why, .. } => why.to_string(),
            Self::Broken { why, .. } => why.clone(),
            Self::WrongToken { .. } => WRONG_TOKEN.into(),
            _ => self.to_string(),
        }
    }

    /// Prints it; the code to exit with.
    pub(crate) fn report(&self) -> ExitCode {
        let code = match self {
            // Whoever read our output has had enough.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
            Self::Usage(_) => 2,
            _ => 1,
        };
        let _ = writeln!(io::stderr(), "herd: error: {self}");
        ExitCode::from(code)
    }
}
