//! Who is near, as GeoJSON (RFC 7946): a Feature for each client.

use std::io::{self, Write};

use serde_json::json;

use super::{Found, Neighbour};
use crate::format;
use crate::shown;

impl Found {
    /// Writes a `FeatureCollection`, in one line.
    pub(super) fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        let features: Vec<_> = self.neighbours.iter().map(|near| self.feature(near)).collect();
        writeln!(out, "{}", format::line(&json!({ "type": "FeatureCollection", "features": features })))
    }

    fn feature(&self, near: &Neighbour) -> serde_json::Value {
        let Neighbour { record, position, distance, bearing } = near;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        json!({
            "type": "Feature",
            "id": text(&record.client),
            "geometry": { "type": "Point", "coordinates": [position.longitude(), position.latitude()] },
            "properties": {
                "client": text(&record.client),
                "distance": distance,
                "bearing": bearing,
                "age": shown::seconds_since(record.heard, self.now),
                "origin": text(&record.origin),
                "skew": text(&record.skew),
                "time": text(&record.time),
            },
        })
    }
}
