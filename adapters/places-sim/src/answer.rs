//! What is answered, in each of Google's formats.

use herd::values::Radius;
use herd::{Position, Query};
use herd_places::Source;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{Fault, Faults, Request, State};

/// An answer before it is sent.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// The answer to a request.
pub(crate) fn to(state: &State, request: &Request, faults: &Faults) -> Answer {
    let is_new = request.target.starts_with("/v1/places:searchNearby");
    if let Some(Fault::Status(status)) = faults.fault {
        return if is_new {
            error(status, "told to fail")
        } else {
            legacy_error(status, "UNKNOWN_ERROR", "told to fail")
        };
    }
    if faults.fault == Some(Fault::OtherShape) {
        return Answer { status: 200, body: b"{\"rows\" : []}".to_vec() };
    }
    if faults.fault == Some(Fault::Large) {
        return Answer { status: 200, body: format!("{{\"results\" : [ \"{}\" ]}}", "x".repeat(3 << 20)).into() };
    }
    match request.method.as_str() {
        "GET" if request.target.starts_with("/maps/api/place/nearbysearch/json") => legacy(state, request),
        "POST" if is_new => new(state, request),
        _ => Answer { status: 404, body: b"<html>nothing is here</html>".to_vec() },
    }
}

/// The reply of the embedded places.
fn nearby(state: &State, at: Position, metres: f64, bound: u8) -> Option<Vec<u8>> {
    let radius = Radius::parse_km(format!("{:.6}", metres / 1000.0).as_bytes())?;
    let mut out = Vec::new();
    state.places.nearby(&Query { at, radius, bound }).ok()?.write(bound, &mut out);
    Some(out)
}

/// The legacy Nearby Search, whose errors come with HTTP 200.
fn legacy(state: &State, request: &Request) -> Answer {
    if state.options.key.is_some() && request.parameter("key") != state.options.key {
        return legacy_error(200, "REQUEST_DENIED", "The provided API key is invalid. ");
    }
    let position = request.parameter("location").and_then(|text| {
        let (latitude, longitude) = text.split_once(',')?;
        Position::new(latitude.parse().ok()?, longitude.parse().ok()?)
    });
    let metres = request.parameter("radius").and_then(|text| text.parse().ok()).filter(|metres| *metres > 0.0);
    let body = position.zip(metres).and_then(|(at, metres)| nearby(state, at, metres, 20));
    body.map_or_else(|| legacy_error(200, "INVALID_REQUEST", "Invalid request."), |body| Answer { status: 200, body })
}

fn legacy_error(http: u16, status: &str, message: &str) -> Answer {
    let body = json!({ "error_message": message, "html_attributions": [], "results": [], "status": status });
    Answer { status: http, body: body.to_string().into() }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Search {
    #[serde(default = "most_results")]
    max_result_count: u8,
    location_restriction: Restriction,
}

fn most_results() -> u8 {
    20
}

#[derive(Deserialize)]
struct Restriction {
    circle: Circle,
}

#[derive(Deserialize)]
struct Circle {
    center: Centre,
    radius: f64,
}

#[derive(Deserialize)]
struct Centre {
    latitude: f64,
    longitude: f64,
}

/// The Places API (New).
fn new(state: &State, request: &Request) -> Answer {
    if state.options.key.is_some() && request.header("x-goog-api-key") != state.options.key.as_deref() {
        return error(400, "API key not valid. Please pass a valid API key.");
    }
    let Some(mask) = request.header("x-goog-fieldmask") else {
        return error(400, "FieldMask is a required parameter.");
    };
    let Ok(search) = serde_json::from_slice::<Search>(&request.body) else {
        return error(400, "Invalid JSON payload received.");
    };
    let Circle { center, radius } = search.location_restriction.circle;
    let at = Position::new(center.latitude, center.longitude).filter(|_| (1..=20).contains(&search.max_result_count));
    match at.filter(|_| radius > 0.0).and_then(|at| nearby(state, at, radius, search.max_result_count)) {
        Some(legacy) => Answer { status: 200, body: translated(&legacy, mask).to_string().into() },
        None => error(400, "Request contains an invalid argument."),
    }
}

fn error(code: u16, message: &str) -> Answer {
    let status = match code {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        _ => "INTERNAL",
    };
    let is_key = message.starts_with("API key");
    let details = if is_key { json!([{ "reason": "API_KEY_INVALID", "domain": "googleapis.com" }]) } else { json!([]) };
    let body = json!({ "error": { "code": code, "message": message, "status": status, "details": details } });
    Answer { status: code, body: body.to_string().into() }
}

/// A legacy reply in the shape of the new API, with the fields of `mask` only.
fn translated(legacy: &[u8], mask: &str) -> Value {
    let legacy: Value = serde_json::from_slice(legacy).unwrap_or_default();
    let results = legacy["results"].as_array().cloned().unwrap_or_default();
    if results.is_empty() {
        return json!({});
    }
    json!({ "places": results.iter().map(|result| place(result, mask)).collect::<Vec<_>>() })
}

fn place(legacy: &Value, mask: &str) -> Value {
    let at = &legacy["geometry"]["location"];
    let (lat, lng) = (at["lat"].as_f64().unwrap_or_default(), at["lng"].as_f64().unwrap_or_default());
    let corner = |by: f64| json!({ "latitude": lat + by, "longitude": lng + by });
    let fields = [
        ("id", legacy["place_id"].clone()),
        ("displayName", json!({ "text": legacy["name"], "languageCode": "en" })),
        ("location", json!({ "latitude": lat, "longitude": lng })),
        ("viewport", json!({ "low": corner(-0.01), "high": corner(0.01) })),
        ("types", legacy["types"].clone()),
        ("shortFormattedAddress", legacy["vicinity"].clone()),
    ];
    let asked = |field: &str| {
        mask.split(',').any(|path| {
            let path = path.trim().strip_prefix("places.").unwrap_or_default();
            path == field || path.starts_with(&format!("{field}."))
        }) || mask == "*"
    };
    Value::Object(
        fields
            .into_iter()
            .filter(|(name, _)| asked(name))
            .map(|(name, value)| (name.into(), value))
            .collect::<Map<_, _>>(),
    )
}
