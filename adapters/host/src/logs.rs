//! The log: to standard error or a file, for people or programs.

mod escaped;

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::Arc;

use tracing::Subscriber;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

pub use self::escaped::Escaped;
use crate::config::{LogFormat, LogSettings};

/// Why there is no log. Nothing was started; mend the settings.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file cannot be appended to.
    #[error("the log {} cannot be written: {why}; name another file with --log, or leave it out for standard error", crate::one_line::one_line(.path))]
    Unwritable {
        /// The file.
        path: String,
        /// What the system said.
        why: io::Error,
    },
    /// The filter is none, which [`Settings::find`](crate::config::Settings::find) refuses earlier.
    #[error("{0:?} is no log filter")]
    Filter(String),
    /// A log was started in this process before.
    #[error("this process has a log already")]
    Twice,
}

type Log = Box<dyn Subscriber + Send + Sync>;

/// Starts the process's log. Call it once, before anything that logs.
///
/// # Errors
/// A [`LogError`], each of which means that there is no log.
pub fn start(settings: &LogSettings) -> Result<(), LogError> {
    tracing::subscriber::set_global_default(open(settings)?).map_err(|_| LogError::Twice)
}

/// Logs from this thread alone, for as long as the guard is kept: for tests, of which a process has
/// many.
///
/// # Errors
/// As [`start`], but never [`LogError::Twice`].
pub fn start_here(settings: &LogSettings) -> Result<DefaultGuard, LogError> {
    Ok(tracing::subscriber::set_default(open(settings)?))
}

fn open(settings: &LogSettings) -> Result<Log, LogError> {
    let filter = EnvFilter::try_new(&settings.filter).map_err(|_| LogError::Filter(settings.filter.clone()))?;
    match &settings.file {
        None => Ok(subscriber(settings.format, filter, io::stderr, wants_colours())),
        Some(path) => {
            let file =
                append(path).map_err(|why| LogError::Unwritable { path: path.to_string_lossy().into_owned(), why })?;
            Ok(subscriber(settings.format, filter, Arc::new(file), false))
        }
    }
}

fn subscriber<W>(format: LogFormat, filter: EnvFilter, writer: W, colours: bool) -> Log
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(colours);
    match format {
        LogFormat::Human => Box::new(builder.finish()),
        LogFormat::Json => Box::new(builder.json().flatten_event(true).with_current_span(false).finish()),
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

/// See <https://no-color.org>: any value of the variable but an empty one says no.
fn wants_colours() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn logged(format: LogFormat, filter: &str) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("herd.log");
        let settings = LogSettings { file: Some(path.clone()), format, filter: filter.into() };
        for _ in 0..2 {
            let _guard = start_here(&settings).expect("a log");
            tracing::info!(target: "herd::link", peer = "Ball", "up");
            tracing::debug!(target: "herd::line", line = %Escaped(b"a\nERROR forged"), "received");
            tracing::debug!(target: "herd::other", "unheard");
        }
        fs::read_to_string(&path).expect("the log")
    }

    #[test]
    fn a_file_is_appended_to_and_filtered_by_target() {
        let log = logged(LogFormat::Human, "info,herd::line=debug");
        assert_eq!(log.lines().count(), 4, "{log}");
        assert!(log.contains("Z  INFO herd::link: up peer=\"Ball\"\n"), "{log}");
        assert!(log.contains("Z DEBUG herd::line: received line=a\\nERROR forged\n"), "{log}");
    }

    #[test]
    fn a_json_line_is_an_object() {
        let log = logged(LogFormat::Json, "debug");
        let lines: Vec<serde_json::Value> =
            log.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
        assert_eq!(lines.len(), 6);
        assert_eq!((&lines[0]["target"], &lines[0]["peer"]), (&"herd::link".into(), &"Ball".into()));
        assert_eq!(lines[1]["line"], "a\\nERROR forged");
    }

    #[test]
    fn an_unwritable_log_is_one_line() {
        let file = Some("/nowhere/at/all.log".into());
        let Err(error) = start_here(&LogSettings { file, ..LogSettings::default() }) else { panic!("it was opened") };
        assert_eq!(
            error.to_string(),
            "the log /nowhere/at/all.log cannot be written: No such file or directory (os error 2); \
             name another file with --log, or leave it out for standard error"
        );
    }
}
