//! What changes of a log while the process runs: its filter, and the file behind it.

use std::fmt;
use std::fs::File;
use std::path::Path;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::reload::Handle;

use super::{Log, LogError, append, filter};
use crate::config::LogSettings;

/// A way to the filter of a subscriber, whose type is as long as its form is special.
pub(super) struct FilterSlot(Box<dyn Fn(EnvFilter) + Send + Sync>);

impl FilterSlot {
    pub(super) fn new<S: 'static>(handle: Handle<EnvFilter, S>) -> Self {
        Self(Box::new(move |filter| {
            // It fails where the subscriber is gone, and nobody logs any more.
            let _ = handle.reload(filter);
        }))
    }
}

impl fmt::Debug for FilterSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FilterSlot")
    }
}

/// What can take the place of what a log has.
#[derive(Debug)]
pub(crate) struct Changed {
    filter: EnvFilter,
    /// The file, opened anew; a log that goes to standard error has none.
    file: Option<File>,
}

impl Log {
    /// Whether a log with these settings can be had by changing this one: its form, and whether it goes to a file, stay as
    /// they were.
    pub(crate) fn can_become(started: &LogSettings, settings: &LogSettings) -> bool {
        started.format == settings.format && started.file.is_some() == settings.file.is_some()
    }

    /// Opens what these settings name, also where it is what this log has: by its name it may be another file now.
    ///
    /// # Errors
    /// A [`LogError`]: nothing has changed.
    pub(crate) fn prepare(settings: &LogSettings) -> Result<Changed, LogError> {
        let open = |path: &Path| append(path).map_err(|why| LogError::unwritable(path, why));
        Ok(Changed { filter: filter(&settings.filter)?, file: settings.file.as_deref().map(open).transpose()? })
    }

    /// Goes by that from now on. Lines that wait to be written are written to the new file: none is lost.
    pub(crate) fn change(&self, changed: Changed) {
        (self.filter.0)(changed.filter);
        if let Some(file) = changed.file {
            self.queue.switch(file);
        }
    }
}
