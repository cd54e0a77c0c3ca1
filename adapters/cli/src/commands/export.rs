//! `herd export`: what a server keeps of its clients, as lines.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;

use crate::data::DataFolder;
use crate::failure::Failure;

/// Print what a server's data folder keeps, a line for each client
///
/// `AT ORIGIN SKEW CLIENT POSITION TIME`, for a client that was forgotten `GONE ORIGIN SKEW CLIENT TIME`, and for one that is
/// at home in another region `AWAY REGION SKEW CLIENT TIME`: the newest of each client, in no order. `herd import` and `herd forget --match` read them. The server may run meanwhile; what it has
/// not written yet is not among them. A server cannot be asked for all its clients.
#[derive(Args)]
pub(crate) struct Export {
    #[command(flatten)]
    data: DataFolder,
}

impl Export {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        let Some(folder) = self.data.of_server()? else {
            return Err(Failure::Usage("--data DIR is missing: a server cannot be asked for all its clients".into()));
        };
        let mut out = io::BufWriter::new(io::stdout().lock());
        let found = folder.read(|lines| Ok(out.write_all(lines)?))?;
        out.flush()?;
        let mut told = io::stderr().lock();
        if let Some(torn) = &found.torn {
            let _ = writeln!(
                told,
                "herd: {}: {} bytes behind byte {} are not whole: a crash has left them, or they are being written",
                torn.file, torn.bytes, torn.offset
            );
        }
        for damage in &found.damage {
            let _ = writeln!(told, "herd: error: {damage}");
        }
        Ok(if found.damage.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
