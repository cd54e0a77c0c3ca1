//! How a server is, for people and for programs that watch it: what `STATUS` answers.

use core::fmt;
use core::time::Duration;
use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::hub::Hub;
use crate::homes::Seen;
use crate::pass::Wrong;
use crate::peers::Link;
use crate::store::KindCounts;
use crate::values::{Counter, Counters, Instant, Now, Skew, Timestamp};
use crate::wire::Stranger;

/// What only the one who drives a node knows of its server.
#[derive(Clone, Debug, Default)]
pub struct HostStatus {
    /// The version of the program.
    pub version: String,
    /// The runtime that it runs on.
    pub runtime: String,
    /// Where its places come from.
    pub places: String,
    /// Its limits by their names, as they are written in a file.
    pub limits: Vec<(&'static str, String)>,
    /// How many lines of its log were lost since it started.
    pub log_lost: u64,
    /// What it keeps on disk, if it does.
    pub data: Option<DataStatus>,
    /// How it is joined to other regions, if it is to be.
    pub region: Option<RegionStatus>,
    /// How many bytes of memory its process has, where the system tells.
    pub memory: Option<u64>,
    /// What is wrong with the server itself and needs a person, each in a sentence.
    pub wrong: Vec<String>,
    /// What is wrong elsewhere, with what the server depends on.
    pub wrong_elsewhere: Vec<String>,
}

/// What a server keeps on disk.
#[derive(Clone, Debug, Serialize)]
pub struct DataStatus {
    /// The folder.
    pub dir: String,
    /// How much a crash may lose, as it is written in a file.
    pub sync: String,
    /// How many bytes its files have.
    pub bytes: u64,
    /// How many of these are not synced.
    pub waiting: u64,
    /// How long ago everything was on disk that was known then.
    pub synced: Seconds,
    /// Whether a snapshot is being written.
    pub compacting: bool,
    /// For how long it has not been possible to write.
    pub failing: Option<Seconds>,
    /// Why.
    pub why: Option<String>,
}

/// How a server is joined to other regions.
#[derive(Clone, Debug, Serialize)]
pub struct RegionStatus {
    /// The region that it is a server of.
    pub name: String,
    /// The name of the NATS server that it is connected to, if it is.
    pub nats: Option<String>,
    /// For how long it has been connected, or not.
    pub since: Seconds,
    /// Its fencing number, if it is its region's bridge.
    pub bridge: Option<u64>,
    /// How many arrivals the bridge has still to read.
    pub lag: Option<u64>,
    /// How many messages it has sent.
    pub sent: u64,
    /// How many messages have come.
    pub received: u64,
    /// How many were dropped, in either direction: there was no connection, or too many came, or nobody could be meant.
    pub dropped: u64,
    /// How many messages about arrivals NATS did not take.
    pub failed: u64,
}

/// How another region is, as a server hears of it.
#[derive(Clone, Debug, Serialize)]
pub struct OtherRegionStatus {
    /// Its name.
    pub name: String,
    /// Whether it is there.
    pub state: RegionState,
    /// How long ago it said so; nothing if it never did.
    pub heard: Option<Seconds>,
}

/// Whether another region is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RegionState {
    /// It says so from time to time.
    Up,
    /// It has not for a while.
    Silent,
}

/// How a server is. It is made without a look at any client, whatever there is of those.
///
/// Fields are only ever added.
#[derive(Clone, Debug, Serialize)]
pub struct ServerStatus {
    /// Its name.
    pub server: String,
    /// The version of its program.
    pub version: String,
    /// The runtime that it runs on.
    pub runtime: String,
    /// What its clock says.
    pub time: Seconds,
    /// How long it has run.
    pub uptime: Seconds,
    /// How many clients it knows.
    pub clients: usize,
    /// How many clients it knows to be forgotten: they count in [`Limits::clients`](crate::Limits::clients).
    pub tombstones: usize,
    /// How many clients it knows to be at home in another region: they count there, too.
    pub away: usize,
    /// How many bytes it has set aside for what it keeps of them.
    pub bytes: usize,
    /// How many bytes of memory its process has, where the system tells. All servers of the process are in it.
    pub memory: Option<u64>,
    /// How many connections others have opened to it.
    pub connections: usize,
    /// How many of those watch anything.
    pub watchers: usize,
    /// How many watches and fences there are on those.
    pub watches: usize,
    /// How each of its neighbours is, in the order of their ids.
    pub neighbours: Vec<NeighbourStatus>,
    /// The ids of the herd's secrets that it knows; it proves the first.
    pub secrets: Vec<String>,
    /// Its places.
    pub places: PlacesStatus,
    /// Its log.
    pub log: LogStatus,
    /// What it keeps on disk; nothing without a data folder.
    pub data: Option<DataStatus>,
    /// How it is joined to other regions; nothing without a region.
    pub region: Option<RegionStatus>,
    /// How each of the other regions is that it has heard of, by name.
    pub regions: Vec<OtherRegionStatus>,
    /// What it has done since it started.
    pub counters: BTreeMap<&'static str, u64>,
    /// Its limits, as they are written in a file.
    pub limits: BTreeMap<&'static str, String>,
    /// What needs a person, each in a sentence. Nothing is wrong where there is none.
    pub wrong: Vec<String>,
    /// How many of these, the first ones, are about this server itself, and not about others or the way to them.
    #[serde(skip)]
    pub wrong_here: usize,
}

/// How a neighbour is, seen from here.
#[derive(Clone, Debug, Serialize)]
pub struct NeighbourStatus {
    /// Its name.
    pub name: String,
    /// Where it is reached.
    pub address: String,
    /// Whether lines are on their way.
    pub state: LinkState,
    /// For how long it has been up, or down.
    pub since: Option<Seconds>,
    /// Why it is down.
    pub why: Option<String>,
    /// Bytes that wait for it.
    pub queue: usize,
    /// Lines that were dropped, because too many waited.
    pub dropped: u64,
    /// How long ago the two last compared what they keep.
    pub compared: Option<Seconds>,
    /// Reports that went to it by repair.
    pub sent: u64,
    /// Reports that came from it by repair.
    pub received: u64,
    /// Tombstones that are old enough to go, and wait until it is known that it has them.
    pub tombstones_waiting: usize,
    /// How far its clock is ahead of this server's.
    pub clock: Option<Seconds>,
    /// Why it is believed to be that neighbour, while there is a connection: `certificate`, `secret` and the secret's id,
    /// or `address`.
    pub proven: Option<String>,
}

/// How the way to a neighbour is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkState {
    /// Lines are on their way without a wait.
    Up,
    /// There is nothing to say and no connection; there was no trouble with the last one.
    Rest,
    /// A connection is being made, and it was not there before.
    Connecting,
    /// It cannot be reached.
    Down,
}

impl LinkState {
    /// Whether there is a way: there may be no connection where there is nothing to say.
    #[must_use]
    pub const fn is_up(self) -> bool {
        matches!(self, Self::Up | Self::Rest)
    }
}

/// Where places come from.
#[derive(Clone, Debug, Serialize)]
pub struct PlacesStatus {
    /// The source.
    pub source: String,
    /// Fetches that are under way or wait.
    pub fetches: usize,
}

/// What became of log lines.
#[derive(Clone, Debug, Serialize)]
pub struct LogStatus {
    /// How many were lost since the program started, because what they are written to is full, slow or gone.
    pub lost: u64,
}

/// A time in nanoseconds, in JSON as seconds with nine decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub i128);

impl From<Duration> for Seconds {
    fn from(time: Duration) -> Self {
        Self(i128::try_from(time.as_nanos()).unwrap_or(i128::MAX))
    }
}

impl From<Skew> for Seconds {
    fn from(skew: Skew) -> Self {
        Self(skew.as_nanos())
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = Timestamp::from_nanos(self.0).to_string();
        RawValue::from_string(text).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl From<Seen<'_>> for OtherRegionStatus {
    fn from(seen: Seen<'_>) -> Self {
        let state = if seen.is_there { RegionState::Up } else { RegionState::Silent };
        Self { name: seen.name.to_string(), state, heard: seen.heard.map(Into::into) }
    }
}

impl ServerStatus {
    /// Appends it as one line of JSON, LF included.
    pub fn write(&self, out: &mut Vec<u8>) {
        serde_json::to_writer(&mut *out, self).expect("it has names for keys, and a Vec takes every write");
        out.push(b'\n');
    }
}

/// What the node counts elsewhere than in the hub.
pub(super) struct Counted {
    /// All records, whatever they say.
    pub(super) clients: usize,
    pub(super) departed: KindCounts,
    pub(super) bytes: usize,
    pub(super) connections: usize,
    /// Whether no client is let in any more.
    pub(super) is_full: bool,
    pub(super) is_clock_trusted: bool,
    pub(super) counters: Counters,
}

impl Hub {
    /// How the server is.
    pub(super) fn status(&mut self, counted: &Counted, host: HostStatus, now: Now) -> ServerStatus {
        self.watches.clear_out(&self.identity.hash_key);
        let &Counted { clients, departed, bytes, connections, ref counters, .. } = counted;
        let KindCounts { tombstones, away } = departed;
        let mut wrong = self.wrong_here(counted, host.wrong, now);
        let wrong_here = wrong.len();
        wrong.extend(self.wrong_elsewhere(now).chain(host.wrong_elsewhere));
        ServerStatus {
            server: self.identity.names.name(self.identity.me).to_string(),
            version: host.version,
            runtime: host.runtime,
            time: Seconds(now.wall.as_nanos()),
            uptime: now.instant.saturating_since(self.started.unwrap_or(now.instant)).into(),
            clients: clients - tombstones - away,
            tombstones,
            away,
            bytes,
            memory: host.memory,
            connections,
            watchers: self.watches.watchers(),
            watches: self.watches.len(),
            neighbours: self.links.iter().map(|link| self.neighbour(link, now.instant)).collect(),
            secrets: self.identity.herd.trust().secrets.iter().map(|secret| format!("{:08x}", secret.id())).collect(),
            places: PlacesStatus { source: host.places, fetches: self.fetches.len() },
            log: LogStatus { lost: host.log_lost },
            data: host.data,
            region: host.region,
            regions: self.homes.iter().flat_map(|homes| homes.regions.seen(now.instant)).map(Into::into).collect(),
            counters: counters.table().map(|Counter { name, value, .. }| (name, value)).collect(),
            limits: host.limits.into_iter().collect(),
            wrong,
            wrong_here,
        }
    }

    fn neighbour(&self, link: &Link, now: Instant) -> NeighbourStatus {
        let health = &link.health;
        let (since, why, state) = match health.down() {
            Some((since, why)) => (Some(since), Some(why.to_owned()), LinkState::Down),
            None if link.is_up() => (health.up_since(), None, LinkState::Up),
            None if health.up_since().is_some() => (health.up_since(), None, LinkState::Rest),
            None => (None, None, LinkState::Connecting),
        };
        NeighbourStatus {
            name: self.identity.names.name(link.peer).to_string(),
            address: self.identity.address(link.peer).to_owned(),
            state,
            since: since.map(|since| now.saturating_since(since).into()),
            why,
            queue: link.queued(),
            dropped: link.outbox.dropped,
            compared: health.compared.map(|at| now.saturating_since(at).into()),
            sent: health.mended.sent,
            received: health.mended.received,
            tombstones_waiting: health.tombstones_waiting,
            clock: health.clock.map(Seconds::from),
            proven: link.proving.basis.map(|basis| basis.to_string()),
        }
    }

    /// What is wrong with this server itself, and what the host knows of that.
    fn wrong_here(&self, counted: &Counted, mut wrong: Vec<String>, now: Now) -> Vec<String> {
        let &Counted { clients, departed, bytes, connections, is_full, is_clock_trusted, .. } = counted;
        let limits = &self.identity.limits;
        if now.wall < limits.earliest_clock {
            wrong.push("the clock of this server was never set: set it by a time server".into());
        } else if !is_clock_trusted && self.started.is_some() && (limits.keep_for.is_some() || departed.tombstones > 0)
        {
            wrong.push("the clock of this server is not trusted, and nothing expires: set it by a time server".into());
        }
        if clients >= limits.clients {
            wrong.push(format!("{clients} clients are kept and further ones refused: raise clients"));
        }
        if bytes >= limits.client_bytes {
            wrong.push(format!("records take {bytes} bytes and further clients are refused: raise client-bytes"));
        }
        if is_full {
            wrong.push(format!("{connections} connections are open and further ones turned away: raise connections"));
        }
        if self.buffers_full.was_lately(now.instant) {
            wrong.push("buffers were full and the largest connections closed: raise buffers".into());
        }
        wrong
    }

    /// What is wrong with other servers and regions, or between them and this one.
    fn wrong_elsewhere(&self, now: Now) -> impl Iterator<Item = String> {
        let mut wrong = Vec::new();
        for link in &self.links {
            let name = self.identity.names.name(link.peer);
            let explains = [
                Wrong::Refused(Stranger::Other),
                Wrong::Elsewhere { who: name.clone() },
                Wrong::Secret { proved: None },
                Wrong::Certificate { why: None },
            ];
            let is_explained = explains.iter().any(|what| self.troubles.has(name, what));
            if let Some((since, why)) = link.health.down().filter(|_| !is_explained) {
                let seconds = now.instant.saturating_since(since).as_secs();
                wrong.push(format!("{name} has been down for {}: {why}", Span(seconds)));
            }
        }
        for region in self.homes.iter().flat_map(|homes| homes.regions.seen(now.instant)) {
            if let Some(silence) = region.missed_for {
                wrong.push(format!("region {} has been silent for {}", region.name, Span(silence.as_secs())));
            }
        }
        wrong.into_iter().chain(self.troubles.iter().map(ToString::to_string))
    }
}

/// So many seconds, for people: the two largest units.
struct Span(u64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, hours, minutes) = (self.0 / 86_400, self.0 / 3600 % 24, self.0 / 60 % 60);
        match self.0 {
            0..60 => write!(f, "{} s", self.0),
            60..3600 => write!(f, "{minutes} min {} s", self.0 % 60),
            3600..86_400 => write!(f, "{hours} h {minutes} min"),
            _ => write!(f, "{days} d {hours} h"),
        }
    }
}
