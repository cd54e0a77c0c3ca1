//! What can go wrong, told in one line.

use std::io;
use std::process::ExitCode;

use herd_bench::BenchError;
use herd_host::{exit_code, listed};
use serde_json::json;

use crate::format::{self, Format};
use crate::server::Server;
use herd_command::escaped;

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
    /// None of several servers answers.
    #[error("{}", nobody(.0))]
    Nobody(Vec<Failure>),
    /// The conversation broke off.
    #[error("{server}: {why}")]
    Broken {
        /// Who was talked to.
        server: String,
        /// What happened.
        why: String,
    },
    /// The server did not take a request.
    #[error("{server} refused: {request}; {why}")]
    Refused {
        /// Who was asked.
        server: String,
        /// What it was asked, as it echoed it.
        request: String,
        /// What that mostly means.
        why: String,
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

/// Why each of several servers does not answer: once, where it is the same for all.
fn nobody(failures: &[Failure]) -> String {
    let (names, whys): (Vec<_>, Vec<_>) =
        failures.iter().map(|failure| (failure.server().unwrap_or_default(), failure.why())).unzip();
    if let [first, rest @ ..] = &whys[..]
        && rest.iter().all(|why| why == first)
    {
        let hint = failures.first().map_or("", Failure::hint);
        return format!("none of {} servers answers ({}): {first}{hint}", names.len(), listed(names.into_iter()));
    }
    let each: Vec<String> = names.iter().zip(&whys).map(|(name, why)| format!("{name}: {why}")).collect();
    format!("no server answers: {}", each.join("; "))
}

impl Failure {
    /// Whether another server may do what this one did not.
    pub(crate) const fn is_of_one_server(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Broken { .. })
    }

    /// Several servers were tried, each of which failed.
    pub(crate) fn of_all(mut failures: Vec<Self>) -> Self {
        if failures.len() == 1 { failures.swap_remove(0) } else { Self::Nobody(failures) }
    }

    /// What went wrong, without whom it was with.
    pub(crate) fn why(&self) -> String {
        match self {
            Self::Unreachable { why, .. } => why.to_string(),
            Self::Broken { why, .. } => why.clone(),
            Self::WrongToken { .. } => WRONG_TOKEN.into(),
            _ => self.to_string(),
        }
    }

    fn server(&self) -> Option<&str> {
        match self {
            Self::Unreachable { server, .. }
            | Self::Broken { server, .. }
            | Self::Refused { server, .. }
            | Self::WrongToken { server } => Some(server),
            _ => None,
        }
    }

    /// What kind of failure it is, in a word for programs.
    const fn kind(&self) -> &'static str {
        match self {
            Self::Usage(_) => "usage",
            Self::Unreachable { .. } | Self::Nobody(_) => "unreachable",
            Self::Broken { .. } => "broken",
            Self::Refused { .. } => "refused",
            Self::WrongToken { .. } => "token",
            Self::Input(_) | Self::Line(_) => "input",
            Self::Output(_) => "output",
        }
    }

    fn hint(&self) -> &'static str {
        match self {
            Self::Unreachable { why, .. } => hint(why),
            _ => "",
        }
    }

    /// Tells that this has happened with one server, and that another one was asked.
    pub(crate) fn warn(&self, format: Format, other: &Server) {
        let (server, why) = (self.server().unwrap_or_default(), self.why());
        format.warn(self.kind(), &format!("{server}: {why}; asked {other} instead"));
    }

    /// Prints it; the code to exit with.
    pub(crate) fn report(&self, format: Format) -> ExitCode {
        let code = match self {
            // Whoever read our output has had enough.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
            Self::Usage(_) => exit_code::USAGE,
            _ => exit_code::FAILURE,
        };
        format.error(self.kind(), &self.to_string());
        ExitCode::from(code)
    }

    /// What went wrong, in a line between answers.
    pub(crate) fn told(&self, format: Format) -> String {
        match format {
            Format::Text => escaped(&self.to_string()),
            Format::Json => format::line(&json!({ "error": self.to_string(), "kind": self.kind() })),
        }
    }
}
