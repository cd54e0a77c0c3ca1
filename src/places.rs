//! What is near a position: the question to a places source, and its answer in the shape of a
//! Google Places Nearby Search reply.
//!
//! The core asks ([`Query`]) and cuts ([`Places::write`]); where places come from is an adapter's
//! business. The shape is Google's legacy one: an object with `html_attributions`, `results` and
//! `status`, and `error_message` where something went wrong
//! (<https://developers.google.com/maps/documentation/places/web-service/legacy/search-nearby>).

use core::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::number::{integer_up_to, is_decimal_up_to};
use crate::position::Position;

/// How far from a position to look, 0 to 50 km.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Radius {
    metres: f64,
}

impl Radius {
    /// The largest radius that the protocol allows, in kilometres.
    pub const MOST_KM: u32 = 50;

    /// Reads kilometres: `digits[.digits]`, from 0 to 50, checked exactly.
    #[must_use]
    pub fn parse_km(text: &[u8]) -> Option<Self> {
        if let Some(kilometres) = integer_up_to(text, Self::MOST_KM) {
            return Some(Self { metres: f64::from(kilometres * 1000) });
        }
        if !is_decimal_up_to(text, Self::MOST_KM) {
            return None;
        }
        // Read as `10.5e3`, so that the metres are rounded once and `4.35` km is 4350 m.
        let metres = format!("{}e3", core::str::from_utf8(text).ok()?).parse().ok()?;
        Some(Self { metres })
    }

    /// So many kilometres, if they are not too many.
    #[inline]
    pub(crate) fn whole_km(kilometres: u8) -> Option<Self> {
        (u32::from(kilometres) <= Self::MOST_KM).then(|| Self { metres: f64::from(kilometres) * 1000.0 })
    }

    /// The radius in metres, 0 to 50,000.
    #[must_use]
    pub const fn metres(self) -> f64 {
        self.metres
    }
}

/// The most places that a client may ask for, and that one page of Google's has.
pub const MOST_RESULTS: u8 = 20;

/// What a places source is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Query {
    /// The centre.
    pub at: Position,
    /// How far from it to look.
    pub radius: Radius,
    /// How many results are of use, 0 to [`MOST_RESULTS`]. A source may give more: they are cut off.
    pub bound: u8,
}

/// A places reply that is known to be one, ready to be cut to any number of results.
///
/// Its bytes are the source's own, but that any run of newlines is one and that trailing newlines
/// are gone. Cloning is cheap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    json: Bytes,
    /// Where the inside of `results` begins, just behind its bracket.
    inside: usize,
    /// Where each result ends.
    ends: Arc<[usize]>,
}

#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    results: &'a RawValue,
}

impl Places {
    /// Takes a source's reply as it came.
    ///
    /// # Errors
    /// [`NotPlaces`] where `json` is not JSON, or not an object whose `results` is an array. Nothing
    /// else is asked of it: further members, in `results` too, are passed on unread.
    pub fn parse(json: &[u8]) -> Result<Self, NotPlaces> {
        let json = squeeze_newlines(json);
        let text = core::str::from_utf8(&json).map_err(|_| NotPlaces::NotJson)?;
        let reply: Reply<'_> = serde_json::from_str(text).map_err(|error| NotPlaces::of(&error))?;
        // Serde also takes a struct from an array of its members.
        if text.trim_ascii_start().starts_with('[') {
            return Err(NotPlaces::OtherShape);
        }
        let array = reply.results.get();
        let results: Vec<&RawValue> = serde_json::from_str(array).map_err(|error| NotPlaces::of(&error))?;
        let offset = |part: &str| part.as_ptr() as usize - text.as_ptr() as usize;
        let inside = offset(array) + 1;
        let ends = results.iter().map(|result| offset(result.get()) + result.get().len()).collect();
        Ok(Self { json: json.into(), inside, ends })
    }

    /// Starts a reply of one's own, in Google's layout of three spaces an indent.
    #[must_use]
    pub fn builder(html_attributions: &[&str]) -> Builder {
        Builder::new(html_attributions)
    }

    /// How many results it has, before any cut.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it has no result at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Appends the reply with the first `bound` results, otherwise byte for byte.
    pub fn write(&self, bound: u8, out: &mut Vec<u8>) {
        let last = self.ends.last().copied().unwrap_or(self.inside);
        let cut = match usize::from(bound) {
            0 => self.inside,
            bound => self.ends.get(bound - 1).copied().unwrap_or(last),
        };
        out.extend_from_slice(&self.json[..cut]);
        out.extend_from_slice(&self.json[last..]);
    }
}

/// Why bytes are not a places reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotPlaces {
    /// It does not parse. The source, or something between, sent an error page or was cut off.
    #[error("the places source did not answer with JSON")]
    NotJson,
    /// It parses, and has no array named `results`. The `url` probably leads to something else.
    #[error("the places source answered with JSON that is not a Nearby Search reply")]
    OtherShape,
}

impl NotPlaces {
    fn of(error: &serde_json::Error) -> Self {
        if error.is_data() { Self::OtherShape } else { Self::NotJson }
    }
}

/// Makes a [`Places`] result by result.
#[derive(Debug)]
pub struct Builder {
    json: Vec<u8>,
    inside: usize,
    ends: Vec<usize>,
}

impl Builder {
    fn new(html_attributions: &[&str]) -> Self {
        let mut json = Vec::with_capacity(512);
        json.extend_from_slice(b"{\n   \"html_attributions\" : [");
        for (index, attribution) in html_attributions.iter().enumerate() {
            json.extend_from_slice(if index == 0 { b" " } else { b", " });
            push_json_string(&mut json, attribution);
        }
        json.extend_from_slice(if html_attributions.is_empty() { b"],\n" } else { b" ],\n" });
        json.extend_from_slice(b"   \"results\" : [");
        let inside = json.len();
        Self { json, inside, ends: Vec::new() }
    }

    /// Adds a result: `write` appends one JSON value, indented by two levels from its second line on.
    pub fn result(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.json.extend_from_slice(if self.ends.is_empty() { b"\n      " } else { b",\n      " });
        write(&mut self.json);
        self.ends.push(self.json.len());
    }

    /// The reply: `OK`, or `ZERO_RESULTS` where none was added.
    #[must_use]
    pub fn finish(self) -> Places {
        let status = if self.ends.is_empty() { "ZERO_RESULTS" } else { "OK" };
        self.finish_with(status)
    }

    fn finish_with(mut self, status: &str) -> Places {
        self.json.extend_from_slice(if self.ends.is_empty() { b"],\n" } else { b"\n   ],\n" });
        self.json.extend_from_slice(b"   \"status\" : ");
        push_json_string(&mut self.json, status);
        self.json.extend_from_slice(b"\n}");
        Places { json: self.json.into(), inside: self.inside, ends: self.ends.into() }
    }
}

/// Appends `text` as a JSON string, quotes and escapes included.
pub fn push_json_string(out: &mut Vec<u8>, text: &str) {
    // As nearly every text is: with nothing to escape.
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        for part in ["\"", text, "\""] {
            out.extend_from_slice(part.as_bytes());
        }
        return;
    }
    serde_json::to_writer(out, text).expect("a string always serializes, and a Vec takes every write");
}

/// Why a reply without places is what it is, in Google's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// The source failed, or could not be reached; the same request may succeed later.
    UnknownError,
    /// Too much was asked: of the source (a quota), or of this server (too many fetches).
    OverQueryLimit,
    /// The source refused, mostly for want of a valid key.
    RequestDenied,
    /// The source did not understand the question.
    InvalidRequest,
}

impl Status {
    /// The word in the reply's `status`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownError => "UNKNOWN_ERROR",
            Self::OverQueryLimit => "OVER_QUERY_LIMIT",
            Self::RequestDenied => "REQUEST_DENIED",
            Self::InvalidRequest => "INVALID_REQUEST",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The places could not be had. The client still gets its AT line, and this as JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {message}")]
pub struct Unavailable {
    /// Google's word for it.
    pub status: Status,
    /// What happened, for people. It goes to clients: never a key, never a URL that holds one.
    pub message: String,
}

impl Unavailable {
    /// A reply of the same shape, with no results.
    #[must_use]
    pub fn to_places(&self) -> Places {
        let mut builder = Builder { json: b"{\n   \"error_message\" : ".to_vec(), inside: 0, ends: Vec::new() };
        push_json_string(&mut builder.json, &self.message);
        builder.json.extend_from_slice(b",\n   \"html_attributions\" : [],\n   \"results\" : [");
        builder.inside = builder.json.len();
        builder.finish_with(self.status.as_str())
    }
}

impl From<NotPlaces> for Unavailable {
    fn from(error: NotPlaces) -> Self {
        Self { status: Status::UnknownError, message: error.to_string() }
    }
}

/// Makes any run of newlines one and drops those at the end, as the herd protocol wants: two
/// newlines end a WHATSAT reply, so none may stand inside it.
fn squeeze_newlines(json: &[u8]) -> Vec<u8> {
    let mut squeezed = Vec::with_capacity(json.len());
    for line in json.split_inclusive(|&byte| byte == b'\n') {
        if line != b"\n" || squeezed.last() != Some(&b'\n') {
            squeezed.extend_from_slice(line);
        }
    }
    while squeezed.last() == Some(&b'\n') {
        squeezed.pop();
    }
    squeezed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(json: &str, bound: u8) -> String {
        let mut out = Vec::new();
        Places::parse(json.as_bytes()).expect(json).write(bound, &mut out);
        String::from_utf8(out).expect("a cut of UTF-8 at JSON values is UTF-8")
    }

    #[test]
    fn a_cut_keeps_every_other_byte() {
        let json = "{ \"a\":[1] ,\n\n\n \"results\" : [ {\"n\":\"]\\\"\"} , 2,\n\n [3] ], \"status\":\"OK\"}\n\n\n";
        assert_eq!(cut(json, 0), "{ \"a\":[1] ,\n \"results\" : [ ], \"status\":\"OK\"}");
        assert_eq!(cut(json, 1), "{ \"a\":[1] ,\n \"results\" : [ {\"n\":\"]\\\"\"} ], \"status\":\"OK\"}");
        assert_eq!(cut(json, 2), "{ \"a\":[1] ,\n \"results\" : [ {\"n\":\"]\\\"\"} , 2 ], \"status\":\"OK\"}");
        let whole = "{ \"a\":[1] ,\n \"results\" : [ {\"n\":\"]\\\"\"} , 2,\n [3] ], \"status\":\"OK\"}";
        assert_eq!(cut(json, 3), whole);
        assert_eq!(cut(json, 20), whole);
        assert_eq!(cut("{\"results\":[]}", 0), "{\"results\":[]}");
        assert_eq!(cut("\n\n{\"results\":[\n\n]}", 5), "\n{\"results\":[\n]}");
    }

    #[test]
    fn a_text_is_escaped_where_it_needs_to_be() {
        let texts =
            (0..=0x100).filter_map(char::from_u32).flat_map(|char| [format!("{char}"), format!("St. {char}lve")]);
        for text in texts.chain([String::new(), "Ærøskøbing".into(), "O'Fallon \"West\"".into()]) {
            let mut out = b":".to_vec();
            push_json_string(&mut out, &text);
            assert_eq!(String::from_utf8_lossy(&out), format!(":{}", serde_json::json!(text)));
        }
    }

    #[test]
    fn what_is_not_places_is_told_apart() {
        for (json, error) in [
            ("", NotPlaces::NotJson),
            ("<html>", NotPlaces::NotJson),
            ("{\"results\":[", NotPlaces::NotJson),
            ("{\"results\":[]} trailing", NotPlaces::NotJson),
            ("{\"results\":{}}", NotPlaces::OtherShape),
            ("{\"status\":\"OK\"}", NotPlaces::OtherShape),
            ("[]", NotPlaces::OtherShape),
            (" [[1, 2]]", NotPlaces::OtherShape),
            ("null", NotPlaces::OtherShape),
        ] {
            assert_eq!(Places::parse(json.as_bytes()), Err(error), "{json}");
        }
        assert_eq!(Places::parse(b"{\"results\":[\"\xff\"]}"), Err(NotPlaces::NotJson));
    }

    #[test]
    fn our_own_replies_are_replies() {
        let mut builder = Places::builder(&["by \"us\""]);
        builder.result(|out| out.extend_from_slice(b"{\"name\" : \"one\"}"));
        builder.result(|out| out.extend_from_slice(b"{\"name\" : \"two\"}"));
        for places in [
            builder.finish(),
            Places::builder(&[]).finish(),
            Unavailable { status: Status::OverQueryLimit, message: "slow\ndown".into() }.to_places(),
        ] {
            assert_eq!(Places::parse(&places.json), Ok(places));
        }
    }

    #[test]
    fn a_radius_is_rounded_once() {
        assert_eq!(Radius::parse_km(b"4.35").map(Radius::metres), Some(4350.0));
        assert_eq!(Radius::parse_km(b"50.000").map(Radius::metres), Some(50_000.0));
        assert_eq!(Radius::parse_km(b"0").map(Radius::metres), Some(0.0));
        for text in ["-1", "51", "50.5", "50.0000000000000000001", "1e1", "+5", "", ".5", "5.", "nan"] {
            assert_eq!(Radius::parse_km(text.as_bytes()), None, "{text}");
        }
    }
}
