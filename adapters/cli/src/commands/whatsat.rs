//! `herd whatsat`: asks where a client is, and what is near.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::commands::at::{At, check_client};
use crate::failure::Failure;
use crate::reply::Reply;
use crate::server::{Server, ServerOptions};

/// Ask where a client is, and what is near
#[derive(Args)]
pub(crate) struct Whatsat {
    #[command(flatten)]
    server: ServerOptions,
    /// The client's ID
    client: String,
    /// How far to look, 0 to 50 km
    #[arg(long, value_name = "KM", default_value = "10")]
    radius: String,
    /// The most places to show, 0 to 20
    #[arg(long, value_name = "N", default_value = "5")]
    bound: String,
    /// Show the answer as JSON
    #[arg(long)]
    json: bool,
}

impl Whatsat {
    pub(crate) fn run(self) -> Result<ExitCode, Failure> {
        check_client(&self.client)?;
        let request = format!("WHATSAT {} {} {}", self.client, self.radius, self.bound);
        if let Err(why) = herd::message::Message::parse(request.as_bytes()) {
            return Err(Failure::Usage(format!("{why}: the radius is 0 to 50 km, the bound 0 to 20 places")));
        }
        let server = self.server.server()?;
        let reply = server.connect()?.ask(request.as_bytes()).map_err(|error| server.broken(&error))?;
        let (at, json) = match reply {
            Some(Reply::Places { at, json }) => (at, json),
            Some(Reply::Refused(line)) => return Err(refused(&server, &line, "; it has not heard of this client")),
            _ => return Err(server.broken(&io::Error::other("its answer has no places"))),
        };
        let strange = || server.broken(&io::Error::other("its answer is not what a herd says"));
        let at = At::parse(&at).ok_or_else(strange)?;
        let mut out = io::stdout().lock();
        if self.json {
            let places: Box<RawValue> = serde_json::from_slice(&json).map_err(|_| strange())?;
            writeln!(out, "{{\"at\":{},\"places\":{places}}}", serde_json::json!(at))?;
        } else {
            let places: Places = serde_json::from_slice(&json).map_err(|_| strange())?;
            writeln!(out, "{}\n", at.describe())?;
            places.write(&at, &mut out)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The server said `? `.
pub(crate) fn refused(server: &Server, line: &[u8], why: &'static str) -> Failure {
    Failure::Refused { server: server.to_string(), request: line.escape_ascii().to_string(), why }
}

/// What is shown of Google's JSON.
#[derive(Deserialize)]
struct Places {
    #[serde(default)]
    html_attributions: Vec<String>,
    #[serde(default)]
    results: Vec<Place>,
    #[serde(default)]
    status: String,
    #[serde(default)]
    error_message: String,
}

#[derive(Deserialize)]
struct Place {
    #[serde(default)]
    name: String,
    #[serde(default)]
    vicinity: String,
    geometry: Geometry,
}

#[derive(Deserialize)]
struct Geometry {
    location: Location,
}

#[derive(Clone, Copy, Deserialize)]
struct Location {
    lat: f64,
    lng: f64,
}

impl Places {
    /// Writes a table, or why there is none; then whom to credit.
    fn write(&self, at: &At, out: &mut impl Write) -> io::Result<()> {
        let names = self.results.iter().map(|place| place.name.chars().count());
        let width = names.max().unwrap_or_default().min(40);
        for place in &self.results {
            let Location { lat, lng } = place.geometry.location;
            let km = kilometres(at, place.geometry.location);
            writeln!(out, "  {km:6.1} km  {:width$}  {lat:>9.5} {lng:>10.5}  {}", place.name, place.vicinity)?;
        }
        if self.results.is_empty() {
            let why = if self.error_message.is_empty() { &self.status } else { &self.error_message };
            writeln!(out, "  no places: {why}")?;
        }
        self.html_attributions.iter().try_for_each(|html| writeln!(out, "\n{}", without_tags(html)))
    }
}

/// The great circle, by the haversine formula, on a globe of the earth's mean radius.
fn kilometres(from: &At, to: Location) -> f64 {
    let half = |a: f64, b: f64| ((a - b).to_radians() / 2.0).sin().powi(2);
    let cosines = from.latitude.to_radians().cos() * to.lat.to_radians().cos();
    let chord = half(from.latitude, to.lat) + cosines * half(from.longitude, to.lng);
    2.0 * 6371.0088 * chord.sqrt().min(1.0).asin()
}

/// An attribution without its HTML.
fn without_tags(html: &str) -> String {
    let mut text = String::new();
    for part in html.split('<') {
        text += part.split_once('>').map_or(part, |(_, text)| text);
    }
    text
}
