//! Google's legacy Nearby Search, over real sockets, with a server that is none too well.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use herd::places::Radius;
use herd::{Places, Position, Query, Status, Unavailable};
use herd_places::{Google, GoogleLegacy, Key, Remote, Source};

const KEY: &str = "AIza+secret/key=";
const JSON: &str = "{\n   \"html_attributions\" : [],\n\n   \"results\" : [ { \"name\" : \"A\" }, { \"name\" : \"B\" } ],\n   \"status\" : \"OK\"\n}\n\n";

/// Answers each connection's first request with what `answer` writes; the request lines come out of
/// the channel.
fn server(answer: impl Fn(&mut TcpStream) + Send + 'static) -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    let (requests, received) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut lines = BufReader::new(stream.try_clone().expect("a handle")).lines();
            let request = lines.next().and_then(Result::ok).unwrap_or_default();
            for line in lines {
                if line.map_or(true, |line| line.is_empty()) {
                    break;
                }
            }
            answer(&mut stream);
            if requests.send(request).is_err() {
                return;
            }
        }
    });
    (address, received)
}

fn reply(status: &str, body: &str) -> impl Fn(&mut TcpStream) + Send + 'static {
    let reply = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    move |stream| drop(stream.write_all(reply.as_bytes()))
}

fn ask(address: SocketAddr, timeout: Duration, km: &str) -> Result<Places, Unavailable> {
    let url = format!("http://{address}/maps/api/place/nearbysearch/json");
    let source = GoogleLegacy::new(remote(url, true), timeout);
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

fn failure(answer: impl Fn(&mut TcpStream) + Send + 'static, timeout: Duration) -> Unavailable {
    let (address, _requests) = server(answer);
    let error = ask(address, timeout, "10").expect_err("no places");
    assert!(!error.message.contains("secret") && !error.message.contains("127.0.0.1"), "{error}");
    error
}

#[test]
fn it_asks_as_google_wants_and_passes_the_bytes_on() {
    let (address, requests) = server(reply("200 OK", JSON));
    for (km, metres) in [("10", "10000"), ("0.5", "500"), ("0", "1")] {
        let places = ask(address, LONG, km).expect("places");
        let mut out = Vec::new();
        places.write(1, &mut out);
        let cut =
            "{\n   \"html_attributions\" : [],\n   \"results\" : [ { \"name\" : \"A\" } ],\n   \"status\" : \"OK\"\n}";
        assert_eq!(String::from_utf8_lossy(&out), cut);
        let request = requests.recv_timeout(LONG).expect("a request");
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
    let (address, _requests) = server(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
        for chunk in JSON.as_bytes().chunks(7) {
            let _ = write!(stream, "{:x}\r\n", chunk.len());
            let _ = stream.write_all(chunk);
            let _ = stream.write_all(b"\r\n");
            let _ = stream.flush();
        }
        let _ = stream.write_all(b"0\r\n\r\n");
    });
    assert_eq!(ask(address, LONG, "10").expect("places").len(), 2);
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
        let error = failure(reply(http, &body), LONG);
        assert_eq!(error.status, status, "{http}");
        assert_eq!(
            error.message,
            format!("the places source answered with HTTP {http}: The provided API key (key) is odd.")
        );
        assert_eq!(failure(reply(http, "<html>"), LONG).status, status);
    }
}

#[test]
fn a_key_is_hidden_as_it_stood_in_the_address() {
    let body = "{\"error_message\" : \"/json?key=AIza%2Bsecret%2Fkey%3D or AIza%2bsecret/key%3d\"}";
    let error = failure(reply("403 Forbidden", body), LONG);
    assert_eq!(error.message, "the places source answered with HTTP 403 Forbidden: /json?key=(key) or (key)");
}

/// A redirect would take the key to whoever it names.
#[test]
fn a_redirect_is_not_followed() {
    let (elsewhere, asked) = server(reply("200 OK", JSON));
    for status in ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect"] {
        let redirect = format!(
            "HTTP/1.1 {status}\r\nLocation: http://{elsewhere}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        let (address, _requests) = server(move |stream| drop(stream.write_all(redirect.as_bytes())));
        let remote = remote(format!("http://{address}/"), true);
        let told = format!("the places source answered with HTTP {status}");
        for source in [&GoogleLegacy::new(remote.clone(), LONG) as &dyn Source, &Google::new(remote, LONG)] {
            assert_eq!(source.nearby(&query("10")).expect_err("no places").message, told);
        }
    }
    assert!(asked.try_recv().is_err(), "the other server was asked");
}

#[test]
fn an_address_keeps_its_own_query_and_no_key_is_sent_where_there_is_none() {
    let (address, requests) = server(reply("200 OK", JSON));
    for (with_key, key) in [(true, "&key=AIza%2Bsecret%2Fkey%3D"), (false, "")] {
        let source = GoogleLegacy::new(remote(format!("http://{address}/json?language=de"), with_key), LONG);
        source.nearby(&query("4.35")).expect("places");
        let request = requests.recv_timeout(LONG).expect("a request");
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
    let not_json = failure(reply("200 OK", "<html>it works</html>"), LONG);
    assert_eq!(not_json.message, "the places source did not answer with JSON");
    let other = failure(reply("200 OK", "{\"rows\" : []}"), LONG);
    assert_eq!(other.message, "the places source answered with JSON that is not a Nearby Search reply");
    let garbage = failure(|stream| drop(stream.write_all(b"\x16\x03\x01 hello\r\n\r\n")), LONG);
    assert_eq!(garbage.status, Status::UnknownError);
    let large = format!("{{\"results\" : [\"{}\"]}}", "x".repeat(3 << 20));
    assert_eq!(failure(reply("200 OK", &large), LONG).message, "the places source sent more than 2 MiB");
}

#[test]
fn what_breaks_off_is_told() {
    let cut = failure(|stream| drop(stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{")), LONG);
    assert_eq!(cut.status, Status::UnknownError);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    drop(listener);
    let refused = ask(address, LONG, "10").expect_err("nobody listens");
    assert_eq!(refused.message, "the places source refused the connection");
}

#[test]
fn what_is_slow_times_out() {
    let (release, held) = channel::<()>();
    let held = std::sync::Mutex::new(held);
    let slow = move |_: &mut TcpStream| {
        let _ = held.lock().expect("one at a time").recv_timeout(LONG);
    };
    let error = failure(slow, Duration::from_millis(200));
    assert_eq!(error.message, "the places source took too long to answer");
    drop(release);
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
