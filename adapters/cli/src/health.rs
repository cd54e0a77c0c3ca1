//! How a server is: what it says of itself, or why it says nothing.

mod asking;
mod region;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

pub(crate) use self::asking::Asker;
pub(crate) use self::region::{OtherRegion, Region};

/// What came of asking one server.
pub(crate) struct Answer {
    pub(crate) name: String,
    pub(crate) address: String,
    /// What it says, or why it says nothing.
    pub(crate) report: Result<Report, Silence>,
}

/// Why a server has not told how it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// It cannot be reached.
    Unreached(String),
    /// It is there, and does not tell.
    Untold(String),
}

/// A server's answer to `STATUS`.
pub(crate) struct Report {
    pub(crate) shown: Shown,
    /// How many seconds its clock is ahead of this machine's.
    pub(crate) clock: f64,
    /// How long it took from asking to the answer.
    pub(crate) took: Duration,
    /// All that it said.
    json: Value,
}

/// When a server was asked, by this machine's clock.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    /// The middle between asking and the answer, in seconds since the POSIX epoch.
    pub(crate) middle: f64,
    /// How long it took from asking to the answer.
    pub(crate) took: Duration,
}

/// What is shown of it. What a release does not say is left out.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Shown {
    pub(crate) version: String,
    pub(crate) runtime: String,
    /// Seconds since the POSIX epoch, by its own clock.
    pub(crate) time: f64,
    /// For how many seconds it has run.
    pub(crate) uptime: f64,
    pub(crate) clients: u64,
    pub(crate) tombstones: u64,
    /// Clients that are at home in another region.
    pub(crate) away: u64,
    /// Bytes that are set aside for what is kept of clients.
    pub(crate) bytes: u64,
    /// Bytes of memory that its process has.
    pub(crate) memory: Option<u64>,
    pub(crate) connections: u64,
    pub(crate) watchers: u64,
    pub(crate) watches: u64,
    pub(crate) neighbours: Vec<Neighbour>,
    pub(crate) places: Places,
    pub(crate) data: Option<Data>,
    pub(crate) region: Option<Region>,
    pub(crate) regions: Vec<OtherRegion>,
    pub(crate) counters: BTreeMap<String, u64>,
    pub(crate) wrong: Vec<String>,
}

/// A neighbour, seen from the server that tells. Times are in seconds.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Neighbour {
    pub(crate) name: String,
    pub(crate) state: String,
    /// For how long it has been up, or down.
    pub(crate) since: Option<f64>,
    /// Bytes that wait for it.
    pub(crate) queue: u64,
    /// How long ago the two last compared what they keep.
    pub(crate) compared: Option<f64>,
    /// Reports that went to it by repair.
    pub(crate) sent: u64,
    /// Reports that came from it by repair.
    pub(crate) received: u64,
    /// How far its clock is ahead of that server's.
    pub(crate) clock: Option<f64>,
    /// Why it is believed to be that neighbour.
    pub(crate) proven: Option<String>,
}

/// Where its places come from.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Places {
    pub(crate) source: String,
    /// Fetches that are under way or wait.
    pub(crate) fetches: u64,
}

/// What it keeps on disk.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Data {
    pub(crate) dir: String,
    pub(crate) bytes: u64,
    /// How many bytes are not synced.
    pub(crate) waiting: u64,
    /// How many seconds ago everything was on disk that was known then.
    pub(crate) synced: f64,
}

impl Neighbour {
    /// Whether there is a way to it: there may be no connection where there is nothing to say.
    pub(crate) fn is_up(&self) -> bool {
        matches!(&*self.state, "up" | "rest")
    }
}

impl Report {
    /// Reads the answer to a question that was asked then.
    pub(crate) fn parse(line: &[u8], asked: Asked) -> Option<Self> {
        let json: Value = serde_json::from_slice(line).ok().filter(Value::is_object)?;
        let shown = Shown::deserialize(&json).ok()?;
        Some(Self { clock: shown.time - asked.middle, took: asked.took, shown, json })
    }
}

impl Answer {
    /// Whether it is there and nothing is wrong.
    pub(crate) fn is_well(&self) -> bool {
        self.report.as_ref().is_ok_and(|report| report.shown.wrong.is_empty())
    }

    pub(crate) fn to_json(&self) -> Value {
        let Self { name, address, report } = self;
        match report {
            Ok(report) => serde_json::json!({ "name": name, "address": address, "status": report.json }),
            Err(Silence::Unreached(why) | Silence::Untold(why)) => {
                serde_json::json!({ "name": name, "address": address, "error": why })
            }
        }
    }

    /// What is wrong, each in a sentence.
    pub(crate) fn wrong(&self) -> Vec<String> {
        match &self.report {
            Ok(report) => report.shown.wrong.clone(),
            Err(silence) => vec![silence.sentence(&self.address)],
        }
    }
}

impl Silence {
    /// What is wrong with the server at that address.
    pub(crate) fn sentence(&self, address: &str) -> String {
        match self {
            Self::Unreached(why) => format!("it cannot be reached at {address}: {why}"),
            Self::Untold(why) => format!("it is at {address} and does not tell its status: {why}"),
        }
    }
}
