//! How far a load is, for who watches.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::load::{Length, Load};
use super::schedule::nanos;

/// A bar on a terminal; nothing anywhere else.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A bar on standard error, if it is a terminal that can show one.
    pub(crate) fn new(title: &str) -> Self {
        if is_dumb() {
            return Self::hidden();
        }
        let bar = ProgressBar::new(0).with_message(title.to_owned());
        let style = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3} %  {prefix:>18}");
        bar.set_style(style.expect("a template that the crate can read"));
        Self(bar)
    }

    /// Nothing, for a load beside another one.
    pub(crate) fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    /// The load begins.
    pub(crate) fn begin(&self, load: &Load) {
        self.0.reset();
        self.0.set_length(match load.length {
            Length::Time(time) => nanos(load.warm_up + time),
            Length::Count(count) => count,
            Length::EachClient => load.traffic.clients,
        });
    }

    /// So far it is.
    pub(crate) fn show(&self, load: &Load, elapsed: Duration, done: u64) {
        if self.0.is_hidden() {
            return;
        }
        self.0.set_position(if matches!(load.length, Length::Time(_)) { nanos(elapsed) } else { done });
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let rate = done as f64 / elapsed.as_secs_f64().max(0.001);
        self.0.set_prefix(format!("{rate:.0} a second"));
    }

    /// The load is over.
    pub(crate) fn end(&self) {
        self.0.finish_and_clear();
    }
}

/// Whether the terminal can only be written to line by line.
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb")
}
