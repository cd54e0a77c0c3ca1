//! `herd whatsat`: asks where a client is, and what is near.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use herd::values::{MOST_RESULTS, Radius};
use herd_command::number;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::commands::at::{At, check_client};
use crate::commands::nearby::Places;
use crate::failure::Failure;
use crate::format::{self, Format};
use crate::reply::Reply;
use crate::server::ServersOptions;
use crate::shown;
use crate::target::kilometres;
use crate::terminal::columns;

/// Ask where a client is, and for places near it
///
/// The exit code is 1 if the places are not available.
#[derive(Args)]
pub(crate) struct Whatsat {
    /// The client's ID
    client: String,
    /// How far to look, 0 to 50 km
    #[arg(long, value_name = "KM", default_value = "10", value_parser = kilometres(Radius::MOST_KM))]
    radius: String,
    /// The most places to show, 0 to 20
    #[arg(long, value_name = "N", default_value = "5", value_parser = number(0..=MOST_RESULTS))]
    bound: u8,
    #[command(flatten)]
    servers: ServersOptions,
}

impl Whatsat {
    pub(crate) fn run(self, format: Format) -> Result<ExitCode, Failure> {
        check_client(&self.client)?;
        let request = format!("WHATSAT {} {} {}", self.client, self.radius, self.bound);
        if let Err(why) = herd::wire::Message::parse(request.as_bytes()) {
            return Err(Failure::Usage(why.to_string()));
        }
        let mut client = self.servers.client(format)?;
        let (at, json) = match client.ask(request.as_bytes())? {
            Reply::Places { at, json } => (at, json),
            Reply::Refused(_) => return Err(client.refused(request.as_bytes())),
            _ => return Err(client.strange()),
        };
        let at = At::parse(&at).ok_or_else(|| client.strange())?;
        let places: Places = serde_json::from_slice(&json).map_err(|_| client.strange())?;
        let mut out = io::stdout().lock();
        if format.is_json() {
            let json: Box<RawValue> = serde_json::from_slice(&json).map_err(|_| client.strange())?;
            writeln!(out, "{}", format::line(&Answer { at: &at, places: &json }))?;
        } else {
            writeln!(out, "{}\n", at.describe(shown::now()))?;
            places.write(&at, columns(), &mut out)?;
        }
        Ok(if places.are_there() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Where a client is, and what is near.
#[derive(Serialize)]
struct Answer<'a> {
    at: &'a At,
    places: &'a RawValue,
}
