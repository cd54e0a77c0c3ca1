//! `herd demo`: moves made-up clients, so that there is something to see.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use herd_command::{any_time, number};
use serde_json::json;

use crate::demo::fleet::Fleet;
use crate::demo::reporter::Reporter;
use crate::failure::Failure;
use crate::format::{self, Format};
use crate::server::ServersOptions;

/// Simulate ships, planes, buses and people, to have something to see
///
/// Planes fly along great circles between airports, ships follow sea lanes, and buses and people move in a dozen cities. An
/// hour of theirs takes a minute, unless --speed says otherwise. Their reports go to all servers of the herd, or to those
/// that --to names. Ctrl-C ends it; the clients stay where they were last.
#[derive(Args)]
pub(crate) struct Demo {
    /// How many clients
    #[arg(long, value_name = "CLIENTS", default_value_t = 400, value_parser = number(1..=1_000_000_u32))]
    count: u32,
    /// Reports per second of all clients together [default: each client every two seconds]
    #[arg(long, value_name = "REPORTS", value_parser = number(1..=100_000_u32))]
    rate: Option<u32>,
    /// How many times faster than in reality they move
    #[arg(long, value_name = "TIMES", default_value_t = 60, value_parser = number(1..=10_000_u32))]
    speed: u32,
    /// The random seed: the same seed gives the same clients and routes
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = number(0..=u64::MAX))]
    seed: u64,
    /// How long to run, as in 10s or 1h [default: until Ctrl-C]
    #[arg(long = "for", value_name = "TIME", value_parser = any_time)]
    lasts: Option<Duration>,
    #[command(flatten)]
    servers: ServersOptions,
}

impl Demo {
    pub(crate) fn run(self, format: Format) -> Result<ExitCode, Failure> {
        let servers = self.servers.servers()?;
        // Who cannot be reached, and who asks for a token, is said before anything moves.
        servers[0].connect()?;
        let rate = self.rate.unwrap_or(self.count.div_ceil(2));
        let names: Vec<String> = servers.iter().map(|server| server.name.clone()).collect();
        if format == Format::Text {
            let (count, names) = (self.count, names.join(", "));
            writeln!(io::stdout(), "{count} clients, {rate} reports a second, to {names}; Ctrl-C ends it")?;
        }
        let end = self.lasts.and_then(|lasts| Instant::now().checked_add(lasts));
        let fleet = Fleet::new(self.count as usize, self.seed, f64::from(self.speed));
        let parts = u32::try_from(servers.len()).unwrap_or(self.count).min(self.count);
        let interval = Duration::from_secs(1) * parts / rate;
        let (ended, outcomes) = channel();
        for (at, fleet) in fleet.split(parts as usize).into_iter().enumerate() {
            let mut servers = servers.clone();
            servers.rotate_left(at);
            let ended = ended.clone();
            let reporter = Reporter { fleet, servers, interval, end, format };
            thread::spawn(move || ended.send(reporter.run()));
        }
        drop(ended);
        let taken = outcomes.into_iter().sum::<Result<u64, Failure>>()?;
        match format {
            Format::Text => writeln!(io::stdout(), "{taken} reports taken")?,
            Format::Json => writeln!(io::stdout(), "{}", format::line(&json!({ "taken": taken })))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
