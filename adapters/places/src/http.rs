//! Fetching over HTTP, and what to tell a client where that fails.

use std::io::{ErrorKind, Read};
use std::time::Duration;

use herd::places::Status;
use herd::{Places, Unavailable};
use serde::Deserialize;
use ureq::Agent;
use ureq::Body;
use ureq::http::{Response, StatusCode};

/// The longest body that is read. A page of Google's is about 30 KiB.
const MOST_BYTES: u64 = 2 << 20;

/// Everything of a fetch that the sources share. Connections are kept and used again.
#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
}

impl Client {
    /// A client whose fetches take at most `timeout`, from the look-up of the name to the last byte.
    pub(crate) fn new(timeout: Duration) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(timeout))
            .http_status_as_error(false)
            .user_agent(concat!("herd/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: config.into() }
    }

    /// For building requests.
    pub(crate) const fn agent(&self) -> &Agent {
        &self.agent
    }
}

/// The body of a reply that is a places reply, or why there is none.
pub(crate) fn places(reply: Result<Response<Body>, ureq::Error>) -> Result<Places, Unavailable> {
    let mut reply = reply.map_err(|error| failure(&error))?;
    let status = reply.status();
    let body = read(reply.body_mut());
    if status.is_success() {
        return Ok(Places::parse(&body?)?);
    }
    Err(refusal(status, &body.unwrap_or_default()))
}

fn read(body: &mut Body) -> Result<Vec<u8>, Unavailable> {
    let mut bytes = Vec::new();
    let mut reader = body.as_reader().take(MOST_BYTES + 1);
    match reader.read_to_end(&mut bytes) {
        Ok(_) if bytes.len() as u64 > MOST_BYTES => {
            Err(unknown(format!("the places source sent more than {} MiB", MOST_BYTES >> 20)))
        }
        Ok(_) => Ok(bytes),
        Err(error) => Err(match error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>()) {
            Some(error) => failure(error),
            None => unknown(io_failure(error.kind())),
        }),
    }
}

/// What a client is told of a failure. The library's own messages are not used: they may hold the
/// address that was asked, and with it the key.
fn failure(error: &ureq::Error) -> Unavailable {
    unknown(match error {
        ureq::Error::HostNotFound => "the places source's name cannot be looked up".into(),
        ureq::Error::Timeout(_) => "the places source took too long to answer".into(),
        ureq::Error::Io(error) => io_failure(error.kind()),
        ureq::Error::ConnectionFailed => "the places source cannot be reached".into(),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "no secure connection to the places source: TLS failed".into(),
        ureq::Error::TooManyRedirects | ureq::Error::RedirectFailed => "the places source redirects in a circle".into(),
        ureq::Error::BodyExceedsLimit(_) => format!("the places source sent more than {} MiB", MOST_BYTES >> 20),
        ureq::Error::Protocol(_) | ureq::Error::Http(_) => "the places source did not speak HTTP".into(),
        _ => "the places source could not be asked".into(),
    })
}

fn io_failure(kind: ErrorKind) -> String {
    match kind {
        ErrorKind::ConnectionRefused => "the places source refused the connection".into(),
        ErrorKind::TimedOut | ErrorKind::WouldBlock => "the places source took too long to answer".into(),
        ErrorKind::InvalidData => "no secure connection to the places source: TLS failed".into(),
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => "the places source broke the connection off".into(),
        kind => format!("the places source cannot be reached: {kind}"),
    }
}

fn unknown(message: String) -> Unavailable {
    Unavailable { status: Status::UnknownError, message }
}

/// What a reply that is an error may say for people.
#[derive(Deserialize)]
struct ErrorReply {
    error_message: String,
}

/// An HTTP error: its status in Google's words, and the source's own message if it sent one.
fn refusal(status: StatusCode, body: &[u8]) -> Unavailable {
    let word = match status.as_u16() {
        400 => Status::InvalidRequest,
        401 | 403 => Status::RequestDenied,
        429 => Status::OverQueryLimit,
        _ => Status::UnknownError,
    };
    let mut message = format!("the places source answered with HTTP {status}");
    if let Ok(reply) = serde_json::from_slice::<ErrorReply>(body) {
        message = format!("{message}: {}", reply.error_message);
    }
    Unavailable { status: word, message }
}
