//! `/v1/watch`: every change of what is watched, as server-sent events.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use herd::wire::{Target, WatchWord};
use herd::{Caller, Turn, Watcher};
use http::{HeaderValue, StatusCode};
use http_body::{Body as HttpBody, Frame};

use crate::door::Door;
use crate::geojson::Feature;
use crate::host::{Letters, Sleep};
use crate::problem::Problem;
use crate::query::Query;
use crate::reply::{Content, Reply, reply};
use crate::router::Call;
use crate::share::Guest;

/// How long nothing may be said before a comment is: longer, and what stands between may take the connection for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// As many bytes of lines are told at once.
const AT_ONCE: usize = 16 << 10;

/// `GET /v1/watch?match=`, or `lat=&lng=&radius=` with or without `match`; with `fence` who enters and who leaves alone, and
/// `dwell` for how long they have to be on the other side.
pub(crate) fn get(call: &Call<'_>) -> Result<Reply, Problem> {
    let query = call.query(&["match", "lat", "lng", "radius", "fence", "dwell"])?;
    let asker = call.asker()?;
    let target = target(&query)?;
    asker.caller.may_watch(&target.pattern).map_err(|refusal| asker.refused(refusal))?;
    let is_gap = call.head.headers.contains_key("last-event-id");
    let stream = Stream::new(call.door, asker.caller.clone(), &target, is_gap);
    Ok(events(stream.map_err(|refusal| asker.refused(refusal))?))
}

/// A stream of events as a reply.
pub(crate) fn events(stream: Stream) -> Reply {
    let mut reply = reply(StatusCode::OK, "text/event-stream", Bytes::new());
    reply.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    *reply.body_mut() = Content::Stream(Box::pin(stream));
    reply
}

fn target(query: &Query<'_>) -> Result<Target, Problem> {
    let pattern = query.get("match").unwrap_or(b"*");
    let is_fence = query.get("fence").is_some();
    let wrong = |what: herd::Refusal| Problem::bad(what.to_string());
    let is_anywhere = ["lat", "lng", "radius"].iter().all(|name| query.get(name).is_none());
    if is_anywhere && is_fence {
        return Err(Problem::bad("a fence has lat, lng and radius"));
    }
    if query.get("dwell").is_some() && !is_fence {
        return Err(Problem::bad("only a fence has dwell"));
    }
    query.pattern()?;
    if is_anywhere {
        return Target::watch(&[pattern]).map_err(wrong);
    }
    let (position, radius) = (query.position()?, query.get("radius").unwrap_or_default());
    query.radius()?;
    let circle = [position.as_bytes(), radius, pattern];
    match query.get("dwell") {
        Some(dwell) => Target::fence(&[&circle[..], &[b"DWELL", dwell]].concat())
            .map_err(|_| Problem::bad("dwell is whole seconds from 1 to 86400")),
        None if is_fence => Target::fence(&circle).map_err(wrong),
        None => Target::watch(&circle).map_err(wrong),
    }
}

/// What one watcher is told, as it comes.
pub(crate) struct Stream {
    door: Arc<Door>,
    caller: Caller,
    /// Whoever has a link has its rights, and those alone.
    guest: Option<Guest>,
    watcher: Watcher,
    letters: Box<dyn Letters>,
    target: Box<[u8]>,
    heartbeat: Option<Sleep>,
    number: u64,
    /// What is to be said first: those who were here before have missed something.
    begins_with_again: bool,
    is_over: bool,
    lines: Vec<u8>,
}

impl Stream {
    /// That of somebody who may watch this.
    ///
    /// # Errors
    /// Why they may not.
    pub(crate) fn new(
        door: &Arc<Door>,
        caller: Caller,
        target: &Target,
        begins_with_again: bool,
    ) -> Result<Self, herd::Refusal> {
        let (host, letters) = (&door.host, door.host.letters());
        let mut watcher = host.node().watcher(letters.id(), caller.rights().clone());
        let mut turn = Turn::at(host.now());
        let begun = host.node().watch(&mut turn, &mut watcher, target);
        host.perform(&mut turn);
        begun?;
        Ok(Self {
            door: Arc::clone(door),
            caller,
            guest: None,
            watcher,
            letters,
            target: target.text.clone(),
            heartbeat: None,
            number: 0,
            begins_with_again,
            is_over: false,
            lines: Vec::new(),
        })
    }

    /// The same for whoever has a link: with a last event, `end`, it ends when the link does.
    pub(crate) fn of_guest(mut self, guest: Guest) -> Self {
        self.guest = Some(guest);
        self
    }

    /// The events of what there is to tell now.
    fn tell(&mut self) -> String {
        let host = &self.door.host;
        let (mut turn, mut events) = (Turn::at(host.now()), String::new());
        if std::mem::take(&mut self.begins_with_again) {
            self.number += 1;
            push(&mut events, self.number, "again", "{}");
        }
        self.lines.clear();
        host.node().tell(&mut turn, &mut self.watcher, AT_ONCE, &mut self.lines);
        host.perform(&mut turn);
        for line in self.lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            if let Some((word, data)) = event(line, &self.target) {
                self.number += 1;
                push(&mut events, self.number, word, &data);
            }
        }
        events
    }

    /// Whether nothing more is to be told: the rights are gone, the server stops, or buffers are full.
    fn has_ended(&mut self, context: &mut Context<'_>) -> bool {
        let may_watch = self.door.host.node().still_grants(&self.caller);
        self.is_over |= self.door.host.is_stopping() || !may_watch || self.letters.poll(context).is_ready();
        self.is_over
    }

    /// How long nothing is said before this is looked at again; nothing where a link is over.
    fn pause(&self) -> Option<Duration> {
        self.guest.as_ref().map_or(Some(HEARTBEAT), |guest| Some(guest.left(&self.door)?.min(HEARTBEAT)))
    }
}

impl HttpBody for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        loop {
            if this.has_ended(context) {
                return Poll::Ready(None);
            }
            let Some(pause) = this.pause() else {
                this.is_over = true;
                return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"event: end\ndata: {}\n\n")))));
            };
            let events = this.tell();
            if !events.is_empty() {
                this.heartbeat = None;
                return Poll::Ready(Some(Ok(Frame::data(events.into()))));
            }
            if this.watcher.has_more() {
                // It takes longer than a turn, and others are to have theirs.
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let heartbeat = this.heartbeat.get_or_insert_with(|| this.door.host.sleep(pause));
            ready!(heartbeat.as_mut().poll(context));
            this.heartbeat = None;
            if pause == HEARTBEAT && !this.has_ended(context) {
                return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b":\n\n")))));
            }
        }
    }
}

fn push(events: &mut String, number: u64, word: &str, data: &str) {
    let _ = write!(events, "id: {number}\nevent: {word}\ndata: {data}\n\n");
}

/// What a line of a watch says, as an event and its data.
fn event<'a>(line: &[u8], target: &[u8]) -> Option<(&'a str, Cow<'a, str>)> {
    let line = line.strip_suffix(target)?.strip_suffix(b" ")?;
    let mut fields = line.split(|&byte| byte == b' ');
    let word = WatchWord::parse(fields.next()?)?;
    let fields: Vec<&[u8]> = fields.collect();
    let data = match *fields {
        [origin, skew, client, position, time] => {
            Feature::of_fields([origin, skew, client], Some(position), time).to_json()
        }
        [origin, skew, client, time] => Feature::of_fields([origin, skew, client], None, time).to_json(),
        _ => return Some((name(word)?, Cow::Borrowed("{}"))),
    };
    Some((name(word)?, String::from_utf8(data).ok()?.into()))
}

/// What an event is called.
const fn name(word: WatchWord) -> Option<&'static str> {
    match word {
        WatchWord::Seen => Some("seen"),
        WatchWord::Left => Some("left"),
        WatchWord::Enter => Some("enter"),
        WatchWord::Leave => Some("leave"),
        WatchWord::Forgotten => Some("forgotten"),
        WatchWord::Expired => Some("expired"),
        WatchWord::Watching => Some("watching"),
        WatchWord::Again => Some("again"),
        WatchWord::Unwatched => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_events() {
        let told = |line: &str| event(line.as_bytes(), b"truck-*").map(|(word, data)| format!("{word} {data}"));
        assert_eq!(told("WATCHING truck-*").as_deref(), Some("watching {}"));
        assert_eq!(told("AGAIN truck-*").as_deref(), Some("again {}"));
        let seen = told("SEEN Alford +0.25 truck-7 +34.07-118.44 1479413890 truck-*").expect("an event");
        assert!(
            seen.starts_with("seen {\"type\":\"Feature\",\"id\":\"truck-7\"") && seen.contains("[-118.44,34.07]"),
            "{seen}"
        );
        let gone = told("FORGOTTEN Ball +0.5 truck-7 1479413999 truck-*").expect("an event");
        assert!(gone.starts_with("forgotten ") && gone.contains("\"geometry\":null"), "{gone}");
        assert_eq!(told("UNWATCHED truck-*"), None);
    }

    #[test]
    fn every_form_of_a_watch() {
        let target_of = |query: &str| {
            let query = Query::parse(Some(query), &["match", "lat", "lng", "radius", "fence", "dwell"]).expect("known");
            target(&query).ok().map(|target| String::from_utf8_lossy(&target.text).into_owned())
        };
        for (query, target) in [
            ("", "*"),
            ("match=truck-*", "truck-*"),
            ("lat=34.07&lng=-118.44&radius=5", "+34.07-118.44 5 *"),
            ("lat=34.07&lng=-118.44&radius=5&match=t*&fence&dwell=30", "+34.07-118.44 5 t* DWELL 30"),
            ("lat=1&lng=1&radius=5&fence=", "+1+1 5 *"),
        ] {
            assert_eq!(target_of(query).as_deref(), Some(target), "{query}");
        }
        for wrong in [
            "match=a*b",
            "fence",
            "lat=1&lng=1",
            "lat=91&lng=1&radius=1",
            "lat=1&lng=1&radius=1&dwell=3",
            "lat=1&lng=1&radius=1&fence&dwell=0",
        ] {
            assert_eq!(target_of(wrong), None, "{wrong}");
        }
    }
}
