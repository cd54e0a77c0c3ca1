//! The populated places of the world, in the program itself.

use herd::places::push_json_string;
use herd::{Places, Query, Unavailable};
use xxhash_rust::xxh3::Xxh3Default;

use crate::Source;
use crate::index::Index;
use crate::table::{Place, Table};

/// GeoNames' places with more than 1,000 people, as of April 2015. `data/README.md` says where the
/// file comes from and how it is made.
static FILE: &[u8] = include_bytes!("../data/places.bin");

/// Whom to credit, as the licence of the data asks.
const ATTRIBUTION: &str = "Places from <a href=\"https://www.geonames.org/\">GeoNames</a>, \
    <a href=\"https://creativecommons.org/licenses/by/4.0/\">CC BY 4.0</a>";

/// The places of GeoNames: no network, no key.
///
/// Nearest first by great circle, within the radius to the metre. A result has the fields that a
/// Nearby Search result has and that GeoNames knows: `geometry.location`, `name`, `place_id`, `types`,
/// `vicinity`.
#[derive(Debug)]
pub struct Embedded {
    table: Table,
    index: Index,
}

impl Embedded {
    /// Unpacks the places and indexes them.
    ///
    /// # Panics
    /// Never: the file is part of the program, and a test reads it.
    #[must_use]
    pub fn new() -> Self {
        let table = Table::unpack(FILE).expect("the embedded file is whole");
        let index = Index::new(table.iter().map(|place| (degrees(place.latitude), degrees(place.longitude))));
        Self { table, index }
    }

    /// Every place, so that others can be given the same ones.
    #[must_use]
    pub fn places(&self) -> impl ExactSizeIterator<Item = Place<'_>> {
        self.table.iter()
    }
}

impl Default for Embedded {
    fn default() -> Self {
        Self::new()
    }
}

impl Source for Embedded {
    fn blocks(&self) -> bool {
        false
    }

    fn least_bound(&self) -> u8 {
        0
    }

    fn nearby(&self, query: &Query) -> Result<Places, Unavailable> {
        let mut reply = Places::builder(&[ATTRIBUTION]);
        for index in self.index.near(query) {
            reply.result(|out| write_place(out, &self.table.place(index as usize)));
        }
        Ok(reply.finish())
    }
}

/// One result, its keys in Google's order.
fn write_place(out: &mut Vec<u8>, place: &Place<'_>) {
    out.extend_from_slice(b"{\n         \"geometry\" : {\n            \"location\" : {\n               \"lat\" : ");
    push_degrees(out, place.latitude);
    out.extend_from_slice(b",\n               \"lng\" : ");
    push_degrees(out, place.longitude);
    out.extend_from_slice(b"\n            }\n         },\n         \"name\" : ");
    push_json_string(out, place.name);
    out.extend_from_slice(b",\n         \"place_id\" : \"");
    push_id(out, place);
    out.extend_from_slice(b"\",\n         \"types\" : [ \"locality\", \"political\" ],\n         \"vicinity\" : ");
    push_json_string(out, place.region);
    out.extend_from_slice(b"\n      }");
}

/// `geonames:` and 16 hexadecimal digits: XXH3 of the name, a zero byte, latitude and longitude in
/// units of 10^-5 degrees, both as 32 bits little-endian. The data has no ids of its own; this one
/// stays for as long as a place keeps its name and position.
fn push_id(out: &mut Vec<u8>, place: &Place<'_>) {
    let mut hash = Xxh3Default::new();
    hash.update(place.name.as_bytes());
    hash.update(&[0]);
    hash.update(&place.latitude.to_le_bytes());
    hash.update(&place.longitude.to_le_bytes());
    out.extend_from_slice(b"geonames:");
    let digest = hash.digest();
    out.extend((0..16).rev().map(|nibble| b"0123456789abcdef"[(digest >> (nibble * 4) & 0xf) as usize]));
}

/// Degrees with as many decimals as they need, one at least, as Google writes them.
fn push_degrees(out: &mut Vec<u8>, value: i32) {
    if value < 0 {
        out.push(b'-');
    }
    let (whole, mut decimals) = (value.unsigned_abs() / 100_000, value.unsigned_abs() % 100_000);
    out.extend_from_slice(itoa::Buffer::new().format(whole).as_bytes());
    let mut text = *b".00000";
    for digit in text[1..].iter_mut().rev() {
        *digit += u8::try_from(decimals % 10).expect("a digit");
        decimals /= 10;
    }
    let zeros = text[2..].iter().rev().take_while(|&&digit| digit == b'0').count();
    out.extend_from_slice(&text[..text.len() - zeros]);
}

fn degrees(value: i32) -> f64 {
    f64::from(value) / 100_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_have_the_decimals_that_they_need() {
        for (value, text) in [
            (3_405_612, "34.05612"),
            (-11_843_060, "-118.4306"),
            (0, "0.0"),
            (-1, "-0.00001"),
            (18_000_000, "180.0"),
            (500_000, "5.0"),
            (10, "0.0001"),
        ] {
            let mut out = Vec::new();
            push_degrees(&mut out, value);
            assert_eq!(String::from_utf8_lossy(&out), text);
        }
    }

    #[test]
    fn the_file_holds_the_world() {
        let table = Table::unpack(FILE).expect("whole");
        assert_eq!(table.len(), 144_561);
        assert!(table.iter().all(|place| {
            place.latitude.abs() <= 9_000_000 && place.longitude.abs() <= 18_000_000 && !place.name.is_empty()
        }));
        let westwood = table.iter().find(|place| place.name == "Westwood, Los Angeles").expect("Westwood");
        assert_eq!((westwood.latitude, westwood.longitude), (3_405_612, -11_843_063));
        assert_eq!(westwood.region, "Los Angeles County, California, US");
    }
}
