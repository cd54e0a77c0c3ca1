//! OwnTracks in its HTTP mode: <https://owntracks.org/booklet/tech/http/> and `tech/json/`.
//!
//! A request is one JSON object. Only those of the type `location` tell where the phone is: a `transition` comes beside a
//! location, and all others are about other things. The phone takes a request for delivered if the answer is an array, and
//! sends it again else.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Asked;
use super::client_id::device_of;
use super::fix::{Fix, Missing, Told, Unreadable};
use super::json;
use super::parameters::Parameters;
use super::time::{Milliseconds, Time};

/// As much of a message as is read.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(rename = "_type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    topic: Option<Cow<'a, str>>,
    #[serde(borrow)]
    lat: Option<&'a RawValue>,
    #[serde(borrow)]
    lon: Option<&'a RawValue>,
    #[serde(borrow)]
    tst: Option<&'a RawValue>,
    #[serde(borrow)]
    acc: Option<&'a RawValue>,
}

/// What a request tells.
pub(super) fn read(asked: &Asked<'_>) -> Result<Told, Unreadable> {
    // A phone sends nothing where a friend was deleted.
    if asked.body.trim_ascii().is_empty() {
        return Ok(vec![Err(Missing::Place)]);
    }
    let message: Message<'_> = serde_json::from_slice(asked.body)
        .map_err(|_| Unreadable("the body is not a message of OwnTracks: a JSON object with a _type"))?;
    Ok(vec![match &*message.kind {
        "location" => place(&message, client(asked, message.topic.as_deref())?),
        "encrypted" => Err(Missing::Key),
        _ => Err(Missing::Place),
    }])
}

/// Whom a request is from.
pub(super) fn client(asked: &Asked<'_>, topic: Option<&str>) -> Result<Vec<u8>, Unreadable> {
    let parameters = Parameters::of(asked.query);
    let user = asked.user.or_else(|| parameters.bytes(&["u"])).unwrap_or_default();
    let device = asked.device.or_else(|| parameters.bytes(&["d"])).unwrap_or_default();
    let of_topic = || {
        let (user, device) = topic?.rsplit_once('/')?;
        device_of(user.rsplit('/').next()?.as_bytes(), device.as_bytes())
    };
    device_of(user, device).or_else(of_topic).ok_or(Unreadable(
        "the message does not say whose it is: fill in a user name and a device ID in the app's connection settings, or put \
         ?u=USER&d=DEVICE behind the URL",
    ))
}

fn place(message: &Message<'_>, client: Vec<u8>) -> Result<Fix, Missing> {
    let latitude = json::number(message.lat).ok_or(Missing::Sense("lat is not a number"))?;
    let longitude = json::number(message.lon).ok_or(Missing::Sense("lon is not a number"))?;
    let tst = message.tst.map(json::text).ok_or(Missing::Sense("there is no tst"))?;
    let time = Time::parse(&tst, Milliseconds::FromFarFuture).ok_or(Missing::Sense("tst is not a time"))?;
    Ok(Fix { client, latitude, longitude, time: Some(time), accuracy: json::number(message.acc) })
}
