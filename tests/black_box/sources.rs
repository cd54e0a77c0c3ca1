//! The places sources of a server: Google's new API, a file of one's own, one fetch for many.

use std::fs;

use herd_places_sim::{Faults, Options, PlacesSim};
use herd_tests::graphs::single;
use herd_tests::herd::Plan;
use herd_tests::patience::wait_for;
use herd_tests::process::Signal;

use crate::{assert_fails, binaries, whatsat};

const KEY: &str = "sesame-4711";

/// A GeoJSON file with one place, a hundred metres from where the client is.
fn branch(name: &str) -> String {
    format!(
        r#"{{"type": "FeatureCollection", "features": [{{"type": "Feature", "id": 7,
            "geometry": {{"type": "Point", "coordinates": [-118.445127, 34.0698]}},
            "properties": {{"name": "{name}", "types": ["store"], "vicinity": "Westwood", "opened": 1999}}}}]}}"#
    )
}

/// Google's two APIs, over TLS, one in chunks, have the names that the embedded places have.
#[test]
fn every_source_has_the_same_places() {
    let embedded = whatsat(&Plan::new(&binaries(), &single()).start(), 5).names();
    assert_eq!(embedded.len(), 5);
    let options = Options { tls: true, key: Some(KEY.into()), ..Options::default() };
    let sim = PlacesSim::start(options).expect("a free port");
    let folder = tempfile::tempdir().expect("a folder");
    let certificate = folder.path().join("sim.pem");
    fs::write(&certificate, sim.certificate_pem().expect("it speaks TLS")).expect("a file");
    let trust = certificate.to_str().expect("a path of text");
    for (source, url, chunked) in [("google", sim.url_new(), None), ("google-legacy", sim.url_legacy(), Some(100))] {
        sim.set(Faults { chunked, ..Faults::default() });
        let flags = ["--places", source, "--places-url", &url, "--places-ca-file", trust];
        let herd = Plan::new(&binaries(), &single()).with(&flags).with_variable("HERD_PLACES_KEY", KEY).start();
        assert_eq!(whatsat(&herd, 5).names(), embedded, "{source}");
    }
}

/// A hundred WHATSATs for one place, asked while the first is fetched, make one fetch.
#[test]
fn one_fetch_for_many() {
    let sim = PlacesSim::start(Options::default()).expect("a free port");
    sim.hold();
    let flags = ["--places", "google", "--places-url", &sim.url_new(), "--log-filter", "debug"];
    let herd = Plan::new(&binaries(), &single()).with(&flags).with_variable("HERD_PLACES_KEY", KEY).start();
    let _at = herd.report("A", "kiwi", "1479413884.392014450");
    let mut clients: Vec<_> = (0..100).map(|_| herd.client("A")).collect();
    for (bound, client) in (0..).zip(&mut clients) {
        client.send(format!("WHATSAT kiwi 50 {}\n", bound % 21));
    }
    wait_for("all to have asked", || {
        let asked =
            herd.log_text("A").lines().filter(|line| line.contains("received") && line.contains("WHATSAT")).count();
        (asked == 100).then_some(())
    });
    sim.release();
    for (bound, client) in (0..).zip(&mut clients) {
        assert_eq!(client.whatsat().count(), bound % 21, "each has its own bound");
    }
    assert_eq!(sim.requests().len(), 1);
}

/// A client that goes away while its places are fetched takes nothing from those who stay.
#[test]
fn who_goes_away_costs_nothing() {
    let sim = PlacesSim::start(Options::default()).expect("a free port");
    sim.hold();
    let flags = ["--places", "google-legacy", "--places-url", &sim.url_legacy()];
    let herd = Plan::new(&binaries(), &single()).with(&flags).start();
    let _at = herd.report("A", "kiwi", "1479413884.392014450");
    let mut stays = herd.client("A");
    {
        let mut goes = herd.client("A");
        goes.send("WHATSAT kiwi 10 5\n");
        wait_for("the fetch", || (sim.requests().len() == 1).then_some(()));
        stays.send("WHATSAT kiwi 10 3\n");
    }
    sim.release();
    assert_eq!(stays.whatsat().count(), 3);
}

/// Points of one's own, read again on SIGHUP; a bad file is told, and the old points stay.
#[test]
fn a_file_is_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("branches.geojson");
    fs::write(&file, branch("First")).expect("a file");
    let flags = ["--places", "file", "--places-file", file.to_str().expect("a path of text")];
    let mut herd = Plan::new(&binaries(), &single()).with(&flags).start();
    assert_eq!(whatsat(&herd, 5).names(), ["First"]);
    let mut signal_and_wait = |text: &str, told: &str| {
        fs::write(&file, text).expect("a file");
        herd.process("A").signal(Signal::HUP);
        wait_for(told, || herd.log_text("A").contains(told).then_some(()));
        whatsat(&herd, 5).names()
    };
    let bad = branch("Bad").replace("34.0698", "134");
    assert_eq!(signal_and_wait(&bad, "the old ones stay"), ["First"]);
    assert_eq!(signal_and_wait(&branch("Second"), "places read again"), ["Second"]);
    let told = herd.log_text("A");
    assert!(told.contains("line 1: feature 1: longitude -118.445127, latitude 134 is not on the globe"), "{told}");
}

/// What is no place is skipped, and told once; strictly, nothing is.
#[test]
fn what_is_no_place_is_skipped() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("branches.geojson");
    let odd = r#""features": [{"type": "Feature", "geometry": null, "properties": {}}, "#;
    fs::write(&file, branch("Well").replace("\"features\": [", odd)).expect("a file");
    let flags = ["--places", "file", "--places-file", file.to_str().expect("a path of text")];
    let herd = Plan::new(&binaries(), &single()).with(&flags).start();
    assert_eq!(whatsat(&herd, 5).names(), ["Well"]);
    let told = herd.log_text("A");
    assert!(told.contains("1 of 2 features skipped; the first is on line 1: feature 1: it has no geometry"), "{told}");
    assert_eq!(told.matches("skipped").count(), 2, "the event and its one line: {told}");
    let strict = binaries().output(&[&["up", "--places-strict"][..], &flags].concat());
    assert_fails(&strict, 2, &["line 1: feature 1: it has no geometry"]);
}

/// A bad file at the start: one line, exit code 2, and no server.
#[test]
fn a_bad_file_is_wrong_use() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("branches.geojson");
    let path = file.to_str().expect("a path of text");
    let cases = [
        (None, "cannot be read"),
        (Some("{".to_owned()), "is no GeoJSON FeatureCollection"),
        (Some(branch("x").replace("FeatureCollection", "Feature")), "its type is"),
        (Some(branch("x").replace("Point", "LineString")), "line 1: feature 1: it is a LineString"),
        (Some(branch("")), "its properties have no name"),
        (Some(branch("x").replace("\"name\"", "\"title\"")), "is it \"title\"? Then set places-name"),
    ];
    for (text, part) in cases {
        if let Some(text) = text {
            fs::write(&file, text).expect("a file");
        }
        let output = binaries().output(&["up", "--places", "file", "--places-file", path]);
        assert_fails(&output, 2, &[part, path]);
    }
}
