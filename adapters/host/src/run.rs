//! From a command line to an exit code.

use std::future::poll_fn;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use atomic_waker::AtomicWaker;
use herd::ServerId;
use herd_places::{Remote, Source};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::command::{self, Order, UsageError};
use crate::config::{Description, Environment, PlacesSettings, PlacesSource, Settings};
use crate::logs;
use crate::runtime::Runtime;
use crate::server::Bound;

/// Runs what the command line asks for, on the runtime `R`.
#[must_use]
pub fn main<R: Runtime>(program: &'static str) -> ExitCode {
    let order = match command::read(program, std::env::args_os(), &Environment::process()) {
        Ok(order) => order,
        Err(error) => return error.report(program),
    };
    let (settings, servers, whole) = match &order {
        Order::Check { settings } => {
            let printed = write!(io::stdout(), "{}", Description(settings));
            return if printed.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
        }
        Order::Serve { server, settings } => (settings, vec![*server], false),
        Order::Up { settings } => (settings, settings.herd.ids().collect(), true),
    };
    match start_up(settings, &servers) {
        Err(error) => error.report(program),
        Ok((bound, source)) => {
            let herd = run::<R>(settings, bound, &source, whole.then_some(program));
            ended(R::block_on(settings.workers, herd).flatten(), program)
        }
    }
}

fn ended(end: io::Result<()>, program: &str) -> ExitCode {
    let Err(error) = end else {
        return ExitCode::SUCCESS;
    };
    tracing::error!(target: "herd::server", %error, "failed");
    let _ = writeln!(io::stderr(), "{program}: error: {error}");
    ExitCode::FAILURE
}

/// All that can go wrong before anything runs.
fn start_up(settings: &Settings, servers: &[ServerId]) -> Result<(Vec<Bound>, Arc<dyn Source>), UsageError> {
    let source = source(settings)?;
    let bound = servers.iter().map(|&server| Bound::new(settings, server)).collect::<Result<_, _>>()?;
    logs::start(&settings.log)?;
    Ok((bound, source))
}

fn source(settings: &Settings) -> Result<Arc<dyn Source>, UsageError> {
    let places = &settings.places;
    let timeout = settings.limits.places_timeout;
    Ok(match places.source {
        PlacesSource::Embedded => Arc::new(herd_places::Embedded::new()),
        PlacesSource::Google => Arc::new(herd_places::Google::new(remote(places)?, timeout)),
        PlacesSource::GoogleLegacy => Arc::new(herd_places::GoogleLegacy::new(remote(places)?, timeout)),
        PlacesSource::File => {
            let file = places.file.clone().expect("the settings name a file for this source");
            Arc::new(herd_places::File::load(file)?)
        }
    })
}

fn remote(places: &PlacesSettings) -> Result<Remote, UsageError> {
    let trust = places.ca_file.as_deref().map(herd_places::trust).transpose()?;
    Ok(Remote { url: places.url.clone(), key: places.key.clone(), trust })
}

async fn run<R: Runtime>(
    settings: &Settings,
    bound: Vec<Bound>,
    source: &Arc<dyn Source>,
    announce: Option<&str>,
) -> io::Result<()> {
    let stop = Arc::new(Stop::default());
    stop.on_signals(source)?;
    if let Some(program) = announce {
        announce_herd(settings, &bound, program)?;
    }
    let names: Vec<String> = bound.iter().map(|bound| bound.name(settings).to_string()).collect();
    for bound in bound {
        bound.start::<R>(settings, source)?;
    }
    let signal = stop.wait().await;
    let signal = if signal == usize::try_from(SIGINT).unwrap_or_default() { "SIGINT" } else { "SIGTERM" };
    for server in names {
        tracing::info!(target: "herd::server", server, signal, "server down");
    }
    Ok(())
}

/// Says what runs where, and what to try.
fn announce_herd(settings: &Settings, bound: &[Bound], program: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let herd = &settings.herd;
    let width = herd.members().iter().map(|server| server.name.as_str().len()).max().unwrap_or_default();
    let plural = if bound.len() == 1 { "server" } else { "servers" };
    writeln!(out, "{program}: a herd of {} {plural}; Ctrl-C stops it", bound.len())?;
    for (id, bound) in herd.ids().zip(bound) {
        let neighbours: Vec<&str> = herd.neighbours(id).iter().map(|&peer| herd.name(peer).as_str()).collect();
        let talks = if neighbours.is_empty() { "nobody".into() } else { neighbours.join(", ") };
        writeln!(out, "  {:width$}  {}  talks with {talks}", herd.name(id), bound.address()?)?;
    }
    let first = herd.ids().next().map(|id| herd.name(id).as_str()).unwrap_or_default();
    writeln!(out, "Try, in another terminal:")?;
    writeln!(out, "  herd send --to {first} 'IAMAT kiwi.cs.ucla.edu +34.068930-118.445127 1479413884.392014450' \\")?;
    writeln!(out, "    'WHATSAT kiwi.cs.ucla.edu 10 5'")?;
    out.flush()
}

/// The signal that ends the process, once it has come.
#[derive(Default)]
struct Stop {
    signal: AtomicUsize,
    waker: AtomicWaker,
}

impl Stop {
    /// Listens to signals from here on, on a thread of its own: Ctrl-C and SIGTERM stop, SIGHUP has
    /// the places read again.
    fn on_signals(self: &Arc<Self>, source: &Arc<dyn Source>) -> io::Result<()> {
        let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        let (stop, source) = (Arc::clone(self), Arc::clone(source));
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in signals.forever() {
                if signal == SIGHUP {
                    reload(source.as_ref());
                    continue;
                }
                stop.signal.store(usize::try_from(signal).unwrap_or(usize::MAX), Ordering::Release);
                stop.waker.wake();
            }
        })?;
        Ok(())
    }

    async fn wait(&self) -> usize {
        poll_fn(|context| {
            self.waker.register(context.waker());
            match self.signal.load(Ordering::Acquire) {
                0 => Poll::Pending,
                signal => Poll::Ready(signal),
            }
        })
        .await
    }
}

fn reload(source: &dyn Source) {
    match source.reload() {
        Ok(Some(places)) => tracing::info!(target: "herd::places", places, "places read again"),
        Ok(None) => tracing::info!(target: "herd::places", "SIGHUP: this places source has nothing to read again"),
        Err(errors) => {
            for error in &errors {
                tracing::error!(target: "herd::places", error, "bad places");
            }
            tracing::error!(target: "herd::places", errors = errors.len(), "the new places are bad; the old ones stay");
        }
    }
}
