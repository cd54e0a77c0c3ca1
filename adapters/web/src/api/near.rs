//! `/v1/near`: who is near a position, or a client.

use std::time::Duration;

use herd::values::Radius;
use herd::wire::{Around, Near, Need};
use herd::{Answered, Node, Position, ServerName, Turn};

use super::clients::geojson;
use crate::decimal::Decimal;
use crate::elsewhere::Asked;
use crate::geojson::{Feature, Features};
use crate::problem::Problem;
use crate::query::{Query, integer, missing};
use crate::reply::Reply;
use crate::router::Call;

/// As many clients as are told where nothing else is said.
const USUAL: u16 = 100;

/// `GET /v1/near?lat=&lng=&radius=&bound=&match=&heard=`, or `client=` in place of `lat` and `lng`: the nearest clients,
/// nearest first, with their distances in kilometres.
pub(crate) async fn get(call: &Call<'_>) -> Result<Reply, Problem> {
    let query = call.query(&["lat", "lng", "client", "radius", "bound", "match", "heard"])?;
    let asker = call.asker()?;
    asker.may(Need::Near, b"")?;
    let bound = query
        .read("bound", "a number from 0 to 1000", |text| integer::<u16>(text).filter(|&bound| bound <= Near::MOST))?;
    let heard = query.read("heard", "whole seconds from 1 to 4294967295", |text| {
        integer::<u32>(text).filter(|&seconds| seconds > 0).map(|seconds| Duration::from_secs(seconds.into()))
    })?;
    if let Some(client) = query.get("client") {
        asker.may(Need::Ask, client)?;
    }
    let near = Near {
        around: around(&query)?,
        radius: query.radius()?,
        bound: bound.unwrap_or(USUAL),
        pattern: query.pattern()?,
        heard,
    };
    let host = &call.door.host;
    let ask = |node: &Node, turn: &mut Turn, id| node.near_anywhere(turn, id, &near, asker.caller.rights());
    let (center, found, silent) = match call.ask(&asker, ask).await? {
        Asked::Now(mut search) => {
            let mut turn = Turn::at(host.now());
            while !host.node().search(&mut turn, &mut search) {
                host.take_turns().await;
                turn.now = host.now();
            }
            (search.circle().center(), search.into_nearest().collect(), Vec::new())
        }
        Asked::Later(Answered::Found { center, found, silent }) => (center, found, silent),
        Asked::Later(_) => unreachable!("a NEAR is answered with clients"),
    };
    let features = found.iter().map(|found| {
        let found = found.record();
        Feature::of(&found).at_distance(found.place().map(|at| center.distance_km(at)))
    });
    let features = Features::new(features, None).without(silent.iter().map(ServerName::as_str));
    Ok(geojson(features.to_json()))
}

fn around(query: &Query<'_>) -> Result<Around, Problem> {
    match query.get("client") {
        None => Ok(Around::Position(position_of(&query.position()?))),
        Some(_) if query.get("lat").or(query.get("lng")).is_some() => {
            Err(Problem::bad("give lat and lng, or a client, not both"))
        }
        Some(client) => Ok(Around::Client(client.into())),
    }
}

fn position_of(text: &str) -> Position {
    Position::parse(text.as_bytes()).expect("it was checked")
}

impl Query<'_> {
    /// `lat` and `lng`, in degrees, as a position is on the wire.
    pub(crate) fn position(&self) -> Result<String, Problem> {
        let read = |text: &[u8]| Decimal::parse(str::from_utf8(text).ok()?);
        let lat = self.read("lat", "degrees from -90 to 90", read)?.ok_or_else(|| missing("lat"))?;
        let lng = self.read("lng", "degrees from -180 to 180", read)?.ok_or_else(|| missing("lng"))?;
        let position = format!("{}{}", lat.signed(), lng.signed());
        let wrong = || Problem::bad("lat is from -90 to 90 degrees, lng from -180 to 180");
        if Position::is_valid(position.as_bytes()) { Ok(position) } else { Err(wrong()) }
    }

    /// `radius`, in kilometres.
    pub(crate) fn radius(&self) -> Result<Radius, Problem> {
        let read = |text: &[u8]| Radius::parse_km_up_to(text, Radius::MOST_NEAR_KM);
        self.read("radius", "kilometres from 0 to 20016", read)?.ok_or_else(|| missing("radius"))
    }
}
