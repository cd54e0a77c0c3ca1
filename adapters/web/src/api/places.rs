//! `/v1/clients/{id}/places`: which places are near a client.

use herd::values::{MOST_RESULTS, Radius};
use herd::wire::Need;
use herd::{Answered, Node, Turn};

use crate::elsewhere::Asked;
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
    let ask = |node: &Node, turn: &mut Turn, id| {
        // The places come later, wherever the client is.
        node.whatsat(turn, id, client, (radius, bound)).map(|_| None::<()>)
    };
    let Asked::Later(Answered::Places { places: found, .. }) = call.ask(&asker, ask).await? else {
        unreachable!("a WHATSAT is answered with places")
    };
    let mut places = Vec::new();
    found.write(bound, &mut places);
    Ok(json(places))
}
