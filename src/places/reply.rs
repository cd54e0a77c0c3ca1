//! A places source's answer, in the shape of a Google Places Nearby Search reply.
//!
//! The shape is Google's legacy one: an object with `html_attributions`, `results` and `status`, and
//! `error_message` where something went wrong
//! (<https://developers.google.com/maps/documentation/places/web-service/legacy/search-nearby>).

use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A places reply that is known to be one, ready to be cut to any number of results.
///
/// Its bytes are the source's own, but that a byte order mark in front, lines that are empty or white space alone, and the
/// end of the last line are gone. Cloning is cheap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    pub(super) json: Bytes,
    /// Where the inside of `results` begins, just behind its bracket.
    pub(super) inside: usize,
    /// Where each result ends.
    pub(super) ends: Arc<[usize]>,
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
        let json = without_empty_lines(json);
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

    /// How long it is, before any cut.
    pub(crate) fn json_len(&self) -> usize {
        self.json.len()
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

/// Leaves out lines that are empty or white space alone, as the herd protocol wants: an empty line ends a WHATSAT's reply,
/// so none may stand before. No text of JSON has a line end in it.
fn without_empty_lines(json: &[u8]) -> Vec<u8> {
    let json = json.trim_ascii_start().strip_prefix(BYTE_ORDER_MARK).unwrap_or(json);
    let lines = json.split_inclusive(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let mut kept = Vec::with_capacity(json.len());
    lines.for_each(|line| kept.extend_from_slice(line));
    while kept.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        kept.pop();
    }
    kept
}

/// U+FEFF, which some programs write in front of UTF-8 (RFC 8259, section 8.1, lets readers ignore it).
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

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
    }

    #[test]
    fn no_line_is_empty() {
        for (json, left) in [
            ("\n\n{\"results\":[\n\n]}", "{\"results\":[\n]}"),
            ("\u{feff}{\"results\":[]}", "{\"results\":[]}"),
            ("\r\n\u{feff}\r\n{\"results\":[]}\r\n\r\n", "{\"results\":[]}"),
            ("{\r\n\r\n\"results\":\r\n \t\r\n[]\n \n\n}", "{\r\n\"results\":\r\n[]\n}"),
            (" {\"results\":[]} ", " {\"results\":[]} "),
        ] {
            assert_eq!(cut(json, 20), left);
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
}
