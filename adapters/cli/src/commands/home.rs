//! `herd where`: asks in which region a client is at home.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use herd::{Position, Timestamp};

use crate::commands::at::check_client;
use crate::failure::Failure;
use crate::format::{self, Format};
use crate::record::Record;
use crate::reply::Reply;
use crate::server::ServersOptions;
use crate::shown;
use herd_command::{escaped, readable};

/// Ask which region a client is at home in
///
/// Any server of any region can answer. If the herd belongs to no region, the answer says so.
#[derive(Args)]
pub(crate) struct Where {
    /// The client's ID
    client: String,
    #[command(flatten)]
    servers: ServersOptions,
}

impl Where {
    pub(crate) fn run(self, format: Format) -> Result<ExitCode, Failure> {
        check_client(&self.client)?;
        let mut client = self.servers.client(format)?;
        let request = format!("WHERE {}", self.client);
        let line = match client.ask(request.as_bytes())? {
            Reply::Line(line) => line,
            Reply::Refused(_) => return Err(client.refused(request.as_bytes())),
            _ => return Err(client.strange()),
        };
        let home = Home::parse(&line).ok_or_else(|| client.strange())?;
        let mut out = io::stdout().lock();
        match format {
            Format::Text => writeln!(out, "{}", home.describe(shown::now()))?,
            Format::Json => writeln!(out, "{}", format::line(&home.to_json()))?,
        }
        Ok(ExitCode::SUCCESS)
    }
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
    fn describe(&self, now: Timestamp) -> String {
        let Self { region, report, .. } = self;
        let [client, server] = [&report.client, &report.origin].map(|field| readable(field));
        let heard = format!("heard {} by {server}", shown::ago(report.heard, now));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_is_told_in_one_line() {
        let line = b"HOME eu Alford +0.500 kiwi +50.1+8.6 1479413884.5";
        let home = Home::parse(line).expect("a home");
        let now = Timestamp::from_nanos(1_479_413_888_000_000_000);
        assert_eq!(home.describe(now), "kiwi is at home in eu, heard 3 s ago by Alford");
        assert_eq!(home.to_json()["region"], "eu");
        let alone = Home::parse(b"HOME - Alford +0.5 kiwi +50.1+8.6 1479413884").expect("a home");
        assert_eq!(alone.describe(now), "kiwi is at home in this herd, heard 4 s ago by Alford");
        assert_eq!(alone.to_json()["region"], serde_json::Value::Null);
        for line in ["", "HOME eu", "AT Alford +0.5 kiwi +50.1+8.6 1479413884.5", "HOME eu Alford +0.5 kiwi 1"] {
            assert_eq!(Home::parse(line.as_bytes()), None, "{line}");
        }
    }
}
