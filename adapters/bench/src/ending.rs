//! How a load ends, and what ends it before its time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

/// How a load has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Ending {
    /// As it was to end.
    #[default]
    Whole,
    /// Somebody has stopped it.
    Interrupted,
    /// The server was lost, or gave too many wrong replies.
    Broken,
}

/// Stops loads, from another thread or a signal handler. Its clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Stops when this flag is set.
    #[must_use]
    pub const fn when(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }

    /// Whether a load is to stop now.
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
