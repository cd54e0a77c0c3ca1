//! Where data is kept, and how much of it a crash may lose.

use std::path::PathBuf;
use std::time::Duration;

use herd_command::parse_time;
use herd_disk::SyncEvery;

use super::ConfigError;
use super::layers::{Given, Layers};

/// Where servers keep what they know, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataSettings {
    /// The folder in which each server has one of its own, of its name.
    pub dir: PathBuf,
    /// How much a crash of the machine may lose.
    pub sync: SyncEvery,
    /// Whether to start with what is whole where there is damage.
    pub recover: bool,
}

impl DataSettings {
    /// Those of that folder, with a second between syncs.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), sync: SyncEvery::Time(SECOND), recover: false }
    }
}

const SECOND: Duration = Duration::from_secs(1);

/// Who can lose as much as that has no need of a disk that is synced.
const LONGEST: Duration = Duration::from_hours(1);

pub(super) fn find(layers: &Layers<'_>) -> Result<Option<DataSettings>, ConfigError> {
    let recover = layers.flag("data-recover");
    let given_sync = layers.given("data-sync");
    let sync = given_sync.as_ref().map(sync).transpose()?;
    let Some(dir) = layers.given("data") else {
        return match recover.or(given_sync) {
            Some(given) => Err(given.fault("there is no data folder: name one with --data, or by dir in [data]")),
            None => Ok(None),
        };
    };
    if dir.text.is_empty() {
        return Err(dir.fault("the data folder has no name: write a path"));
    }
    let mut data = DataSettings::new(dir.text);
    data.sync = sync.unwrap_or(data.sync);
    data.recover = recover.is_some();
    Ok(Some(data))
}

fn sync(given: &Given) -> Result<SyncEvery, ConfigError> {
    let text = given.as_text()?;
    if text == "each" {
        return Ok(SyncEvery::Each);
    }
    match parse_time(text) {
        None => Err(given.fault(format!("data-sync: expected a time, as in 1s or 200ms, or \"each\", found {text:?}"))),
        Some(Duration::ZERO) => Err(given.fault("data-sync must be more than 0; \"each\" loses nothing (default: 1s)")),
        Some(time) if time > LONGEST => Err(given.fault("data-sync must be at most 1h (default: 1s)")),
        Some(time) => Ok(SyncEvery::Time(time)),
    }
}

/// How much a crash may lose, as it is written.
pub(crate) fn show_sync(sync: SyncEvery) -> String {
    match sync {
        SyncEvery::Each => "each".into(),
        SyncEvery::Time(time) => humantime::format_duration(time).to_string(),
    }
}
