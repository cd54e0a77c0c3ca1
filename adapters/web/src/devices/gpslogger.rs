//! GPSLogger's custom URL: <https://gpslogger.app/> ("Custom URL"), and whatever else fills in a template.
//!
//! People write the template themselves, as a URL, a form or a JSON object with the names of their choice. The names here
//! are those of `%ALL`, and what people write in their place.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::Asked;
use super::client_id::client_id;
use super::fix::{Fix, Missing, Told, Unreadable, number};
use super::json;
use super::parameters::Parameters;
use super::time::{Milliseconds, Time};
use crate::decimal::Decimal;

const LATITUDE: &[&str] = &["lat", "latitude"];
const LONGITUDE: &[&str] = &["lon", "lng", "longitude"];
const TIME: &[&str] = &["timestamp", "time", "timeoffset"];
const ACCURACY: &[&str] = &["acc", "accuracy"];

/// What a request tells.
pub(super) fn read(asked: &Asked<'_>) -> Result<Told, Unreadable> {
    let is_json = asked.body.trim_ascii_start().starts_with(b"{");
    let json: BTreeMap<Cow<'_, str>, &RawValue> = if is_json {
        serde_json::from_slice(asked.body).map_err(|_| Unreadable("the body is not a JSON object"))?
    } else {
        BTreeMap::new()
    };
    let query = Parameters::of(asked.query);
    let form = Parameters::of(if is_json { b"" } else { asked.body });
    let find = |names: &[&str]| {
        let of_json = || names.iter().find_map(|name| Some(json::text(json.get(*name)?).into_owned().into_bytes()));
        query.bytes(names).or_else(|| form.bytes(names)).map(<[u8]>::to_vec).or_else(of_json)
    };
    let text = |names: &[&str]| find(names).map(|value| String::from_utf8_lossy(&value).into_owned());
    let client = find(&["id", "aid"])
        .and_then(|name| client_id(&name))
        .ok_or(Unreadable("there is no id: add id=NAME to the URL, or aid=%AID"))?;
    let (Some(latitude), Some(longitude)) = (text(LATITUDE), text(LONGITUDE)) else {
        return Err(Unreadable("there is no place: add lat=%LAT&lon=%LON to the URL"));
    };
    let time = text(TIME).ok_or(Unreadable(
        "there is no time, and what waits in the phone comes late: add timestamp=%TIMESTAMP to the URL",
    ))?;
    let accuracy = text(ACCURACY).and_then(|text| number(&text));
    Ok(vec![place(client, [&latitude, &longitude, &time], accuracy)])
}

fn place(client: Vec<u8>, [latitude, longitude, time]: [&str; 3], accuracy: Option<Decimal>) -> Result<Fix, Missing> {
    let latitude = number(latitude).ok_or(Missing::Sense("lat is not a number"))?;
    let longitude = number(longitude).ok_or(Missing::Sense("lon is not a number"))?;
    let time = Time::parse(time, Milliseconds::FromFarFuture).ok_or(Missing::Sense("the time is not one"))?;
    Ok(Fix { client, latitude, longitude, time: Some(time), accuracy })
}
