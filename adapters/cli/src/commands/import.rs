//! `herd import`: what was exported, into a server that runs or into a folder.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::client::Client;
use crate::data::{DataFolder, OfServer};
use crate::failure::Failure;
use crate::format::{self, Format};
use crate::lines;
use crate::pipeline::{self, Request, Then};
use crate::record::Record;
use crate::refusal;
use crate::reply::Reply;
use crate::server::ServersOptions;
use herd_command::readable;

/// Load what `herd export` printed into a server or a data folder
///
/// A server is told by IAMAT and FORGET with the times of the lines, as by a client: what it knows that is newer stays, and
/// the reports get that server's name and skew, as if they were received now. AWAY lines are left out, since no client sends
/// them. A data folder, which must not be in use by a server, gets the lines as they are.
#[derive(Args)]
pub(crate) struct Import {
    #[command(flatten)]
    data: DataFolder,
    /// The file to read; - is standard input [default: -]
    file: Option<PathBuf>,
    #[command(flatten)]
    servers: ServersOptions,
}

/// What a line should be.
const RECORD: &str = "invalid record, expected AT ORIGIN SKEW CLIENT POSITION TIME, GONE ORIGIN SKEW CLIENT TIME or AWAY REGION SKEW CLIENT TIME";

impl Import {
    pub(crate) fn run(self, format: Format) -> Result<ExitCode, Failure> {
        let folder = self.data.of_server()?;
        let records = lines::open(self.file.as_deref())?.map(|line| {
            let (number, line) = line?;
            let record = Record::parse(&line);
            let record = record
                .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, lines::fault(number, &line, RECORD)))?;
            Ok((number, record))
        });
        let count = match folder {
            Some(folder) => into_folder(&folder, records)?,
            None => into_server(&mut self.servers.client(format)?, records)?,
        };
        let mut out = io::stdout().lock();
        match format {
            Format::Text => writeln!(out, "{} imported", counted(count))?,
            Format::Json => writeln!(out, "{}", format::line(&json!({ "imported": count })))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn into_folder(folder: &OfServer, records: impl Iterator<Item = io::Result<(usize, Record)>>) -> Result<u64, Failure> {
    folder.write(records.map(|record| record.map(|(_, record)| record.line).map_err(Failure::of_input)))
}

/// Each as the request that says the same, up to the first that is refused.
fn into_server(
    client: &mut Client,
    records: impl Iterator<Item = io::Result<(usize, Record)>> + Send + 'static,
) -> Result<u64, Failure> {
    let mut taken = 0;
    let mut refused = None;
    let requests = records.filter_map(|record| {
        record.map(|(number, record)| Some(Request { number, line: record.request()? })).transpose()
    });
    let end = pipeline::run(client, requests, |request, reply| {
        match (reply, request) {
            (Reply::Refused(_), Some(request)) => {
                refused = Some(request.clone());
                return Ok(Then::Stop);
            }
            (Reply::Line(_), _) => taken += 1,
            // Nobody has asked for these.
            _ => {}
        }
        Ok(Then::GoOn)
    });
    let before = format!("; {} before it {} imported", counted(taken), if taken == 1 { "was" } else { "were" });
    if let Some(Request { number, line }) = refused {
        let why = refusal::why(&line, client.server().is_encrypted()) + &before;
        let request = format!("line {number}: {}", readable(&line));
        return Err(Failure::Refused { server: client.server().to_string(), request, why });
    }
    match end {
        Ok(()) => Ok(taken),
        Err(Failure::Line(why)) => Err(Failure::Line(why + &before)),
        Err(failure) => Err(failure),
    }
}

fn counted(count: u64) -> String {
    format!("{count} {}", if count == 1 { "record" } else { "records" })
}
