//! What this server says of itself that its node does not know: for `STATUS`.

use std::sync::Mutex;
use std::time::Duration;

use herd::{HostStatus, Limits};

use crate::config::{PlacesSource, Settings, every_limit};
use crate::lock::lock;
use crate::logs;
use herd_web::Usage;

/// For how long it is told that log lines were lost.
const LATELY: Duration = Duration::from_mins(5);

/// What there is to say.
#[derive(Debug)]
pub(crate) struct About {
    runtime: &'static str,
    /// Where its places come from.
    places: Mutex<&'static str>,
    /// Why the last fetch of places failed, if it did.
    places_failure: Mutex<Option<String>>,
}

impl About {
    /// A server with these settings, on that runtime.
    pub(crate) fn new(settings: &Settings, runtime: &'static str) -> Self {
        Self { runtime, places: Mutex::new(settings.places.source.name()), places_failure: Mutex::default() }
    }

    /// A fetch of places ended.
    pub(crate) fn fetched(&self, failure: Option<String>) {
        *lock(&self.places_failure) = failure;
    }

    /// Places come from another source from now on.
    pub(crate) fn places_from(&self, source: PlacesSource) {
        *lock(&self.places) = source.name();
        *lock(&self.places_failure) = None;
    }

    /// All of it, of a server with these limits.
    pub(crate) fn status(&self, limits: &Limits) -> HostStatus {
        let failure = lock(&self.places_failure).clone().map(|why| format!("the last fetch of places failed: {why}"));
        let (log_lost, last_loss) = logs::losses();
        let is_losing = last_loss.is_some_and(|ago| ago < LATELY);
        let losing = is_losing.then(|| "log lines were lost: what the log is written to is full, slow or gone".into());
        HostStatus {
            version: env!("CARGO_PKG_VERSION").into(),
            runtime: self.runtime.into(),
            places: (*lock(&self.places)).into(),
            limits: every_limit().map(|limit| (limit.name, limit.show(limits))).collect(),
            log_lost,
            data: None,
            region: None,
            memory: Usage::resident_now(),
            wrong: losing.into_iter().collect(),
            wrong_elsewhere: failure.into_iter().collect(),
        }
    }
}
