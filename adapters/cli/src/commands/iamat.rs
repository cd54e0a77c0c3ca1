//! `herd iamat`: says where a client is.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use herd::Timestamp;

use crate::commands::at::{At, check_client};
use crate::commands::whatsat::refused;
use crate::failure::Failure;
use crate::reply::Reply;
use crate::server::ServerOptions;
use crate::target::Coordinates;

/// Say where a client is
#[derive(Args)]
pub(crate) struct Iamat {
    #[command(flatten)]
    server: ServerOptions,
    /// The client's ID
    client: String,
    #[command(flatten)]
    place: Coordinates,
    /// Since when, in POSIX seconds [default: now]
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    at: Option<String>,
    /// Show the answer as JSON
    #[arg(long)]
    json: bool,
}

impl Iamat {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        check_client(&self.client)?;
        let position = self.place.position()?;
        let server = self.server.server()?;
        let request = format!("IAMAT {} {position} {}", self.client, self.time()?);
        let reply = server.connect()?.ask(request.as_bytes()).map_err(|error| server.broken(&error))?;
        let at = match &reply {
            Some(Reply::Line(line)) => At::parse(line),
            Some(Reply::Refused(line)) => {
                return Err(refused(
                    &server,
                    line,
                    "; you may have no right to report this client: see --token-file",
                    "; you may have no right to report this client: see --token-file, or it may demand TLS: try --tls",
                ));
            }
            _ => None,
        };
        let at = at.ok_or_else(|| server.broken(&io::Error::other("its answer is no AT line")))?;
        let mut out = io::stdout().lock();
        if self.json {
            writeln!(out, "{}", serde_json::json!(at))?;
        } else {
            writeln!(out, "{}", at.describe())?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn time(&self) -> Result<String, Failure> {
        match &self.at {
            Some(at) if Timestamp::parse(at.as_bytes()).is_some() => Ok(at.clone()),
            Some(at) => {
                Err(Failure::Usage(format!("{at:?} is no time: write POSIX seconds with at most nine decimals")))
            }
            None => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Ok(format!("{}.{:09}", now.as_secs(), now.subsec_nanos()))
            }
        }
    }
}
