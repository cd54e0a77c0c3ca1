//! `herd whatsat`: asks where a client is, and what is near.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use serde_json::value::RawValue;

use crate::commands::at::{At, check_client};
use crate::commands::nearby::Places;
use crate::failure::Failure;
use crate::reply::Reply;
use crate::server::{Server, ServerOptions};

/// Ask where a client is, and what is near
#[derive(Args)]
pub(crate) struct Whatsat {
    #[command(flatten)]
    server: ServerOptions,
    /// The client's ID
    client: String,
    /// How far to look, 0 to 50 km
    #[arg(long, value_name = "KM", default_value = "10")]
    radius: String,
    /// The most places to show, 0 to 20
    #[arg(long, value_name = "N", default_value = "5")]
    bound: String,
    /// Show the answer as JSON
    #[arg(long)]
    json: bool,
}

impl Whatsat {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        check_client(&self.client)?;
        let request = format!("WHATSAT {} {} {}", self.client, self.radius, self.bound);
        if let Err(why) = herd::wire::Message::parse(request.as_bytes()) {
            return Err(Failure::Usage(format!("{why}: the radius is 0 to 50 km, the bound 0 to 20 places")));
        }
        let server = self.server.server()?;
        let reply = server.connect()?.ask(request.as_bytes()).map_err(|error| server.broken(&error))?;
        let (at, json) = match reply {
            Some(Reply::Places { at, json }) => (at, json),
            Some(Reply::Refused(line)) => {
                return Err(refused(
                    &server,
                    &line,
                    "; it has not heard of this client, or you have no right to ask for it: see --token-file",
                    "; it has not heard of this client, or you have no right to ask for it: see --token-file, or it may \
                     demand TLS: try --tls",
                ));
            }
            _ => return Err(server.broken(&io::Error::other("its answer has no places"))),
        };
        let strange = || server.broken(&io::Error::other("its answer is not what a herd says"));
        let at = At::parse(&at).ok_or_else(strange)?;
        let mut out = io::stdout().lock();
        if self.json {
            let places: Box<RawValue> = serde_json::from_slice(&json).map_err(|_| strange())?;
            writeln!(out, "{{\"at\":{},\"places\":{places}}}", serde_json::json!(at))?;
        } else {
            let places: Places = serde_json::from_slice(&json).map_err(|_| strange())?;
            writeln!(out, "{}\n", at.describe())?;
            places.write(&at, &mut out)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The server said `? `; `in_plain` is what that may mean in plain text.
pub(crate) fn refused(server: &Server, line: &[u8], why: &'static str, in_plain: &'static str) -> Failure {
    let why = if server.is_encrypted() { why } else { in_plain };
    Failure::Refused { server: server.to_string(), request: line.escape_ascii().to_string(), why }
}
