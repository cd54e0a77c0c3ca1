//! What a process of servers reads again on SIGHUP: all of it is checked before any of it counts.

use std::sync::Arc;

use herd::ServerId;
use herd_places::Source;

use crate::blocking;
use crate::command::{self, Order, UsageError};
use crate::config::{Environment, Settings, every_limit};
use crate::logs::{Changed, Log, LogError};
use crate::open_files::fit;
use crate::runtime::Runtime;
use crate::server::{ReloadError, Server};
use crate::source::PlacesError;
use crate::systemd;

/// What the process goes by.
pub(crate) struct Reload {
    pub(crate) program: &'static str,
    /// What it was started with: some of it stays as it was then.
    pub(crate) started: Settings,
    /// What it has read last.
    pub(crate) now: Settings,
    /// Whether it runs every server of the herd.
    pub(crate) is_whole: bool,
    pub(crate) source: Arc<dyn Source>,
    pub(crate) log: Log,
}

/// Why all of the old stays.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Usage(#[from] UsageError),
    #[error(transparent)]
    Reload(#[from] ReloadError),
    #[error(transparent)]
    Source(#[from] PlacesError),
    #[error("the file of the places source is bad")]
    Places,
    #[error(transparent)]
    Log(#[from] LogError),
}

impl Reload {
    /// Reads everything again, and has these servers take it over; people are told what came of it.
    pub(crate) async fn run<R: Runtime>(&mut self, servers: &[Server<R>]) {
        systemd::reloading();
        match self.take_over(servers).await {
            Ok(settings) => {
                let changed = listed(&limits_that_differ(&self.now, &settings));
                tracing::info!(target: "herd::server", limits = changed, "settings read again");
                tell_warnings(&settings);
                self.tell_what_waits(&settings, servers);
                self.now = settings;
                systemd::ready(servers);
            }
            Err(error) => {
                systemd::refused(&error.to_string());
                tracing::error!(target: "herd::server", %error, "settings cannot be used, the old ones stay");
            }
        }
    }

    /// First all that can go wrong, and then what cannot.
    async fn take_over<R: Runtime>(&mut self, servers: &[Server<R>]) -> Result<Settings, Refused> {
        let program = self.program;
        let settings = blocking::run::<R, _>(move || read(program)).await?;
        let mut prepared = Vec::new();
        for server in servers {
            prepared.push(server.prepare(&settings).await?);
        }
        let log = self.prepare_log::<R>(&settings).await?;
        let source = self.prepare_places::<R>(&settings).await?;
        if let Some(log) = log {
            self.log.change(log);
        }
        let mut fitted = settings.clone();
        fit(&mut fitted, &ids(servers, &settings), self.is_whole);
        for (server, prepared) in servers.iter().zip(prepared) {
            server.take_over(&fitted, prepared)?;
            if let Some(source) = &source {
                server.replace_places(&settings, Arc::clone(source));
            }
        }
        self.source = source.unwrap_or_else(|| Arc::clone(&self.source));
        tell_skipped(self.source.as_ref());
        Ok(settings)
    }

    /// The log as these settings have it, where it can be that without another start.
    async fn prepare_log<R: Runtime>(&self, settings: &Settings) -> Result<Option<Changed>, LogError> {
        if !Log::can_become(&self.started.log, &settings.log) {
            return Ok(None);
        }
        let settings = settings.log.clone();
        blocking::run::<R, _>(move || Log::prepare(&settings)).await.map(Some)
    }

    /// Another source of places, where the settings describe another one; else the one that there is reads its data again.
    async fn prepare_places<R: Runtime>(&self, settings: &Settings) -> Result<Option<Arc<dyn Source>>, Refused> {
        let (before, now) = (&self.now, settings.clone());
        if before.places != now.places || before.limits.places_timeout != now.limits.places_timeout {
            return Ok(Some(blocking::run::<R, _>(move || now.open_places()).await?));
        }
        let source = Arc::clone(&self.source);
        if blocking::run::<R, _>(move || reload_places(source.as_ref())).await {
            Ok(None)
        } else {
            Err(Refused::Places)
        }
    }

    /// What differs from the settings that the process was started with and needs another start.
    fn tell_what_waits<R: Runtime>(&self, settings: &Settings, servers: &[Server<R>]) {
        let mut differ = Vec::new();
        let data = |settings: &Settings| settings.data.as_ref().map(|data| (data.dir.clone(), data.sync));
        if data(&self.started) != data(settings) {
            differ.push("data");
        }
        if self.started.region != settings.region {
            differ.push("region");
        }
        if self.started.workers != settings.workers {
            differ.push("workers");
        }
        if !Log::can_become(&self.started.log, &settings.log) {
            differ.push("log");
        }
        let listens = |settings: &Settings, name: &str| {
            settings.herd.find(name.as_bytes()).map(|id| settings.listen(id).to_owned())
        };
        if servers.iter().any(|server| listens(&self.started, server.name()) != listens(settings, server.name())) {
            differ.push("listen");
        }
        let doors = |settings: &Settings| {
            let ids = ids(servers, settings);
            ids.iter().enumerate().map(|(index, &id)| settings.http.listen(id, index == 0).map(str::to_owned)).collect()
        };
        let (before, now): (Vec<_>, Vec<_>) = (doors(&self.started), doors(settings));
        if before != now {
            differ.push("http");
        }
        if self.is_whole && settings.herd.members().len() > servers.len() {
            differ.push("server");
        }
        if let Some(settings) = listed(&differ) {
            let remedy = "restart the server";
            tracing::warn!(target: "herd::server", settings, remedy, "some settings count from the next start only");
        }
    }
}

/// The settings of the same command line.
fn read(program: &'static str) -> Result<Settings, UsageError> {
    match command::read(program, std::env::args_os(), &Environment::process())? {
        Order::Serve { settings, .. }
        | Order::Up { settings }
        | Order::Try { settings, .. }
        | Order::Check { settings, .. }
        | Order::Reload { settings, .. } => Ok(settings),
    }
}

/// Which of the herd's servers these are.
fn ids<R: Runtime>(servers: &[Server<R>], settings: &Settings) -> Vec<ServerId> {
    servers.iter().filter_map(|server| settings.herd.find(server.name().as_bytes())).collect()
}

/// The names of the limits that differ.
fn limits_that_differ(before: &Settings, now: &Settings) -> Vec<&'static str> {
    every_limit()
        .filter(|limit| limit.show(&before.limits) != limit.show(&now.limits))
        .map(|limit| limit.name)
        .collect()
}

/// These names for people, if there are any.
fn listed(names: &[&str]) -> Option<String> {
    (!names.is_empty()).then(|| names.join(", "))
}

/// Tells what is not quite right about settings.
pub(crate) fn tell_warnings(settings: &Settings) {
    for warning in &settings.warnings {
        tracing::warn!(target: "herd::server", remedy = %warning, "{}", warning.as_str());
    }
}

/// Tells what the source of places could not use of its data.
pub(crate) fn tell_skipped(source: &dyn Source) {
    if let Some(warning) = source.warning() {
        tracing::warn!(target: "herd::places", warning, "places skipped");
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
