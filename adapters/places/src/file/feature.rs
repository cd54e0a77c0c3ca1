//! One feature of a GeoJSON file.

use core::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::lenient;
use crate::result::{Location, PlaceResult};

/// A feature that is a place.
#[derive(Debug)]
pub(super) struct Feature {
    pub(super) result: PlaceResult,
}

/// A feature that is no place.
#[derive(Debug)]
pub struct BadFeature {
    /// Which: the first is 1.
    pub number: usize,
    /// The line on which it begins.
    pub line: usize,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for BadFeature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: feature {}: {}", self.line, self.number, self.why)
    }
}

#[derive(Deserialize)]
struct Raw {
    geometry: Option<Geometry>,
    id: Option<Value>,
    properties: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
struct Geometry {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    coordinates: Value,
}

impl Feature {
    /// Reads a feature whose name is the property `name_key`.
    pub(super) fn parse(text: &str, name_key: &str) -> Result<Self, String> {
        // The line and column of the error would be those inside the feature, so only its text is told.
        let raw: Raw = serde_json::from_str(text).map_err(|error| {
            let text = error.to_string();
            text.split_once(" at line ").map_or(text.clone(), |(what, _)| what.into())
        })?;
        let location = location(raw.geometry.ok_or("it has no geometry")?)?;
        let properties = Properties(raw.properties.ok_or("it has no properties, so no name")?);
        let no_name = || format!("its properties have no {name_key}{}", properties.like_a_name(name_key));
        let result = PlaceResult {
            business_status: properties.text("business_status")?,
            location,
            viewport: None,
            name: Some(properties.text(name_key)?.ok_or_else(no_name)?),
            open_now: properties.read("open_now", "true or false", lenient::switch)?,
            place_id: properties.text("place_id")?.or_else(|| lenient::text(raw.id.as_ref()?)),
            price_level: properties.read("price_level", "a whole number from 0 to 255", lenient::whole_number)?,
            rating: properties.read("rating", "a number", lenient::number)?,
            types: properties.read("types", "a list of texts", lenient::texts)?.unwrap_or_default(),
            user_ratings_total: properties.read("user_ratings_total", "a whole number", lenient::whole_number)?,
            vicinity: properties.text("vicinity")?,
        };
        Ok(Self { result })
    }
}

struct Properties(Map<String, Value>);

impl Properties {
    fn text(&self, name: &str) -> Result<Option<String>, String> {
        self.read(name, "a text", lenient::text)
    }

    fn read<T>(&self, name: &str, what: &str, read: impl FnOnce(&Value) -> Option<T>) -> Result<Option<T>, String> {
        lenient::member(&self.0, name, read).map_err(|value| {
            let shown: String = value.to_string().chars().take(MOST_SHOWN).collect();
            format!("its {name} is not {what}: {shown}")
        })
    }

    /// Which property its author may have had in mind for a name.
    fn like_a_name(&self, name_key: &str) -> String {
        let is_like_one = |key: &&String| {
            *key != name_key
                && (self.0[*key].is_string() && key.to_lowercase().contains("name")
                    || key.eq_ignore_ascii_case("title"))
        };
        let like = self.0.keys().find(is_like_one);
        like.map_or_else(String::new, |key| format!("; is it {key:?}? Then set places-name"))
    }
}

/// As much of a value is shown in a message.
const MOST_SHOWN: usize = 60;

/// RFC 7946, section 3.1.1: longitude first, then latitude, perhaps a height.
fn location(geometry: Geometry) -> Result<Location, String> {
    if geometry.kind != "Point" {
        return Err(format!("it is a {}, and only a Point is a place", geometry.kind));
    }
    let numbers: Option<Vec<f64>> = serde_json::from_value(geometry.coordinates).ok();
    let Some(&[lng, lat, ..]) = numbers.as_deref() else {
        return Err("its coordinates are not [longitude, latitude]".into());
    };
    match herd::Position::new(lat, lng) {
        Some(_) => Ok(Location { lat, lng }),
        None => Err(format!("longitude {lng}, latitude {lat} is not on the globe (GeoJSON has the longitude first)")),
    }
}
