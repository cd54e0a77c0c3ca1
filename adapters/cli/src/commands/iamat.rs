//! `herd iamat`: says where a client is.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use herd::Timestamp;

use crate::commands::at::{At, check_client};
use crate::failure::Failure;
use crate::format::{self, Format};
use crate::reply::Reply;
use crate::server::ServersOptions;
use crate::shown;
use crate::target::Coordinates;

/// Report where a client is
#[derive(Args)]
pub(crate) struct Iamat {
    /// The client's ID
    client: String,
    #[command(flatten)]
    place: Coordinates,
    /// When the client was there, in POSIX seconds [default: now]
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    at: Option<String>,
    #[command(flatten)]
    servers: ServersOptions,
}

impl Iamat {
    pub(crate) fn run(self, format: Format) -> Result<ExitCode, Failure> {
        check_client(&self.client)?;
        let position = self.place.position()?;
        let request = format!("IAMAT {} {position} {}", self.client, self.time()?);
        let mut client = self.servers.client(format)?;
        let at = match client.ask(request.as_bytes())? {
            Reply::Line(line) => At::parse(&line).ok_or_else(|| client.strange())?,
            Reply::Refused(_) => return Err(client.refused(request.as_bytes())),
            _ => return Err(client.strange()),
        };
        let mut out = io::stdout().lock();
        match format {
            Format::Text => writeln!(out, "{}", at.describe(shown::now()))?,
            Format::Json => writeln!(out, "{}", format::line(&at))?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn time(&self) -> Result<String, Failure> {
        match &self.at {
            Some(at) if Timestamp::parse(at.as_bytes()).is_some() => Ok(at.clone()),
            Some(at) if at != "now" => Err(Failure::Usage(format!(
                "invalid time {at:?}: expected POSIX seconds with at most nine decimals, or now"
            ))),
            _ => Ok(shown::now().to_string()),
        }
    }
}
