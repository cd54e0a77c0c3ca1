//! `herd export`: what a server keeps of its clients, as lines.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Args;

use crate::data::DataFolder;
use crate::failure::Failure;
use crate::format::{self, Format};
use crate::record::Record;
use herd_command::readable_lines;

/// Print the contents of a server's data folder, a line for each client
///
/// `AT ORIGIN SKEW CLIENT POSITION TIME`, for a client that was forgotten `GONE ORIGIN SKEW CLIENT TIME`, and for one that is
/// at home in another region `AWAY REGION SKEW CLIENT TIME`: the newest of each client, in no particular order. `herd import`
/// and `herd forget --match` read these lines. The server may be running; what it has not written yet is not among them. A
/// server cannot be asked for all its clients.
#[derive(Args)]
pub(crate) struct Export {
    #[command(flatten)]
    data: DataFolder,
}

impl Export {
    pub(crate) fn run(self, format: Format) -> Result<ExitCode, Failure> {
        let Some(folder) = self.data.of_server()? else {
            return Err(Failure::Usage("--data DIR is missing: a server cannot be asked for all its clients".into()));
        };
        let mut out = io::BufWriter::new(io::stdout().lock());
        let is_terminal = io::stdout().is_terminal();
        let found = folder.read(|lines| match format {
            Format::Text if !is_terminal => Ok(out.write_all(lines)?),
            Format::Text => Ok(out.write_all(readable_lines(lines).as_bytes())?),
            Format::Json => lines.split(|&byte| byte == b'\n').filter_map(Record::parse).try_for_each(|record| {
                writeln!(out, "{}", format::line(&record.to_json()))?;
                Ok(())
            }),
        })?;
        out.flush()?;
        if let Some(torn) = &found.torn {
            let what = "incomplete: a crash has left them, or they are being written";
            format.warn("input", &format!("{}: {} bytes after byte {} are {what}", torn.file, torn.bytes, torn.offset));
        }
        for damage in &found.damage {
            format.error("input", &damage.to_string());
        }
        Ok(if found.damage.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
