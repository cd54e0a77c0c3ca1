//! The options of one load.

use std::io::{self, Write};
use std::net::ToSocketAddrs;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::dialect::Dialect;
use super::endpoint::Endpoint;
use super::error::BenchError;
use super::load::{Length, Load, Pace};
use super::outcome::Outcome;
use super::progress::Progress;
use super::propagation::Propagation;
use super::report;
use super::traffic::{Spot, Traffic};

/// What to send, how, and for how long.
#[derive(Args)]
pub struct LoadOptions {
    /// What the server understands
    #[arg(long, value_enum, default_value = "herd")]
    dialect: Dialect,
    /// How many connections to keep open
    #[arg(long, value_name = "N", default_value = "50", value_parser = clap::value_parser!(u32).range(1..))]
    connections: u32,
    /// How many requests may be on their way on a connection
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..))]
    pipeline: u32,
    /// How many threads to use
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..=64))]
    threads: u32,
    /// A connection for each request; --connections at once
    #[arg(long, conflicts_with = "pipeline")]
    connect_each: bool,
    /// How many clients there are; each says where it is before the load begins if anybody asks
    #[arg(long, value_name = "N", default_value = "100000", value_parser = clap::value_parser!(u32).range(1..=999_999_999))]
    clients: u32,
    /// Which part of the requests are WHATSATs, 0 to 1
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = share)]
    whatsat: f64,
    /// How far a WHATSAT looks, 0 to 50 km
    #[arg(long, value_name = "KM", default_value = "10")]
    radius: String,
    /// The most places that a WHATSAT asks for
    #[arg(long, value_name = "N", default_value = "5", value_parser = clap::value_parser!(u8).range(0..=20))]
    bound: u8,
    /// Where the clients are
    #[arg(long, value_name = "LAT,LNG", default_value = "34.06893,-118.445127", value_parser = spot, allow_hyphen_values = true)]
    around: Spot,
    /// How far from there they are at most, in degrees
    #[arg(long, value_name = "DEGREES", default_value = "0.5", value_parser = degrees)]
    spread: f64,
    /// Requests a second, latency counted from when each is due [default: as many as can be]
    #[arg(long, value_name = "N", value_parser = positive)]
    rate: Option<f64>,
    /// How long to measure
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration)]
    duration: Duration,
    /// How many requests to measure, in place of a time
    #[arg(long, value_name = "N", conflicts_with = "duration", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// How long to go on before that
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = humantime::parse_duration)]
    warm_up: Duration,
    /// The server's process here, whose CPU time and memory to tell
    #[arg(long, value_name = "ID")]
    pid: Option<u32>,
    /// Measure how long single updates take to this server beside the load; --to gets them
    #[arg(long, value_name = "ADDR:PORT", conflicts_with_all = ["count", "dialect"])]
    far: Option<String>,
    /// Show the figures as JSON
    #[arg(long)]
    json: bool,
}

impl LoadOptions {
    /// Loads a server, and writes the figures to standard output; the code to exit with: 0, or 1 where a reply
    /// was wrong or missing.
    ///
    /// It blocks until the load is over, and shows its progress on standard error if that is a terminal.
    ///
    /// # Errors
    /// [`Usage`](BenchError::Usage) for a radius that no herd takes, or a `--far` without an address,
    /// [`Unreachable`](BenchError::Unreachable), [`Broken`](BenchError::Broken), and
    /// [`Output`](BenchError::Output).
    pub fn run(self, server: &Endpoint) -> Result<ExitCode, BenchError> {
        let load = self.load(server)?;
        let progress = Progress::new(&format!("load on {}", server.name));
        if load.traffic.questions > 0 {
            let filled = load.fill().run(&progress).map_err(|why| server.broken(why))?;
            refuse_errors(server, &filled)?;
        }
        let mut out = io::stdout().lock();
        if let Some(far) = &self.far {
            if server.encryption.is_some() {
                return Err(BenchError::Usage("--far measures in plain text; leave --tls out".into()));
            }
            let unreachable = |why| BenchError::Unreachable { server: far.clone(), why };
            let far = far.to_socket_addrs().map_err(unreachable)?.next();
            let far = far.ok_or_else(|| BenchError::Usage("--far stands for no address".into()))?;
            let measured = Propagation::measure(&load, far, &progress).map_err(|why| server.broken(why))?;
            if self.json {
                writeln!(out, "{:#}", measured.json())?;
            } else {
                measured.write(&mut out)?;
            }
            return Ok(if measured.load.errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        let outcome = load.run(&progress).map_err(|why| server.broken(why))?;
        if self.json {
            writeln!(out, "{:#}", report::json(&load, &outcome))?;
        } else {
            report::write(&load, &outcome, &mut out)?;
        }
        Ok(if outcome.errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn load(&self, server: &Endpoint) -> Result<Load, BenchError> {
        if let Err(why) = herd::wire::Message::parse(format!("WHATSAT x {} 0", self.radius).as_bytes()) {
            return Err(BenchError::Usage(format!("--radius: {why}: it is 0 to 50 km")));
        }
        Ok(Load {
            traffic: Traffic {
                clients: self.clients.into(),
                questions: rounded(self.whatsat * 65_536.0),
                centre: self.around,
                spread: rounded(self.spread * 1e6),
                radius: self.radius.clone(),
                bound: self.bound,
            },
            connections: self.connections as usize,
            pipeline: self.pipeline as usize,
            threads: self.threads as usize,
            connect_each: self.connect_each,
            pace: self.rate.map_or(Pace::Closed, Pace::Open),
            warm_up: self.warm_up,
            length: self.count.map_or(Length::Time(self.duration), Length::Count),
            patience: server.timeout,
            pid: self.pid,
            token: server.token.clone().filter(|_| self.dialect == Dialect::Herd),
            encryption: server.encryption.clone(),
            ..Load::new(server.resolve()?, self.dialect)
        })
    }
}

fn refuse_errors(server: &Endpoint, filled: &Outcome) -> Result<(), BenchError> {
    match &filled.first_error {
        None => Ok(()),
        Some(error) => Err(server.broken(io::Error::other(format!("while clients said where they are: {error}")))),
    }
}

fn share(text: &str) -> Result<f64, String> {
    number(text, 0.0..=1.0)
}

fn degrees(text: &str) -> Result<f64, String> {
    number(text, 0.0..=90.0)
}

fn positive(text: &str) -> Result<f64, String> {
    number(text, 0.001..=1e9)
}

fn number(text: &str, range: std::ops::RangeInclusive<f64>) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
    if range.contains(&number) { Ok(number) } else { Err(format!("it must be {} to {}", range.start(), range.end())) }
}

fn spot(text: &str) -> Result<Spot, String> {
    let (latitude, longitude) = text.split_once(',').ok_or("write LAT,LNG")?;
    let micro = |text: &str, most: f64| {
        let degrees = number(text, -most..=most)?;
        #[expect(clippy::cast_possible_truncation, reason = "at most 180 million")]
        Ok::<_, String>((degrees * 1e6).round() as i32)
    };
    Ok(Spot { latitude: micro(latitude, 89.0)?, longitude: micro(longitude, 179.0)? })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "each option has its range")]
fn rounded(number: f64) -> u32 {
    number.round() as u32
}
