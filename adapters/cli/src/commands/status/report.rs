//! What a server says of itself, as far as it is shown.

use serde::Deserialize;
use serde_json::Value;

/// What came of asking one server.
pub(super) struct Answer {
    pub(super) name: String,
    pub(super) address: String,
    /// What it says, or why it says nothing.
    pub(super) report: Result<Report, Silence>,
}

/// Why a server has not told how it is.
pub(super) enum Silence {
    /// It cannot be reached.
    Unreached(String),
    /// It is there, and does not tell.
    Untold(String),
}

/// A server's answer to `STATUS`.
pub(super) struct Report {
    pub(super) shown: Shown,
    /// How many seconds its clock is ahead of this machine's.
    pub(super) clock: f64,
    /// All that it said.
    json: Value,
}

/// What is shown of it. What a release does not say is left out.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Shown {
    /// Seconds since the POSIX epoch, by its own clock.
    pub(super) time: f64,
    /// For how many seconds it has run.
    pub(super) uptime: f64,
    pub(super) clients: u64,
    pub(super) connections: u64,
    pub(super) neighbours: Vec<Neighbour>,
    pub(super) wrong: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Neighbour {
    state: String,
}

impl Neighbour {
    /// Whether there is a way to it: there may be no connection where there is nothing to say.
    pub(super) fn is_up(&self) -> bool {
        matches!(&*self.state, "up" | "rest")
    }
}

impl Report {
    /// Reads it; `now` is what this machine's clock said in the middle between asking and the answer.
    pub(super) fn parse(line: &[u8], now: f64) -> Option<Self> {
        let json: Value = serde_json::from_slice(line).ok().filter(Value::is_object)?;
        let shown = Shown::deserialize(&json).ok()?;
        Some(Self { clock: shown.time - now, shown, json })
    }
}

impl Answer {
    /// Whether it is there and nothing is wrong.
    pub(super) fn is_well(&self) -> bool {
        self.report.as_ref().is_ok_and(|report| report.shown.wrong.is_empty())
    }

    pub(super) fn to_json(&self) -> Value {
        let Self { name, address, report } = self;
        match report {
            Ok(report) => serde_json::json!({ "name": name, "address": address, "status": report.json }),
            Err(Silence::Unreached(why) | Silence::Untold(why)) => {
                serde_json::json!({ "name": name, "address": address, "error": why })
            }
        }
    }

    /// What is wrong, each in a sentence.
    pub(super) fn wrong(&self) -> Vec<String> {
        match &self.report {
            Ok(report) => report.shown.wrong.clone(),
            Err(Silence::Unreached(why)) => vec![format!("it cannot be reached at {}: {why}", self.address)],
            Err(Silence::Untold(why)) => vec![format!("it is at {} and does not tell its status: {why}", self.address)],
        }
    }
}
