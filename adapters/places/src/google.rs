//! Google's Places API (New), turned into the legacy shape that WHATSAT promises.

use std::time::Duration;

use herd::places::{NotPlaces, Status};
use herd::values::MOST_RESULTS;
use herd::{Places, Query, Unavailable};
use serde::Deserialize;
use serde_json::json;

use crate::google_legacy::metres;
use crate::http::{Client, Dialect, Told};
use crate::result::{Location, PlaceResult, Viewport};
use crate::{Remote, Source};

/// Google's own endpoint
/// (<https://developers.google.com/maps/documentation/places/web-service/nearby-search>).
pub const GOOGLE_URL: &str = "https://places.googleapis.com/v1/places:searchNearby";

/// What is asked for, and so paid for: the fields that have a place in a legacy result.
const FIELD_MASK: &str = "places.id,places.displayName.text,places.location,places.viewport,places.types,\
    places.shortFormattedAddress,places.rating,places.userRatingCount,places.priceLevel,places.businessStatus,\
    places.currentOpeningHours.openNow";

/// Fetches `POST URL`, with the key in a header, and translates the reply.
#[derive(Debug)]
pub struct Google {
    client: Client,
    url: String,
}

impl Google {
    /// A source at `remote`, by default Google's own. A fetch takes at most `timeout`, retries
    /// included.
    #[must_use]
    pub fn new(remote: Remote, timeout: Duration) -> Self {
        let url = remote.url.unwrap_or_else(|| GOOGLE_URL.into());
        Self { client: Client::new(remote.key, timeout, remote.trust), url }
    }
}

const NEW: Dialect = Dialect { places, error };

impl Source for Google {
    fn blocks(&self) -> bool {
        true
    }

    /// Each fetch costs the same for one result and for 20.
    fn least_bound(&self) -> u8 {
        MOST_RESULTS
    }

    fn nearby(&self, query: &Query) -> Result<Places, Unavailable> {
        let centre = json!({ "latitude": query.at.latitude(), "longitude": query.at.longitude() });
        let body = json!({
            "maxResultCount": query.bound.clamp(1, MOST_RESULTS),
            "locationRestriction": { "circle": { "center": centre, "radius": metres(query) } },
        });
        let body = body.to_string();
        self.client.fetch(&NEW, |agent, timeout| {
            let request = agent.post(&self.url).content_type("application/json").header("X-Goog-FieldMask", FIELD_MASK);
            let request =
                self.client.key().into_iter().fold(request, |request, key| request.header("X-Goog-Api-Key", key));
            request.config().timeout_global(Some(timeout)).build().send(&body)
        })
    }
}

#[derive(Deserialize)]
struct Reply {
    /// Absent where nothing is near.
    #[serde(default)]
    places: Vec<Place>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    id: Option<String>,
    display_name: Option<Text>,
    location: LatLng,
    viewport: Option<Bounds>,
    #[serde(default)]
    types: Vec<String>,
    short_formatted_address: Option<String>,
    rating: Option<serde_json::Number>,
    user_rating_count: Option<u64>,
    price_level: Option<String>,
    business_status: Option<String>,
    current_opening_hours: Option<OpeningHours>,
}

#[derive(Deserialize)]
struct Text {
    text: String,
}

/// Google leaves a coordinate of 0 out, as it does with every number that is 0.
#[derive(Deserialize)]
struct LatLng {
    #[serde(default)]
    latitude: f64,
    #[serde(default)]
    longitude: f64,
}

#[derive(Deserialize)]
struct Bounds {
    low: LatLng,
    high: LatLng,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OpeningHours {
    open_now: Option<bool>,
}

fn places(body: &[u8]) -> Result<Places, NotPlaces> {
    let value: serde_json::Value = serde_json::from_slice(body).map_err(|_| NotPlaces::NotJson)?;
    let is_object = value.as_object().is_some_and(|object| object.is_empty() || object.contains_key("places"));
    let reply: Reply = serde_json::from_value(value).ok().filter(|_| is_object).ok_or(NotPlaces::OtherShape)?;
    let mut builder = Places::builder(&[]);
    for place in reply.places {
        builder.result(|out| legacy(place).write(out));
    }
    Ok(builder.finish())
}

fn legacy(place: Place) -> PlaceResult {
    let location = |point: LatLng| Location { lat: point.latitude, lng: point.longitude };
    PlaceResult {
        business_status: place.business_status,
        location: location(place.location),
        viewport: place
            .viewport
            .map(|bounds| Viewport { northeast: location(bounds.high), southwest: location(bounds.low) }),
        name: place.display_name.map(|name| name.text),
        open_now: place.current_opening_hours.and_then(|hours| hours.open_now),
        place_id: place.id,
        price_level: place.price_level.as_deref().and_then(price_level),
        rating: place.rating,
        types: place.types,
        user_ratings_total: place.user_rating_count,
        vicinity: place.short_formatted_address,
    }
}

/// The words of the new API, as the numbers of the old one.
fn price_level(word: &str) -> Option<u8> {
    let words = ["FREE", "INEXPENSIVE", "MODERATE", "EXPENSIVE", "VERY_EXPENSIVE"];
    let word = word.strip_prefix("PRICE_LEVEL_")?;
    words.iter().position(|known| *known == word).and_then(|level| u8::try_from(level).ok())
}

/// What an error of Google's says (<https://cloud.google.com/apis/design/errors>).
fn error(body: &[u8]) -> Option<Told> {
    #[derive(Deserialize)]
    struct Reply {
        error: Error,
    }
    #[derive(Deserialize)]
    struct Error {
        message: String,
        #[serde(default)]
        status: String,
        #[serde(default)]
        details: Vec<Detail>,
    }
    #[derive(Deserialize)]
    struct Detail {
        #[serde(default)]
        reason: String,
    }
    let Reply { error } = serde_json::from_slice(body).ok()?;
    // A wrong key is an invalid argument to the new API and a denied request to the old one.
    let is_key = error.details.iter().any(|detail| detail.reason == "API_KEY_INVALID");
    let word = match error.status.as_str() {
        _ if is_key => Status::RequestDenied,
        "INVALID_ARGUMENT" | "FAILED_PRECONDITION" | "OUT_OF_RANGE" => Status::InvalidRequest,
        "PERMISSION_DENIED" | "UNAUTHENTICATED" => Status::RequestDenied,
        "RESOURCE_EXHAUSTED" => Status::OverQueryLimit,
        _ => Status::UnknownError,
    };
    Some(Told { word: Some(word), message: error.message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_finds_its_place() {
        let reply = br#"{"places": [{"id": "ChIJ1", "displayName": {"text": "Caf\u00e9", "languageCode": "en"},
            "location": {"latitude": 34.5, "longitude": -118}, "types": ["cafe", "food"], "rating": 4.5,
            "viewport": {"low": {"latitude": 34.4, "longitude": -118.1}, "high": {"latitude": 34.6}},
            "userRatingCount": 12, "priceLevel": "PRICE_LEVEL_MODERATE", "businessStatus": "OPERATIONAL",
            "shortFormattedAddress": "1 Main St", "currentOpeningHours": {"openNow": true}}]}"#;
        let mut out = Vec::new();
        places(reply).expect("a reply").write(20, &mut out);
        let legacy: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
        let result = json!({
            "business_status": "OPERATIONAL",
            "geometry": {
                "location": { "lat": 34.5, "lng": -118.0 },
                "viewport": { "northeast": { "lat": 34.6, "lng": 0.0 }, "southwest": { "lat": 34.4, "lng": -118.1 } },
            },
            "name": "Café",
            "opening_hours": { "open_now": true },
            "place_id": "ChIJ1",
            "price_level": 2,
            "rating": 4.5,
            "types": ["cafe", "food"],
            "user_ratings_total": 12,
            "vicinity": "1 Main St",
        });
        assert_eq!(legacy, json!({ "html_attributions": [], "results": [result], "status": "OK" }));
    }

    #[test]
    fn nothing_near_is_an_empty_object() {
        let mut out = Vec::new();
        places(b"{}").expect("a reply").write(20, &mut out);
        assert!(String::from_utf8_lossy(&out).contains("ZERO_RESULTS"));
        assert_eq!(places(b"[]"), Err(NotPlaces::OtherShape));
        assert_eq!(places(b"{\"results\": []}"), Err(NotPlaces::OtherShape));
        assert_eq!(places(b"<html>"), Err(NotPlaces::NotJson));
    }

    #[test]
    fn errors_are_told_in_the_old_words() {
        let told = |word| Some(Told { word: Some(word), message: "m".into() });
        let error = |status: &str, details: &str| {
            let body =
                format!(r#"{{"error": {{"code": 400, "message": "m", "status": "{status}", "details": {details}}}}}"#);
            error(body.as_bytes())
        };
        for (status, word) in [
            ("INVALID_ARGUMENT", Status::InvalidRequest),
            ("PERMISSION_DENIED", Status::RequestDenied),
            ("RESOURCE_EXHAUSTED", Status::OverQueryLimit),
            ("INTERNAL", Status::UnknownError),
        ] {
            assert_eq!(error(status, "[]"), told(word));
        }
        let key = r#"[{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]"#;
        assert_eq!(error("INVALID_ARGUMENT", key), told(Status::RequestDenied));
    }
}
