//! `herd-places-sim`: a local places server, as well or as ill as it is told to be.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use herd_places_sim::{Fault, Faults, Options, PlacesSim};

/// A local places server that speaks both of Google's formats, from the embedded places
#[derive(Parser)]
#[command(version)]
struct Line {
    /// Where to listen
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:9000")]
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
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = humantime::parse_duration)]
    delay: Duration,
    /// Answer in chunks of so many bytes
    #[arg(long, value_name = "BYTES")]
    chunked: Option<usize>,
    /// Compress answers, if the request takes that
    #[arg(long)]
    gzip: bool,
    /// The Retry-After of answers, in seconds
    #[arg(long, value_name = "SECONDS")]
    retry_after: Option<u32>,
    /// Be ill: reset, garbage, truncate, other-shape, large, or an HTTP status
    #[arg(long)]
    fault: Option<Fault>,
    /// Be well after so many requests
    #[arg(long, value_name = "N")]
    fail_first: Option<usize>,
}

fn main() -> ExitCode {
    match run(Line::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "herd-places-sim: error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(line: Line) -> io::Result<()> {
    let options = Options { listen: line.listen, key: line.key, tls: line.tls.is_some(), log: !line.quiet };
    let sim = PlacesSim::start(options)?;
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
        std::fs::write(&path, pem)?;
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
