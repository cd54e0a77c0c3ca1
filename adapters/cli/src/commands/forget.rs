//! `herd forget`: has the herd forget clients.

mod list;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{ArgGroup, Args};
use herd::Timestamp;
use herd::values::Pattern;

use self::list::Listed;
use crate::commands::at::{At, check_client, utc};
use crate::connection::{Connection, End};
use crate::data::DataFolder;
use crate::failure::Failure;
use crate::record::{Record, forget};
use crate::reply::Reply;
use crate::server::{Server, ServerOptions};
use crate::text::escaped;

/// Have the herd forget a client, or all that match
///
/// All that is known of a client up to a time is forgotten, everywhere. The time is that of the report that the server keeps,
/// unless --time says otherwise: what comes meanwhile stays, and a device whose clock is ahead is forgotten all the same.
///
/// For --match the clients must be listed, since a server cannot be asked for all that it knows: by what `herd export`
/// prints or by IDs, one a line, on standard input or in a file, or by a data folder.
#[derive(Args)]
#[command(group(ArgGroup::new("whom").args(["client", "pattern"]).required(true)))]
pub(crate) struct ForgetClients {
    #[command(flatten)]
    server: ServerOptions,
    /// The client's ID
    client: Option<String>,
    /// All listed clients that match: the beginning of IDs with a * behind it, as in 'bench-*'
    #[arg(long = "match", value_name = "PATTERN")]
    pattern: Option<Pattern>,
    /// The file of the clients, lines of `herd export` or IDs; - is standard input [default: -]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "client"])]
    from: Option<PathBuf>,
    #[command(flatten)]
    data: DataFolder,
    /// Up to when, in POSIX seconds [default: the kept report's time]
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    time: Option<String>,
    /// Forget those that match without a question
    #[arg(long, conflicts_with = "client")]
    yes: bool,
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
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        if let Some(time) = self.time.as_ref().filter(|time| Timestamp::parse(time.as_bytes()).is_none()) {
            let what = "invalid time, expected POSIX seconds with at most nine decimals";
            return Err(Failure::Usage(format!("--time {time:?}: {what}")));
        }
        let server = self.server.server()?;
        let time = self.time.as_ref().map(|time| time.clone().into_bytes());
        match (&self.client, &self.pattern) {
            (Some(_), _) if self.data.data.is_some() => Err(Failure::Usage("--data goes with --match".into())),
            (Some(client), _) => one(&server, client, time),
            (None, Some(pattern)) => self.all(&server, pattern, time.as_deref()),
            (None, None) => Err(Failure::Usage("name a client, or some with --match".into())),
        }
    }

    fn all(&self, server: &Server, pattern: &Pattern, time: Option<&[u8]>) -> Result<ExitCode, Failure> {
        let mut listed = list::of(pattern, self.from.as_deref(), &self.data)?;
        if listed.is_empty() {
            println!("no client of the list matches {pattern}");
            return Ok(ExitCode::SUCCESS);
        }
        if !self.yes && !list::may_forget(server, &listed)? {
            return Ok(ExitCode::FAILURE);
        }
        if let Some(time) = time {
            listed = listed.into_keys().map(|client| (client, Some(time.to_vec()))).collect();
        }
        let unknown = find_times(server, &mut listed)?;
        let outcome = send(server, &listed)?;
        println!("{} forgotten", counted(outcome.forgotten));
        if outcome.stay > 0 {
            println!("{} known still: reported since", counted(outcome.stay));
        }
        if unknown > 0 {
            println!("{} not known to {server}", counted(unknown));
        }
        outcome.whole(server)?;
        Ok(if outcome.stay == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

impl Outcome {
    /// # Errors
    /// The first that was refused.
    fn whole(&self, server: &Server) -> Result<(), Failure> {
        let Some(line) = &self.refused else { return Ok(()) };
        let why = "; its time may be too far ahead, or you may have no right to forget this client: see --token-file";
        Err(Failure::Refused { server: server.to_string(), request: line.escape_ascii().to_string(), why })
    }
}

fn counted(count: u64) -> String {
    format!("{count} {}", if count == 1 { "client" } else { "clients" })
}

fn one(server: &Server, client: &str, time: Option<Vec<u8>>) -> Result<ExitCode, Failure> {
    check_client(client)?;
    let mut listed = Listed::from([(client.as_bytes().to_vec(), time)]);
    if find_times(server, &mut listed)? > 0 {
        let why =
            "; it has not heard of this client, or you have no right to ask for it: see --token-file, or give --time";
        return Err(Failure::Refused { server: server.to_string(), request: escaped(client), why });
    }
    let outcome = send(server, &listed)?;
    outcome.whole(server)?;
    if let Some(away) = outcome.at.as_deref().and_then(Record::parse).filter(Record::is_away) {
        let region = String::from_utf8_lossy(&away.origin);
        println!("not forgotten, it is at home in the region {} since {}", escaped(&region), when(&away));
        return Ok(ExitCode::FAILURE);
    }
    if let Some(at) = outcome.at.as_deref().and_then(At::parse) {
        println!("not forgotten, it has reported since:\n{}", at.describe());
        return Ok(ExitCode::FAILURE);
    }
    let strange = || server.broken(&io::Error::other("its answer is no GONE line, AT line or AWAY line"));
    let gone = outcome.gone.as_deref().and_then(Record::parse).filter(Record::is_gone).ok_or_else(strange)?;
    println!("{} is forgotten up to {}", escaped(&String::from_utf8_lossy(&gone.client)), when(&gone));
    Ok(ExitCode::SUCCESS)
}

/// The time of a record, for people and as it is written.
fn when(record: &Record) -> String {
    let time = String::from_utf8_lossy(&record.time);
    utc(record.at).map_or_else(|| time.to_string(), |utc| format!("{utc} ({time})"))
}

/// Asks for the times of the reports that are kept, of those whose time is not known yet. Those of whom nothing is known are
/// taken out: how many.
fn find_times(server: &Server, listed: &mut Listed) -> Result<u64, Failure> {
    let (mut connection, mut unknown) = (None, Vec::new());
    for (client, time) in listed.iter_mut().filter(|(_, time)| time.is_none()) {
        match kept_time(server, &mut connection, client)? {
            Some(kept) => *time = Some(kept),
            None => unknown.push(client.clone()),
        }
    }
    for client in &unknown {
        listed.remove(client);
    }
    Ok(unknown.len() as u64)
}

/// The time of the report that a server keeps, if it knows the client.
fn kept_time(server: &Server, kept: &mut Option<Connection>, client: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
    let mut connection = match kept.take() {
        Some(connection) => connection,
        None => server.connect()?,
    };
    let request = [b"WHATSAT ", client, b" 0 0"].concat();
    match connection.ask(&request).map_err(|error| server.broken(&error))? {
        Some(Reply::Places { at, .. }) => {
            *kept = Some(connection);
            let strange = || server.broken(&io::Error::other("its answer has no AT line"));
            Ok(Some(Record::parse(&at).ok_or_else(strange)?.time))
        }
        // It is closed now.
        Some(Reply::Refused(_)) => Ok(None),
        _ => Err(server.broken(&io::Error::other("its answer is not what a herd says"))),
    }
}

/// Has them forgotten, on one connection.
fn send(server: &Server, listed: &Listed) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    let requests: Vec<_> =
        listed.iter().filter_map(|(client, time)| Some(Ok(forget(client, time.as_ref()?)))).collect();
    if requests.is_empty() {
        return Ok(outcome);
    }
    let end = server.connect()?.stream(requests.into_iter(), |reply| {
        match reply {
            Reply::Refused(line) => outcome.refused = Some(line.clone()),
            Reply::Line(line) if line.starts_with(b"GONE ") => {
                outcome.forgotten += 1;
                outcome.gone = Some(line.clone());
            }
            Reply::Line(line) | Reply::Places { at: line, .. } => {
                outcome.stay += 1;
                outcome.at = Some(line.clone());
            }
            // Nobody has asked for these.
            Reply::Near(_) | Reply::Told(_) => {}
        }
        Ok(())
    });
    match end {
        // What was refused is told with what was done before.
        _ if outcome.refused.is_some() => Ok(outcome),
        Ok(End::Whole) => Ok(outcome),
        Ok(End::Short | End::Unread(_)) => Err(server.broken(&io::Error::other(format!(
            "it closed the connection before it had answered everything; {} forgotten",
            counted(outcome.forgotten)
        )))),
        Err(error) => Err(server.broken(&error)),
    }
}
