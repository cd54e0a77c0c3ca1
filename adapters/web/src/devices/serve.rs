//! One request of a device.

use herd::values::Pattern;
use herd::{OwnedRecord, Turn};
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, Method, StatusCode};

use super::answer::{Refused, about, answer};
use super::fix::{Fix, Told};
use super::friends::{self, Friend};
use super::intake::Intake;
use super::{Asked, Format};
use crate::caller::Asker;
use crate::door::Door;
use crate::problem::Problem;
use crate::reply::{Reply, reply, text};
use crate::router::Call;

/// Takes what a device sends, with the token of its path where it has one there.
pub(crate) async fn serve(call: &mut Call<'_>, format: Format, token: Option<Vec<u8>>) -> Result<Reply, Problem> {
    let Call { door, peer, head, body, .. } = call;
    let door = *door;
    let query = head.uri.query().unwrap_or_default();
    if head.method == Method::GET && query.is_empty() {
        return Ok(text(StatusCode::OK, about(format)));
    }
    let asker = match token {
        Some(token) => door.asker_with(peer, Some(&token))?,
        None => door.asker(peer, &head.headers)?,
    };
    let body = door.read(body).await?;
    let settings = door.host.settings();
    let filter = &settings.devices.filter;
    let intake = Intake { node: door.host.node(), caller: &asker.caller, filter, format, counts: &door.devices };
    let told = format.read(&asked(query, &head.headers, &body)).map_err(|why| {
        intake.count_unreadable();
        Problem::bad(why.to_string())
    })?;
    let itself = client_of(&told);
    let verdict = door.bring(door.host.now(), |_, turn| intake.take(turn, told))?;
    // Also what was told before: it may not be safe yet, and the device heard no answer.
    door.safe().await?;
    let answer = answer(format, &verdict).map_err(|why| match why {
        Refused::Not(refusal) => asker.refused(refusal),
        Refused::Nonsense(what) => Problem::bad(what),
    })?;
    if let (Format::OwnTracks, Some(itself), Some(whom)) = (format, itself, &settings.devices.friends) {
        return Ok(reply(StatusCode::OK, answer.content_type, friends_of(door, &asker, &itself, whom).await));
    }
    Ok(reply(StatusCode::OK, answer.content_type, answer.body))
}

fn asked<'a>(query: &'a str, headers: &'a HeaderMap, body: &'a [u8]) -> Asked<'a> {
    let header = |name: HeaderName| headers.get(name).map(http::HeaderValue::as_bytes);
    let is_json = header(CONTENT_TYPE).is_some_and(|kind| {
        let json = b"application/json";
        kind.get(..json.len()).is_some_and(|start| start.eq_ignore_ascii_case(json))
    });
    Asked {
        query: query.as_bytes(),
        user: header(HeaderName::from_static("x-limit-u")),
        device: header(HeaderName::from_static("x-limit-d")),
        is_json,
        body,
    }
}

/// Who told where it is.
fn client_of(told: &Told) -> Option<Vec<u8>> {
    let fix: &Fix = told.first()?.as_ref().ok()?;
    Some(fix.client.clone())
}

/// As many turns' work goes into looking for friends: a herd may have millions of clients, of which few are any.
const MOST_TURNS: usize = 256;

/// The others that a phone hears of: whom its token may ask for, of those whom the settings name.
async fn friends_of(door: &Door, asker: &Asker, itself: &[u8], whom: &Pattern) -> String {
    let host = &door.host;
    let mut listing = host.node().listing(whom, asker.caller.rights(), None, friends::MOST + 1);
    let mut turn = Turn::at(host.now());
    for _ in 0..MOST_TURNS {
        if host.node().list(&mut turn, &mut listing) {
            break;
        }
        host.take_turns().await;
        turn.now = host.now();
    }
    let records = listing.into_page().records;
    let friends: Vec<Friend<'_>> = records.iter().filter_map(|record| friend(record, itself)).collect();
    friends::answer(&friends)
}

fn friend<'a>(record: &'a OwnedRecord, itself: &[u8]) -> Option<Friend<'a>> {
    let record = record.record();
    let is_other = record.client() != itself;
    is_other.then_some(Friend { client: record.client(), position: record.position()?, time: record.time() })
}
