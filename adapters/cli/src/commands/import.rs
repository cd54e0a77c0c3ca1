//! `herd import`: what was exported, into a server that runs or into a folder.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Args;

use crate::connection::End;
use crate::data::{DataFolder, OfServer};
use crate::failure::Failure;
use crate::lines;
use crate::record::Record;
use crate::reply::Reply;
use crate::server::{Server, ServerOptions};

/// Tell a server, or a data folder, what `herd export` has printed
///
/// A server is told as a client would tell it, by IAMAT and FORGET with the lines' own times: what it knows better stays,
/// and the lines get that server's name and skew, as if they were heard now. AWAY lines are left out, since no client says
/// them. A data folder, which no server may have in use, gets the lines as they are.
#[derive(Args)]
pub(crate) struct Import {
    #[command(flatten)]
    server: ServerOptions,
    #[command(flatten)]
    data: DataFolder,
    /// The file of lines; - is standard input, and so is none
    file: Option<PathBuf>,
}

/// What a line should be.
const RECORD: &str = "invalid record, expected AT ORIGIN SKEW CLIENT POSITION TIME, GONE ORIGIN SKEW CLIENT TIME or AWAY REGION SKEW CLIENT TIME";

impl Import {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let folder = self.data.of_server()?;
        let records = lines::open(self.file.as_deref())?.map(|line| {
            let (number, line) = line?;
            Record::parse(&line)
                .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, lines::fault(number, &line, RECORD)))
        });
        let count = match folder {
            Some(folder) => into_folder(&folder, records)?,
            None => into_server(&self.server.server()?, records)?,
        };
        println!("{count} {} imported", if count == 1 { "record" } else { "records" });
        Ok(ExitCode::SUCCESS)
    }
}

fn into_folder(folder: &OfServer, records: impl Iterator<Item = io::Result<Record>>) -> Result<u64, Failure> {
    folder.write(records.map(|record| record.map(|record| record.line).map_err(Failure::of_input)))
}

fn into_server(
    server: &Server,
    records: impl Iterator<Item = io::Result<Record>> + Send + 'static,
) -> Result<u64, Failure> {
    let mut taken = 0;
    let mut refused = None;
    let read = Arc::new(AtomicUsize::new(0));
    let requests = records.filter_map({
        let read = Arc::clone(&read);
        move |record| {
            let request = record.map(|record| record.request()).transpose();
            read.fetch_add(usize::from(request.is_some()), Ordering::Relaxed);
            request
        }
    });
    let end = server.connect()?.stream(requests, |reply| {
        match reply {
            Reply::Refused(line) => refused = Some(line.clone()),
            Reply::Line(_) | Reply::Places { .. } => taken += 1,
            // Nobody has asked for these.
            Reply::Near(_) | Reply::Told(_) => {}
        }
        Ok(())
    });
    let before = || format!("; {taken} records before it were imported");
    if let Some(line) = refused {
        let request = format!("{}{}", line.escape_ascii(), before());
        let why = "; its time may be too far ahead, the server full, or you may have no right to it: see --token-file";
        return Err(Failure::Refused { server: server.to_string(), request, why });
    }
    match end.map_err(|error| server.broken(&error))? {
        End::Whole => Ok(taken),
        End::Short => {
            let read = read.load(Ordering::Relaxed);
            Err(server.broken(&io::Error::other(format!("it closed the connection after {taken} of {read} records"))))
        }
        End::Unread(error) => Err(Failure::of_input(io::Error::new(error.kind(), format!("{error}{}", before())))),
    }
}
