//! How long an update takes from one server to another, beside a load.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hdrhistogram::Histogram;
use serde_json::{Value, json};

use super::load::Load;
use super::outcome::{Outcome, micros};
use super::progress::Progress;
use super::schedule::nanos;
use super::table::figure;

/// The client whose updates are followed; no client of the load is called so.
pub(crate) const PROBE: &str = "herd-bench-probe";
/// From one followed update to the next: no divisor of anything that the load does in time.
const PAUSE: Duration = Duration::from_micros(1_370);

/// What was measured.
#[derive(Debug)]
pub(crate) struct Propagation {
    /// From when a followed update was sent to the near server until a reply of the far one shows it, in
    /// nanoseconds.
    latency: Histogram<u64>,
    /// What the load beside it measured.
    pub(crate) load: Outcome,
}

impl Propagation {
    /// Loads the near server, and follows updates of one more client to the far one.
    pub(crate) fn measure(load: &Load, far: SocketAddr, progress: &Progress) -> io::Result<Self> {
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let probe = scope.spawn(|| follow(load, far, &over));
            let outcome = load.run(progress);
            over.store(true, Ordering::Relaxed);
            let latency = probe.join().expect("the probe does not panic")?;
            Ok(Self { latency, load: outcome? })
        })
    }

    /// The latency that a part of the followed updates did not exceed, in microseconds.
    pub(crate) fn micros_at(&self, quantile: f64) -> f64 {
        micros(self.latency.value_at_quantile(quantile))
    }

    /// Writes it for people.
    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let [p50, p99, max] = [0.5, 0.99, 1.0].map(|at| figure(self.micros_at(at)));
        writeln!(out, "{} updates followed beside {} a second", self.latency.len(), figure(self.load.rate()))?;
        writeln!(out, "until the far server tells them: p50 {p50} µs, p99 {p99} µs, max {max} µs")?;
        if let Some(error) = &self.load.first_error {
            writeln!(out, "ERRORS: {}; the first: {error}", self.load.errors)?;
        }
        Ok(())
    }

    /// What was measured, as JSON: times in microseconds.
    pub(crate) fn json(&self) -> Value {
        let [p50, p99, max] = [0.5, 0.99, 1.0].map(|at| self.micros_at(at));
        json!({
            "followed": self.latency.len(),
            "load_per_second": self.load.rate(),
            "p50_us": p50,
            "p99_us": p99,
            "max_us": max,
            "ended": self.load.ending,
            "errors": self.load.errors,
            "first_error": self.load.first_error,
        })
    }
}

/// Sends an update at a time and asks for it where it is to arrive, again and again.
fn follow(load: &Load, far: SocketAddr, over: &AtomicBool) -> io::Result<Histogram<u64>> {
    let mut latency = Histogram::new_with_bounds(1, nanos(load.patience), 3).map_err(io::Error::other)?;
    let mut near = Line::open(load.address, load)?;
    near.update()?;
    let mut far = wait_until_known(far, load)?;
    let start = Instant::now();
    while start.elapsed() < load.warm_up && !over.load(Ordering::Relaxed) {
        std::thread::sleep(PAUSE);
    }
    while !over.load(Ordering::Relaxed) {
        let sent = Instant::now();
        let time = near.update()?;
        while !far.shows(&time)? {
            if sent.elapsed() > load.patience {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "an update did not come to the far server"));
            }
        }
        latency.saturating_record(nanos(sent.elapsed()));
        std::thread::sleep(PAUSE);
    }
    Ok(latency)
}

/// A server refuses to tell of a client that it does not know, and closes.
fn wait_until_known(far: SocketAddr, load: &Load) -> io::Result<Line> {
    let start = Instant::now();
    loop {
        let mut line = Line::open(far, load)?;
        match line.shows("") {
            Ok(_) => return Ok(line),
            Err(error) if start.elapsed() > load.patience => return Err(error),
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// A plain conversation, one request at a time.
struct Line {
    stream: BufReader<TcpStream>,
    reply: String,
}

impl Line {
    fn open(address: SocketAddr, load: &Load) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, load.patience)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(load.patience))?;
        let mut line = Self { stream: BufReader::new(stream), reply: String::new() };
        if let Some(token) = &load.token {
            line.stream.get_mut().write_all(format!("AUTH {}\n", token.as_str()).as_bytes())?;
            line.read()?;
            if line.reply != "OK\n" {
                return Err(io::Error::other("it does not know the token"));
            }
        }
        Ok(line)
    }

    /// Says where the probe is now; what it says of the time.
    fn update(&mut self) -> io::Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let time = format!("{}.{:09}", now.as_secs(), now.subsec_nanos());
        self.ask(&format!("IAMAT {PROBE} +34.068930-118.445127 {time}\n"))?;
        Ok(time)
    }

    /// Whether the probe's newest report here is of that time.
    fn shows(&mut self, time: &str) -> io::Result<bool> {
        self.ask(&format!("WHATSAT {PROBE} 0 0\n"))?;
        let shows = self.reply.trim_end().ends_with(time);
        // The JSON, up to its empty line.
        while self.reply != "\n" {
            self.read()?;
        }
        Ok(shows)
    }

    fn ask(&mut self, request: &str) -> io::Result<()> {
        self.stream.get_mut().write_all(request.as_bytes())?;
        self.read()?;
        if self.reply.starts_with("AT ") { Ok(()) } else { Err(io::Error::other(self.reply.trim_end().to_owned())) }
    }

    fn read(&mut self) -> io::Result<()> {
        self.reply.clear();
        if self.stream.read_line(&mut self.reply)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}
