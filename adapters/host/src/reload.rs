//! What a process of servers reads again on SIGHUP: all of it is checked before any of it counts.

use std::sync::Arc;

use herd_places::Source;

use crate::blocking;
use crate::command::{self, Order, UsageError};
use crate::config::{Environment, LIMITS, PLACES_LIMITS, Settings};
use crate::runtime::Runtime;
use crate::server::{ReloadError, Server};

/// What the process was started with.
pub(crate) struct Reload {
    pub(crate) program: &'static str,
    pub(crate) started: Settings,
    /// Whether it runs every server of the herd.
    pub(crate) is_whole: bool,
    pub(crate) source: Arc<dyn Source>,
}

/// Why all of the old stays.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Usage(#[from] UsageError),
    #[error(transparent)]
    Reload(#[from] ReloadError),
    #[error("the file of the places source is bad")]
    Places,
}

impl Reload {
    /// Reads everything again, and has these servers take it over; people are told what came of it.
    pub(crate) async fn run<R: Runtime>(&self, servers: &[Server<R>]) {
        match self.take_over(servers).await {
            Ok(settings) => {
                tracing::info!(target: "herd::server", "settings read again");
                tell_warnings(&settings);
                self.tell_what_waits(&settings, servers);
            }
            Err(error) => {
                tracing::error!(target: "herd::server", %error, "settings cannot be used, the old ones stay");
            }
        }
    }

    async fn take_over<R: Runtime>(&self, servers: &[Server<R>]) -> Result<Settings, Refused> {
        let program = self.program;
        let settings = blocking::run::<R, _>(move || read(program)).await?;
        for server in servers {
            server.can_take(&settings)?;
        }
        let source = Arc::clone(&self.source);
        if !blocking::run::<R, _>(move || reload_places(source.as_ref())).await {
            return Err(Refused::Places);
        }
        for server in servers {
            server.reload(&settings).await?;
        }
        Ok(settings)
    }

    /// What differs from the settings that the process was started with and needs another start.
    fn tell_what_waits<R: Runtime>(&self, settings: &Settings, servers: &[Server<R>]) {
        let mut differ = fixed_differences(&self.started, settings);
        let listens = |settings: &Settings, name: &str| {
            settings.herd.find(name.as_bytes()).map(|id| settings.listen(id).to_owned())
        };
        if servers.iter().any(|server| listens(&self.started, server.name()) != listens(settings, server.name())) {
            differ.push("listen");
        }
        if self.is_whole && settings.herd.members().len() > servers.len() {
            differ.push("server");
        }
        if !differ.is_empty() {
            let (settings, remedy) = (differ.join(", "), "restart the server");
            tracing::warn!(target: "herd::server", settings, remedy, "some settings count from the next start only");
        }
    }
}

/// The settings of the same command line.
fn read(program: &'static str) -> Result<Settings, UsageError> {
    match command::read(program, std::env::args_os(), &Environment::process())? {
        Order::Serve { settings, .. } | Order::Up { settings } | Order::Check { settings } => Ok(settings),
    }
}

/// The names of the settings that do not change while servers run, and differ.
fn fixed_differences(started: &Settings, now: &Settings) -> Vec<&'static str> {
    let limits = LIMITS.iter().chain(&PLACES_LIMITS);
    let limits = limits.filter(|limit| limit.show(&started.limits) != limit.show(&now.limits)).map(|limit| limit.name);
    let others = [
        ("workers", started.workers != now.workers),
        ("places", started.places != now.places),
        ("log", started.log != now.log),
    ];
    limits.chain(others.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name)).collect()
}

/// Tells what is not quite right about settings.
pub(crate) fn tell_warnings(settings: &Settings) {
    for warning in &settings.warnings {
        tracing::warn!(target: "herd::server", remedy = %warning, "{}", warning.as_str());
    }
}

/// Whether the places are those of the file as it is now, or there is none.
fn reload_places(source: &dyn Source) -> bool {
    match source.reload() {
        Ok(Some(places)) => tracing::info!(target: "herd::places", places, "places read again"),
        Ok(None) => {}
        Err(errors) => {
            for error in &errors {
                tracing::error!(target: "herd::places", error, "bad places");
            }
            tracing::error!(target: "herd::places", errors = errors.len(), "the new places are bad; the old ones stay");
            return false;
        }
    }
    true
}
