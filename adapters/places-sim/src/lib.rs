//! A local places server, for tests and for trying things out.
//!
//! It answers from the embedded places in both of Google's formats, the legacy Nearby Search and the
//! Places API (New), over HTTP or HTTPS, and can be told to be slow, to send chunks, to fail, to
//! reset, to send garbage. It is no part of a herd.

mod answer;
mod http;
mod tls;

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use herd_places::Embedded;

pub use http::Request;

/// What a server is to be like, from its start to its end.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The only key that it takes; `None` takes any, and none.
    pub key: Option<String>,
    /// Whether it speaks TLS, with a certificate of its own making.
    pub tls: bool,
    /// Whether it tells standard error of each request, without its key.
    pub log: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 0)), key: None, tls: false, log: false }
    }
}

/// What is wrong with a server; by default nothing. It can be changed at any time.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// How long each answer takes.
    pub delay: Duration,
    /// Answers come in chunks of so many bytes.
    pub chunked: Option<usize>,
    /// Answers are compressed with gzip, if the request takes that.
    pub gzip: bool,
    /// The `Retry-After` of answers, in seconds.
    pub retry_after: Option<u32>,
    /// What is wrong with answers.
    pub fault: Option<Fault>,
    /// After so many requests all is well again.
    pub first: Option<usize>,
}

/// A way to be ill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An error of Google's with this HTTP status.
    Status(u16),
    /// The connection is reset once the request has been read.
    Reset,
    /// No HTTP.
    Garbage,
    /// It breaks off in the middle.
    Truncate,
    /// JSON of another shape.
    OtherShape,
    /// More than 2 MiB.
    Large,
}

impl FromStr for Fault {
    type Err = &'static str;

    /// Reads `reset`, `garbage`, `truncate`, `other-shape`, `large` or an HTTP status.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "reset" => Self::Reset,
            "garbage" => Self::Garbage,
            "truncate" => Self::Truncate,
            "other-shape" => Self::OtherShape,
            "large" => Self::Large,
            _ => match text.parse() {
                Ok(status @ 400..=599) => Self::Status(status),
                _ => {
                    return Err(
                        "write reset, garbage, truncate, other-shape, large, or an HTTP status from 400 to 599",
                    );
                }
            },
        })
    }
}

/// A server that runs, until it is dropped.
#[derive(Debug)]
pub struct PlacesSim {
    address: SocketAddr,
    certificate: Option<String>,
    state: Arc<State>,
}

/// What the threads of a server share.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) places: Embedded,
    pub(crate) options: Options,
    faults: Mutex<Faults>,
    requests: Mutex<Vec<Request>>,
    held: Mutex<bool>,
    released: Condvar,
    stopped: AtomicBool,
}

impl PlacesSim {
    /// Starts a server.
    ///
    /// # Errors
    /// Where the port cannot be had.
    pub fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(options.listen)?;
        let address = listener.local_addr()?;
        let tls = if options.tls { Some(tls::Identity::new()?) } else { None };
        let certificate = tls.as_ref().map(|identity| identity.certificate_pem.clone());
        let state = Arc::new(State {
            places: Embedded::new(),
            options,
            faults: Mutex::default(),
            requests: Mutex::default(),
            held: Mutex::default(),
            released: Condvar::new(),
            stopped: AtomicBool::new(false),
        });
        let shared = Arc::clone(&state);
        std::thread::Builder::new()
            .name("places-sim".into())
            .spawn(move || accept(&listener, &shared, tls.as_ref()))?;
        Ok(Self { address, certificate, state })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The legacy Nearby Search.
    #[must_use]
    pub fn url_legacy(&self) -> String {
        self.url("/maps/api/place/nearbysearch/json")
    }

    /// The Places API (New).
    #[must_use]
    pub fn url_new(&self) -> String {
        self.url("/v1/places:searchNearby")
    }

    /// The certificate to believe, as PEM, where it speaks TLS.
    #[must_use]
    pub fn certificate_pem(&self) -> Option<&str> {
        self.certificate.as_deref()
    }

    /// What is wrong with it from here on.
    pub fn set(&self, faults: Faults) {
        *lock(&self.state.faults) = faults;
    }

    /// Every request that it has read.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.state.requests).clone()
    }

    /// Holds answers back until they are released.
    pub fn hold(&self) {
        *lock(&self.state.held) = true;
    }

    /// Lets the answers go that were held back.
    pub fn release(&self) {
        *lock(&self.state.held) = false;
        self.state.released.notify_all();
    }

    fn url(&self, path: &str) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.address)
    }
}

impl Drop for PlacesSim {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::Release);
        self.release();
        // The listener's thread waits for a connection; this is the last.
        let _ = TcpStream::connect(self.address);
    }
}

impl State {
    /// A request has been read: what is wrong with its answer, once it may go.
    pub(crate) fn take(&self, request: &Request) -> Faults {
        if self.options.log {
            let _ = writeln!(io::stderr(), "{} {}", request.method, request.target_without_key());
        }
        lock(&self.requests).push(request.clone());
        let faults = self.next_faults();
        let mut held = lock(&self.held);
        while *held {
            held = self.released.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
        drop(held);
        std::thread::sleep(faults.delay);
        faults
    }

    fn next_faults(&self) -> Faults {
        let mut faults = lock(&self.faults);
        match &mut faults.first {
            None => faults.clone(),
            Some(0) => Faults::default(),
            Some(left) => {
                *left -= 1;
                faults.clone()
            }
        }
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }
}

fn accept(listener: &TcpListener, state: &Arc<State>, tls: Option<&tls::Identity>) {
    for stream in listener.incoming() {
        if state.is_stopped() {
            return;
        }
        let (Ok(stream), state, tls) = (stream, Arc::clone(state), tls.cloned()) else { continue };
        // A client that breaks off, or does not speak HTTP, is of no interest here.
        std::thread::spawn(move || match tls {
            None => http::serve(&state, &stream),
            Some(identity) => identity.serve(&state, &stream),
        });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
