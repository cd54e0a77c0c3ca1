//! How the bus is, for whoever asks, and what is wrong with it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use herd::{RegionStatus, ServerName};

use crate::settings::Settings;

/// How the bus of a server is.
#[derive(Debug)]
pub(crate) struct State {
    server: ServerName,
    region: ServerName,
    pub(crate) counts: Counts,
    now: Mutex<Present>,
}

/// What it has done since the server started.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) sent: Count,
    pub(crate) received: Count,
    pub(crate) dropped: Count,
    pub(crate) failed: Count,
}

/// How often something has happened.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, more: usize) {
        self.0.fetch_add(more as u64, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
struct Present {
    nats: Option<String>,
    since: Instant,
    bridge: Option<u64>,
    lag: Option<u64>,
    wrong: BTreeMap<About, String>,
}

/// What may be wrong: of each at most one thing at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum About {
    /// There is no connection.
    Connection,
    /// NATS denies something.
    Rights,
    /// NATS takes no messages as long as they may be.
    Payload,
    /// Another herd calls its region the same.
    Region,
    /// What there is in JetStream.
    JetStream,
    /// Its settings are not those that were asked for.
    Differs,
}

impl About {
    /// In a few words: what a log line says, and the sentence begins with.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Connection => "NATS cannot be reached",
            Self::Rights => "NATS denies a right",
            Self::Payload => "NATS refuses long messages",
            Self::Region => "another region of the same name",
            Self::JetStream => "JetStream cannot be used",
            Self::Differs => "stream of other settings used",
        }
    }
}

impl State {
    pub(crate) fn new(settings: &Settings, server: &ServerName) -> Self {
        let now = Present { nats: None, since: Instant::now(), bridge: None, lag: None, wrong: BTreeMap::new() };
        Self {
            server: server.clone(),
            region: settings.region.clone(),
            counts: Counts::default(),
            now: Mutex::new(now),
        }
    }

    fn now(&self) -> MutexGuard<'_, Present> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is connected to that NATS server.
    pub(crate) fn connected(&self, nats: &str, version: &str) {
        let (server, region) = (&self.server, &self.region);
        tracing::info!(target: "herd::regions", %server, %region, nats, version, "connected to NATS");
        let mut now = self.now();
        now.nats = Some(nats.to_owned());
        now.since = Instant::now();
        // What it denied then it may allow now; what it still denies it says again.
        now.wrong.clear();
    }

    /// It is not connected any more.
    pub(crate) fn disconnected(&self) {
        let mut now = self.now();
        if let Some(nats) = now.nats.take() {
            now.since = Instant::now();
            let (server, region) = (&self.server, &self.region);
            tracing::warn!(target: "herd::regions", %server, %region, nats, "disconnected from NATS");
        }
    }

    /// The NATS server is about to stop, and says so.
    pub(crate) fn lame_duck(&self) {
        let (server, region, nats) = (&self.server, &self.region, self.now().nats.clone());
        tracing::info!(target: "herd::regions", %server, %region, nats, "NATS server is about to stop");
    }

    /// It is its region's bridge by that fencing number, or is not.
    pub(crate) fn bridge(&self, fence: Option<u64>, why: &str) {
        let (server, region) = (&self.server, &self.region);
        if let Some(fence) = fence {
            tracing::info!(target: "herd::regions", %server, %region, fence, "became the bridge");
        } else {
            tracing::info!(target: "herd::regions", %server, %region, reason = why, "no longer the bridge");
        }
        let mut now = self.now();
        now.bridge = fence;
        now.lag = None;
    }

    /// So many messages of the stream of arrivals are still to be read.
    pub(crate) fn lags(&self, lag: u64) {
        self.now().lag = Some(lag);
    }

    /// Something was made in JetStream.
    pub(crate) fn made(&self, what: &str, name: &str, replicas: usize) {
        let (server, region) = (&self.server, &self.region);
        tracing::info!(target: "herd::regions", %server, %region, name, replicas, "{what} created");
    }

    /// Messages came faster than they were taken.
    pub(crate) fn slow(&self) {
        self.counts.dropped.add(1);
        let (server, region) = (&self.server, &self.region);
        tracing::warn!(target: "herd::regions", %server, %region, "messages dropped, too many were waiting");
    }

    /// Messages for the stream of arrivals were not taken.
    pub(crate) fn unsent(&self, messages: usize, error: &str) {
        self.counts.failed.add(messages);
        let (server, region) = (&self.server, &self.region);
        tracing::warn!(target: "herd::regions", %server, %region, messages, error, "arrivals not accepted by NATS");
    }

    /// Something is wrong: why, and what to do about it.
    pub(crate) fn wrong(&self, about: About, why: String) {
        let mut now = self.now();
        if now.wrong.get(&about) != Some(&why) {
            let (server, region, event) = (&self.server, &self.region, about.as_str());
            tracing::warn!(target: "herd::regions", %server, %region, reason = why, "{event}");
            now.wrong.insert(about, why);
        }
    }

    /// An attempt to connect has failed. Mostly it is known already why.
    pub(crate) fn not_connected(&self, error: &str) {
        if !self.now().wrong.contains_key(&About::Connection) {
            self.wrong(About::Connection, error.to_owned());
        }
    }

    /// The server's name.
    pub(crate) const fn server(&self) -> &ServerName {
        &self.server
    }

    /// That is not wrong any more.
    pub(crate) fn right(&self, about: About) {
        self.now().wrong.remove(&about);
    }

    /// What needs a person, each in a sentence.
    pub(crate) fn all_wrong(&self) -> Vec<String> {
        self.now().wrong.iter().map(|(about, why)| format!("{}: {why}", about.as_str())).collect()
    }

    /// All of it.
    pub(crate) fn status(&self) -> RegionStatus {
        let (now, counts) = (self.now(), &self.counts);
        RegionStatus {
            name: self.region.to_string(),
            nats: now.nats.clone(),
            since: now.since.elapsed().into(),
            bridge: now.bridge,
            lag: now.lag,
            sent: counts.sent.get(),
            received: counts.received.get(),
            dropped: counts.dropped.get(),
            failed: counts.failed.get(),
        }
    }
}
