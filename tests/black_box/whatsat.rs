//! WHATSAT, answered from the places that the program brings along.

use herd_tests::client::Client;
use herd_tests::graphs::{cycle, single};
use herd_tests::herd::Plan;

use crate::binaries;

/// Real places around Westwood, nearest first, in the shape of Google's.
#[test]
fn real_places_around_westwood() {
    let herd = Plan::new(&binaries(), &single()).start();
    let at = herd.report("A", "kiwi.cs.ucla.edu", "1479413884.392014450");
    let mut client = herd.client("A");
    client.send("WHATSAT kiwi.cs.ucla.edu 10 5\n");
    let reply = client.whatsat();
    assert_eq!((&reply.at, reply.count(), reply.status().as_str()), (&at, 5, "OK"));
    assert!(reply.json.starts_with("{\n   \"html_attributions\" : ["), "{}", reply.json);
    assert!(reply.json.contains("GeoNames"), "{}", reply.json);
    let value = reply.value();
    let first = value["results"][0]["name"].as_str().expect("a name");
    assert!(first.contains("Westwood"), "{first}");
    for result in value["results"].as_array().expect("a list") {
        let location = &result["geometry"]["location"];
        assert!(location["lat"].is_number() && location["lng"].is_number(), "{result}");
        assert!(result["types"].is_array() && result["vicinity"].is_string() && result["place_id"].is_string());
    }
}

/// Each bound from 0 to 20 gives that many results, and nothing else differs in shape.
#[test]
fn every_bound() {
    let herd = Plan::new(&binaries(), &single()).start();
    let _at = herd.report("A", "kiwi", "1");
    let mut client = herd.client("A");
    let mut longest = Vec::new();
    for bound in 0..=20 {
        client.send(format!("WHATSAT kiwi 50 {bound}\n"));
        let reply = client.whatsat();
        assert_eq!((reply.count(), reply.status().as_str()), (bound, "OK"));
        let results = reply.results();
        assert!(results.starts_with(&longest), "with a bound of {bound} the nearest differ");
        longest = results;
    }
}

/// Radii from 0 to 50, exact at the ends.
#[test]
fn every_kind_of_radius() {
    let herd = Plan::new(&binaries(), &single()).start();
    let _at = herd.report("A", "kiwi", "1");
    let mut client = herd.client("A");
    let mut ask = |radius: &str| {
        client.send(format!("WHATSAT kiwi {radius} 20\n"));
        client.whatsat()
    };
    for (radius, count) in
        [("0", 0), ("0.0", 0), ("50", 20), ("50.000", 20), ("050", 20), ("49.999999999999999999", 20)]
    {
        let reply = ask(radius);
        let status = if count == 0 { "ZERO_RESULTS" } else { "OK" };
        assert_eq!((reply.count(), reply.status().as_str()), (count, status), "radius {radius}");
    }
    let reply = ask("10");
    assert!((5..20).contains(&reply.count()), "{}", reply.count());
    assert_eq!(ask("0010.000").json, reply.json);
}

/// The reply ends in exactly two newlines, and has no two before.
#[test]
fn two_newlines_end_a_reply() {
    let herd = Plan::new(&binaries(), &single()).start();
    let _at = herd.report("A", "kiwi", "1");
    for bound in [0, 5] {
        let reply = herd.converse("A", format!("WHATSAT kiwi 10 {bound}\n"));
        let text = String::from_utf8(reply).expect("text");
        assert_eq!(text.find("\n\n"), Some(text.len() - 2), "{text:?}");
    }
}

/// At the poles, across the 180th meridian, and in the middle of nowhere.
#[test]
fn at_the_edges_of_the_map() {
    let herd = Plan::new(&binaries(), &single()).start();
    let mut client = herd.client("A");
    for (index, position) in ["+90+0", "-90-180", "-48.87-123.39", "+0+180"].into_iter().enumerate() {
        let _at = client.ask(format!("IAMAT far{index} {position} 1"));
        client.send(format!("WHATSAT far{index} 50 20\n"));
        assert_eq!(client.whatsat().status(), "ZERO_RESULTS", "{position}");
    }
    // Taveuni in Fiji lies on the meridian, with a town to each side of it within reach.
    let names = |client: &mut Client, position: &str| {
        let _at = client.ask(format!("IAMAT fiji{position} {position} 1"));
        client.send(format!("WHATSAT fiji{position} 50 20\n"));
        client.whatsat().names()
    };
    assert_eq!(names(&mut client, "-16.8+180"), names(&mut client, "-16.8-180"));
}

/// Another server of the herd gives the same reply to the byte.
#[test]
fn the_same_at_every_server() {
    let herd = Plan::new(&binaries(), &cycle()).start();
    let at = herd.report("Alford", "kiwi.cs.ucla.edu", "1479413884.392014450");
    herd.wait_until_all_know("kiwi.cs.ucla.edu", &at);
    let ask = |name: &str| herd.converse(name, "WHATSAT kiwi.cs.ucla.edu 10 5\n");
    let first = ask("Alford");
    assert!(first.starts_with(format!("{at}\n{{").as_bytes()));
    for name in ["Ball", "Hamilton", "Holiday", "Welsh"] {
        assert_eq!(first.escape_ascii().to_string(), ask(name).escape_ascii().to_string());
    }
}
