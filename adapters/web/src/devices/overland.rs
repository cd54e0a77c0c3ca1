//! Overland: <https://github.com/aaronpk/Overland-iOS#api>.
//!
//! A request is a batch of GeoJSON features, up to a thousand. The phone deletes them once the answer is
//! `{"result":"ok"}`, and sends the same batch again else: so one that is wrong must not keep the others.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Asked;
use super::client_id::client_id;
use super::fix::{Fix, Missing, Told, Unreadable};
use super::json;
use super::time::{Milliseconds, Time};

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    locations: Vec<&'a RawValue>,
    /// The newest, where more wait than fit.
    #[serde(borrow)]
    current: Option<&'a RawValue>,
    #[serde(borrow)]
    trip: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Trip<'a> {
    #[serde(borrow)]
    current_location: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Feature<'a> {
    #[serde(borrow)]
    geometry: Option<Geometry<'a>>,
    #[serde(borrow)]
    properties: Properties<'a>,
}

#[derive(Deserialize)]
struct Geometry<'a> {
    #[serde(borrow)]
    coordinates: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Properties<'a> {
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow)]
    horizontal_accuracy: Option<&'a RawValue>,
    #[serde(borrow)]
    device_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    unique_id: Option<Cow<'a, str>>,
}

/// What a request tells.
pub(super) fn read(asked: &Asked<'_>) -> Result<Told, Unreadable> {
    let batch: Batch<'_> = serde_json::from_slice(asked.body)
        .map_err(|_| Unreadable("the body is not a batch of Overland: a JSON object with locations"))?;
    let mut told: Told = batch.locations.into_iter().map(of_feature).collect();
    // These two come beside the batch; what is no place among them is nothing that is lost.
    let trip = batch.trip.and_then(|trip| serde_json::from_str::<Trip<'_>>(trip.get()).ok());
    let newest = [batch.current, trip.and_then(|trip| trip.current_location)];
    told.extend(newest.into_iter().flatten().filter_map(|newest| of_feature(newest).ok()).map(Ok));
    Ok(told)
}

fn of_feature(feature: &RawValue) -> Result<Fix, Missing> {
    let feature: Feature<'_> =
        serde_json::from_str(feature.get()).map_err(|_| Missing::Sense("not a GeoJSON feature"))?;
    let Properties { timestamp, horizontal_accuracy, device_id, unique_id } = feature.properties;
    let geometry = feature.geometry.ok_or(Missing::Place)?;
    let coordinate = |index: usize| json::number(geometry.coordinates.get(index).copied());
    let longitude = coordinate(0).ok_or(Missing::Sense("there is no longitude"))?;
    let latitude = coordinate(1).ok_or(Missing::Sense("there is no latitude"))?;
    let name = device_id.filter(|id| !id.is_empty()).or(unique_id).unwrap_or_default();
    let client = client_id(name.as_bytes()).ok_or(Missing::Sense("there is no device_id: set it in the app"))?;
    let timestamp = timestamp.map(json::text).ok_or(Missing::Sense("there is no timestamp"))?;
    let time = Time::parse(&timestamp, Milliseconds::FromFarFuture).ok_or(Missing::Sense("timestamp is not a time"))?;
    Ok(Fix { client, latitude, longitude, time: Some(time), accuracy: json::number(horizontal_accuracy) })
}
