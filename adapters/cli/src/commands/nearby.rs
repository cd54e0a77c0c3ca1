//! What is near a client, as a table.

use std::io::{self, Write};

use herd::Position;
use serde::Deserialize;
use serde_json::Value;

use crate::commands::at::At;
use crate::terminal::{cut, width};
use herd_command::escaped;

/// What is shown of Google's JSON.
#[derive(Deserialize)]
pub(crate) struct Places {
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
    /// Of any shape: one place without a location must not cost the others.
    #[serde(default)]
    geometry: Value,
}

impl Place {
    fn location(&self) -> Option<Position> {
        let degrees = |path| self.geometry.pointer(path).and_then(Value::as_f64);
        Position::new(degrees("/location/lat")?, degrees("/location/lng")?)
    }

    /// The row of a table: distance, name, latitude, longitude, vicinity.
    fn row(&self, from: &At) -> [String; 5] {
        let [distance, lat, lng] = match self.location() {
            None => ["-"; 3].map(String::from),
            Some(to) => [
                Position::new(from.latitude, from.longitude)
                    .map_or("-".into(), |from| format!("{:.1} km", from.distance_km(to))),
                format!("{:.5}", to.latitude()),
                format!("{:.5}", to.longitude()),
            ],
        };
        [distance, escaped(&self.name), lat, lng, escaped(&self.vicinity)]
    }
}

/// The columns of a name, at least and at most; a vicinity has as many at least, or none.
const LEAST: usize = 8;
const WIDEST: usize = 40;
/// The columns of a row without its name and vicinity.
const OTHERS: usize = 2 + 9 + 2 + 2 + 9 + 1 + 10;

impl Places {
    /// Whether the source was asked and has answered, be it that nothing is near.
    pub(crate) fn are_there(&self) -> bool {
        matches!(&*self.status, "OK" | "ZERO_RESULTS")
    }

    /// Writes a table of at most so many columns, or why there is none; then whom to credit.
    pub(crate) fn write(&self, at: &At, columns: Option<usize>, out: &mut impl Write) -> io::Result<()> {
        if self.results.is_empty() {
            let why = if self.error_message.is_empty() { &self.status } else { &self.error_message };
            writeln!(out, "  no places: {}", escaped(why))?;
        } else {
            let mut rows = vec![["distance", "name", "latitude", "longitude", "vicinity"].map(String::from)];
            rows.extend(self.results.iter().map(|place| place.row(at)));
            let names = rows.iter().map(|[_, name, ..]| width(name));
            let most = columns.map_or(WIDEST, |columns| columns.saturating_sub(OTHERS).clamp(LEAST, WIDEST));
            let widest = names.max().unwrap_or_default().min(most);
            let room = columns.map(|columns| columns.saturating_sub(OTHERS + widest + 2));
            for [distance, name, lat, lng, vicinity] in &rows {
                let name = if columns.is_some() { cut(name, widest) } else { name.clone() };
                let gap = widest.saturating_sub(width(&name));
                let vicinity = match room {
                    None => vicinity.clone(),
                    Some(room) if room < LEAST => String::new(),
                    Some(room) => cut(vicinity, room),
                };
                let row = format!("  {distance:>9}  {name}{:gap$}  {lat:>9} {lng:>10}  {vicinity}", "");
                writeln!(out, "{}", row.trim_end())?;
            }
        }
        self.html_attributions.iter().try_for_each(|html| writeln!(out, "\n{}", escaped(&without_tags(html))))
    }
}

/// An attribution without its HTML.
fn without_tags(html: &str) -> String {
    let mut text = String::new();
    for part in html.split('<') {
        text += part.split_once('>').map_or(part, |(_, text)| text);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(json: &str, columns: Option<usize>) -> String {
        let at = At::parse(b"AT Alford +0.1 kiwi +34.068930-118.445127 1").expect("an AT line");
        let places: Places = serde_json::from_str(json).expect("Google's JSON");
        let mut out = Vec::new();
        places.write(&at, columns, &mut out).expect("a Vec takes every write");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_place_without_a_location_is_a_row_all_the_same() {
        let geometry = r#""geometry": {"location": {"lat": 34.05612, "lng": -118.43063}}"#;
        let told = table(
            &format!(
                r#"{{"results": [{{"name": "Westwood", "vicinity": "LA", {geometry}}}, {{"name": "Nowhere"}},
            {{"name": "No", "geometry": null}}, {{"name": "Half", "geometry": {{"location": {{"lat": 1}}}}}}]}}"#
            ),
            None,
        );
        let rows = [
            "   distance  name       latitude  longitude  vicinity",
            "     2.0 km  Westwood   34.05612 -118.43063  LA",
            "          -  Nowhere           -          -",
            "          -  No                -          -",
            "          -  Half              -          -",
        ];
        assert_eq!(told.lines().collect::<Vec<_>>(), rows);
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        let place = r#"{"name": "a\u001b[2Jb", "vicinity": "c\nd\u009b"}"#;
        let told = table(&format!(r#"{{"results": [{place}], "html_attributions": ["\u0007by <b>us"]}}"#), None);
        for part in [r"-  a\x1b[2Jb  ", r"  c\x0ad\x9b", r"\x07by us"] {
            assert!(told.contains(part), "{told}");
        }
        assert_eq!(table(r#"{"status": "\u001bc"}"#, None), "  no places: \\x1bc\n");
    }

    #[test]
    fn a_table_fits_into_a_terminal() {
        let place = r#"{"name": "東京タワー 展望台", "vicinity": "Shibakōen, Minato, Tōkyō, 105-0011, Japan",
            "geometry": {"location": {"lat": 35.65858, "lng": 139.74543}}}"#;
        for (columns, row) in [
            (80, "  8797.3 km  東京タワー 展望台   35.65858  139.74543  Shibakōen, Minato, Tōkyō,…"),
            (60, "  8797.3 km  東京タワー 展望台   35.65858  139.74543"),
            (50, "  8797.3 km  東京タワー 展…    35.65858  139.74543"),
        ] {
            let told = table(&format!(r#"{{"results": [{place}]}}"#), Some(columns));
            assert_eq!(told.lines().nth(1), Some(row));
            assert!(told.lines().all(|line| width(line) <= columns), "{told}");
        }
    }
}
