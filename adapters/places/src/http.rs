//! Fetching over HTTP: one pool of connections, retries, a breaker, and what to tell a client where
//! it fails all the same.

mod failure;

use std::io::Read;
use std::time::{Duration, Instant, SystemTime};

use backon::{BackoffBuilder, ExponentialBuilder};
use failsafe::backoff::Exponential;
use failsafe::failure_policy::ConsecutiveFailures;
use failsafe::{CircuitBreaker, StateMachine};
use herd::places::NotPlaces;
use herd::{Places, Unavailable};
use ureq::http::Response;
use ureq::{Agent, Body};

use self::failure::Failure;
use crate::key::Key;
use crate::told::Told;

/// The longest body that is read. A page of Google's is about 30 KiB.
const MOST_BYTES: u64 = 2 << 20;

/// How long a source may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// A time limit of zero would be none at all.
const SHORTEST: Duration = Duration::from_millis(1);

/// The pause before the first retry; each further one is twice as long. Jitter is added.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The most retries of one fetch, all within its total time.
const MOST_RETRIES: usize = 3;

/// After so many failed fetches in a row the source counts as down.
const FAILURES_TO_BREAK: u32 = 5;

/// How long nobody asks a source that is down: at first, and at most.
const BREAKS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// The longest pause that a source may ask for with `Retry-After` and that is still worth a wait.
const LONGEST_RETRY_AFTER: Duration = Duration::from_mins(1);

/// All that the sources share: connections that are kept and used again, the key, the breaker.
#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
    key: Option<Key>,
    timeout: Duration,
    breaker: StateMachine<ConsecutiveFailures<Exponential>, ()>,
}

impl Client {
    /// A client whose fetches take at most `timeout`, retries included, from the look-up of the name
    /// to the last byte.
    pub(crate) fn new(key: Option<Key>, timeout: Duration, trust: Option<ureq::tls::RootCerts>) -> Self {
        let mut config = Agent::config_builder()
            .timeout_connect(Some(CONNECT_TIMEOUT.min(timeout)))
            .http_status_as_error(false)
            // Whoever it leads to would be shown the key, and neither of Google's APIs redirects.
            .max_redirects(0)
            .user_agent(concat!("herd/", env!("CARGO_PKG_VERSION")));
        if let Some(trust) = trust {
            config = config.tls_config(ureq::tls::TlsConfig::builder().root_certs(trust).build());
        }
        let pauses = failsafe::backoff::exponential(BREAKS.0, BREAKS.1);
        let policy = failsafe::failure_policy::consecutive_failures(FAILURES_TO_BREAK, pauses);
        Self { agent: config.build().into(), key, timeout, breaker: StateMachine::new(policy, ()) }
    }

    /// The key, for the request alone.
    pub(crate) fn key(&self) -> Option<&str> {
        self.key.as_ref().map(Key::expose)
    }

    /// Asks until there is an answer, it is no use, or the time is over. `ask` sends one request that may
    /// take as long as it is told, and `read` reads a reply that is well.
    pub(crate) fn fetch(
        &self,
        read: fn(&[u8]) -> Result<Places, NotPlaces>,
        ask: impl Fn(&Agent, Duration) -> Result<Response<Body>, ureq::Error>,
    ) -> Result<Places, Unavailable> {
        let start = Instant::now();
        let left = || self.timeout.saturating_sub(start.elapsed());
        let persist = || {
            let mut pauses = pauses();
            loop {
                let failure = match answer(read, ask(&self.agent, left().max(SHORTEST))) {
                    Ok(places) => return Ok(places),
                    Err(failure) => failure,
                };
                match pauses.next().and_then(|pause| failure.pause(pause)).filter(|pause| *pause < left()) {
                    Some(pause) => std::thread::sleep(pause),
                    None => return Err(failure),
                }
            }
        };
        let outcome = self.breaker.call_with(|failure: &Failure| failure.is_outage, persist);
        outcome.map_err(|error| match error {
            failsafe::Error::Inner(failure) => self.without_key(failure.error),
            failsafe::Error::Rejected => failure::unknown("the places source is down; it is tried again in a moment"),
        })
    }

    /// A source may repeat what it was asked; the key goes no further.
    fn without_key(&self, mut error: Unavailable) -> Unavailable {
        if let Some(key) = &self.key {
            error.message = key.hide(&error.message);
        }
        error
    }
}

/// The pauses between the tries of one fetch.
fn pauses() -> impl Iterator<Item = Duration> {
    ExponentialBuilder::default().with_min_delay(FIRST_PAUSE).with_max_times(MOST_RETRIES).with_jitter().build()
}

fn answer(
    read: fn(&[u8]) -> Result<Places, NotPlaces>,
    reply: Result<Response<Body>, ureq::Error>,
) -> Result<Places, Failure> {
    let mut reply = reply.map_err(|error| Failure::of(&error))?;
    let status = reply.status();
    let retry_after = retry_after(&reply);
    let body = body_of(&mut reply);
    if status.is_success() {
        return read(&body?).map_err(|error| Failure::lasting(error.into()));
    }
    let told = body.ok().and_then(|body| Told::of(&body));
    Err(Failure::of_status(status, told, retry_after))
}

fn body_of(reply: &mut Response<Body>) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    match reply.body_mut().as_reader().take(MOST_BYTES + 1).read_to_end(&mut bytes) {
        Ok(_) if bytes.len() as u64 > MOST_BYTES => {
            Err(Failure::lasting(failure::unknown("the places source sent more than 2 MiB")))
        }
        Ok(_) => Ok(bytes),
        Err(error) => Err(match error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>()) {
            Some(error) => Failure::of(error),
            None => Failure::of_io(error.kind()),
        }),
    }
}

/// How long the source asks to be left alone: seconds, or a date (RFC 9110, section 10.2.3).
fn retry_after(reply: &Response<Body>) -> Option<Duration> {
    let text = reply.headers().get("retry-after")?.to_str().ok()?;
    let pause = match text.trim().parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(text).ok()?.duration_since(SystemTime::now()).unwrap_or_default(),
    };
    Some(pause.min(LONGEST_RETRY_AFTER))
}
