//! `herd bench`: finds the server, and has it loaded.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use herd_bench::{BenchError, Compare, Echo, LoadOptions, Plot};

use crate::failure::Failure;
use crate::server::ServerOptions;

/// Load a herd, or Redis or memcached, and measure it
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Bench {
    #[command(subcommand)]
    task: Option<Task>,
    #[command(flatten)]
    server: ServerOptions,
    #[command(flatten)]
    load: LoadOptions,
}

#[derive(Subcommand)]
enum Task {
    Compare(Compare),
    Plot(Plot),
    #[command(hide = true)]
    Echo(Echo),
}

impl Bench {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        match self.task {
            None => {
                let server = self.server.server()?;
                if server.has_token() {
                    // Each connection of the load would be refused for a wrong one.
                    server.connect()?;
                }
                self.load.run(&server.endpoint()?).map_err(|error| match error {
                    // Here the time that it was given is known.
                    BenchError::Broken { why, .. } => server.broken(&why),
                    error => error.into(),
                })
            }
            Some(Task::Compare(compare)) => Ok(compare.run()?),
            Some(Task::Plot(plot)) => Ok(plot.run()?),
            Some(Task::Echo(echo)) => Ok(echo.run()?),
        }
    }
}
