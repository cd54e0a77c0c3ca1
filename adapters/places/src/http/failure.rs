//! Ways for a fetch to fail: what a client is told, whether it is worth another try, and whether it
//! says that the source is down.

use std::io::ErrorKind;
use std::time::Duration;

use herd::Unavailable;
use herd::places::Status;
use ureq::http::StatusCode;

use crate::told::Told;

/// A fetch that failed once.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What a client is told, if that was all.
    pub(crate) error: Unavailable,
    /// Whether to ask again.
    pub(crate) retry: Retry,
    /// Whether nobody would fare better: it counts towards the breaker.
    pub(crate) is_outage: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Retry {
    Never,
    /// After a pause of one's own choosing.
    Pause,
    /// When the source said.
    After(Duration),
}

/// A failure that says nothing about the next request.
pub(crate) fn unknown(message: &str) -> Unavailable {
    Unavailable { status: Status::UnknownError, message: message.into() }
}

impl Failure {
    /// Asking again would bring the same, and it is not for want of a source.
    pub(crate) const fn lasting(error: Unavailable) -> Self {
        Self { error, retry: Retry::Never, is_outage: false }
    }

    const fn outage(error: Unavailable, retry: Retry) -> Self {
        Self { error, retry, is_outage: true }
    }

    /// The library's own messages are not used: they may hold the address that was asked, and with
    /// it the key.
    pub(crate) fn of(error: &ureq::Error) -> Self {
        let message = match error {
            ureq::Error::HostNotFound => NO_SUCH_NAME,
            ureq::Error::Io(error) if is_look_up(error) => NO_SUCH_NAME,
            ureq::Error::Io(error) => return Self::of_io(error.kind()),
            ureq::Error::Timeout(_) => TOOK_TOO_LONG,
            ureq::Error::ConnectionFailed => "the places source cannot be reached",
            ureq::Error::Tls(_) | ureq::Error::Rustls(_) => TLS_FAILED,
            ureq::Error::Protocol(_) | ureq::Error::Http(_) => "the places source did not speak HTTP",
            _ => "the places source could not be asked",
        };
        Self::outage(unknown(message), Retry::Never)
    }

    pub(crate) fn of_io(kind: ErrorKind) -> Self {
        use ErrorKind::{
            BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, InvalidData, TimedOut, UnexpectedEof,
            WouldBlock,
        };
        let (message, retry) = match kind {
            ConnectionRefused => ("the places source refused the connection", Retry::Never),
            TimedOut | WouldBlock => (TOOK_TOO_LONG, Retry::Never),
            InvalidData => (TLS_FAILED, Retry::Never),
            // Both APIs only read, so a request that may have been served can be sent again.
            ConnectionReset | ConnectionAborted | BrokenPipe | UnexpectedEof => {
                ("the places source broke the connection off", Retry::Pause)
            }
            _ => ("the places source cannot be reached", Retry::Never),
        };
        Self::outage(unknown(message), retry)
    }

    /// An HTTP error, with what the source itself told of it.
    pub(crate) fn of_status(status: StatusCode, told: Option<Told>, retry_after: Option<Duration>) -> Self {
        let (word, told) = match told {
            Some(Told { word, message }) if message.is_empty() => (word, message),
            Some(Told { word, message }) => (word, format!(": {message}")),
            None => (None, String::new()),
        };
        let word = word.unwrap_or(match status.as_u16() {
            400 => Status::InvalidRequest,
            401 | 403 => Status::RequestDenied,
            429 => Status::OverQueryLimit,
            _ => Status::UnknownError,
        });
        let error =
            Unavailable { status: word, message: format!("the places source answered with HTTP {status}{told}") };
        match (status.as_u16(), retry_after) {
            (502..=504, None) => Self::outage(error, Retry::Pause),
            (502..=504, Some(pause)) => Self::outage(error, Retry::After(pause)),
            (429, Some(pause)) => Self { error, retry: Retry::After(pause), is_outage: false },
            (500..=599, _) => Self::outage(error, Retry::Never),
            _ => Self::lasting(error),
        }
    }

    /// How long to pause before the next try, when `pause` is what one would choose oneself.
    pub(crate) fn pause(&self, pause: Duration) -> Option<Duration> {
        match self.retry {
            Retry::Never => None,
            Retry::Pause => Some(pause),
            Retry::After(asked) => Some(asked.max(pause)),
        }
    }
}

/// The standard library has no kind for a name that cannot be looked up, only these words.
fn is_look_up(error: &std::io::Error) -> bool {
    error.to_string().starts_with("failed to lookup address information")
}

const NO_SUCH_NAME: &str = "the places source's name cannot be looked up";
const TOOK_TOO_LONG: &str = "the places source took too long to answer";
const TLS_FAILED: &str = "no secure connection to the places source: TLS failed";
