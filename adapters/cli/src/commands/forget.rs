//! `herd forget`: has the herd forget clients.

mod list;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgGroup, Args};
use herd::Timestamp;
use herd::values::Pattern;
use serde_json::json;

use self::list::Listed;
use crate::client::Client;
use crate::commands::at::{At, check_client, dated};
use crate::data::DataFolder;
use crate::failure::Failure;
use crate::format::{self, Format};
use crate::pipeline::{self, Request, Then};
use crate::record::{Record, forget};
use crate::reply::Reply;
use crate::server::ServersOptions;
use crate::shown;
use herd_command::{escaped, readable};

/// Have the herd forget a client, or all that match
///
/// Everything that the herd knows of a client up to a time is forgotten. The time is that of the newest report that the
/// server keeps, unless --time says otherwise: later reports stay, and a device whose clock is ahead is forgotten too.
///
/// With --match the clients must be listed, since a server cannot be asked for all its clients: on standard input or in a
/// file, as lines of `herd export` or as IDs, one per line, or by a data folder.
#[derive(Args)]
#[command(group(ArgGroup::new("whom").args(["client", "pattern"]).required(true)))]
pub(crate) struct ForgetClients {
    /// The client's ID
    client: Option<String>,
    /// All listed clients that match: a prefix followed by *, as in 'bench-*'
    #[arg(long = "match", value_name = "PATTERN")]
    pattern: Option<Pattern>,
    /// The file that lists the clients; - is standard input [default: -]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "client"])]
    from: Option<PathBuf>,
    #[command(flatten)]
    data: DataFolder,
    /// Up to when, in POSIX seconds [default: the time of the newest report]
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    time: Option<String>,
    /// Do not ask before forgetting those that match
    #[arg(long, conflicts_with = "client")]
    yes: bool,
    #[command(flatten)]
    servers: ServersOptions,
}

/// What became of those that were to be forgotten.
#[derive(Default)]
struct Outcome {
    /// The last reply that said so.
    gone: Option<Vec<u8>>,
    forgotten: u64,
    /// The last reply of one that has reported since.
    at: Option<Vec<u8>>,
    stay: u64,
    refused: Option<Vec<u8>>,
}

impl ForgetClients {
    pub(crate) fn run(self, format: Format) -> Result<ExitCode, Failure> {
        if let Some(time) = self.time.as_ref().filter(|time| Timestamp::parse(time.as_bytes()).is_none()) {
            let what = "invalid time, expected POSIX seconds with at most nine decimals";
            return Err(Failure::Usage(format!("--time {time:?}: {what}")));
        }
        let mut client = self.servers.client(format)?;
        let time = self.time.as_ref().map(|time| time.clone().into_bytes());
        match (&self.client, &self.pattern) {
            (Some(_), _) if self.data.data.is_some() => Err(Failure::Usage("--data goes with --match".into())),
            (Some(id), _) => one(&mut client, id, time),
            (None, Some(pattern)) => self.all(&mut client, pattern, time.as_deref()),
            (None, None) => Err(Failure::Usage("name a client, or some with --match".into())),
        }
    }

    fn all(&self, client: &mut Client, pattern: &Pattern, time: Option<&[u8]>) -> Result<ExitCode, Failure> {
        let mut listed = list::of(pattern, self.from.as_deref(), &self.data)?;
        if !listed.is_empty() && !self.yes && !list::may_forget(client.server(), &listed)? {
            return Ok(ExitCode::FAILURE);
        }
        if let Some(time) = time {
            listed = listed.into_keys().map(|id| (id, Some(time.to_vec()))).collect();
        }
        let is_listed = !listed.is_empty();
        let unknown = find_times(client, &mut listed)?;
        let outcome = send(client, &listed)?;
        let mut out = io::stdout().lock();
        if client.format().is_json() {
            let told = json!({ "forgotten": outcome.forgotten, "reported_since": outcome.stay, "unknown": unknown });
            writeln!(out, "{}", format::line(&told))?;
        } else if is_listed {
            writeln!(out, "{} forgotten", counted(outcome.forgotten))?;
            if outcome.stay > 0 {
                writeln!(out, "{} not forgotten: reported since", counted(outcome.stay))?;
            }
            if unknown > 0 {
                writeln!(out, "{} not known to {}", counted(unknown), client.server())?;
            }
        } else {
            writeln!(out, "no client in the list matches {pattern}")?;
        }
        outcome.whole(client)?;
        Ok(if outcome.stay == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

impl Outcome {
    /// # Errors
    /// The first that was refused.
    fn whole(&self, client: &Client) -> Result<(), Failure> {
        self.refused.as_ref().map_or(Ok(()), |request| Err(client.refused(request)))
    }
}

fn counted(count: u64) -> String {
    format!("{count} {}", if count == 1 { "client" } else { "clients" })
}

fn one(client: &mut Client, id: &str, time: Option<Vec<u8>>) -> Result<ExitCode, Failure> {
    check_client(id)?;
    let mut listed = Listed::from([(id.as_bytes().to_vec(), time)]);
    if find_times(client, &mut listed)? > 0 {
        let why =
            "it has not heard of this client, or you have no right to ask for it: see --token-file, or give --time";
        let (server, request) = (client.server().to_string(), escaped(id));
        return Err(Failure::Refused { server, request, why: why.into() });
    }
    let outcome = send(client, &listed)?;
    outcome.whole(client)?;
    let told = [outcome.gone, outcome.at].into_iter().flatten().find_map(|line| Record::parse(&line));
    let record = told.ok_or_else(|| client.strange())?;
    let mut out = io::stdout().lock();
    if client.format().is_json() {
        let told = json!({ "client": id, "forgotten": record.is_gone(), "record": record.to_json() });
        writeln!(out, "{}", format::line(&told))?;
    } else if record.is_gone() {
        writeln!(out, "{} is forgotten up to {}", readable(&record.client), when(&record))?;
    } else if record.is_away() {
        writeln!(
            out,
            "not forgotten, it is at home in the region {} since {}",
            readable(&record.origin),
            when(&record)
        )?;
    } else {
        let at = At::parse(&record.line).ok_or_else(|| client.strange())?;
        writeln!(out, "not forgotten, it has reported since:\n{}", at.describe(shown::now()))?;
    }
    Ok(if record.is_gone() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The time of a record, for people and as it is written.
fn when(record: &Record) -> String {
    dated(&readable(&record.time))
}

/// Asks for the times of the reports that are kept, of those whose time is not known yet. Those of whom nothing is known are
/// taken out: how many.
fn find_times(client: &mut Client, listed: &mut Listed) -> Result<u64, Failure> {
    let mut unknown = Vec::new();
    for (id, time) in listed.iter_mut().filter(|(_, time)| time.is_none()) {
        match kept_time(client, id)? {
            Some(kept) => *time = Some(kept),
            None => unknown.push(id.clone()),
        }
    }
    for id in &unknown {
        listed.remove(id);
    }
    Ok(unknown.len() as u64)
}

/// The time of the report that a server keeps, if it knows the client.
fn kept_time(client: &mut Client, id: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
    match client.ask(&[b"WHATSAT ", id, b" 0 0"].concat())? {
        Reply::Places { at, .. } => Ok(Some(Record::parse(&at).ok_or_else(|| client.strange())?.time)),
        Reply::Refused(_) => Ok(None),
        _ => Err(client.strange()),
    }
}

/// Has them forgotten, up to the first that is refused.
fn send(client: &mut Client, listed: &Listed) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    let requests: Vec<_> = listed.iter().filter_map(|(id, time)| Some(forget(id, time.as_ref()?))).collect();
    if requests.is_empty() {
        return Ok(outcome);
    }
    let requests = requests.into_iter().zip(1..).map(|(line, number)| Ok(Request { number, line }));
    pipeline::run(client, requests, |request, reply| {
        match reply {
            Reply::Refused(_) => {
                outcome.refused = request.map(|request| request.line.clone());
                return Ok(Then::Stop);
            }
            Reply::Line(line) if line.starts_with(b"GONE ") => {
                outcome.forgotten += 1;
                outcome.gone = Some(line.clone());
            }
            Reply::Line(line) => {
                outcome.stay += 1;
                outcome.at = Some(line.clone());
            }
            // Nobody has asked for these.
            Reply::Places { .. } | Reply::Near(_) | Reply::Told(_) => {}
        }
        Ok(Then::GoOn)
    })?;
    Ok(outcome)
}
