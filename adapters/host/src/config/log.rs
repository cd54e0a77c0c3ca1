//! Where the log goes and what is in it.

use std::path::PathBuf;

use herd_command::did_you_mean;
use tracing_subscriber::EnvFilter;

use super::ConfigError;
use super::layers::{Given, Layers};

/// Where the log goes, in which form, and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// The file to append to; none is standard error.
    pub file: Option<PathBuf>,
    /// Its form.
    pub format: LogFormat,
    /// What is logged: directives of [`EnvFilter`], already checked. A level for all, or
    /// `TARGET=LEVEL`, with commas between.
    pub filter: String,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { file: None, format: LogFormat::Human, filter: "info".into() }
    }
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Time, level, target, message and fields, for people.
    Human,
    /// One JSON object, for programs.
    Json,
}

impl LogFormat {
    /// Its name in settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Human => "human",
            Self::Json => "json",
        }
    }
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// What is logged to a terminal where a person has just started a whole herd to see what it does.
const QUIET: &str = "warn";

/// The log's settings; to standard error one that `is_quiet` has nothing but warnings in it, unless somebody asks for more.
pub(super) fn find(layers: &Layers<'_>, is_quiet: bool) -> Result<LogSettings, ConfigError> {
    let mut log = LogSettings { file: layers.given("log").map(|given| given.text.into()), ..LogSettings::default() };
    if is_quiet && log.file.is_none() {
        log.filter = QUIET.into();
    }
    if let Some(given) = layers.given("log-format") {
        log.format = format(&given)?;
    }
    if let Some(given) = layers.given("log-filter") {
        given.as_text()?.clone_into(&mut log.filter);
        check_filter(&log.filter).map_err(|what| given.fault(what))?;
    }
    Ok(log)
}

fn format(given: &Given) -> Result<LogFormat, ConfigError> {
    match given.as_text()? {
        "human" => Ok(LogFormat::Human),
        "json" => Ok(LogFormat::Json),
        other => {
            let meant = did_you_mean(other, ["human", "json"]);
            Err(given.fault(format!("unknown log format {other:?}{meant} (known: human, json)")))
        }
    }
}

/// A word alone is a target to the filter, logged in full: nearly always a level misspelt.
fn check_filter(filter: &str) -> Result<(), String> {
    let known = || format!("(levels: {}; for one target: TARGET=LEVEL)", LEVELS.join(", "));
    let is_word = |part: &str| part.chars().all(char::is_alphanumeric);
    let is_level = |part: &str| LEVELS.contains(&part.to_lowercase().as_str());
    if let Some(word) = filter.split(',').map(str::trim).find(|part| is_word(part) && !is_level(part)) {
        return Err(format!("unknown log level {word:?}{} {}", did_you_mean(word, LEVELS), known()));
    }
    EnvFilter::try_new(filter).map(drop).map_err(|_| format!("invalid log filter {filter:?} {}", known()))
}
