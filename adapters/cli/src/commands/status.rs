//! `herd status`: how each server of the herd is, and what is wrong.

mod grid;
mod regions;
mod table;

use std::io::{self, Write};
use std::process::ExitCode;
use std::thread;

use clap::Args;

use self::table::Table;
use crate::failure::Failure;
use crate::format::{self, Format};
use crate::health::{Answer, Asker, Silence};
use crate::server::{Server, ServersOptions};

/// Show the state of a herd's servers, and what is wrong
///
/// All servers of the herd are asked, or those that --to names. The exit code is 1 if anything is wrong.
#[derive(Args)]
pub(crate) struct Status {
    #[command(flatten)]
    servers: ServersOptions,
}

/// The most servers that are asked at once.
const AT_ONCE: usize = 64;

impl Status {
    pub(crate) fn run(self, format: Format) -> Result<ExitCode, Failure> {
        let answers = ask_all(&self.servers.servers()?);
        let is_well = answers.iter().all(Answer::is_well);
        let mut out = io::stdout().lock();
        if format.is_json() {
            let servers: Vec<_> = answers.iter().map(Answer::to_json).collect();
            writeln!(out, "{}", format::line(&serde_json::json!({ "ok": is_well, "servers": servers })))?;
        } else {
            write!(out, "{}", Table(&answers))?;
        }
        out.flush()?;
        Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Asks many servers at the same time, since one that is down may take as long as the timeout; the answers in their
/// order.
fn ask_all(servers: &[Server]) -> Vec<Answer> {
    let mut answers = Vec::with_capacity(servers.len());
    for some in servers.chunks(AT_ONCE) {
        thread::scope(|scope| {
            let asked: Vec<_> = some.iter().map(|server| scope.spawn(|| Asker::new(server.clone()).ask())).collect();
            for (asked, server) in asked.into_iter().zip(some) {
                let report = asked.join().unwrap_or_else(|_| Err(Silence::Untold("the client failed".into())));
                answers.push(Answer { name: server.name.clone(), address: server.address().into(), report });
            }
        });
    }
    answers
}
