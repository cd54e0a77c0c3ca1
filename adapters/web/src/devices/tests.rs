//! Each format, by requests as its documentation and its client's source give them.

use proptest::prelude::*;

use super::fix::Missing;
use super::*;

/// A request with that query and body.
fn asked<'a>(query: &'a str, body: &'a str) -> Asked<'a> {
    Asked { query: query.as_bytes(), body: body.as_bytes(), ..Asked::default() }
}

fn json(body: &str) -> Asked<'_> {
    Asked { is_json: true, ..asked("", body) }
}

/// What each place of a request is, as an IAMAT has it, with its accuracy; `-` where it has no time.
fn told(format: Format, asked: &Asked<'_>) -> Result<Vec<Result<String, Missing>>, &'static str> {
    let told = format.read(asked).map_err(|why| why.0)?;
    Ok(told
        .into_iter()
        .map(|fix| {
            let fix = fix?;
            let time = fix.time.as_ref().map_or("-", |time| time.text.as_str());
            let accuracy = fix.accuracy.as_ref().map(|metres| format!(" {} m", metres.as_str())).unwrap_or_default();
            Ok(format!("{} {} {time}{accuracy}", String::from_utf8_lossy(&fix.client), fix.position()))
        })
        .collect())
}

fn one(format: Format, asked: &Asked<'_>) -> String {
    let told = told(format, asked).expect("it can be read");
    let [Ok(fix)] = &told[..] else { panic!("one place: {told:?}") };
    fix.clone()
}

fn missing(format: Format, asked: &Asked<'_>) -> Missing {
    let told = told(format, asked).expect("it can be read");
    let [Err(missing)] = told[..] else { panic!("no place: {told:?}") };
    missing
}

/// The curl line of OwnTracks' own test, its message in `docs/tech/json.md`, and the names that `http.md` gives.
#[test]
fn owntracks_says_whose_it_is_by_headers_or_query_or_topic() {
    let body = r#"{"_type":"location","t":"u","batt":11,"lat":48.85,"lon":2.29,"tid":"JJ","tst":1700000000,"topic":"owntracks/me/phone"}"#;
    let place = "+48.85+2.29 1700000000";
    assert_eq!(one(Format::OwnTracks, &asked("u=jane&d=nexus", body)), format!("jane/nexus {place}"));
    assert_eq!(one(Format::OwnTracks, &asked("", body)), format!("me/phone {place}"));
    let headers = Asked { user: Some(b"Jane Doe"), device: Some(b"n5"), ..asked("u=x&d=y", body) };
    assert_eq!(one(Format::OwnTracks, &headers), format!("Jane%20Doe/n5 {place}"));
    // https://github.com/home-assistant/core/issues/18927: a header is missing.
    let half = Asked { device: Some(b"n5"), ..asked("u=jane", body) };
    assert_eq!(one(Format::OwnTracks, &half), format!("jane/n5 {place}"));
    let half = Asked { device: Some(b"n5"), ..asked("", body) };
    assert_eq!(one(Format::OwnTracks, &half), format!("me/phone {place}"));
    let nobody = r#"{"_type":"location","lat":48.85,"lon":2.29,"tst":1700000000}"#;
    assert!(told(Format::OwnTracks, &asked("", nobody)).expect_err("nobody").contains("?u=USER&d=DEVICE"));
}

/// `MessageLocation.kt` of the Android app, and iOS with accuracies; floats of either have 17 digits.
#[test]
fn owntracks_places_are_taken_by_their_digits() {
    let body = r#"{"_type":"location","BSSID":"02:00:00:00:00:00","SSID":"home","acc":13,"alt":154,"batt":98,"bs":1,"conn":"w","created_at":1700000005,"inregions":["Home"],"lat":50.937531500000001,"lon":-6.9602786,"m":1,"tid":"n5","tst":1700000000,"vac":2,"vel":0}"#;
    assert_eq!(one(Format::OwnTracks, &asked("u=a&d=b", body)), "a/b +50.937531500000001-6.9602786 1700000000 13 m");
    let exponents = r#"{"_type":"location","lat":5.09e1,"lon":-2.5E-4,"tst":"1700000000"}"#;
    assert_eq!(one(Format::OwnTracks, &asked("u=a&d=b", exponents)), "a/b +50.9-0.00025 1700000000");
}

/// Home Assistant warns of types that it does not know; a phone must hear nothing of it.
#[test]
fn owntracks_takes_every_type_silently() {
    for kind in
        ["transition", "waypoint", "waypoints", "lwt", "card", "status", "steps", "cmd", "beacon", "request", "new"]
    {
        let body = format!(r#"{{"_type":"{kind}","tst":1700000000,"lat":1,"lon":1}}"#);
        assert_eq!(missing(Format::OwnTracks, &asked("", &body)), Missing::Place, "{kind}");
    }
    // A body without a byte: a friend was deleted.
    assert_eq!(missing(Format::OwnTracks, &asked("u=a&d=b", "")), Missing::Place);
    let encrypted = r#"{"_type":"encrypted","data":"6Z0Qyu7ul8c3/KzLvYoD7wOC2ZvdhGGVZPpkQw=="}"#;
    assert_eq!(missing(Format::OwnTracks, &asked("u=a&d=b", encrypted)), Missing::Key);
}

/// `OsmAndProtocolDecoderTest.testDecodeQuery`, of Traccar.
#[test]
fn osmand_queries_as_traccar_tests_them() {
    for (query, place) in [
        (
            "id=902064&lat=42.06288&lon=-88.23412&timestamp=2016-01-27T18%3A55%3A47Z&hdop=6.0&altitude=224.0&speed=0.0",
            "902064 +42.06288-88.23412 1453920947",
        ),
        (
            "id=902064&lat=42.06288&lon=-88.23412&timestamp=1442068686579&hdop=6.0&altitude=224.0&speed=0.0",
            "902064 +42.06288-88.23412 1442068686.579",
        ),
        (
            "lat=49.60688&lon=6.15788&timestamp=2014-06-04+09%3A10%3A11&altitude=384.7&speed=0.0&id=353861053849681",
            "353861053849681 +49.60688+6.15788 1401873011",
        ),
        (
            "id=123456&timestamp=1377177267&lat=60.0&lon=30.0&speed=0.0&bearing=0.0&altitude=0&hdop=0.0",
            "123456 +60.0+30.0 1377177267",
        ),
        ("lat=60.0&lon=30.0&speed=0.0&heading=0.0&vacc=0&hacc=0&altitude=0&deviceid=123456", "123456 +60.0+30.0 -"),
        (
            "id=861001000719969&lat=41.666667&lon=-0.883333&altitude=350.059479&speed=0.000000&batt=87",
            "861001000719969 +41.666667-0.883333 -",
        ),
        ("id=123456&timestamp=1377177267&location=60.0,30.0", "123456 +60.0+30.0 1377177267"),
        (
            "id=123456789012345&timestamp=1504763810&lat=40.7232948571&lon=-74.0061408571&bearing=7.19889788244&speed=40&ignition=true&rpm=933&fuel=24",
            "123456789012345 +40.7232948571-74.0061408571 1504763810",
        ),
    ] {
        assert_eq!(one(Format::OsmAnd, &asked(query, "")), place);
        // The same as a form: where the query is empty.
        assert_eq!(one(Format::OsmAnd, &asked("", query)), place);
    }
    let cells = "id=123456&timestamp=1377177267&cell=257,02,16,2224&cell=257,02,16,2223,-90&wifi=00-14-22-01-23-45,-80&wifi=00-1C-B3-09-85-15,-70";
    assert_eq!(missing(Format::OsmAnd, &asked(cells, "")), Missing::Place);
    assert_eq!(told(Format::OsmAnd, &asked("timestamp=1377177267&lat=60.0&lon=30.0", "")), Err(osmand_no_id()));
}

fn osmand_no_id() -> &'static str {
    "there is no id: set the device identifier in the app"
}

/// `OsmAndProtocolDecoderTest.testDecodeJson`, of Traccar: what Traccar Client 9 sends.
#[test]
fn osmand_json_as_traccar_tests_it() {
    for (body, place) in [
        (
            r#"{"location":{"timestamp":"2025-06-15T13:45:12.862Z","coords":{"latitude":37.4219983,"longitude":-122.084,"accuracy":5,"speed":0,"heading":-1,"altitude":5},"is_moving":false,"odometer":0,"event":"motionchange","battery":{"level":1,"is_charging":false},"activity":{"type":"still"},"extras":{},"_":"&id=48241179&lat=37.4219983&lon=-122.084&timestamp=2025-06-15T13:45:12.862Z&"},"device_id":"48241179"}"#,
            "48241179 +37.4219983-122.084 1749995112.862 5 m",
        ),
        (
            r#"{"location":{"extras":{},"mock":true,"coords":{"speed_accuracy":-1,"speed":-1,"longitude":-122.406417,"ellipsoidal_altitude":0,"floor":null,"heading_accuracy":-1,"latitude":37.785834000000001,"accuracy":5,"altitude_accuracy":-1,"altitude":0,"heading":-1},"is_moving":false,"age":188,"odometer":0,"uuid":"2FB04C65-99CF-42AB-8DD3-EBCB4B108BF8","event":"motionchange","battery":{"level":-1,"is_charging":false},"activity":{"type":"unknown","confidence":100},"timestamp":"2025-05-09T04:11:30.579Z"},"device_id":"658765"}"#,
            "658765 +37.785834000000001-122.406417 1746763890.579 5 m",
        ),
        (
            r#"{"location":{"event":"motionchange","is_moving":false,"uuid":"0e9a2473-a9a7-4c00-997b-fb97d2154e75","timestamp":"2021-07-21T08:06:34.444Z","odometer":0,"coords":{"latitude":-6.1148096,"longitude":106.6837015,"accuracy":3.8,"speed":18.67,"speed_accuracy":0.26,"heading":63,"heading_accuracy":0.28,"altitude":35.7,"altitude_accuracy":3.8},"activity":{"type":"still","confidence":100},"battery":{"is_charging":false,"level":0.79},"extras":{}},"device_id":"8737767034"}"#,
            "8737767034 -6.1148096+106.6837015 1626854794.444 3.8 m",
        ),
    ] {
        assert_eq!(one(Format::OsmAnd, &json(body)), place);
    }
    // A heartbeat has no coordinates.
    for body in [
        r#"{"location":{"timestamp":"2025-06-15T13:45:12.862Z","event":"heartbeat"},"device_id":"1"}"#,
        r#"{"location":{"coords":null},"device_id":"1"}"#,
        r#"{"device_id":"1"}"#,
    ] {
        assert_eq!(missing(Format::OsmAnd, &json(body)), Missing::Place);
    }
    let nobody = r#"{"location":{"coords":{"latitude":1,"longitude":1}},"device_id":""}"#;
    assert_eq!(told(Format::OsmAnd, &json(nobody)), Err(osmand_no_id()));
}

#[test]
fn osmand_places_that_are_none() {
    for (query, what) in [
        ("id=1&lat=abc&lon=1", Missing::Sense("lat is not a number")),
        ("id=1&lat=1", Missing::Sense("lon is not a number")),
        ("id=1&lat=NaN&lon=1", Missing::Sense("lat is not a number")),
        ("id=1&lat=1e400&lon=1", Missing::Sense("lat is not a number")),
        ("id=1&location=5", Missing::Sense("location is not two numbers")),
        ("id=1&lat=1&lon=1&timestamp=yesterday", Missing::Sense("timestamp is not a time")),
        ("id=1&lat=1&lon=1&valid=false", Missing::Trust),
        ("id=1&lat=1&lon=1&valid=0", Missing::Trust),
    ] {
        assert_eq!(missing(Format::OsmAnd, &asked(query, "")), what, "{query}");
    }
    assert_eq!(one(Format::OsmAnd, &asked("id=1&lat=1&lon=1&valid=1&accuracy=x", "")), "1 +1+1 -");
}

/// The request in Overland's README, with a device ID.
const OVERLAND: &str = r#"{
  "locations": [
    {
      "type": "Feature",
      "geometry": {
        "type": "Point",
        "coordinates": [
          -122.030581, 
          37.331800
        ]
      },
      "properties": {
        "timestamp": "2015-10-01T08:00:00-0700",
        "altitude": 0,
        "speed": 4,
        "horizontal_accuracy": 30,
        "vertical_accuracy": -1,
        "motion": ["driving","stationary"],
        "pauses": false,
        "activity": "other_navigation",
        "desired_accuracy": 100,
        "deferred": 1000,
        "significant_change": "disabled",
        "locations_in_payload": 1,
        "battery_state": "charging",
        "battery_level": 0.89,
        "device_id": "aaron's phone",
        "wifi": ""
      }
    }
  ]
}"#;

#[test]
fn overland_as_its_readme_has_it() {
    assert_eq!(one(Format::Overland, &json(OVERLAND)), "aaron's%20phone +37.331800-122.030581 1443711600 30 m");
    let unnamed = OVERLAND.replace("aaron's phone", "");
    assert!(matches!(missing(Format::Overland, &json(&unnamed)), Missing::Sense(what) if what.contains("device_id")));
}

fn feature(longitude: &str, time: &str) -> String {
    format!(
        r#"{{"type":"Feature","geometry":{{"type":"Point","coordinates":[{longitude},1]}},"properties":{{"timestamp":"{time}","device_id":"p"}}}}"#
    )
}

/// <https://github.com/Freika/dawarich/issues/768>: a bad point must not take the others with it, nor vanish unseen; and
/// <https://github.com/aaronpk/Overland-iOS/issues/38>: the newest place comes beside the batch.
#[test]
fn overland_batches_hold_good_and_bad_and_the_newest_beside() {
    let [good, newest, trip] = ["1", "3", "4"].map(|longitude| feature(longitude, "2015-10-01T08:00:00Z"));
    let bad = [
        ("null", "not a GeoJSON feature"),
        ("5", "not a GeoJSON feature"),
        (r#"{"geometry":{"coordinates":[]},"properties":{}}"#, "there is no longitude"),
        (r#"{"geometry":{"coordinates":["x",1]},"properties":{}}"#, "there is no longitude"),
        (r#"{"geometry":{"coordinates":[1]},"properties":{}}"#, "there is no latitude"),
        (r#"{"geometry":{"coordinates":[1,1]},"properties":{"device_id":"p"}}"#, "there is no timestamp"),
    ];
    let features: Vec<&str> = bad.iter().map(|(feature, _)| *feature).chain([&*good]).collect();
    let body = format!(
        r#"{{"locations":[{}],"current":{newest},"trip":{{"distance":1,"current_location":{trip},"start_location":null}}}}"#,
        features.join(",")
    );
    let mut expected: Vec<_> = bad.iter().map(|(_, what)| Err(Missing::Sense(what))).collect();
    expected.extend(["1", "3", "4"].map(|longitude| Ok(format!("p +1+{longitude} 1443686400"))));
    assert_eq!(told(Format::Overland, &json(&body)), Ok(expected));
    let odd = r#"{"locations":[],"current":{},"trip":[]}"#;
    assert_eq!(told(Format::Overland, &json(odd)), Ok(vec![]));
    let visit = r#"{"locations":[{"type":"Feature","properties":{"type":"visit"}}]}"#;
    assert_eq!(missing(Format::Overland, &json(visit)), Missing::Place);
}

/// What `CustomUrlManager.java` makes of the template that its settings propose, of `%ALL`, and of some that people wrote.
#[test]
fn gpslogger_takes_the_templates_that_people_write() {
    let time = "2023-11-14T22:13:20.000Z";
    for (query, body) in [
        (format!("id=car&lat=48.85&longitude=2.29&time={time}&s=0.0"), ""),
        ("id=car&lat=48.85&lon=2.29&sat=0&desc=&alt=224.0&acc=12.0&dir=0.0&prov=gps&spd_kph=0.0&spd=0.0&timestamp=1700000000&timeoffset=2023-11-14T23:13:20.000+01:00&time=2023-11-14T22:13:20.000Z&starttimestamp=1699999999&date=2023-11-14&batt=50.0&ischarging=false&aid=4c9f0e&ser=unknown&act=&filename=20231114&profile=Default+Profile&hdop=&vdop=&pdop=&dist=0".into(), ""),
        ("id=car&lat=48.85&lon=2.29&time=2023-11-14T23:13:20.000+01:00".into(), ""),
        ("id=car".into(), "lat=48.85&lon=2.29&timestamp=1700000000"),
        (String::new(), r#"{"id":"car","lat":48.85,"lon":"2.29","timestamp":1700000000}"#),
        // https://github.com/mendhak/gpslogger/issues/519: an `&` that nobody escaped.
        ("id=car&desc=tea&biscuits&lat=48.85&lon=2.29&timestamp=1700000000".into(), ""),
    ] {
        let place = one(Format::GpsLogger, &asked(&query, body));
        assert_eq!(place.trim_end_matches(" 12.0 m"), "car +48.85+2.29 1700000000", "{query}");
    }
    assert!(one(Format::GpsLogger, &asked("aid=4c9f0e&lat=1&lon=1&timestamp=1", "")).starts_with("4c9f0e "));
}

#[test]
fn gpslogger_templates_that_lack_something_say_what() {
    for (query, what) in [
        ("lat=1&lon=1&timestamp=1", "id=NAME"),
        ("id=car&lat=1&timestamp=1", "lat=%LAT&lon=%LON"),
        ("id=car&lat=1&lon=1", "timestamp=%TIMESTAMP"),
    ] {
        let why = told(Format::GpsLogger, &asked(query, "")).expect_err(query);
        assert!(why.contains(what), "{why}");
    }
    assert!(matches!(missing(Format::GpsLogger, &asked("id=c&lat=%25LAT&lon=1&timestamp=1", "")), Missing::Sense(_)));
}

proptest! {
    /// Whatever a request holds, each place that is read has an ID that is one field, and numbers that are numbers.
    #[test]
    fn hostile_requests_make_no_lines(
        query in "([a-z&=%.0-9+]|id=|lat=|lon=|timestamp=|[ -~]){0,60}",
        body in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..80),
            "[\\{\\}\\[\\]\":,a-z0-9.eE_-]{0,80}".prop_map(String::into_bytes),
            "[ -~]{0,20}".prop_map(|id| format!(r#"{{"_type":"location","lat":1,"lon":"{id}","tst":1,"device_id":"{id}","location":{{"coords":{{"latitude":1,"longitude":1}}}}}}"#).into_bytes()),
        ],
        user in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..9)),
        is_json: bool,
    ) {
        let user = user.as_deref();
        let asked = Asked { query: query.as_bytes(), user, device: user, is_json, body: &body };
        for format in Format::ALL {
            for fix in format.read(&asked).into_iter().flatten().flatten() {
                prop_assert!(herd::Sighting::new(&fix.client, b"+0+0", b"0").is_ok());
                let position = fix.position();
                prop_assert!(position.bytes().all(|byte| matches!(byte, b'+' | b'-' | b'.' | b'0'..=b'9')), "{}", position);
                prop_assert!(fix.time.is_none_or(|time| herd::Timestamp::parse(time.text.as_bytes()) == Some(time.at)));
            }
        }
    }
}

/// Nesting, long numbers and a thousand points cost what their bytes cost.
#[test]
fn deep_and_long_bodies_are_read_or_refused() {
    let deep = format!(r#"{{"_type":"location","x":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    for format in [Format::OwnTracks, Format::Overland, Format::GpsLogger] {
        assert!(format.read(&json(&deep)).is_err());
    }
    let long = format!(r#"{{"_type":"location","lat":1.{},"lon":1,"tst":1}}"#, "0".repeat(100_000));
    assert_eq!(missing(Format::OwnTracks, &asked("u=a&d=b", &long)), Missing::Sense("lat is not a number"));
    let point = feature("1", "2015-10-01T08:00:00Z");
    let body = format!(r#"{{"locations":[{}]}}"#, vec![&*point; 1000].join(","));
    assert_eq!(told(Format::Overland, &json(&body)).expect("it can be read").len(), 1000);
}
