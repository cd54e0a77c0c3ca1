//! Points of one's own, as people's tools write them.

use std::fs;
use std::path::PathBuf;

use herd::values::Radius;
use herd::{Position, Query};
use herd_places::{File, FileOptions, Source};
use serde_json::{Value, json};

struct Points(tempfile::TempDir);

impl Points {
    fn new(text: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("points.geojson"), text).expect("a file");
        Self(folder)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("points.geojson")
    }

    fn load(&self) -> File {
        File::load(self.path(), FileOptions::default()).expect("a file of places")
    }

    fn fault(&self, options: FileOptions) -> String {
        let told = File::load(self.path(), options).expect_err("no file of places").to_string();
        told.replace(&format!("{}: ", self.path().display()), "")
    }
}

/// A file with one feature on each line, the first on line 2.
fn collection(features: &[Value]) -> String {
    let lines: Vec<String> = features.iter().map(Value::to_string).collect();
    format!("{{\"type\": \"FeatureCollection\", \"features\": [\n{}\n]}}", lines.join(",\n"))
}

fn feature(properties: &Value) -> Value {
    json!({ "type": "Feature", "geometry": { "type": "Point", "coordinates": [0.0, 0.0] }, "properties": properties })
}

/// What is found around 0, 0.
fn found(file: &File) -> Vec<Value> {
    let at = Position::new(0.0, 0.0).expect("on the globe");
    let query = Query { at, radius: Radius::parse_km(b"1").expect("a radius"), bound: 20 };
    let mut out = Vec::new();
    file.nearby(&query).expect("places").write(20, &mut out);
    let reply: Value = serde_json::from_slice(&out).expect("JSON");
    reply["results"].as_array().expect("results").clone()
}

#[test]
fn what_is_no_place_is_skipped_and_counted() {
    let line = json!({ "type": "Feature", "geometry": { "type": "LineString", "coordinates": [] }, "properties": {} });
    let odd = feature(&json!({ "name": "Odd", "rating": "high" }));
    let points = Points::new(collection(&[feature(&json!({ "name": "Well" })), line, odd]));
    let file = points.load();
    assert_eq!((file.len(), found(&file)[0]["name"].as_str()), (1, Some("Well")));
    let warning = file.warning().expect("two were skipped");
    let told =
        "2 of 3 features skipped; the first is on line 3: feature 2: it is a LineString, and only a Point is a place";
    assert_eq!(warning, format!("{}: {told}", points.path().display()));
    assert_eq!(Points::new(collection(&[feature(&json!({ "name": "Well" }))])).load().warning(), None);
    let strict = FileOptions { strict: true, ..FileOptions::default() };
    let told = "line 3: feature 2: it is a LineString, and only a Point is a place (and 1 feature more)";
    assert_eq!(points.fault(strict), told);
}

#[test]
fn a_file_without_any_place_is_refused() {
    let told = "line 2: feature 1: its properties have no name; is it \"title\"? Then set places-name";
    let points = Points::new(collection(&[feature(&json!({ "title": "Well" }))]));
    assert_eq!(points.fault(FileOptions::default()), told);
    let titled = FileOptions { name: "title".into(), ..FileOptions::default() };
    assert_eq!(found(&File::load(points.path(), titled).expect("a file"))[0]["name"], "Well");
    assert!(Points::new(collection(&[])).load().is_empty(), "nothing is wrong with no feature at all");
}

#[test]
fn numbers_may_be_texts_and_null_is_nothing() {
    let properties = json!({
        "name": 7, "rating": "4.5", "user_ratings_total": "12", "price_level": "2", "place_id": 99, "open_now": null,
        "types": null, "vicinity": null, "business_status": "",
    });
    let points = Points::new(format!("\u{feff}{}", collection(&[feature(&properties)])));
    let file = points.load();
    let mut result = found(&file)[0].clone();
    result.as_object_mut().expect("an object").remove("geometry");
    let taken = json!({ "name": "7", "rating": 4.5, "user_ratings_total": 12, "price_level": 2, "place_id": "99" });
    assert_eq!((result, file.warning()), (taken, None));
}
