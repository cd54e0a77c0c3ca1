//! How many threads serve connections.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use super::ConfigError;
use super::layers::Layers;

/// More than any herd has a use for, and fewer than runtimes refuse.
const MOST: usize = 1024;

/// The processors that this process may use, less one for the kernel and for whoever else is there: a worker
/// that has to wait for a processor makes all its connections wait. At least one.
pub(super) fn default() -> NonZeroUsize {
    let processors = available_parallelism().map_or(1, NonZeroUsize::get);
    NonZeroUsize::new(processors - 1).unwrap_or(NonZeroUsize::MIN)
}

pub(super) fn find(layers: &Layers<'_>) -> Result<NonZeroUsize, ConfigError> {
    let Some(given) = layers.given("workers") else {
        return Ok(default());
    };
    read(given.as_text()?).map_err(|what| given.fault(format!("{what} (default: {} here)", default())))
}

fn read(text: &str) -> Result<NonZeroUsize, String> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("workers: expected a whole number, found {text:?}"));
    }
    let workers = text.parse().ok().filter(|&workers| workers <= MOST);
    let workers = workers.ok_or_else(|| format!("workers must be at most {MOST}"))?;
    NonZeroUsize::new(workers).ok_or_else(|| "workers must be more than 0".into())
}
