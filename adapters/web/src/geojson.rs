//! Records as GeoJSON (RFC 7946), with the digits that were reported.

use std::borrow::Cow;

use herd::Record;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::client_id::to_text;

/// A client, where it was, and when.
#[derive(Serialize)]
pub(crate) struct Feature<'a> {
    r#type: &'static str,
    id: Cow<'a, str>,
    geometry: Option<Point<'a>>,
    properties: Properties<'a>,
}

#[derive(Serialize)]
struct Point<'a> {
    r#type: &'static str,
    coordinates: [Cow<'a, RawValue>; 2],
}

#[derive(Serialize)]
struct Properties<'a> {
    origin: Cow<'a, str>,
    skew: Cow<'a, str>,
    time: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    distance: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
}

/// Some clients.
#[derive(Serialize)]
pub(crate) struct Features<'a> {
    r#type: &'static str,
    #[serde(rename = "features")]
    all: Vec<Feature<'a>>,
    /// The last client of a page, where there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Cow<'a, str>>,
    /// Regions that did not answer: their clients are missing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    silent: Vec<&'a str>,
}

impl<'a> Feature<'a> {
    /// By the fields of a line: `origin skew client [position] time`.
    pub(crate) fn of_fields([origin, skew, client]: [&'a [u8]; 3], position: Option<&'a [u8]>, time: &'a [u8]) -> Self {
        let text = String::from_utf8_lossy;
        let (origin, skew, time) = (text(origin), text(skew), text(time));
        let properties = Properties { origin, skew, time, distance: None, until: None, region: None };
        Self { r#type: "Feature", id: to_text(client), geometry: position.and_then(point), properties }
    }

    /// A record; a tombstone has no geometry.
    pub(crate) fn of(record: &Record<'a>) -> Self {
        let skew = record.line().split(|&byte| byte == b' ').nth(1).unwrap_or_default();
        Self::of_fields([record.origin_name(), skew, record.client()], record.position(), record.time())
    }

    /// With its distance from somewhere, in kilometres.
    pub(crate) fn at_distance(mut self, km: Option<f64>) -> Self {
        self.properties.distance = km;
        self
    }

    /// With the region that it is at home in, where there are any.
    pub(crate) fn at_home_in(mut self, region: Option<&'a str>) -> Self {
        self.properties.region = region;
        self
    }

    /// With the end of the time for which it is shown, in POSIX seconds.
    pub(crate) fn until(mut self, seconds: u64) -> Self {
        self.properties.until = Some(seconds);
        self
    }

    pub(crate) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("it is text")
    }
}

impl<'a> Features<'a> {
    /// These clients; `next` is the last of them, where there are more.
    pub(crate) fn new(features: impl IntoIterator<Item = Feature<'a>>, next: Option<&'a [u8]>) -> Self {
        let all = features.into_iter().collect();
        Self { r#type: "FeatureCollection", all, next: next.map(to_text), silent: Vec::new() }
    }

    /// Without the clients of these regions, which did not answer.
    pub(crate) fn without(mut self, silent: impl Iterator<Item = &'a str>) -> Self {
        self.silent = silent.collect();
        self
    }

    pub(crate) fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("it is text")
    }
}

fn point(position: &[u8]) -> Option<Point<'_>> {
    Some(Point { r#type: "Point", coordinates: coordinates(position)? })
}

/// The numbers of a position as it is on the wire, `+34.068930-118.445127`: as in GeoJSON, the longitude first.
pub(crate) fn coordinates(position: &[u8]) -> Option<[Cow<'_, RawValue>; 2]> {
    let position = str::from_utf8(position).ok()?;
    let east = position.char_indices().skip(1).find(|(_, sign)| matches!(sign, '+' | '-'))?.0;
    let (latitude, longitude) = position.split_at(east);
    Some([number(longitude)?, number(latitude)?])
}

/// The digits as JSON has them: no plus in front, and no zeros.
fn number(text: &str) -> Option<Cow<'_, RawValue>> {
    let (sign, digits) = text.split_at(1);
    if digits.starts_with(|first| matches!(first, '1'..='9')) {
        let number = if sign == "+" { digits } else { text };
        return serde_json::from_str(number).ok().map(Cow::Borrowed);
    }
    let digits = digits.trim_start_matches('0');
    let zero = if digits.is_empty() || digits.starts_with('.') { "0" } else { "" };
    RawValue::from_string(format!("{}{zero}{digits}", sign.trim_start_matches('+'))).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_that_were_reported() {
        for (text, number_of) in [
            ("+34.068930", "34.068930"),
            ("-118.445127", "-118.445127"),
            ("+000", "0"),
            ("-00.5", "-0.5"),
            ("+010.0", "10.0"),
        ] {
            assert_eq!(number(text).expect("a number").get(), number_of);
        }
        let feature = Feature::of_fields([b"Alford", b"+0.25", b"a%\"<b>"], Some(b"+01.50-118.4"), b"1479413884.39");
        let expected = "{\"type\":\"Feature\",\"id\":\"a%25\\\"<b>\",\"geometry\":{\"type\":\"Point\",\
                        \"coordinates\":[-118.4,1.50]},\"properties\":{\"origin\":\"Alford\",\"skew\":\"+0.25\",\
                        \"time\":\"1479413884.39\"}}";
        assert_eq!(String::from_utf8_lossy(&feature.to_json()), expected);
        assert!(
            Feature::of_fields([b"a", b"+1", b"b"], None, b"1")
                .to_json()
                .windows(15)
                .any(|part| part == b"\"geometry\":null")
        );
    }
}
