//! One feature of a GeoJSON file, read strictly.

use core::fmt;

use serde::Deserialize;
use serde_json::Value;

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
    properties: Option<Properties>,
}

#[derive(Deserialize)]
struct Geometry {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    coordinates: Value,
}

#[derive(Deserialize)]
struct Properties {
    name: Option<String>,
    vicinity: Option<String>,
    #[serde(default)]
    types: Vec<String>,
    place_id: Option<String>,
    rating: Option<serde_json::Number>,
    user_ratings_total: Option<u64>,
    price_level: Option<u8>,
    business_status: Option<String>,
    open_now: Option<bool>,
}

impl Feature {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        // The line and column of the error would be those inside the feature, so only its text is told.
        let raw: Raw = serde_json::from_str(text).map_err(|error| {
            let text = error.to_string();
            text.split_once(" at line ").map_or(text.clone(), |(what, _)| what.into())
        })?;
        let location = location(raw.geometry.ok_or("it has no geometry")?)?;
        let properties = raw.properties.ok_or("it has no properties, so no name")?;
        let name = properties.name.filter(|name| !name.is_empty()).ok_or("its properties have no name")?;
        let id = match raw.id {
            Some(Value::String(id)) => Some(id),
            Some(Value::Number(id)) => Some(id.to_string()),
            _ => None,
        };
        let result = PlaceResult {
            business_status: properties.business_status,
            location,
            viewport: None,
            name: Some(name),
            open_now: properties.open_now,
            place_id: properties.place_id.or(id),
            price_level: properties.price_level,
            rating: properties.rating,
            types: properties.types,
            user_ratings_total: properties.user_ratings_total,
            vicinity: properties.vicinity,
        };
        Ok(Self { result })
    }
}

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
