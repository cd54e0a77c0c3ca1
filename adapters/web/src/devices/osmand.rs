//! What OsmAnd and Traccar Client speak: <https://www.traccar.org/osmand/>, and Traccar's `OsmAndProtocolDecoder`.
//!
//! A request is a query, a form, or since Traccar Client 9 a JSON object. A device sends a place again until it is answered
//! with 200, and none behind it: so a place that is wrong is answered with 200, and counted.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Asked;
use super::client_id::client_id;
use super::fix::{Fix, Missing, Told, Unreadable, number};
use super::json;
use super::parameters::Parameters;
use super::time::{Milliseconds, Time};

const NO_ID: Unreadable = Unreadable("there is no id: set the device identifier in the app");

/// What a request tells.
pub(super) fn read(asked: &Asked<'_>) -> Result<Told, Unreadable> {
    if asked.is_json && !asked.body.is_empty() {
        return of_json(asked.body);
    }
    let mut parameters = Parameters::of(asked.query);
    if parameters.is_empty() {
        parameters = Parameters::of(asked.body);
    }
    let client = parameters.bytes(&["id", "deviceid"]).and_then(client_id).ok_or(NO_ID)?;
    Ok(vec![of_parameters(&parameters, client)])
}

fn of_parameters(parameters: &Parameters<'_>, client: Vec<u8>) -> Result<Fix, Missing> {
    let text = |name| parameters.text(&[name]);
    let both = text("location");
    let (latitude, longitude) = match &both {
        Some(both) => both.split_once(',').ok_or(Missing::Sense("location is not two numbers"))?,
        None => match (&text("lat"), &text("lon")) {
            // It tells that it lives, or which cells and networks it hears.
            (None, None) => return Err(Missing::Place),
            (latitude, longitude) => {
                return place(
                    client,
                    latitude.as_deref().unwrap_or_default(),
                    longitude.as_deref().unwrap_or_default(),
                    parameters,
                );
            }
        },
    };
    place(client, latitude, longitude, parameters)
}

fn place(client: Vec<u8>, latitude: &str, longitude: &str, parameters: &Parameters<'_>) -> Result<Fix, Missing> {
    let latitude = number(latitude).ok_or(Missing::Sense("lat is not a number"))?;
    let longitude = number(longitude).ok_or(Missing::Sense("lon is not a number"))?;
    if parameters.text(&["valid"]).is_some_and(|valid| !valid.eq_ignore_ascii_case("true") && valid != "1") {
        return Err(Missing::Trust);
    }
    let time = parameters.text(&["timestamp"]).map(|text| time(&text)).transpose()?;
    let accuracy = parameters.text(&["accuracy"]).and_then(|text| number(&text));
    Ok(Fix { client, latitude, longitude, time, accuracy })
}

fn time(text: &str) -> Result<Time, Missing> {
    Time::parse(text, Milliseconds::FromInt32).ok_or(Missing::Sense("timestamp is not a time"))
}

/// What Traccar Client sends since its version 9.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    device_id: Option<&'a RawValue>,
    #[serde(borrow)]
    location: Option<Location<'a>>,
}

#[derive(Deserialize)]
struct Location<'a> {
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow)]
    coords: Option<Coordinates<'a>>,
}

#[derive(Deserialize)]
struct Coordinates<'a> {
    #[serde(borrow)]
    latitude: Option<&'a RawValue>,
    #[serde(borrow)]
    longitude: Option<&'a RawValue>,
    #[serde(borrow)]
    accuracy: Option<&'a RawValue>,
}

fn of_json(body: &[u8]) -> Result<Told, Unreadable> {
    let message: Message<'_> = serde_json::from_slice(body).map_err(|_| {
        Unreadable("the body is not a message of Traccar Client: a JSON object with location and device_id")
    })?;
    let id: Cow<'_, str> = message.device_id.map(json::text).unwrap_or_default();
    let client = client_id(id.as_bytes()).ok_or(NO_ID)?;
    Ok(vec![of_location(message.location, client)])
}

fn of_location(location: Option<Location<'_>>, client: Vec<u8>) -> Result<Fix, Missing> {
    let location = location.ok_or(Missing::Place)?;
    let Coordinates { latitude, longitude, accuracy } = location.coords.ok_or(Missing::Place)?;
    let latitude = json::number(latitude).ok_or(Missing::Sense("latitude is not a number"))?;
    let longitude = json::number(longitude).ok_or(Missing::Sense("longitude is not a number"))?;
    let time = location.timestamp.map(|text| time(&json::text(text))).transpose()?;
    Ok(Fix { client, latitude, longitude, time, accuracy: json::number(accuracy) })
}
