//! `/s/{link}`: shows the client of a link, and nothing else.

use std::time::Duration;

use herd::values::Pattern;
use herd::wire::{Target, Tells};
use herd::{Caller, Refusal};
use http::StatusCode;

use super::link::{Link, NoLink};
use crate::api::clients::geojson;
use crate::api::watch::{Stream, events};
use crate::door::Door;
use crate::geojson::Feature;
use crate::page;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::router::Call;

/// Whoever has a link, for as long as it shows something.
pub(crate) struct Guest(String);

impl Guest {
    /// How long the link goes on, as the clocks and the keys are now.
    pub(crate) fn left(&self, door: &Door) -> Option<Duration> {
        let (keys, now) = (&door.host.settings().share.keys, door.host.now().wall);
        let link = Link::verify(&self.0, keys, now).ok()?;
        let nanos = link.end().as_nanos() - now.as_nanos();
        Some(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
    }
}

/// `GET /s/{link}`: the page, which asks for the rest.
pub(crate) fn page(call: &Call<'_>) -> Result<Reply, Problem> {
    call.query(&[])?;
    match link(call) {
        Ok(_) | Err(NoLink::Over) => Ok(page::page(&call.head.headers, &call.door.host.settings())),
        Err(why) => Err(problem(why)),
    }
}

/// `GET /s/{link}/client`: where the client is.
pub(crate) fn client(call: &Call<'_>) -> Result<Reply, Problem> {
    call.query(&[])?;
    let link = admitted(call)?;
    let host = &call.door.host;
    let report = host.node().position(link.client(), host.now());
    let report = report.ok_or_else(|| Problem::refused(Refusal::UnknownClient, true))?;
    Ok(geojson(Feature::of(&report.record()).until(link.until()).to_json()))
}

/// `GET /s/{link}/watch`: every change, until the link ends.
pub(crate) fn watch(call: &Call<'_>) -> Result<Reply, Problem> {
    call.query(&[])?;
    let link = admitted(call)?;
    let client = link.client();
    let target = Target { text: client.into(), pattern: Pattern::exactly(client), circle: None, tells: Tells::Reports };
    let is_gap = call.head.headers.contains_key("last-event-id");
    let guest = Guest(text(call));
    let stream = Stream::new(call.door, Caller::from(link.rights()), &target, is_gap);
    let stream = stream.map_err(|refusal| Problem::refused(refusal, true))?;
    Ok(events(stream.of_guest(guest)))
}

/// The link of a request that may be made here at all: where clients have to encrypt, who has a link has to, too.
fn admitted(call: &Call<'_>) -> Result<Link, Problem> {
    call.door.asker_with(call.peer, None)?;
    link(call).map_err(problem)
}

fn link(call: &Call<'_>) -> Result<Link, NoLink> {
    let host = &call.door.host;
    Link::verify(&text(call), &host.settings().share.keys, host.now().wall)
}

fn text(call: &Call<'_>) -> String {
    let text = call.segments.first().map(Vec::as_slice).unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

fn problem(why: NoLink) -> Problem {
    match why {
        NoLink::Over => {
            Problem::new(StatusCode::GONE, "this link has ended: ask whoever gave it to you for another one")
        }
        NoLink::Unknown => Problem::not_found(
            "this is no link, or none any more: check that it is whole, or ask whoever gave it to you for another one",
        ),
    }
}
