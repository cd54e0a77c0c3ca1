//! The API of the HTTP door: what lines ask, in the words of HTTP.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::process::Stdio;

use herd_tests::graphs::{Graph, pair, single};
use herd_tests::herd::{Herd, Plan};
use herd_tests::http::{EventStream, HttpClient};
use herd_tests::patience::wait_for;
use herd_tests::process::Process;
use serde_json::{Value, json};

use crate::binaries;

fn start() -> Herd {
    Plan::new(&binaries(), &single()).with_http().start()
}

/// What an answer of that status says.
fn ask(client: &mut HttpClient, method: &str, target: &str, body: &str) -> Value {
    let answer = client.ask(method, target, &[], body);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn ids(collection: &Value) -> Vec<&str> {
    let features = collection["features"].as_array().expect("features");
    features.iter().map(|feature| feature["id"].as_str().expect("text")).collect()
}

/// A client is told, asked for on the same connection and by a line, and forgotten; its digits stay as they were said.
#[test]
fn a_client_from_its_first_report_to_its_end() {
    let herd = start();
    let mut http = herd.http("A");
    let put = "{\"lat\": 34.0689300, \"lng\": -1.18445127e2, \"time\": \"1479413884.392014450\"}";
    let told = ask(&mut http, "PUT", "/v1/clients/kiwi", put);
    let answer = http.ask("GET", "/v1/clients/kiwi", &[], "");
    assert_eq!((answer.header("content-type"), answer.json()), (Some("application/geo+json"), told));
    let text = answer.text();
    assert!(text.contains("\"coordinates\":[-118.445127,34.0689300]"), "{text}");
    assert!(text.contains("\"origin\":\"A\"") && text.contains("\"time\":\"1479413884.392014450\""), "{text}");
    let near = herd.converse("A", "NEAR +34-118 100 1\n");
    let near = String::from_utf8(near).expect("text");
    assert!(near.contains(" kiwi +34.0689300-118.445127 1479413884.392014450\n"), "{near}");
    // What is older is passed on, and not kept.
    ask(&mut http, "PUT", "/v1/clients/kiwi", "{\"lat\": 1, \"lng\": 1, \"time\": 1479413883}");
    assert_eq!(
        ask(&mut http, "GET", "/v1/clients/kiwi", "")["geometry"]["coordinates"],
        json!([-118.445_127, 34.06893])
    );
    // Without a time it is the server's.
    let now = ask(&mut http, "PUT", "/v1/clients/kiwi", "{\"lat\": 1, \"lng\": -0.5}");
    assert_eq!(now["properties"]["skew"], "+0.000000000");
    let gone = ask(&mut http, "DELETE", "/v1/clients/kiwi", "");
    assert_eq!((&gone["geometry"], &gone["properties"]["time"]), (&Value::Null, &now["properties"]["time"]));
    assert_eq!(http.ask("GET", "/v1/clients/kiwi", &[], "").problem(404), "no such client is known");
    // Up to a time: what is newer stays, and is told.
    ask(&mut http, "PUT", "/v1/clients/moa", "{\"lat\": 1, \"lng\": 1, \"time\": 1479413884}");
    let kept = ask(&mut http, "DELETE", "/v1/clients/moa?time=1479413883", "");
    assert_eq!(kept["geometry"]["coordinates"], json!([1, 1]));
}

/// Any bytes but white space can be in an ID, and each has its place in a URL and in JSON.
#[test]
fn every_id_has_a_url() {
    let herd = start();
    let mut http = herd.http("A");
    for (url, text) in [
        ("a%2Fb", "a/b"),
        ("%3Cb%3Ebold%3C%2Fb%3E", "<b>bold</b>"),
        ("50%25", "50%25"),
        ("%FF%00", "%FF\0"),
        ("Z%C3%BCrich", "Zürich"),
        ("a+b", "a+b"),
        ("..", ".."),
    ] {
        let told = ask(&mut http, "PUT", &format!("/v1/clients/{url}"), "{\"lat\": 1, \"lng\": 1}");
        assert_eq!(told["id"], text);
        assert_eq!(ask(&mut http, "GET", &format!("/v1/clients/{url}"), "")["id"], text);
    }
    assert!(http.ask("GET", "/v1/clients/a%20b", &[], "").problem(400).contains("white space"));
    let all = ask(&mut http, "GET", "/v1/clients", "");
    assert_eq!((ids(&all).len(), &all["next"]), (7, &Value::Null));
}

/// Whoever takes page after page has every client once.
#[test]
fn pages_of_clients() {
    let herd = start();
    let mut http = herd.http("A");
    for number in 0..25 {
        let (client, kind) = (number, if number % 5 == 0 { "ship" } else { "truck%25" });
        ask(&mut http, "PUT", &format!("/v1/clients/{kind}-{client}"), "{\"lat\": 1, \"lng\": 1}");
    }
    let (mut met, mut after) = (Vec::new(), String::new());
    loop {
        let page = ask(&mut http, "GET", &format!("/v1/clients?limit=7{after}"), "");
        met.extend(ids(&page).into_iter().map(str::to_owned));
        let Some(next) = page["next"].as_str() else { break };
        assert_eq!((ids(&page).len(), ids(&page).last()), (7, Some(&next)));
        // As text that is percent-encoded already where it has a `%`.
        after = format!("&after={next}");
    }
    assert_eq!((met.len(), met.iter().collect::<BTreeSet<_>>().len()), (25, 25));
    assert_eq!(ids(&ask(&mut http, "GET", "/v1/clients?match=ship-*", "")).len(), 5);
    assert_eq!(ids(&ask(&mut http, "GET", "/v1/clients?match=ship-5", "")), ["ship-5"]);
}

/// The nearest first, with their distances; around a client, that is not among them.
#[test]
fn who_is_near() {
    let herd = start();
    let mut http = herd.http("A");
    for (client, lng) in [("one", "0.01"), ("two", "0.02"), ("far", "1")] {
        ask(&mut http, "PUT", &format!("/v1/clients/{client}"), &format!("{{\"lat\": 0, \"lng\": {lng}}}"));
    }
    let near = ask(&mut http, "GET", "/v1/near?lat=0&lng=0&radius=10", "");
    assert_eq!(ids(&near), ["one", "two"]);
    let km = near["features"][0]["properties"]["distance"].as_f64().expect("a number");
    assert!((km - 1.11195).abs() < 1e-4, "{km}");
    assert_eq!(ids(&ask(&mut http, "GET", "/v1/near?client=two&radius=10.5&bound=1", "")), ["one"]);
    assert_eq!(ids(&ask(&mut http, "GET", "/v1/near?lat=+0&lng=-0&radius=200&match=f*&heard=60", "")), ["far"]);
    assert!(http.ask("GET", "/v1/near?client=none&radius=1", &[], "").problem(404).contains("no such client"));
    for (wrong, told) in [
        ("", "the parameter lat is missing"),
        ("lat=1&lng=1", "the parameter radius is missing"),
        ("lat=1&lng=181&radius=1", "lat is from -90 to 90"),
        ("lat=1&lng=1&radius=20017", "invalid radius"),
        ("lat=1&lng=1&client=one&radius=1", "not both"),
        ("lat=1&lng=1&radius=1&bound=1001", "invalid bound"),
        ("lat=1&lng=1&radius=1&heard=0", "invalid heard"),
    ] {
        let told_of = http.ask("GET", &format!("/v1/near?{wrong}"), &[], "").problem(400);
        assert!(told_of.contains(told), "{wrong}: {told_of}");
    }
}

/// Places as a WHATSAT has them.
#[test]
fn places_near_a_client() {
    let herd = start();
    let mut http = herd.http("A");
    ask(&mut http, "PUT", "/v1/clients/kiwi", "{\"lat\": 34.068930, \"lng\": -118.445127}");
    let answer = http.ask("GET", "/v1/clients/kiwi/places?radius=10&bound=3", &[], "");
    assert_eq!(answer.json()["results"].as_array().map(Vec::len), Some(3));
    let line = String::from_utf8(herd.converse("A", "WHATSAT kiwi 10 3\n")).expect("text");
    let (_, places) = line.split_once('\n').expect("an AT line");
    assert_eq!(answer.text().trim_end(), places.trim_end());
    assert_eq!(http.ask("GET", "/v1/clients/moa/places?radius=10", &[], "").status, 404);
    assert!(http.ask("GET", "/v1/clients/kiwi/places?radius=51", &[], "").problem(400).contains("from 0 to 50"));
}

/// What others report is told as it comes, also what another server heard; whoever was here before begins anew.
#[test]
fn events_of_a_watch() {
    let herd = Plan::new(&binaries(), &pair()).with_http().start();
    let mut http = herd.http("A");
    ask(&mut http, "PUT", "/v1/clients/truck-1", "{\"lat\": 1, \"lng\": 2, \"time\": 1}");
    let mut events = EventStream::open(herd.door("A"), "/v1/watch?match=truck-*", &[]);
    let first = events.expect("seen");
    assert_eq!((&first.json()["id"], first.id.as_deref()), (&"truck-1".into(), Some("1")));
    events.expect("watching");
    ask(&mut herd.http("B"), "PUT", "/v1/clients/truck-2", "{\"lat\": 1, \"lng\": 2}");
    let seen = events.expect("seen").json();
    assert_eq!((&seen["id"], &seen["properties"]["origin"]), (&"truck-2".into(), &"B".into()));
    ask(&mut http, "PUT", "/v1/clients/ship", "{\"lat\": 1, \"lng\": 2}");
    ask(&mut http, "DELETE", "/v1/clients/truck-1", "");
    let gone = events.expect("forgotten").json();
    assert_eq!((&gone["id"], &gone["geometry"]), (&"truck-1".into(), &Value::Null));
    let mut anew = EventStream::open(herd.door("A"), "/v1/watch?match=truck-2", &[("Last-Event-ID", "9")]);
    anew.expect("again");
    anew.expect("seen");
    anew.expect("watching");
    wait_for("both to be counted", || (herd.status("A")["watchers"] == 2).then_some(()));
    drop((events, anew));
    wait_for("nobody to watch", || (herd.status("A")["watchers"] == 0).then_some(()));
}

/// A fence tells who comes and who goes; a circle, who is seen and who has left.
#[test]
fn events_of_a_fence_and_of_a_circle() {
    let herd = start();
    let mut http = herd.http("A");
    let mut go = |lng: &str, time: u32| {
        let body = format!("{{\"lat\": 0, \"lng\": {lng}, \"time\": {time}}}");
        ask(&mut http, "PUT", "/v1/clients/kiwi", &body);
    };
    go("0.01", 1);
    let mut fence = EventStream::open(herd.door("A"), "/v1/watch?lat=0&lng=0&radius=5&fence", &[]);
    let mut circle = EventStream::open(herd.door("A"), "/v1/watch?lat=0&lng=0&radius=5", &[]);
    for (stream, there, gone) in [(&mut fence, "enter", "leave"), (&mut circle, "seen", "left")] {
        stream.expect(there);
        stream.expect("watching");
        let _ = gone;
    }
    go("0.02", 2);
    circle.expect("seen");
    go("1", 3);
    circle.expect("left");
    assert_eq!(fence.expect("leave").json()["properties"]["time"], "3");
    go("0", 4);
    assert_eq!(fence.expect("enter").json()["properties"]["time"], "4");
}

/// One that is being connected to is not up yet: what is said of servers agrees with the metrics.
#[test]
fn a_neighbour_that_does_not_answer_is_not_up() {
    let mut herd = Plan::new(&binaries(), &pair()).with_http().with(&["--link-timeout", "1h"]).prepare();
    let silent = TcpListener::bind(herd.address("B")).expect("a free port");
    herd.start("A");
    let _link = silent.accept().expect("a link");
    let mut http = herd.http("A");
    let servers = ask(&mut http, "GET", "/v1/servers", "");
    assert_eq!(servers["servers"][1]["state"], "connecting", "{servers}");
    let metrics = http.ask("GET", "/metrics", &[], "").text();
    assert!(metrics.contains("\nherd_neighbour_up{neighbour=\"B\"} 0\n"), "{metrics}");
}

/// A process that runs the whole herd knows of each server that it is up; one that runs a server alone does not.
#[test]
fn servers_that_are_no_neighbours() {
    let states = |herd: &Herd| {
        let servers = ask(&mut herd.http("A"), "GET", "/v1/servers", "");
        let of_each = |server: &Value| server["state"].as_str().expect("a state").to_owned();
        servers["servers"].as_array().expect("servers").iter().map(of_each).collect::<Vec<_>>()
    };
    let chain = Graph::new(&["A", "B", "C"], &[("A", "B"), ("B", "C")]);
    let apart = Plan::new(&binaries(), &chain).with_http().start();
    wait_for("the neighbour to be up", || (states(&apart) == ["self", "up", "unknown"]).then_some(()));
    let together = Plan::new(&binaries(), &chain).with_http().prepare();
    let mut command = binaries().command();
    command.args(["up", "--config"]).arg(&together.config).stdout(Stdio::null()).stderr(Stdio::null());
    let _process = Process::listening(&mut command, together.address("C"));
    wait_for("the neighbour to be up", || (states(&together) == ["self", "up", "up"]).then_some(()));
}

/// Whether it is alive, ready and well needs no right; its status is STATUS's.
#[test]
fn how_the_server_is() {
    let mut herd = Plan::new(&binaries(), &pair()).with_http().start();
    let mut http = herd.http("A");
    assert_eq!(http.ask("GET", "/livez", &[], "").text(), "alive\n");
    wait_for("the neighbour to be up", || (http.ask("GET", "/healthz", &[], "").text() == "well\n").then_some(()));
    wait_for("the first comparison", || (http.ask("GET", "/readyz", &[], "").text() == "ready\n").then_some(()));
    let status = ask(&mut http, "GET", "/v1/status", "");
    let line = herd.status("A");
    assert_eq!((&status["server"], &status["limits"]), (&line["server"], &line["limits"]));
    let servers = ask(&mut http, "GET", "/v1/servers", "");
    let of_each: Vec<_> =
        servers["servers"].as_array().expect("servers").iter().map(|server| &server["state"]).collect();
    assert_eq!(of_each, ["self", "up"]);
    assert_eq!(servers["servers"][1]["neighbour"]["name"], "B");
    herd.kill("B");
    wait_for("the neighbour to be down", || {
        (ask(&mut http, "GET", "/v1/servers", "")["servers"][1]["state"] == "down").then_some(())
    });
    let well = http.ask("GET", "/healthz", &[], "");
    assert_eq!((well.status, &*well.text()), (200, "well; 1 thing is wrong elsewhere: see /v1/status\n"));
    assert_eq!(http.ask("GET", "/readyz", &[], "").text(), "ready\n", "no neighbour is up");
}
