//! `herd where`: asks in which region a client is at home.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::Args;
use herd::{Position, Timestamp};

use crate::commands::at::check_client;
use crate::commands::whatsat::refused;
use crate::failure::Failure;
use crate::record::Record;
use crate::reply::Reply;
use crate::server::{Server, ServerOptions};
use crate::text::escaped;

/// Ask which region a client is at home in
///
/// Any server of any region can answer. A herd that is not part of any region says so.
#[derive(Args)]
pub(crate) struct Where {
    #[command(flatten)]
    server: ServerOptions,
    /// The client's ID
    client: String,
    /// Show the answer as JSON
    #[arg(long)]
    json: bool,
}

impl Where {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        check_client(&self.client)?;
        let server = self.server.server()?;
        let request = format!("WHERE {}", self.client);
        let line = match server.connect()?.ask(request.as_bytes()).map_err(|error| server.broken(&error))? {
            Some(Reply::Line(line)) => line,
            Some(Reply::Refused(line)) => {
                return Err(refused(
                    &server,
                    &line,
                    "; no region has heard of this client, its region does not answer, or you have no right to ask for it: \
                     see --token-file",
                    "; no region has heard of this client, its region does not answer, or you have no right to ask for it: \
                     see --token-file, or the server may demand TLS: try --tls",
                ));
            }
            _ => return Err(strange(&server)),
        };
        let home = Home::parse(&line).ok_or_else(|| strange(&server))?;
        let mut out = io::stdout().lock();
        if self.json {
            writeln!(out, "{}", home.to_json())?;
        } else {
            writeln!(out, "{}", home.describe(SystemTime::now()))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn strange(server: &Server) -> Failure {
    server.broken(&io::Error::other("its answer is not what a herd says"))
}

/// What is replied to a WHERE.
#[derive(Clone, Debug, PartialEq)]
struct Home {
    /// The region, where there are any.
    region: Option<String>,
    report: Record,
    place: Position,
}

impl Home {
    /// Reads `HOME region origin skew client position time`.
    fn parse(line: &[u8]) -> Option<Self> {
        let rest = line.strip_prefix(b"HOME ")?;
        let (region, rest) = rest.split_at(rest.iter().position(|&byte| byte == b' ')?);
        let report = Record::parse(&[b"AT", rest].concat())?;
        let region = (region != b"-").then(|| String::from_utf8_lossy(region).into_owned());
        Some(Self { region, place: report.place()?, report })
    }

    /// Where it is at home, and who heard it when.
    fn describe(&self, now: SystemTime) -> String {
        let Self { region, report, .. } = self;
        let [client, server] = [&report.client, &report.origin].map(|field| escaped(&String::from_utf8_lossy(field)));
        let heard = format!("heard {} by {server}", ago(report.heard, now));
        match region {
            Some(region) => format!("{client} is at home in {}, {heard}", escaped(region)),
            None => format!("{client} is at home in this herd, {heard}"),
        }
    }

    fn to_json(&self) -> serde_json::Value {
        let text = |field: &[u8]| String::from_utf8_lossy(field).into_owned();
        let Self { region, report, place } = self;
        serde_json::json!({
            "client": text(&report.client),
            "region": region,
            "server": text(&report.origin),
            "latitude": place.latitude(),
            "longitude": place.longitude(),
            "time": text(&report.time),
            "heard": report.heard.to_string(),
        })
    }
}

/// A time as an age.
fn ago(time: Timestamp, now: SystemTime) -> String {
    let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let age = i128::try_from(now).unwrap_or_default() - time.as_nanos();
    match u64::try_from(age) {
        Ok(age) => format!("{} ago", humantime::format_duration(Duration::from_secs(age / 1_000_000_000))),
        Err(_) => "just now".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_is_told_in_one_line() {
        let line = b"HOME eu Alford +0.500 kiwi +50.1+8.6 1479413884.5";
        let home = Home::parse(line).expect("a home");
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_479_413_888);
        assert_eq!(home.describe(now), "kiwi is at home in eu, heard 3s ago by Alford");
        assert_eq!(home.to_json()["region"], "eu");
        let alone = Home::parse(b"HOME - Alford +0.5 kiwi +50.1+8.6 1479413884").expect("a home");
        assert_eq!(alone.describe(now), "kiwi is at home in this herd, heard 3s ago by Alford");
        assert_eq!(alone.to_json()["region"], serde_json::Value::Null);
        for line in ["", "HOME eu", "AT Alford +0.5 kiwi +50.1+8.6 1479413884.5", "HOME eu Alford +0.5 kiwi 1"] {
            assert_eq!(Home::parse(line.as_bytes()), None, "{line}");
        }
    }
}
