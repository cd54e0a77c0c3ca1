//! The options of whatever follows a watch.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use herd_command::any_time;

use super::{Subject, follow};
use crate::failure::Failure;
use crate::format::Format;
use crate::server::ServersOptions;

/// Options of a command that tells what happens, for as long as it may.
#[derive(Args)]
pub(crate) struct WatchOptions {
    /// Exit after this time, as in 10s or 1h
    #[arg(long = "for", value_name = "TIME", value_parser = any_time)]
    pub(super) lasts: Option<Duration>,
    /// Show which clients are there now, and exit
    #[arg(long)]
    pub(super) once: bool,
    #[command(flatten)]
    servers: ServersOptions,
}

impl WatchOptions {
    /// Follows it to the end.
    pub(crate) fn follow(&self, subject: &Subject, format: Format) -> Result<ExitCode, Failure> {
        follow(subject, &self.servers.servers()?, self, format)
    }
}
