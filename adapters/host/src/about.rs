//! What this server says of itself that its node does not know: for `STATUS`.

use std::sync::Mutex;

use herd::HostStatus;

use crate::config::{LIMITS, PLACES_LIMITS, Settings};
use crate::lock::lock;

/// What there is to say, most of it the same for as long as the server runs.
#[derive(Debug)]
pub(crate) struct About {
    runtime: &'static str,
    places: &'static str,
    limits: Vec<(&'static str, String)>,
    /// Why the last fetch of places failed, if it did.
    places_failure: Mutex<Option<String>>,
}

impl About {
    /// A server with these settings, on that runtime.
    pub(crate) fn new(settings: &Settings, runtime: &'static str) -> Self {
        let limits = LIMITS.iter().chain(&PLACES_LIMITS);
        Self {
            runtime,
            places: settings.places.source.name(),
            limits: limits.map(|limit| (limit.name, limit.show(&settings.limits))).collect(),
            places_failure: Mutex::default(),
        }
    }

    /// A fetch of places ended.
    pub(crate) fn fetched(&self, failure: Option<String>) {
        *lock(&self.places_failure) = failure;
    }

    /// All of it.
    pub(crate) fn status(&self) -> HostStatus {
        let failure = lock(&self.places_failure).clone();
        HostStatus {
            version: env!("CARGO_PKG_VERSION").into(),
            runtime: self.runtime.into(),
            places: self.places.into(),
            limits: self.limits.clone(),
            wrong: failure.map(|why| format!("the last fetch of places failed: {why}")).into_iter().collect(),
        }
    }
}
