//! Links that show where one client is, until they end.

use herd::Token;
use herd_tests::graphs::{pair, single};
use herd_tests::herd::{Herd, Plan};
use herd_tests::http::{EventStream, HttpAnswer, ask};
use herd_tests::patience::wait_for;

use crate::binaries;

/// Nobody may do anything without a token; one may share trucks.
fn config() -> String {
    let hash = token().hash();
    let may = "may = [\"report:*\", \"share:truck-*\", \"ask:truck-*\"]";
    format!(
        "[http]\nshare-key-file = \"share.key\"\n[access]\nanonymous = []\n[[access.token]]\nname = \"dispatcher\"\nsha256 = \"{hash}\"\n{may}\n"
    )
}

/// A token that is not a secret.
fn token() -> Token {
    Token::new(&[1; 32])
}

/// Keys that are no secrets, as `herd secret` writes them.
const KEYS: [&str; 2] = ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE"];

fn start(graph: &herd_tests::graphs::Graph) -> Herd {
    let mut herd = Plan::new(&binaries(), graph).with_http().with_config(&config()).prepare();
    herd.write("share.key", &format!("# of links\n{}\n", KEYS[0]));
    for name in graph.names.clone() {
        herd.start(&name);
    }
    herd
}

fn with_token(herd: &Herd, method: &str, target: &str, body: &str) -> HttpAnswer {
    let bearer = format!("Bearer {}", token().as_str());
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    ask(herd.door("A"), method, target, &headers, body)
}

fn report(herd: &Herd, client: &str, lat: u32) {
    let answer = with_token(herd, "PUT", &format!("/v1/clients/{client}"), &format!(r#"{{"lat": {lat}, "lng": 2}}"#));
    assert!(matches!(answer.status, 200..=204), "{}", answer.text());
}

/// The path of a new link, and its end.
fn share(herd: &Herd, client: &str, time: &str) -> (String, u64) {
    let answer = with_token(herd, "POST", &format!("/v1/clients/{client}/share"), &format!(r#"{{"for": "{time}"}}"#));
    assert!(answer.status == 201, "{}", answer.text());
    let shared = answer.json();
    let url = shared["url"].as_str().expect("a URL");
    let path = url.strip_prefix(&format!("http://{}", herd.door("A"))).unwrap_or_else(|| panic!("{url}"));
    (path.to_owned(), shared["until"].as_u64().expect("a time"))
}

fn look(herd: &Herd, server: &str, target: &str) -> HttpAnswer {
    ask(herd.door(server), "GET", target, &[], "")
}

/// At any server of the herd, without a token, and nothing else than that client.
#[test]
fn a_link_shows_one_client_at_every_server() {
    let herd = start(&pair());
    report(&herd, "truck-1", 1);
    report(&herd, "truck-10", 9);
    let (link, until) = share(&herd, "truck-1", "2h");
    let feature = wait_for("B to hear of it", || {
        let answer = look(&herd, "B", &format!("{link}/client"));
        (answer.status == 200).then(|| answer.json())
    });
    assert_eq!((&feature["id"], &feature["geometry"]["coordinates"][1]), (&"truck-1".into(), &1.into()), "{feature}");
    assert_eq!(feature["properties"]["until"], until, "{feature}");
    let page = look(&herd, "A", &link);
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let mut events = EventStream::open(herd.door("A"), &format!("{link}/watch"), &[]);
    assert_eq!(events.expect("seen").json()["id"], "truck-1");
    events.expect("watching");
    report(&herd, "truck-10", 8);
    report(&herd, "truck-1", 3);
    let seen = events.expect("seen").json();
    assert_eq!((&seen["id"], &seen["geometry"]["coordinates"][1]), (&"truck-1".into(), &3.into()), "{seen}");
    // Whatever else is asked with it is asked without any right.
    let secret = link.strip_prefix("/s/").expect("the path of a link");
    for (target, status) in [
        (format!("{link}/client?id=truck-10"), 400),
        (format!("{link}/watch?match=*&lat=1"), 400),
        (format!("{link}/places"), 404),
        ("/v1/clients/truck-1".into(), 401),
        ("/v1/near?client=truck-1&radius=1&bound=1".into(), 401),
    ] {
        let mut client = herd.http("A");
        client.request("GET", &target, &[("Authorization", &format!("Bearer {secret}"))], "");
        let answer = client.head();
        assert_eq!(answer.status, status, "{target}: {answer:?}");
    }
    assert!(!herd.log_text("A").contains(secret) && !herd.log_text("B").contains(secret));
}

/// A byte more, less or other, and whatever else stands in its place.
#[test]
fn what_nobody_signed_is_no_link() {
    let herd = start(&single());
    report(&herd, "truck-1", 1);
    let (link, _) = share(&herd, "truck-1", "2h");
    let (secret, last) = link.split_at(link.len() - 1);
    let other = if last == "A" { "E" } else { "A" };
    for wrong in [format!("{secret}{other}"), secret.to_owned(), format!("{link}A"), "/s/x".into(), "/s/%00".into()] {
        for path in ["", "/client", "/watch"] {
            let answer = look(&herd, "A", &format!("{wrong}{path}"));
            assert_eq!(answer.status, 404, "{wrong}{path}: {}", answer.text());
        }
    }
}

#[test]
fn it_ends_with_its_time_and_says_so() {
    let herd = start(&single());
    report(&herd, "truck-1", 1);
    let (link, _) = share(&herd, "truck-1", "2s");
    let mut events = EventStream::open(herd.door("A"), &format!("{link}/watch"), &[]);
    events.expect("seen");
    events.expect("watching");
    events.expect("end");
    assert_eq!(events.next_event(), None);
    for path in ["/client", "/watch"] {
        let answer = look(&herd, "A", &format!("{link}{path}"));
        assert_eq!((answer.status, answer.header("content-type")), (410, Some("application/problem+json")));
        assert!(answer.text().contains("ended"), "{}", answer.text());
    }
    assert_eq!(look(&herd, "A", &link).status, 200, "the page says so");
}

/// The first key signs, all are accepted; one that is taken out ends its links, also where somebody is watching.
#[test]
fn another_key_ends_all_links() {
    let herd = start(&single());
    report(&herd, "truck-1", 1);
    let (link, _) = share(&herd, "truck-1", "2h");
    let mut events = EventStream::open(herd.door("A"), &format!("{link}/watch"), &[]);
    events.expect("seen");
    events.expect("watching");
    herd.write("share.key", &format!("{}\n{}\n", KEYS[1], KEYS[0]));
    herd.reload("A");
    assert_eq!(look(&herd, "A", &format!("{link}/client")).status, 200);
    let (new, _) = share(&herd, "truck-1", "2h");
    herd.write("share.key", KEYS[1]);
    herd.reload("A");
    events.expect("end");
    assert_eq!(events.next_event(), None);
    assert_eq!(look(&herd, "A", &format!("{link}/client")).status, 404);
    assert_eq!(look(&herd, "A", &format!("{new}/client")).status, 200);
}

#[test]
fn who_may_share_whom_and_for_how_long() {
    let herd = start(&single());
    report(&herd, "kiwi", 1);
    report(&herd, "truck-1", 1);
    let refused = with_token(&herd, "POST", "/v1/clients/kiwi/share", r#"{"for": "2h"}"#);
    assert!(refused.status == 403 && refused.text().contains("share"), "{}", refused.text());
    let nobody = ask(
        herd.door("A"),
        "POST",
        "/v1/clients/truck-1/share",
        &[("Content-Type", "application/json")],
        r#"{"for": "2h"}"#,
    );
    assert_eq!(nobody.status, 401, "{}", nobody.text());
    for body in [
        r#"{"for": "soon"}"#,
        r#"{"for": "0s"}"#,
        r#"{"for": "8d"}"#,
        r#"{"for": 5}"#,
        "{}",
        "",
        "[]",
        r#"{"for":"1h","to":"me"}"#,
    ] {
        let refused = with_token(&herd, "POST", "/v1/clients/truck-1/share", body);
        assert_eq!(refused.status, 400, "{body}: {}", refused.text());
    }
    let unknown = with_token(&herd, "POST", "/v1/clients/truck-9/share", r#"{"for": "2h"}"#);
    assert_eq!(unknown.status, 404, "{}", unknown.text());
    // An ID that looks like a pattern is one ID.
    report(&herd, "truck-*", 5);
    let (link, _) = share(&herd, "truck-*", "1h");
    let mut events = EventStream::open(herd.door("A"), &format!("{link}/watch"), &[]);
    assert_eq!(events.expect("seen").json()["id"], "truck-*");
    events.expect("watching");
}

#[test]
fn without_a_key_there_are_no_links() {
    let herd = Plan::new(&binaries(), &single()).with_http().start();
    let refused = ask(
        herd.door("A"),
        "POST",
        "/v1/clients/kiwi/share",
        &[("Content-Type", "application/json")],
        r#"{"for": "2h"}"#,
    );
    assert!(refused.status == 404 && refused.text().contains("share-key-file"), "{}", refused.text());
    assert_eq!(look(&herd, "A", "/v1/map").json()["share"], false);
}
