//! `herd bench`: finds the server, has it loaded, and has it forget the load's clients.

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};
use herd_bench::{BenchError, Compare, Echo, LoadOptions, Plot, Stop};
use signal_hook::consts::SIGINT;
use signal_hook::flag;

use crate::client::Client;
use crate::failure::Failure;
use crate::format::Format;
use crate::pipeline::{self, Request, Then};
use crate::record::forget;
use crate::reply::Reply;
use crate::server::ServersOptions;
use crate::shown;

/// Measure a herd, or Redis or memcached, under load
///
/// The load goes to one server: the one that --to names, or the herd's first. Ctrl-C ends the load and prints what was
/// measured until then.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Bench {
    #[command(subcommand)]
    task: Option<Task>,
    #[command(flatten)]
    load: LoadOptions,
    #[command(flatten)]
    servers: ServersOptions,
}

#[derive(Subcommand)]
enum Task {
    Compare(Compare),
    Plot(Plot),
    #[command(hide = true)]
    Echo(Echo),
}

impl Bench {
    pub(crate) fn run(self, format: Format) -> Result<ExitCode, Failure> {
        match self.task {
            None => load(&self.servers, self.load, format),
            Some(Task::Compare(compare)) => Ok(compare.run(format.is_json())?),
            Some(Task::Plot(plot)) => Ok(plot.run()?),
            Some(Task::Echo(echo)) => Ok(echo.run()?),
        }
    }
}

fn load(servers: &ServersOptions, load: LoadOptions, format: Format) -> Result<ExitCode, Failure> {
    let (server, far) = servers.one_and(load.far())?;
    if server.has_token() {
        // Each connection of the load would be refused for a wrong one.
        server.connect()?;
    }
    let (near, far) = (server.endpoint()?, far.map(|far| far.endpoint()).transpose()?);
    let ran = load.as_json(format.is_json()).until(interrupt()?).run(&near, far.as_ref());
    let ran = ran.map_err(|error| match error {
        // Here the time that it was given is known.
        BenchError::Broken { why, .. } => server.broken(&why),
        error => error.into(),
    })?;
    forget_all(&mut Client::new(vec![server], format), ran.to_forget().collect())?;
    Ok(if ran.is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The first Ctrl-C ends the load. The second ends the process at once.
fn interrupt() -> Result<Stop, Failure> {
    let has_come = Arc::default();
    flag::register_conditional_shutdown(SIGINT, 128 + SIGINT, Arc::clone(&has_come))?;
    flag::register(SIGINT, Arc::clone(&has_come))?;
    Ok(Stop::when(has_come))
}

/// Has the clients forgotten that the load has made up.
fn forget_all(client: &mut Client, ids: Vec<String>) -> Result<(), Failure> {
    if ids.is_empty() {
        return Ok(());
    }
    let now = shown::now().to_string();
    let requests = (1..).zip(ids).map(move |(number, id)| {
        let line = forget(id.as_bytes(), now.as_bytes());
        Ok(Request { number, line })
    });
    let mut refused = None;
    pipeline::run(client, requests, |request, reply| {
        if let (Reply::Refused(_), Some(request)) = (reply, request) {
            refused = Some(request.line.clone());
            return Ok(Then::Stop);
        }
        Ok(Then::GoOn)
    })?;
    refused.map_or(Ok(()), |request| Err(client.refused(&request)))
}
