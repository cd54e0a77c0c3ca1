//! Google's two APIs, asked by the sources that a herd has, over real sockets.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use herd::values::Radius;
use herd::{Places, Position, Query, Status, Unavailable};
use herd_places::{Embedded, Google, GoogleLegacy, Key, Remote, Source, trust};
use herd_places_sim::{Fault, Faults, Options, PlacesSim};
use serde_json::Value;

const KEY: &str = "AIza+secret/key=";
const LONG: Duration = Duration::from_secs(20);

fn sim(tls: bool) -> PlacesSim {
    PlacesSim::start(Options { key: Some(KEY.into()), tls, ..Options::default() }).expect("a free port")
}

/// Both sources, asking that server.
fn sources(sim: &PlacesSim, key: &str, timeout: Duration) -> [Box<dyn Source>; 2] {
    let remote = |url| {
        let trust = sim.certificate_pem().map(|pem| {
            let file = std::env::temp_dir().join(format!("herd-{}-{}.pem", std::process::id(), sim.address().port()));
            std::fs::write(&file, pem).expect("a file");
            trust(&file).expect("a certificate")
        });
        Remote { url: Some(url), key: Some(Key::new(key).expect("a key")), trust }
    };
    [
        Box::new(Google::new(remote(sim.url_new()), timeout)),
        Box::new(GoogleLegacy::new(remote(sim.url_legacy()), timeout)),
    ]
}

fn query(km: &str, bound: u8) -> Query {
    let at = Position::new(34.06893, -118.445_127).expect("on the globe");
    Query { at, radius: Radius::parse_km(km.as_bytes()).expect("a radius"), bound }
}

fn json(places: &Places, bound: u8) -> Value {
    let mut out = Vec::new();
    places.write(bound, &mut out);
    serde_json::from_slice(&out).expect("JSON")
}

/// What Google's documentation of the legacy Nearby Search says of the fields that a source may give.
fn check_shape(reply: &Value) {
    assert!(reply["html_attributions"].is_array() && reply["status"].is_string(), "{reply}");
    for result in reply["results"].as_array().expect("results") {
        let location = &result["geometry"]["location"];
        assert!(location["lat"].is_f64() && location["lng"].is_f64(), "{result}");
        for text in ["name", "place_id", "vicinity"] {
            assert!(result[text].as_str().is_some_and(|text| !text.is_empty()), "{text} of {result}");
        }
        assert!(result["types"].as_array().expect("types").iter().all(Value::is_string));
        if let Some(viewport) = result["geometry"].get("viewport") {
            let (northeast, southwest) = (&viewport["northeast"], &viewport["southwest"]);
            assert!(northeast["lat"].as_f64() > southwest["lat"].as_f64(), "{viewport}");
            assert!(northeast["lng"].as_f64() > southwest["lng"].as_f64(), "{viewport}");
        }
    }
}

fn names(reply: &Value) -> Vec<&str> {
    reply["results"].as_array().expect("results").iter().filter_map(|result| result["name"].as_str()).collect()
}

fn failures(sim: &PlacesSim, key: &str, timeout: Duration) -> Vec<Unavailable> {
    let failures = sources(sim, key, timeout).map(|source| match source.nearby(&query("10", 20)) {
        Err(error) => error,
        Ok(places) => panic!("places: {}", json(&places, 20)),
    });
    for failure in &failures {
        assert!(!failure.message.contains("secret") && !failure.message.contains("127.0.0.1"), "{failure}");
    }
    failures.into()
}

#[test]
fn all_sources_have_the_same_places_in_the_same_order() {
    let sim = sim(true);
    for (km, bound, gzip) in [("10", 20, false), ("10", 5, true), ("10", 0, true), ("0", 5, false), ("50", 20, true)] {
        sim.set(Faults { chunked: Some(100), gzip, ..Faults::default() });
        let embedded = json(&Embedded::new().nearby(&query(km, bound)).expect("places"), bound);
        check_shape(&embedded);
        for source in sources(&sim, KEY, LONG) {
            let reply = json(&source.nearby(&query(km, source.least_bound())).expect("places"), bound);
            check_shape(&reply);
            assert_eq!(names(&reply), names(&embedded), "{km} km, {bound}");
        }
    }
}

#[test]
fn what_passes_is_asked_again() {
    for fault in [Fault::Status(503), Fault::Status(502), Fault::Status(504), Fault::Reset] {
        let sim = sim(false);
        for source in sources(&sim, KEY, LONG) {
            let before = sim.requests().len();
            sim.set(Faults { fault: Some(fault), first: Some(2), ..Faults::default() });
            assert!(source.nearby(&query("10", 20)).is_ok(), "{fault:?}");
            assert_eq!(sim.requests().len() - before, 3, "{fault:?}");
        }
    }
}

#[test]
fn what_lasts_is_not_asked_again() {
    let sim = sim(false);
    for (status, word) in [(400, Status::InvalidRequest), (403, Status::RequestDenied), (429, Status::OverQueryLimit)] {
        let before = sim.requests().len();
        sim.set(Faults { fault: Some(Fault::Status(status)), ..Faults::default() });
        let failures = failures(&sim, KEY, LONG);
        assert_eq!(failures[0].status, word);
        assert!(failures.iter().all(|failure| failure.message.ends_with(": told to fail")), "{failures:?}");
        assert_eq!(sim.requests().len() - before, 2, "one for each source");
    }
}

#[test]
fn a_pause_that_is_asked_for_is_made_if_there_is_time() {
    let sim = sim(false);
    for source in sources(&sim, KEY, LONG) {
        let faults =
            Faults { fault: Some(Fault::Status(429)), retry_after: Some(1), first: Some(1), ..Faults::default() };
        sim.set(faults);
        let start = Instant::now();
        assert!(source.nearby(&query("10", 20)).is_ok());
        assert!(start.elapsed() >= Duration::from_secs(1));
    }
    let before = sim.requests().len();
    sim.set(Faults { fault: Some(Fault::Status(429)), retry_after: Some(30), ..Faults::default() });
    assert!(failures(&sim, KEY, LONG).iter().all(|failure| failure.message.contains("429")));
    assert_eq!(sim.requests().len() - before, 2, "thirty seconds are too long");
}

#[test]
fn a_wrong_key_is_told_and_not_shown() {
    let sim = sim(false);
    let new = &failures_of_new(&sim, "AIza-other-secret");
    assert_eq!(new.status, Status::RequestDenied);
    assert!(new.message.ends_with("API key not valid. Please pass a valid API key."), "{new}");
    let legacy = &sources(&sim, "AIza-other-secret", LONG)[1];
    let reply = json(&legacy.nearby(&query("10", 20)).expect("Google's own reply"), 20);
    assert_eq!((reply["status"].as_str(), names(&reply).len()), (Some("REQUEST_DENIED"), 0));
}

fn failures_of_new(sim: &PlacesSim, key: &str) -> Unavailable {
    let error = sources(sim, key, LONG)[0].nearby(&query("10", 20)).expect_err("a wrong key");
    assert!(!error.message.contains("secret"), "{error}");
    error
}

#[test]
fn every_way_to_be_ill_is_told() {
    let sim = sim(false);
    for (fault, part) in [
        (Fault::Garbage, "did not speak HTTP"),
        (Fault::Truncate, "broke the connection off"),
        (Fault::OtherShape, "not a Nearby Search reply"),
        (Fault::Large, "more than 2 MiB"),
        (Fault::Status(500), "HTTP 500"),
        (Fault::Reset, "broke the connection off"),
    ] {
        sim.set(Faults { fault: Some(fault), ..Faults::default() });
        for failure in failures(&sim, KEY, LONG) {
            assert_eq!(failure.status, Status::UnknownError);
            assert!(failure.message.contains(part), "{fault:?}: {failure}");
        }
    }
}

#[test]
fn a_source_that_is_slow_is_waited_for_so_long() {
    let sim = sim(false);
    sim.hold();
    let start = Instant::now();
    for failure in failures(&sim, KEY, Duration::from_millis(200)) {
        assert_eq!(failure.message, "the places source took too long to answer");
    }
    assert!(start.elapsed() >= Duration::from_millis(400));
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let sim = sim(true);
    let source = Google::new(Remote { url: Some(sim.url_new()), ..Remote::default() }, LONG);
    let error = source.nearby(&query("10", 20)).expect_err("nobody vouches");
    assert_eq!(error.message, "no secure connection to the places source: TLS failed");
    assert_eq!(sim.requests(), []);
}

#[test]
fn a_source_that_is_down_is_left_alone_and_tried_again() {
    let first = sim(false);
    let listen: SocketAddr = first.address();
    let [google, _] = sources(&first, KEY, LONG);
    assert!(google.nearby(&query("10", 20)).is_ok());
    first.set(Faults { fault: Some(Fault::Status(500)), ..Faults::default() });
    for _ in 0..5 {
        assert!(google.nearby(&query("10", 20)).is_err());
    }
    let before = first.requests().len();
    let error = google.nearby(&query("10", 20)).expect_err("it is down");
    assert_eq!(error.message, "the places source is down; it is tried again in a moment");
    assert_eq!(first.requests().len(), before, "nobody asked it");
    drop(first);
    let deadline = Instant::now() + LONG;
    let again = loop {
        match PlacesSim::start(Options { listen, key: Some(KEY.into()), ..Options::default() }) {
            Ok(sim) => break sim,
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
        std::thread::yield_now();
    };
    while google.nearby(&query("10", 20)).is_err() {
        assert!(Instant::now() < deadline, "it is never tried again");
        std::thread::park_timeout(Duration::from_millis(20));
    }
    assert!(!again.requests().is_empty());
}
