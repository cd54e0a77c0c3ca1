//! `/v1/clients/{id}/places`: which places are near a client.

use std::future::poll_fn;

use herd::values::{MOST_RESULTS, Radius};
use herd::wire::Need;
use herd::{Event, Turn};
use http::StatusCode;

use crate::host::Letter;
use crate::problem::Problem;
use crate::query::{integer, missing};
use crate::reply::{Reply, json};
use crate::router::Call;

/// `GET /v1/clients/{id}/places?radius=&bound=`: what a WHATSAT answers behind its AT line.
pub(crate) async fn get(call: &Call<'_>) -> Result<Reply, Problem> {
    let query = call.query(&["radius", "bound"])?;
    let client = call.client()?;
    let asker = call.asker()?;
    asker.may(Need::Ask, client)?;
    let radius = query.read("radius", "kilometres from 0 to 50", Radius::parse_km)?.ok_or_else(|| missing("radius"))?;
    let bound = query
        .read("bound", "a number from 0 to 20", |text| integer::<u8>(text).filter(|&bound| bound <= MOST_RESULTS))?;
    let bound = bound.unwrap_or(MOST_RESULTS);
    let host = &call.door.host;
    let letters = host.letters();
    let mut turn = Turn::at(host.now());
    let report = host.node().whatsat(&mut turn, letters.id(), client, (radius, bound));
    host.perform(&mut turn);
    report.map_err(|refusal| asker.refused(refusal))?;
    let mut waiting = Waiting { call, id: Some(letters.id()) };
    let letter = poll_fn(|context| letters.poll(context)).await;
    waiting.id = None;
    let Letter::Answer(answer) = letter else {
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "buffers are full: try later"));
    };
    let mut places = Vec::new();
    answer.places().write(bound, &mut places);
    Ok(json(places))
}

/// Somebody who waits for places. Who goes before they are there costs nothing more.
struct Waiting<'a> {
    call: &'a Call<'a>,
    id: Option<herd::SessionId>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            let host = &self.call.door.host;
            let mut turn = Turn::at(host.now());
            host.node().handle(&mut turn, Event::Gone(id));
            host.perform(&mut turn);
        }
    }
}
