//! `herd share`: a link that shows where a client is.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use herd::Timestamp;
use herd_command::any_time;
use serde::Deserialize;
use serde_json::json;

use crate::commands::at::{check_client, utc};
use crate::door::DoorOptions;
use crate::failure::Failure;
use crate::format::{self, Format};
use herd_command::escaped;

/// Make a link that shows where a client is, for a time
///
/// Whoever has the link sees where that client is, and nothing else, without a token. A single link cannot be revoked: a new
/// key in the servers' share-key-file ends all of them.
#[derive(Args)]
pub(crate) struct Share {
    /// The client's ID
    client: String,
    /// How long the link is valid
    #[arg(long = "for", value_name = "TIME", default_value = "1h", value_parser = any_time)]
    time: Duration,
    #[command(flatten)]
    door: DoorOptions,
}

/// What a server says of a link that it made.
#[derive(Deserialize)]
struct Shared {
    url: String,
    /// In POSIX seconds.
    until: u64,
}

impl Share {
    pub(crate) fn run(self, format: Format) -> Result<ExitCode, Failure> {
        check_client(&self.client)?;
        let body = serde_json::json!({ "for": humantime::format_duration(self.time).to_string() }).to_string();
        let shared: Shared = self.door.door()?.post(&["v1", "clients", &self.client, "share"], &body)?;
        let until = utc(Timestamp::from_nanos(i128::from(shared.until) * 1_000_000_000));
        if format.is_json() {
            writeln!(io::stdout(), "{}", format::line(&json!({ "url": shared.url, "until": shared.until })))?;
            return Ok(ExitCode::SUCCESS);
        }
        // The link alone on a line, for whoever passes it on.
        writeln!(io::stdout(), "{}", escaped(&shared.url))?;
        let _ = writeln!(io::stderr(), "until {}", until.unwrap_or_else(|| shared.until.to_string()));
        Ok(ExitCode::SUCCESS)
    }
}
