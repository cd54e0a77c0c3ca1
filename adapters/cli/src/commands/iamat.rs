//! `herd iamat`: says where a client is.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use herd::{Position, Timestamp};

use crate::commands::at::{At, check_client};
use crate::commands::whatsat::refused;
use crate::failure::Failure;
use crate::reply::Reply;
use crate::server::ServerOptions;

/// Say where a client is
#[derive(Args)]
pub(crate) struct Iamat {
    #[command(flatten)]
    server: ServerOptions,
    /// The client's ID
    client: String,
    /// Degrees north, -90 to 90
    #[arg(allow_negative_numbers = true)]
    lat: f64,
    /// Degrees east, -180 to 180
    #[arg(allow_negative_numbers = true)]
    lng: f64,
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
        let position = Position::new(self.lat, self.lng).ok_or_else(|| {
            Failure::Usage(format!(
                "{}, {} is not on the globe: latitude -90 to 90, longitude -180 to 180",
                self.lat, self.lng
            ))
        })?;
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
