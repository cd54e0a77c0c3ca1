//! Google's legacy Nearby Search, over real sockets, with a server that is none too well.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use herd::values::Radius;
use herd::{Places, Position, Query, Status, Unavailable};
use herd_places::{Google, GoogleLegacy, Key, Remote, Source};
use herd_tests::places_server::{PlacesServer, chunked};
use herd_tests::ports::free_address;

const KEY: &str = "AIza+secret/key=";
const JSON: &str = "{\n   \"html_attributions\" : [],\n\n   \"results\" : [ { \"name\" : \"A\" }, { \"name\" : \"B\" } ],\n   \"status\" : \"OK\"\n}\n\n";

fn ask(server: &PlacesServer, timeout: Duration, km: &str) -> Result<Places, Unavailable> {
    let source = GoogleLegacy::new(remote(server.url(), true), timeout);
    assert!(!format!("{source:?}").contains("secret"));
    source.nearby(&query(km))
}

fn remote(url: String, with_key: bool) -> Remote {
    Remote { url: Some(url), key: with_key.then(|| Key::new(KEY).expect("a key")), trust: None }
}

fn query(km: &str) -> Query {
    let at = Position::new(34.06893, -118.445_127).expect("on the globe");
    Query { at, radius: Radius::parse_km(km.as_bytes()).expect("a radius"), bound: 20 }
}

const LONG: Duration = Duration::from_secs(20);

fn failure(server: &PlacesServer) -> Unavailable {
    let error = ask(server, LONG, "10").expect_err("no places");
    assert!(!error.message.contains("secret") && !error.message.contains("127.0.0.1"), "{error}");
    error
}

#[test]
fn it_asks_as_google_wants_and_passes_the_bytes_on() {
    let server = PlacesServer::with_reply("200 OK", JSON);
    for (km, metres) in [("10", "10000"), ("0.5", "500"), ("0", "1")] {
        let places = ask(&server, LONG, km).expect("places");
        let mut out = Vec::new();
        places.write(1, &mut out);
        let cut =
            "{\n   \"html_attributions\" : [],\n   \"results\" : [ { \"name\" : \"A\" } ],\n   \"status\" : \"OK\"\n}";
        assert_eq!(String::from_utf8_lossy(&out), cut);
        let request = server.requests().pop().expect("a request");
        assert_eq!(
            request,
            format!(
                "GET /maps/api/place/nearbysearch/json?location=34.06893,-118.445127&radius={metres}&key=AIza%2Bsecret%2Fkey%3D HTTP/1.1"
            )
        );
    }
}

#[test]
fn it_reads_chunks() {
    let server = PlacesServer::answering(chunked(JSON));
    assert_eq!(ask(&server, LONG, "10").expect("places").len(), 2);
}

#[test]
fn http_errors_are_told_in_googles_words() {
    for (http, status) in [
        ("400 Bad Request", Status::InvalidRequest),
        ("401 Unauthorized", Status::RequestDenied),
        ("403 Forbidden", Status::RequestDenied),
        ("429 Too Many Requests", Status::OverQueryLimit),
        ("500 Internal Server Error", Status::UnknownError),
        ("404 Not Found", Status::UnknownError),
    ] {
        let body = format!("{{\"error_message\" : \"The provided API key {KEY} is odd.\"}}");
        let error = failure(&PlacesServer::with_reply(http, &body));
        assert_eq!(error.status, status, "{http}");
        assert_eq!(
            error.message,
            format!("the places source answered with HTTP {http}: The provided API key (key) is odd.")
        );
        assert_eq!(failure(&PlacesServer::with_reply(http, "<html>")).status, status);
    }
}

#[test]
fn a_key_is_hidden_as_it_stood_in_the_address() {
    let body = "{\"error_message\" : \"/json?key=AIza%2Bsecret%2Fkey%3D or AIza%2bsecret/key%3d\"}";
    let error = failure(&PlacesServer::with_reply("403 Forbidden", body));
    assert_eq!(error.message, "the places source answered with HTTP 403 Forbidden: /json?key=(key) or (key)");
}

/// A redirect would take the key to whoever it names.
#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = PlacesServer::with_reply("200 OK", JSON);
    for status in ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect"] {
        let to = elsewhere.url();
        let redirect = format!("HTTP/1.1 {status}\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let server = PlacesServer::answering(vec![redirect.into_bytes()]);
        let remote = remote(server.url(), true);
        let told = format!("the places source answered with HTTP {status}");
        for source in [&GoogleLegacy::new(remote.clone(), LONG) as &dyn Source, &Google::new(remote, LONG)] {
            assert_eq!(source.nearby(&query("10")).expect_err("no places").message, told);
        }
    }
    assert_eq!(elsewhere.requests(), [""; 0], "the other server was asked");
}

#[test]
fn an_address_keeps_its_own_query_and_no_key_is_sent_where_there_is_none() {
    let server = PlacesServer::with_reply("200 OK", JSON);
    for (with_key, key) in [(true, "&key=AIza%2Bsecret%2Fkey%3D"), (false, "")] {
        let source = GoogleLegacy::new(remote(format!("http://{}/json?language=de", server.address()), with_key), LONG);
        source.nearby(&query("4.35")).expect("places");
        let request = server.requests().pop().expect("a request");
        let expected = format!("GET /json?language=de&location=34.06893,-118.445127&radius=4350{key} HTTP/1.1");
        assert_eq!(request, expected);
    }
}

#[test]
fn what_speaks_no_tls_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        // Held until the other end gives up, so that what was written is what it sees.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let source = GoogleLegacy::new(remote(format!("https://{address}/"), true), LONG);
    let error = source.nearby(&query("10")).expect_err("no places");
    assert_eq!(error.message, "no secure connection to the places source: TLS failed");
}

#[test]
fn what_is_no_places_reply_is_told() {
    let not_json = failure(&PlacesServer::with_reply("200 OK", "<html>it works</html>"));
    assert_eq!(not_json.message, "the places source did not answer with JSON");
    let other = failure(&PlacesServer::with_reply("200 OK", "{\"rows\" : []}"));
    assert_eq!(other.message, "the places source answered with JSON that is not a Nearby Search reply");
    let garbage = failure(&PlacesServer::answering(vec![b"\x16\x03\x01 hello\r\n\r\n".to_vec()]));
    assert_eq!(garbage.status, Status::UnknownError);
    let large = format!("{{\"results\" : [\"{}\"]}}", "x".repeat(3 << 20));
    assert_eq!(failure(&PlacesServer::with_reply("200 OK", &large)).message, "the places source sent more than 2 MiB");
}

#[test]
fn what_breaks_off_is_told() {
    let pieces = vec![b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{".to_vec()];
    assert_eq!(failure(&PlacesServer::answering(pieces)).status, Status::UnknownError);
    let source = GoogleLegacy::new(remote(format!("http://{}/", free_address()), true), LONG);
    let refused = source.nearby(&query("10")).expect_err("nobody listens");
    assert_eq!(refused.message, "the places source refused the connection");
}

#[test]
fn what_is_slow_times_out() {
    let server = PlacesServer::with_reply("200 OK", JSON);
    server.hold();
    let error = ask(&server, Duration::from_millis(200), "10").expect_err("no places in time");
    assert_eq!(error.message, "the places source took too long to answer");
    server.release();
}

/// The domain `invalid` has no names, nor will it ever (RFC 6761).
#[test]
fn a_name_that_is_none_is_told() {
    let remote = Remote { url: Some("http://places.invalid/json".into()), ..Remote::default() };
    let at = Position::new(0.0, 0.0).expect("on the globe");
    let query = Query { at, radius: Radius::parse_km(b"1").expect("a radius"), bound: 20 };
    let error = GoogleLegacy::new(remote, LONG).nearby(&query).expect_err("nobody is there");
    assert_eq!(error.message, "the places source's name cannot be looked up");
}
