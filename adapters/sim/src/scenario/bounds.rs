//! The limits of a scenario's servers.

use std::time::Duration;

use herd::{Limits, Timestamp};
use serde::{Deserialize, Serialize};

use super::Nanos;

/// What a scenario says of [`Limits`]; the rest is as the core has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Bounds {
    /// [`Limits::link_idle`].
    pub link_idle: Nanos,
    /// [`Limits::link_retry`].
    pub link_retry: Nanos,
    /// [`Limits::link_timeout`].
    pub link_timeout: Nanos,
    /// [`Limits::repair_interval`].
    pub repair_interval: Nanos,
    /// [`Limits::link_queue`].
    pub link_queue: usize,
    /// [`Limits::max_unsent`].
    pub max_unsent: usize,
    /// [`Limits::buffers`].
    pub buffers: usize,
    /// [`Limits::max_waiting`].
    pub max_waiting: usize,
    /// [`Limits::fetches`].
    pub fetches: usize,
    /// [`Limits::places_timeout`].
    pub places_timeout: Nanos,
    /// [`Limits::clients`].
    pub clients: usize,
    /// [`Limits::keep_for`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_for: Option<Nanos>,
    /// [`Limits::gone_for`].
    pub gone_for: Nanos,
    /// [`Limits::watches`].
    pub watches: usize,
    /// [`Limits::watch_queue`].
    pub watch_queue: usize,
    /// [`Limits::connections`].
    pub connections: usize,
    /// [`Limits::connections_per_address`].
    pub connections_per_address: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        let limits = Limits::default();
        let nanos = |span: Duration| Nanos::try_from(span.as_nanos()).unwrap_or(Nanos::MAX);
        Self {
            link_idle: nanos(limits.link_idle),
            link_retry: nanos(limits.link_retry),
            link_timeout: nanos(limits.link_timeout),
            repair_interval: nanos(limits.repair_interval),
            link_queue: limits.link_queue,
            max_unsent: limits.max_unsent,
            buffers: limits.buffers,
            max_waiting: limits.max_waiting,
            fetches: limits.fetches,
            places_timeout: nanos(limits.places_timeout),
            clients: limits.clients,
            keep_for: limits.keep_for.map(nanos),
            gone_for: nanos(limits.gone_for),
            watches: limits.watches,
            watch_queue: limits.watch_queue,
            connections: limits.connections,
            connections_per_address: limits.connections_per_address,
        }
    }
}

impl Bounds {
    /// Bounds that are half of these, where whoever is there goes on by the new one from then on.
    #[must_use]
    pub fn tighter(&self) -> Self {
        Self {
            link_idle: self.link_idle / 2,
            link_retry: (self.link_retry / 2).max(1),
            repair_interval: (self.repair_interval / 2).max(1),
            link_queue: (self.link_queue / 2).max(1),
            max_unsent: (self.max_unsent / 2).max(1),
            fetches: (self.fetches / 2).max(1),
            ..self.clone()
        }
    }

    /// The limits of every server.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits {
            link_idle: Duration::from_nanos(self.link_idle),
            link_retry: Duration::from_nanos(self.link_retry),
            link_timeout: Duration::from_nanos(self.link_timeout),
            repair_interval: Duration::from_nanos(self.repair_interval),
            link_queue: self.link_queue,
            max_unsent: self.max_unsent,
            buffers: self.buffers,
            max_waiting: self.max_waiting,
            fetches: self.fetches,
            places_timeout: Duration::from_nanos(self.places_timeout),
            clients: self.clients,
            keep_for: self.keep_for.map(Duration::from_nanos),
            gone_for: Duration::from_nanos(self.gone_for),
            watches: self.watches,
            watch_queue: self.watch_queue,
            connections: self.connections,
            connections_per_address: self.connections_per_address,
            // More than any scenario has updates; thousands of nodes are made and dropped.
            handled: 1 << 12,
            // Every clock counts, however wrong it is.
            earliest_clock: Timestamp::from_nanos(i128::MIN),
            ..Limits::default()
        }
    }
}
