//! How a server is joined to other regions, and which there are.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Shown;
use crate::shown::span;
use herd_command::escaped;

/// How a server is joined to other regions. Times are in seconds.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Region {
    pub(crate) name: String,
    /// The NATS server that it is connected to, if it is.
    nats: Option<String>,
    /// For how long it has been, or has not.
    since: f64,
    /// Its fencing number, if it is its region's bridge.
    bridge: Option<u64>,
    /// Arrivals that the bridge has still to read.
    pub(crate) lag: Option<u64>,
    /// Messages to other regions and from them, and those that were dropped or not taken.
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) dropped: u64,
    pub(crate) failed: u64,
}

/// Another region, as servers hear of it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub(crate) struct OtherRegion {
    pub(crate) name: String,
    state: String,
    /// How many seconds ago it said that it is there.
    heard: Option<f64>,
}

impl Region {
    pub(crate) const fn is_joined(&self) -> bool {
        self.nats.is_some()
    }

    pub(crate) const fn is_bridge(&self) -> bool {
        self.bridge.is_some()
    }

    /// `nats-1 for 3 min`: where it is connected to.
    pub(crate) fn nats(&self) -> String {
        format!("{} for {}", self.nats.as_deref().map_or_else(|| "none".into(), escaped), span(self.since))
    }
}

impl OtherRegion {
    pub(crate) fn is_silent(&self) -> bool {
        self.state == "silent"
    }

    /// `heard 2 s ago`, `silent for 3 min`.
    pub(crate) fn describe(&self) -> String {
        match (self.is_silent(), self.heard.map(span)) {
            (true, Some(heard)) => format!("silent for {heard}"),
            (true, None) => "silent".into(),
            (false, heard) => format!("heard {} ago", heard.unwrap_or_else(|| "?".into())),
        }
    }

    /// Those that these servers have heard of, each as whoever has heard of it last.
    pub(crate) fn of_all<'a>(servers: impl Iterator<Item = &'a Shown>) -> Vec<Self> {
        let mut newest = BTreeMap::<&str, &Self>::new();
        for region in servers.flat_map(|shown| &shown.regions) {
            let known = newest.entry(&region.name).or_insert(region);
            let age = |region: &Self| region.heard.unwrap_or(f64::INFINITY);
            if age(region) < age(known) {
                *known = region;
            }
        }
        newest.into_values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_told_as_whoever_has_heard_of_it_last() {
        let shown = |json: &str| serde_json::from_str::<Shown>(json).expect("a status");
        let cut_off = shown(
            r#"{"regions": [{"name": "ap", "state": "silent", "heard": null}, {"name": "eu", "state": "silent", "heard": 190}]}"#,
        );
        let joined = shown(r#"{"regions": [{"name": "eu", "state": "up", "heard": 2.25}]}"#);
        for servers in [[&cut_off, &joined], [&joined, &cut_off]] {
            let told: Vec<_> = OtherRegion::of_all(servers.into_iter()).iter().map(OtherRegion::describe).collect();
            assert_eq!(told, ["silent", "heard 2 s ago"]);
        }
        assert_eq!(cut_off.regions[1].describe(), "silent for 3 min");
    }
}
