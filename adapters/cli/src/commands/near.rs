//! `herd near`: who is near a place, or near a client.

mod geojson;
mod table;

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use herd::values::{Pattern, Radius};
use herd::{Position, Timestamp};
use herd_command::{any_time, number};

use crate::client::Client;
use crate::failure::Failure;
use crate::format::Format;
use crate::record::Record;
use crate::reply::Reply;
use crate::server::ServersOptions;
use crate::shown;
use crate::target::{Around, kilometres};
use crate::terminal::columns;

/// Show which clients are near a place, or near a client
///
/// The nearest come first, as in `herd near 34.07 -118.44 --radius 5` or `herd near truck-7`. A client is not near itself.
/// With --json the answer is GeoJSON.
#[derive(Args)]
#[command(override_usage = "herd near [OPTIONS] <LAT> <LNG>\n       herd near [OPTIONS] <CLIENT>")]
pub(crate) struct Near {
    /// The place, in degrees north and degrees east, or a client's ID
    #[arg(value_names = ["LAT LNG|CLIENT"], num_args = 1..=2, required = true, allow_negative_numbers = true)]
    around: Vec<String>,
    /// How far to look, 0 to 20016 km
    #[arg(long, value_name = "KM", default_value = "10", value_parser = kilometres(Radius::MOST_NEAR_KM))]
    radius: String,
    /// The most clients to show, 0 to 1000
    #[arg(long, value_name = "N", default_value = "20", value_parser = number(0..=1000_u16))]
    bound: u16,
    /// Only clients that match: an ID, or a prefix followed by *, as in 'truck-*'
    #[arg(long = "match", value_name = "PATTERN")]
    pattern: Option<Pattern>,
    /// Only clients that have reported within this time, as in 90s or 1h
    #[arg(long, value_name = "TIME", value_parser = any_time)]
    heard: Option<Duration>,
    #[command(flatten)]
    servers: ServersOptions,
}

/// A client that is near.
struct Neighbour {
    record: Record,
    position: Position,
    /// In kilometres.
    distance: f64,
    /// From there to the client, in degrees from north by east.
    bearing: f64,
}

/// Who is near, and what was asked.
struct Found {
    centre: Position,
    around: Around,
    radius: String,
    neighbours: Vec<Neighbour>,
    /// When the answer came.
    now: Timestamp,
}

impl Near {
    pub(crate) fn run(self, format: Format) -> Result<ExitCode, Failure> {
        let around = Around::parse(&self.around)?;
        let request = self.request(&around)?;
        let mut client = self.servers.client(format)?;
        let centre = match &around {
            Around::Position(position) => *position,
            Around::Client(id) => where_is(&mut client, id)?,
        };
        let lines = match client.ask(request.as_bytes())? {
            Reply::Near(lines) => lines,
            Reply::Refused(_) => return Err(client.refused(request.as_bytes())),
            _ => return Err(client.strange()),
        };
        let neighbours = lines.iter().map(|line| Neighbour::of(line, centre)).collect::<Option<_>>();
        let neighbours = neighbours.ok_or_else(|| client.strange())?;
        let found = Found { centre, around, radius: self.radius, neighbours, now: shown::now() };
        let mut out = io::BufWriter::new(io::stdout().lock());
        if format.is_json() {
            found.write_json(&mut out)?;
        } else {
            found.write_table(columns(), &mut out)?;
        }
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }

    /// # Errors
    /// Where no server would take it.
    fn request(&self, around: &Around) -> Result<String, Failure> {
        let pattern = self.pattern.as_ref().map(|pattern| format!(" {pattern}")).unwrap_or_default();
        // No second too few.
        let seconds = self.heard.map(|heard| heard.as_secs() + u64::from(heard.subsec_nanos() > 0));
        let heard = seconds.map(|seconds| format!(" HEARD {seconds}")).unwrap_or_default();
        let request = format!("NEAR {} {} {}{pattern}{heard}", around.field(), self.radius, self.bound);
        match herd::wire::Message::parse(request.as_bytes()) {
            Ok(_) => Ok(request),
            Err(why) => Err(Failure::Usage(why.to_string())),
        }
    }
}

/// Where a client is.
fn where_is(client: &mut Client, id: &str) -> Result<Position, Failure> {
    let request = format!("WHATSAT {id} 0 0");
    match client.ask(request.as_bytes())? {
        Reply::Places { at, .. } => {
            Record::parse(&at).and_then(|record| record.place()).ok_or_else(|| client.strange())
        }
        Reply::Refused(_) => Err(client.refused(request.as_bytes())),
        _ => Err(client.strange()),
    }
}

impl Neighbour {
    /// Reads an AT line.
    fn of(line: &[u8], centre: Position) -> Option<Self> {
        let record = Record::parse(line)?;
        let position = record.place()?;
        let (distance, bearing) = (centre.distance_km(position), centre.bearing(position));
        Some(Self { record, position, distance, bearing })
    }
}
