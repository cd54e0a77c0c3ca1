//! The options of one load.

use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::time::Duration;

use clap::Args;
use herd_command::{decimal, number, time};

use super::dialect::Dialect;
use super::ending::{Ending, Stop};
use super::endpoint::Endpoint;
use super::error::BenchError;
use super::load::{Length, Load, Pace};
use super::outcome::Outcome;
use super::progress::Progress;
use super::propagation::{PROBE, Propagation};
use super::report;
use super::touched::Touched;
use super::traffic::{Spot, Traffic};

/// What to send, how, and for how long.
#[derive(Args)]
pub struct LoadOptions {
    /// Which protocol to speak
    #[arg(long, value_enum, default_value = "herd")]
    dialect: Dialect,
    /// How many connections to keep open
    #[arg(long, value_name = "N", default_value = "50", value_parser = number(1..=1_000_000_u32))]
    connections: u32,
    /// How many requests to send on a connection before their replies
    #[arg(long, value_name = "N", default_value = "1", value_parser = number(1..=1_000_000_u32))]
    pipeline: u32,
    /// How many threads to use
    #[arg(long, value_name = "N", default_value = "1", value_parser = number(1..=64_u32))]
    threads: u32,
    /// Open a connection for each request, --connections at a time
    #[arg(long, conflicts_with = "pipeline")]
    connect_each: bool,
    /// How many clients there are; each says where it is before the load begins if anybody asks
    #[arg(long, value_name = "N", default_value = "100000", value_parser = number(1..=999_999_999_u32))]
    clients: u32,
    /// The share of WHATSATs among the requests, 0 to 1
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = decimal(0.0..=1.0))]
    whatsat: f64,
    /// How far a WHATSAT looks, 0 to 50 km
    #[arg(long, value_name = "KM", default_value = "10")]
    radius: String,
    /// The most places that a WHATSAT asks for
    #[arg(long, value_name = "N", default_value = "5", value_parser = number(0..=20_u8))]
    bound: u8,
    /// Where the clients are
    #[arg(long, value_name = "LAT,LNG", default_value = "34.06893,-118.445127", value_parser = spot, allow_hyphen_values = true)]
    around: Spot,
    /// How far from there they are at most, in degrees
    #[arg(long, value_name = "DEGREES", default_value = "0.5", value_parser = decimal(0.0..=90.0))]
    spread: f64,
    /// Requests per second, with latency counted from when each is due [default: as many as possible]
    #[arg(long, value_name = "N", value_parser = decimal(0.001..=1e9))]
    rate: Option<f64>,
    /// How long to measure, 10ms to 24h
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time(MEASURED))]
    duration: Duration,
    /// How many requests to measure, instead of a time
    #[arg(long, value_name = "N", conflicts_with = "duration", value_parser = number(1..=u64::MAX))]
    count: Option<u64>,
    /// How long to load the server before that, up to 24h
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = time(Duration::ZERO..=LONGEST))]
    warm_up: Duration,
    /// The server's process ID on this machine, to show its CPU time and memory
    #[arg(long, value_name = "ID", value_parser = number(1..=u32::MAX))]
    pid: Option<u32>,
    /// Measure how long updates take from the loaded server to this one
    #[arg(long, value_name = "NAME|ADDR:PORT", conflicts_with_all = ["count", "dialect"])]
    far: Option<String>,
    /// Have the herd forget the load's clients at the end
    #[arg(long, conflicts_with = "dialect")]
    forget: bool,
    #[arg(skip)]
    is_json: bool,
    #[arg(skip)]
    stop: Stop,
}

/// A load that was run.
#[derive(Debug)]
pub struct Ran {
    /// Whether every reply was right.
    pub is_right: bool,
    touched: Option<Touched>,
    has_probe: bool,
}

impl Ran {
    /// The IDs of the clients that are to be forgotten, where that was asked for.
    pub fn to_forget(&self) -> impl Iterator<Item = String> {
        let touched = self.touched.iter().flat_map(Touched::clients).map(|client| format!("herd-bench-{client:09}"));
        let probe = self.touched.is_some() && self.has_probe;
        touched.chain(probe.then(|| PROBE.to_owned()))
    }
}

impl LoadOptions {
    /// The server that updates are followed to, as the command line names it.
    #[must_use]
    pub fn far(&self) -> Option<&str> {
        self.far.as_deref()
    }

    /// Figures as JSON, or for people.
    #[must_use]
    pub const fn as_json(mut self, is_json: bool) -> Self {
        self.is_json = is_json;
        self
    }

    /// Stops before its end when somebody says so; what was measured until then is told.
    #[must_use]
    pub fn until(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    /// Loads a server, and writes the figures to standard output; with [`far`](Self::far), that server is asked for updates.
    ///
    /// It blocks until the load is over, and shows its progress on standard error if that is a terminal.
    ///
    /// # Errors
    /// [`Usage`](BenchError::Usage) for a radius that no herd takes, [`Unreachable`](BenchError::Unreachable),
    /// [`Broken`](BenchError::Broken), and [`Output`](BenchError::Output).
    pub fn run(self, server: &Endpoint, far: Option<&Endpoint>) -> Result<Ran, BenchError> {
        let load = self.load(server)?;
        let progress = Progress::new(&format!("load on {}", server.name));
        if load.traffic.questions > 0 {
            let filled = load.fill().run(&progress).map_err(|why| server.broken(why))?;
            refuse_errors(server, &filled)?;
        }
        let outcome = match far {
            Some(far) => self.follow(&load, server, (far, &progress)),
            None => self.measure(&load, server, &progress),
        }?;
        let is_right = outcome.errors == 0 && outcome.ending != Ending::Broken;
        Ok(Ran { is_right, touched: load.touched, has_probe: far.is_some() })
    }

    fn measure(&self, load: &Load, server: &Endpoint, progress: &Progress) -> Result<Outcome, BenchError> {
        let outcome = load.run(progress).map_err(|why| server.broken(why))?;
        let mut out = io::stdout().lock();
        if self.is_json {
            writeln!(out, "{:#}", report::json(load, &outcome))?;
        } else {
            report::write(load, &outcome, &mut out)?;
        }
        Ok(outcome)
    }

    /// Loads a server, and follows updates to the far one.
    fn follow(
        &self,
        load: &Load,
        server: &Endpoint,
        (far, progress): (&Endpoint, &Progress),
    ) -> Result<Outcome, BenchError> {
        if server.encryption.is_some() {
            return Err(BenchError::Usage("--far measures in plain text; leave --tls out".into()));
        }
        let measured = Propagation::measure(load, far.resolve()?, progress).map_err(|why| server.broken(why))?;
        let mut out = io::stdout().lock();
        if self.is_json {
            writeln!(out, "{:#}", measured.json())?;
        } else {
            measured.write(&mut out)?;
        }
        Ok(measured.load)
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
            stop: self.stop.clone(),
            touched: self.forget.then(|| Touched::none_of(self.clients.into())),
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

const LONGEST: Duration = Duration::from_hours(24);

/// How long a load may be measured.
pub(crate) const MEASURED: RangeInclusive<Duration> = Duration::from_millis(10)..=LONGEST;

fn spot(text: &str) -> Result<Spot, String> {
    let (latitude, longitude) = text.split_once(',').ok_or("not LAT,LNG")?;
    let micro = |text: &str, most: f64| {
        let degrees = decimal(-most..=most)(text)?;
        #[expect(clippy::cast_possible_truncation, reason = "at most 180 million")]
        Ok::<_, String>((degrees * 1e6).round() as i32)
    };
    Ok(Spot { latitude: micro(latitude, 89.0)?, longitude: micro(longitude, 179.0)? })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "each option has its range")]
fn rounded(number: f64) -> u32 {
    number.round() as u32
}
