//! Pages of other people's: what they make a browser send is refused before it does anything.

use super::{HERE, assert_nobody_is_known, get, plan, put, start};
use herd_tests::herd::Herd;
use herd_tests::http::{HttpClient, ask};

/// By its own name that resolves to this machine, a page would be of the door's own origin (DNS rebinding): names that the
/// server does not know are refused, whatever is asked.
#[test]
fn a_name_that_was_rebound_is_refused() {
    let herd = start();
    let refused = |request: &str| {
        let mut http = herd.http("A");
        http.send(request);
        let answer = http.answer("GET");
        assert!(answer.problem(421).contains("evil.example"), "{answer:?}");
        assert_eq!(http.rest(), b"", "the connection is closed");
    };
    refused("GET /v1/clients HTTP/1.1\r\nHost: evil.example:12890\r\n\r\n");
    refused("GET /livez HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    // What counts is where the request is to go (RFC 9112, 3.2.2), and neither may be foreign.
    refused("GET http://evil.example/livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    refused(&format!(
        "PUT /v1/clients/kiwi HTTP/1.1\r\nHost: evil.example\r\nContent-Length: {}\r\n\r\n{HERE}",
        HERE.len()
    ));
    for own in ["localhost", "127.0.0.1:1", "[::1]"] {
        let mut http = herd.http("A");
        http.send(format!("GET /livez HTTP/1.1\r\nHost: {own}\r\n\r\n"));
        assert_eq!(http.answer("GET").status, 200, "{own}");
    }
    assert_nobody_is_known(&herd);
}

/// Nobody is told where a link leads from, but for those who give tiles away: they are told of the page, without its path.
#[test]
fn where_a_request_comes_from_is_told_to_givers_of_tiles_alone() {
    let policies = |herd: &Herd| {
        let policy = |target| get(&mut herd.http("A"), target).header("referrer-policy").unwrap_or("none").to_owned();
        ["/", "/v1/map"].map(policy)
    };
    assert_eq!(policies(&start()), ["no-referrer", "no-referrer"]);
    let tiles = "[http]\ntiles = \"https://tiles.example/{z}/{x}/{y}.png\"\n";
    assert_eq!(policies(&plan().with_config(tiles).start()), ["strict-origin", "no-referrer"]);
}

/// A form and an image of a page of another origin: browsers send them, and say where they come from.
#[test]
fn a_form_of_another_origin_changes_nothing() {
    let herd = start();
    let own = format!("http://{}", herd.door("A"));
    let foreign: [&[(&str, &str)]; 5] = [
        &[("Origin", "http://evil.example"), ("Content-Type", "text/plain")],
        &[("Origin", "null")],
        &[("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Dest", "image")],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Referer", "http://evil.example/form.html")],
    ];
    for headers in foreign {
        for method in ["PUT", "DELETE"] {
            let body = if method == "PUT" { HERE } else { "" };
            ask(herd.door("A"), method, "/v1/clients/kiwi", headers, body).is_problem(403);
        }
    }
    assert_nobody_is_known(&herd);
    let mut http = herd.http("A");
    assert_eq!(http.ask("PUT", "/v1/clients/kiwi", &[("Origin", &own)], HERE).status, 200, "its own page may");
    // An image asks by GET, which changes nothing, and cannot be read by the page.
    let read = http.ask("GET", "/v1/clients/kiwi", &[("Sec-Fetch-Site", "cross-site")], "");
    assert_eq!((read.status, read.header("cross-origin-resource-policy")), (200, Some("same-origin")), "{read:?}");
    assert_eq!(read.header("access-control-allow-origin"), None);
}

/// Only an origin that the settings name may read replies, and change something.
#[test]
fn an_origin_that_is_named_may() {
    let herd = plan().with_config("[http]\norigins = [\"https://maps.example\"]\nhosts = [\"herd.example\"]\n").start();
    let mut http = herd.http("A");
    let preflight = |http: &mut HttpClient, origin: &str| {
        let headers = [("Origin", origin), ("Access-Control-Request-Method", "PUT")];
        http.ask("OPTIONS", "/v1/clients/kiwi", &headers, "")
    };
    let allowed = preflight(&mut http, "https://maps.example");
    assert_eq!(allowed.status, 204, "{allowed:?}");
    assert_eq!(allowed.header("access-control-allow-origin"), Some("https://maps.example"));
    assert!(allowed.header("access-control-allow-methods").is_some_and(|methods| methods.contains("PUT")));
    let headers = [("Origin", "https://maps.example"), ("Sec-Fetch-Site", "cross-site")];
    let told = http.ask("PUT", "/v1/clients/kiwi", &headers, HERE);
    assert_eq!((told.status, told.header("access-control-allow-origin")), (200, Some("https://maps.example")));
    let foreign = preflight(&mut http, "https://evil.example");
    assert_eq!(foreign.header("access-control-allow-origin"), None, "{foreign:?}");
    http.ask("PUT", "/v1/clients/kiwi", &[("Origin", "https://evil.example")], HERE).is_problem(403);
    let mut named = herd.http("A");
    named.send("GET /v1/clients/kiwi HTTP/1.1\r\nHost: herd.example\r\n\r\n");
    assert_eq!(named.answer("GET").status, 200);
    assert_eq!(get(&mut http, "/v1/clients/kiwi").status, 200);
    assert_eq!(put(&mut http, "/v1/clients/kiwi", HERE).status, 200);
}
