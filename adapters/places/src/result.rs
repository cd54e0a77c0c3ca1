//! One result of a Nearby Search, written as Google's legacy API lays it out.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter};

/// The fields of a legacy result that some source knows; what is not known is left out.
#[derive(Debug, Default)]
pub(crate) struct PlaceResult {
    pub(crate) business_status: Option<String>,
    pub(crate) location: Location,
    pub(crate) viewport: Option<Viewport>,
    pub(crate) name: Option<String>,
    pub(crate) open_now: Option<bool>,
    pub(crate) place_id: Option<String>,
    pub(crate) price_level: Option<u8>,
    pub(crate) rating: Option<serde_json::Number>,
    pub(crate) types: Vec<String>,
    pub(crate) user_ratings_total: Option<u64>,
    pub(crate) vicinity: Option<String>,
}

/// Degrees north and east.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Location {
    pub(crate) lat: f64,
    pub(crate) lng: f64,
}

/// What a map should show of a place.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Viewport {
    pub(crate) northeast: Location,
    pub(crate) southwest: Location,
}

/// As it is written: the keys in the order of the alphabet, like Google's.
#[derive(Serialize)]
struct Layout<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    business_status: &'a Option<String>,
    geometry: Geometry<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    opening_hours: Option<OpeningHours>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place_id: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price_level: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rating: &'a Option<serde_json::Number>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    types: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    user_ratings_total: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vicinity: &'a Option<String>,
}

#[derive(Serialize)]
struct Geometry<'a> {
    location: Location,
    #[serde(skip_serializing_if = "Option::is_none")]
    viewport: &'a Option<Viewport>,
}

#[derive(Serialize)]
struct OpeningHours {
    open_now: bool,
}

impl PlaceResult {
    /// Appends it, indented as a member of `results`.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let layout = Layout {
            business_status: &self.business_status,
            geometry: Geometry { location: self.location, viewport: &self.viewport },
            name: &self.name,
            opening_hours: self.open_now.map(|open_now| OpeningHours { open_now }),
            place_id: &self.place_id,
            price_level: self.price_level,
            rating: &self.rating,
            types: &self.types,
            user_ratings_total: self.user_ratings_total,
            vicinity: &self.vicinity,
        };
        let mut serializer = serde_json::Serializer::with_formatter(out, GoogleFormatter { depth: 2 });
        layout.serialize(&mut serializer).expect("a Vec takes every write, and every key is a string");
    }
}

/// Google's layout: objects on lines of their own, three spaces a level, ` : ` between key and value;
/// arrays on one line.
struct GoogleFormatter {
    depth: usize,
}

impl GoogleFormatter {
    fn new_line<W: ?Sized + Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| writer.write_all(b"   "))
    }
}

impl Formatter for GoogleFormatter {
    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        CompactFormatter.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        self.new_line(writer)?;
        CompactFormatter.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        CompactFormatter.begin_object_key(writer, first)?;
        self.new_line(writer)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b" : ")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b" " } else { b", " })
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b" ]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_laid_out_as_googles_are() {
        let mut out = Vec::new();
        let result = PlaceResult {
            location: Location { lat: 34.5, lng: -118.25 },
            name: Some("\"A\"".into()),
            open_now: Some(true),
            types: vec!["cafe".into(), "food".into()],
            ..PlaceResult::default()
        };
        result.write(&mut out);
        let text = [
            "{",
            "         \"geometry\" : {",
            "            \"location\" : {",
            "               \"lat\" : 34.5,",
            "               \"lng\" : -118.25",
            "            }",
            "         },",
            "         \"name\" : \"\\\"A\\\"\",",
            "         \"opening_hours\" : {",
            "            \"open_now\" : true",
            "         },",
            "         \"types\" : [ \"cafe\", \"food\" ]",
            "      }",
        ];
        assert_eq!(String::from_utf8_lossy(&out), text.join("\n"));
    }
}
