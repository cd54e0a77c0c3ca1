//! The log: to standard error or a file, for people or programs.
//!
//! Whatever happens to what is behind it costs log lines and nothing else: they wait in a `queue` of a bounded size, and a
//! thread of its own does the `writing`. What is lost is counted and told. `rates` bound how many lines there are of a kind.

mod change;
mod escaped;
mod fields;
mod journal;
mod queue;
mod rates;
mod writing;

#[cfg(test)]
mod tests;

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tracing::Dispatch;
use tracing::dispatcher::{self, WeakDispatch};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;

pub(crate) use self::change::Changed;
use self::change::FilterSlot;
pub use self::escaped::Escaped;
use self::journal::JournalFormat;
use self::queue::{Inlet, Queue};
use self::rates::{OWN, RateLayer, Rates};
use self::writing::{Sink, Tell};
use crate::config::{LogFormat, LogSettings};

/// Why there is no log. Nothing was started; mend the settings.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file cannot be appended to.
    #[error("the log {} cannot be written: {why}; name another file with --log, or leave it out for standard error", herd_command::one_line(.path))]
    Unwritable {
        /// The file.
        path: String,
        /// What the system said.
        why: io::Error,
    },
    /// The filter is none, which [`Settings::find`](crate::config::Settings::find) refuses earlier.
    #[error("invalid log filter {0:?}")]
    Filter(String),
    /// The thread that writes it cannot be started.
    #[error("the thread that writes the log cannot be started: {0}")]
    Thread(io::Error),
    /// A log was started in this process before.
    #[error("this process has a log already")]
    Twice,
}

impl LogError {
    fn unwritable(path: &Path, why: io::Error) -> Self {
        Self::Unwritable { path: path.to_string_lossy().into_owned(), why }
    }
}

/// A handle to a log that was started. It can be cloned; dropping it stops nothing.
#[derive(Clone, Debug)]
pub struct Log {
    queue: Arc<Queue>,
    rates: Arc<Rates>,
    dispatch: WeakDispatch,
    filter: Arc<FilterSlot>,
}

/// The log of this process, once it is started.
static STARTED: OnceLock<Log> = OnceLock::new();

/// How many lines of this process's log were lost, and for how long none has been.
pub(crate) fn losses() -> (u64, Option<Duration>) {
    STARTED.get().map_or((0, None), |log| log.queue.losses())
}

impl Log {
    /// Waits until all that was logged is written, as on the way out, or until that fails or has taken so long.
    pub fn flush(&self, most: Duration) {
        self.left_out();
        self.queue.flush(most);
    }

    /// Logs from any thread, also from one that has a log of its own, or none.
    fn log(&self, tell: impl FnOnce()) {
        if let Some(dispatch) = self.dispatch.upgrade() {
            dispatcher::with_default(&dispatch, tell);
        }
    }
}

impl Tell for Log {
    fn lost(&self, lines: u64) {
        self.log(|| tracing::warn!(target: OWN, lines, "log lines lost"));
    }

    fn left_out(&self) {
        for (kind, lines) in self.rates.left_out() {
            self.log(|| tracing::info!(target: OWN, lines, %kind, "log lines left out"));
        }
    }
}

/// Starts the process's log. Call it once, before anything that logs.
///
/// # Errors
/// A [`LogError`], each of which means that there is no log.
pub fn start(settings: &LogSettings) -> Result<Log, LogError> {
    let (dispatch, log) = match &settings.file {
        None => open(settings, Box::new(io::stderr()), Reader::of_standard_error())?,
        Some(path) => {
            let file = append(path).map_err(|why| LogError::unwritable(path, why))?;
            open(settings, Box::new(file), Reader::File)?
        }
    };
    dispatcher::set_global_default(dispatch).map_err(|_| LogError::Twice)?;
    let _ = STARTED.set(log.clone());
    Ok(log)
}

/// A log that goes to `sink`, and the subscriber that leads there. It ends with the last copy of that.
fn open(settings: &LogSettings, sink: Sink, reader: Reader) -> Result<(Dispatch, Log), LogError> {
    let queue = Arc::new(Queue::default());
    let rates = Arc::new(Rates::new(Arc::clone(&queue)));
    let (dispatch, filter) = subscriber(settings, Inlet(Arc::clone(&queue)), RateLayer(Arc::clone(&rates)), reader)?;
    let log = Log { queue, rates, dispatch: dispatch.downgrade(), filter: Arc::new(filter) };
    let writer = log.clone();
    let thread = std::thread::Builder::new().name("herd-log".into());
    thread.spawn(move || writing::run(&writer.queue, sink, &writer)).map_err(LogError::Thread)?;
    Ok((dispatch, log))
}

fn subscriber(
    settings: &LogSettings,
    inlet: Inlet,
    rates: RateLayer,
    reader: Reader,
) -> Result<(Dispatch, FilterSlot), LogError> {
    let builder = tracing_subscriber::fmt().with_writer(inlet).with_ansi(reader == Reader::Terminal);
    // It would complain on standard error, which panics where that is what fails.
    let builder = builder.log_internal_errors(false).with_env_filter(filter(&settings.filter)?);
    Ok(match settings.format {
        LogFormat::Human if reader == Reader::Journal => {
            let builder = builder.fmt_fields(fields::fields()).event_format(JournalFormat::default());
            let builder = builder.with_filter_reloading();
            let filter = FilterSlot::new(builder.reload_handle());
            (Dispatch::new(builder.finish().with(rates)), filter)
        }
        LogFormat::Human => {
            let builder = builder.fmt_fields(fields::fields()).with_filter_reloading();
            let filter = FilterSlot::new(builder.reload_handle());
            (Dispatch::new(builder.finish().with(rates)), filter)
        }
        LogFormat::Json => {
            let builder = builder.json().flatten_event(true).with_current_span(false).with_filter_reloading();
            let filter = FilterSlot::new(builder.reload_handle());
            (Dispatch::new(builder.finish().with(rates)), filter)
        }
    })
}

/// That filter, and besides what the log itself has to tell, and nothing of what the client of NATS has: first, so that a
/// filter may say otherwise. What matters of NATS is logged as the herd's own.
fn filter(directives: &str) -> Result<EnvFilter, LogError> {
    EnvFilter::try_new(format!("{OWN}=info,async_nats=off,{directives}"))
        .map_err(|_| LogError::Filter(directives.into()))
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

/// Who reads a log for people.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// Somebody at a terminal, who has asked for no plain text.
    Terminal,
    /// The journal of systemd.
    Journal,
    /// Whoever opens a file, or is at the other end of a pipe.
    File,
}

impl Reader {
    fn of_standard_error() -> Self {
        match (journal::is_standard_error(), wants_colours()) {
            (true, _) => Self::Journal,
            (false, true) => Self::Terminal,
            (false, false) => Self::File,
        }
    }
}

/// See <https://no-color.org>: any value of the variable but an empty one says no.
fn wants_colours() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
