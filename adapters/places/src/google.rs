//! Google's Places API (New), turned into the legacy shape that WHATSAT promises.

use std::time::Duration;

use herd::places::NotPlaces;
use herd::values::MOST_RESULTS;
use herd::{Places, Query, Unavailable};
use serde_json::{Value, json};

use crate::google_legacy::metres;
use crate::http::Client;
use crate::lenient::{self, member, without_mark};
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
        self.client.fetch(places, |agent, timeout| {
            let request = agent.post(&self.url).content_type("application/json").header("X-Goog-FieldMask", FIELD_MASK);
            let request =
                self.client.key().into_iter().fold(request, |request, key| request.header("X-Goog-Api-Key", key));
            request.config().timeout_global(Some(timeout)).build().send(&body)
        })
    }
}

fn places(body: &[u8]) -> Result<Places, NotPlaces> {
    let reply: Value = serde_json::from_slice(without_mark(body)).map_err(|_| NotPlaces::NotJson)?;
    let reply = reply.as_object().ok_or(NotPlaces::OtherShape)?;
    let none = Vec::new();
    let places = match reply.get("places") {
        Some(Value::Array(places)) => places,
        // Absent where nothing is near.
        Some(Value::Null) => &none,
        None if reply.is_empty() => &none,
        _ => return Err(NotPlaces::OtherShape),
    };
    let mut builder = Places::builder(&[]);
    for place in places.iter().filter_map(legacy) {
        builder.result(|out| place.write(out));
    }
    Ok(builder.finish())
}

/// The place as the old API has it. One without a location is none, and says nothing of the others; a field of another form
/// than is known is left out.
fn legacy(place: &Value) -> Option<PlaceResult> {
    let place = place.as_object()?;
    let text = |name| member(place, name, lenient::text).ok().flatten();
    Some(PlaceResult {
        business_status: text("businessStatus"),
        location: location(place.get("location")?)?,
        viewport: place.get("viewport").and_then(viewport),
        name: place.get("displayName").and_then(|name| lenient::text(name.get("text")?)),
        open_now: place.get("currentOpeningHours").and_then(|hours| lenient::switch(hours.get("openNow")?)),
        place_id: text("id"),
        price_level: text("priceLevel").as_deref().and_then(price_level),
        rating: member(place, "rating", lenient::number).ok().flatten(),
        types: member(place, "types", lenient::texts).ok().flatten().unwrap_or_default(),
        user_ratings_total: member(place, "userRatingCount", lenient::whole_number).ok().flatten(),
        vicinity: text("shortFormattedAddress"),
    })
}

/// Google leaves a coordinate of 0 out, as it does with every number that is 0.
fn location(point: &Value) -> Option<Location> {
    let point = point.as_object()?;
    let degrees = |name| member(point, name, lenient::number).map(|number| number.map_or(Some(0.0), |it| it.as_f64()));
    let (lat, lng) = (degrees("latitude").ok()??, degrees("longitude").ok()??);
    herd::Position::new(lat, lng).map(|_| Location { lat, lng })
}

fn viewport(bounds: &Value) -> Option<Viewport> {
    Some(Viewport { northeast: location(bounds.get("high")?)?, southwest: location(bounds.get("low")?)? })
}

/// The words of the new API, as the numbers of the old one.
fn price_level(word: &str) -> Option<u8> {
    let words = ["FREE", "INEXPENSIVE", "MODERATE", "EXPENSIVE", "VERY_EXPENSIVE"];
    let word = word.strip_prefix("PRICE_LEVEL_")?;
    words.iter().position(|known| *known == word).and_then(|level| u8::try_from(level).ok())
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
    fn one_odd_place_spoils_no_other() {
        let names = |reply: &str| {
            let mut out = Vec::new();
            places(reply.as_bytes()).expect("a reply").write(20, &mut out);
            let legacy: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
            let results = legacy["results"].as_array().expect("results").clone();
            results.iter().map(|result| result["name"].as_str().unwrap_or("none").to_owned()).collect::<Vec<_>>()
        };
        let well = r#"{"location": {"latitude": 1, "longitude": 2}, "displayName": {"text": "Well"}}"#;
        for odd in [
            "null",
            "7",
            "{}",
            r#"{"location": null}"#,
            r#"{"location": {"latitude": "north"}}"#,
            r#"{"location": {"latitude": 91}}"#,
        ] {
            assert_eq!(names(&format!("{{\"places\": [{odd}, {well}]}}")), ["Well"], "{odd}");
        }
        for odd in [
            r#""rating": "good""#,
            r#""types": null"#,
            r#""userRatingCount": "12", "priceLevel": 2"#,
            r#""viewport": {}"#,
            r#""currentOpeningHours": []"#,
        ] {
            let odd = format!(r#"{{"location": {{}}, "displayName": {{"text": "Odd"}}, {odd}}}"#);
            assert_eq!(names(&format!("\u{feff}{{\"places\": [{odd}, {well}]}}")), ["Odd", "Well"], "{odd}");
        }
        assert_eq!(names(r#"{"places": null}"#), [""; 0]);
    }
}
