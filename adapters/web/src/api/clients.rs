//! `/v1/clients`: where clients are, said and asked.

use std::future::poll_fn;

use herd::values::Pattern;
use herd::wire::{Forget, Need, Sighting};
use herd::{Answered, Node, Now, Refusal, ServerName, Timestamp, Turn};
use http::StatusCode;
use serde::Deserialize;

use crate::client_id::to_text;
use crate::decimal::{Decimal, short};
use crate::door::Door;
use crate::elsewhere::Asked;
use crate::geojson::{Feature, Features};
use crate::problem::Problem;
use crate::query::{Query, integer};
use crate::reply::{Reply, reply};
use crate::router::Call;

/// The most clients on a page.
const MOST: usize = 10_000;

/// As many as are on one where nothing else is said.
const USUAL: usize = 1000;

/// The body of a PUT.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sighted {
    lat: Decimal,
    lng: Decimal,
    #[serde(default)]
    time: Option<Decimal>,
}

impl Sighted {
    fn read(body: &[u8]) -> Result<Self, Problem> {
        let wrong = |why: &str| {
            let what = "the body is JSON with lat and lng in degrees, and perhaps time in POSIX seconds";
            Problem::bad(format!("{what}: {why}"))
        };
        // To serde a list of the fields is a value, too.
        if !body.trim_ascii_start().starts_with(b"{") {
            return Err(wrong("it is not an object"));
        }
        serde_json::from_slice(body).map_err(|error| wrong(&error.to_string()))
    }
}

/// `GET /v1/clients/{id}`: where it is.
pub(crate) async fn get(call: &Call<'_>) -> Result<Reply, Problem> {
    call.query(&[])?;
    let client = call.client()?;
    let asker = call.asker()?;
    asker.may(Need::Ask, client)?;
    let ask = |node: &Node, turn: &mut Turn, id| node.home(turn, id, client);
    let (report, region) = match call.ask(&asker, ask).await? {
        Asked::Now(report) => (report, call.door.host.node().region().cloned()),
        Asked::Later(Answered::Home { region, report }) => (report, Some(region)),
        Asked::Later(_) => unreachable!("a WHERE is answered with a home"),
    };
    let region = region.as_ref().map(ServerName::as_str);
    Ok(geojson(Feature::of(&report.record()).at_home_in(region).to_json()))
}

/// `PUT /v1/clients/{id}`: where it is now, or was at some time.
pub(crate) async fn put(call: &mut Call<'_>) -> Result<Reply, Problem> {
    call.query(&[])?;
    let client = call.client()?.to_vec();
    let asker = call.asker()?;
    // First, so that whoever may not is not read.
    asker.may(Need::Report, &client)?;
    let body = call.door.read(&mut call.body).await?;
    let Sighted { lat, lng, time } = Sighted::read(&body)?;
    let now = call.door.host.now();
    let position = lat.signed() + &lng.signed();
    let time = time.map_or_else(|| now.wall.to_string(), |time| time.as_str().to_owned());
    let sighting = Sighting::new(&client, position.as_bytes(), time.as_bytes()).map_err(|why| match why {
        Refusal::Position => Problem::bad("lat is from -90 to 90 degrees, lng from -180 to 180"),
        Refusal::Time => Problem::bad("time is POSIX seconds, with at most nine decimals"),
        other => asker.refused(other),
    })?;
    asker.may_report(&client, now)?;
    let reported = call.door.bring(now, |node, turn| node.report_position(turn, &sighting))?;
    let reported = reported.map_err(|refusal| asker.refused(refusal))?;
    call.door.safe().await?;
    Ok(geojson(Feature::of(&reported.record()).to_json()))
}

/// `DELETE /v1/clients/{id}?time=`: forgets what is known of it up to that time, or what is kept now. The tombstone, or the
/// report that is newer.
pub(crate) async fn delete(call: &Call<'_>) -> Result<Reply, Problem> {
    let query = call.query(&["time"])?;
    let client = call.client()?;
    let asker = call.asker()?;
    asker.may(Need::Forget, client)?;
    let is_time = |text: &[u8]| Timestamp::parse(text).map(|_| text.to_vec());
    let given = query.read("time", "POSIX seconds, with at most nine decimals", is_time)?;
    let (host, now) = (&call.door.host, call.door.host.now());
    let kept = || host.node().record(client).map(|kept| kept.record().time().to_vec());
    let time = given.or_else(kept).ok_or_else(|| asker.refused(Refusal::UnknownClient))?;
    let forget = Forget::new(client, &time).map_err(|refusal| asker.refused(refusal))?;
    let left = call.door.bring(now, |node, turn| node.forget(turn, &forget))?;
    let left = left.map_err(|refusal| asker.refused(refusal))?;
    call.door.safe().await?;
    let left = left.record();
    if !left.is_tombstone() {
        asker.may(Need::Ask, client)?;
    }
    Ok(geojson(Feature::of(&left).to_json()))
}

/// `GET /v1/clients?match=&after=&limit=`: all clients, in pages.
pub(crate) async fn list(call: &Call<'_>) -> Result<Reply, Problem> {
    let query = call.query(&["match", "after", "limit"])?;
    let asker = call.asker()?;
    let pattern = query.pattern()?;
    let limit = query.read("limit", "a number from 1 to 10000", |text| {
        integer::<usize>(text).filter(|limit| (1..=MOST).contains(limit))
    })?;
    if !asker.caller.may_ask(&pattern) {
        return Err(asker.refused(Refusal::NoRight(Need::Ask)));
    }
    let after = query.get("after").map(from_json);
    let (host, limit) = (&call.door.host, limit.unwrap_or(USUAL));
    let mut listing = host.node().listing(&pattern, asker.caller.rights(), after.as_deref(), limit);
    let mut turn = Turn::at(host.now());
    while !host.node().list(&mut turn, &mut listing) {
        host.take_turns().await;
        turn.now = host.now();
    }
    let page = listing.into_page();
    let last = page.records.last().filter(|_| page.has_more).map(|last| last.record().client());
    let features = page.records.iter().map(|record| Feature::of(&record.record()));
    Ok(geojson(Features::new(features, last).to_json()))
}

/// What `next` has said: an ID as it stands in JSON, which is percent-encoded where it has a `%`.
fn from_json(text: &[u8]) -> Vec<u8> {
    crate::client_id::from_url(text).into_owned()
}

/// GeoJSON.
pub(crate) fn geojson(content: Vec<u8>) -> Reply {
    reply(StatusCode::OK, "application/geo+json", content)
}

impl Call<'_> {
    /// The client in the path.
    ///
    /// # Errors
    /// Where no client can be called that.
    pub(crate) fn client(&self) -> Result<&[u8], Problem> {
        let client = self.segments.first().map(Vec::as_slice).unwrap_or_default();
        if herd::wire::is_field(client) {
            return Ok(client);
        }
        let shown = to_text(client);
        Err(Problem::bad(format!("no client is called {:?}: an ID has no white space", short(&shown))))
    }
}

impl Query<'_> {
    /// The pattern of `match`: any without it.
    pub(crate) fn pattern(&self) -> Result<Pattern, Problem> {
        let what = "a client's ID, or the beginning of one and a *";
        Ok(self.read("match", what, Pattern::parse)?.unwrap_or_else(Pattern::any))
    }
}

impl Door {
    /// Brings something to the node, and does what that says.
    ///
    /// # Errors
    /// 503 where the server is being stopped: what is brought would be told nobody.
    pub(crate) fn bring<T>(&self, now: Now, bring: impl FnOnce(&Node, &mut Turn) -> T) -> Result<T, Problem> {
        if self.host.is_stopping() {
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the server is stopping: tell another one"));
        }
        let mut turn = Turn::at(now);
        let brought = bring(self.host.node(), &mut turn);
        self.host.perform(&mut turn);
        Ok(brought)
    }

    /// Waits until what was brought is as safe as the settings promise before it is acknowledged.
    pub(crate) async fn safe(&self) -> Result<(), Problem> {
        let Some(ticket) = self.host.ticket() else { return Ok(()) };
        let safe = poll_fn(|context| self.host.poll_safe(ticket, context.waker())).await;
        safe.map_err(|_| {
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "it was taken in, and the disk fails: it may be lost")
        })
    }
}
