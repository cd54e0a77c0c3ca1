//! `herd-places-sim`: a local places server, as well or as ill as it is told to be.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use herd_command::{exit_code, number};
use herd_places_sim::{Fault, Faults, Options, PlacesSim};

/// A local places server that speaks both of Google's formats, from the embedded places
#[derive(Parser)]
#[command(version, after_help = exit_code::HELP, allow_negative_numbers = true)]
struct Line {
    /// Where to listen
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:9000", value_parser = address)]
    listen: SocketAddr,
    /// The only key to take [default: any, and none]
    #[arg(long)]
    key: Option<String>,
    /// Speak TLS, and write the certificate to believe to this file
    #[arg(long, value_name = "CERTIFICATE")]
    tls: Option<PathBuf>,
    /// Do not tell of each request
    #[arg(long)]
    quiet: bool,
    /// How long each answer takes
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = delay)]
    delay: Duration,
    /// Answer in chunks of so many bytes
    #[arg(long, value_name = "BYTES", value_parser = number(1..=MOST_BYTES))]
    chunked: Option<usize>,
    /// Compress answers, if the request takes that
    #[arg(long)]
    gzip: bool,
    /// The Retry-After of answers, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = number(0..=u32::MAX))]
    retry_after: Option<u32>,
    /// Be ill: reset, garbage, truncate, other-shape, large, or an HTTP status
    #[arg(long)]
    fault: Option<Fault>,
    /// Be well after so many requests
    #[arg(long, value_name = "N", value_parser = number(1..=MOST_REQUESTS))]
    fail_first: Option<usize>,
}

/// No answer is larger.
const MOST_BYTES: usize = 16 << 20;

/// More than anybody waits for.
const MOST_REQUESTS: usize = 1_000_000_000;
const LONGEST_DELAY: Duration = Duration::from_hours(1);

fn delay(text: &str) -> Result<Duration, String> {
    let delay = humantime::parse_duration(text).ok().filter(|delay| *delay <= LONGEST_DELAY);
    delay.ok_or_else(|| "not a time from 0s to 1h, as in 500ms or 10s".into())
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "not an IP address and a port, as in 127.0.0.1:9000 or [::1]:9000".into())
}

fn main() -> ExitCode {
    herd_command::exit_at_a_panic("herd-places-sim", || false);
    let line = match Line::try_parse() {
        Ok(line) => line,
        Err(error) => return herd_command::syntax::report("herd-places-sim", &error),
    };
    match run(line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "herd-places-sim: error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The system's error, with what could not be done in front of it.
fn told(what: &str) -> impl Fn(io::Error) -> io::Error {
    move |why| io::Error::new(why.kind(), format!("{what}: {why}"))
}

fn run(line: Line) -> io::Result<()> {
    let options = Options { listen: line.listen, key: line.key, tls: line.tls.is_some(), log: !line.quiet };
    let sim = PlacesSim::start(options).map_err(told(&format!("cannot listen on {}", line.listen)))?;
    sim.set(Faults {
        delay: line.delay,
        chunked: line.chunked,
        gzip: line.gzip,
        retry_after: line.retry_after,
        fault: line.fault,
        first: line.fail_first,
    });
    let mut out = io::stdout().lock();
    let mut trust = String::new();
    if let Some((path, pem)) = line.tls.zip(sim.certificate_pem()) {
        std::fs::write(&path, pem).map_err(told(&format!("--tls: {} cannot be written", path.display())))?;
        trust = format!(" --places-ca-file {}", path.display());
    }
    writeln!(out, "Places at {}; Ctrl-C stops it. Point a herd at it with one of", sim.address())?;
    for (source, url) in [("google", sim.url_new()), ("google-legacy", sim.url_legacy())] {
        writeln!(out, "  herd-tokio up --places {source} --places-url {url}{trust}")?;
    }
    out.flush()?;
    drop(out);
    loop {
        std::thread::park();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_with_its_bounds() {
        for (arguments, told) in [
            (["--listen", "9000"], "not an IP address and a port, as in 127.0.0.1:9000 or [::1]:9000"),
            (["--delay", "99999h"], "not a time from 0s to 1h, as in 500ms or 10s"),
            (["--delay", "5"], "not a time from 0s to 1h, as in 500ms or 10s"),
            (["--chunked", "0"], "not a whole number from 1 to 16777216"),
            (["--retry-after", "-1"], "not a whole number from 0 to 4294967295"),
            (["--fail-first", "x"], "not a whole number from 1 to 1000000000"),
            (["--fault", "399"], "an HTTP status from 400 to 599"),
        ] {
            let error = Line::try_parse_from(["herd-places-sim"].iter().chain(&arguments)).map(drop).expect_err(told);
            let line = herd_command::syntax::joined(&error.to_string());
            assert!(line.contains(told) && line.lines().count() == 1, "{line}");
        }
    }
}
