//! Places from a server that speaks Google's legacy Nearby Search, which may be slow or broken.

use std::time::Instant;

use herd_tests::client::WhatsatReply;
use herd_tests::graphs::single;
use herd_tests::herd::{Herd, Plan};
use herd_tests::patience::PATIENCE;
use herd_tests::places_server::{PlacesServer, chunked, places};
use herd_tests::ports::free_address;

use crate::{binaries, whatsat};

const KEY: &str = "sesame-4711";

fn plan(url: &str) -> Plan {
    Plan::new(&binaries(), &single())
        .with(&["--places", "google-legacy", "--places-url", url])
        .with_variable("HERD_PLACES_KEY", KEY)
}

fn assert_key_unsaid(herd: &Herd, reply: &WhatsatReply) {
    assert!(!reply.json.contains(KEY), "{}", reply.json);
    assert!(!herd.log_text("A").contains(KEY), "the key is in the log");
}

/// The position goes out as Google wants it, and the reply comes back but for blank lines.
#[test]
fn it_is_asked_as_google_is() {
    let server = PlacesServer::with_places(3);
    let herd = plan(&server.url()).start();
    let reply = whatsat(&herd, 20);
    let squeezed = places(3).trim_end().replace("\n\n\n", "\n").replace("\n\n", "\n");
    assert_eq!(reply.json, squeezed);
    let request = &server.requests()[0];
    for part in ["GET /maps/api/place/nearbysearch/json?", "location=34.06893,-118.445127", "radius=10000", KEY] {
        assert!(request.contains(part), "{request} lacks {part}");
    }
    assert_key_unsaid(&herd, &reply);
}

/// The empty line behind it is the first: whatever the source has in front and between, as lines of white space with CR.
#[test]
fn no_line_of_it_is_empty() {
    let json = "\u{feff}\r\n\n{\r\n\r\n\"results\" : [\r\n \t\r\n{ \"name\" : \"A\" }\n\n],\r\n\"status\" : \"OK\"\r\n}\r\n\r\n";
    let server = PlacesServer::with_reply("200 OK", json);
    let herd = plan(&server.url()).start();
    let reply = whatsat(&herd, 20);
    assert_eq!(reply.json, "{\r\n\"results\" : [\r\n{ \"name\" : \"A\" }\n],\r\n\"status\" : \"OK\"\r\n}");
}

/// More results than the bound are cut off, every other byte stays.
#[test]
fn it_is_cut_to_the_bound() {
    let server = PlacesServer::with_places(20);
    let herd = plan(&server.url()).start();
    for bound in [0, 1, 5, 20] {
        let reply = whatsat(&herd, bound);
        assert_eq!((reply.count(), reply.status().as_str()), (bound, "OK"));
    }
}

/// A reply in many small chunks is put together.
#[test]
fn it_answers_in_chunks() {
    let server = PlacesServer::answering(chunked(&places(12)));
    let herd = plan(&server.url()).start();
    let reply = whatsat(&herd, 12);
    assert_eq!((reply.count(), reply.status().as_str()), (12, "OK"));
}

/// Errors and garbage: still the AT line, no results, one of Google's words, no key.
#[test]
fn it_answers_with_errors() {
    let echo = format!("{{\"error_message\" : \"The key {KEY} is wrong.\", \"results\" : []}}");
    for (status, body, word) in [
        ("500 Internal Server Error", "oops", "UNKNOWN_ERROR"),
        ("403 Forbidden", echo.as_str(), "REQUEST_DENIED"),
        ("429 Too Many Requests", "", "OVER_QUERY_LIMIT"),
        ("400 Bad Request", "", "INVALID_REQUEST"),
        ("200 OK", "<html>not JSON</html>", "UNKNOWN_ERROR"),
        ("200 OK", "{\"results\" : [", "UNKNOWN_ERROR"),
        ("200 OK", "[]", "UNKNOWN_ERROR"),
        ("200 OK", "", "UNKNOWN_ERROR"),
    ] {
        let server = PlacesServer::with_reply(status, body);
        let herd = plan(&server.url()).start();
        assert_unavailable(&herd, word);
    }
}

fn assert_unavailable(herd: &Herd, word: &str) {
    let reply = whatsat(herd, 5);
    assert_eq!((reply.count(), reply.status().as_str()), (0, word), "{}", reply.json);
    let value = reply.value();
    assert!(value["error_message"].as_str().is_some_and(|message| !message.is_empty()), "{}", reply.json);
    assert_key_unsaid(herd, &reply);
}

/// Something that does not speak HTTP, that hangs up at once, that is not there.
#[test]
fn it_does_not_speak_http() {
    for pieces in
        [vec![b"\0\xff garbage\n\n".to_vec()], vec![], vec![b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{".to_vec()]]
    {
        let server = PlacesServer::answering(pieces);
        assert_unavailable(&plan(&server.url()).start(), "UNKNOWN_ERROR");
    }
    let nobody = format!("http://{}/json", free_address());
    assert_unavailable(&plan(&nobody).start(), "UNKNOWN_ERROR");
}

/// A source that does not answer in time does not hold the reply up for longer than it may.
#[test]
fn it_is_too_slow() {
    let server = PlacesServer::with_places(3);
    server.hold();
    let herd = plan(&server.url()).with(&["--places-timeout", "300ms"]).start();
    let start = Instant::now();
    assert_unavailable(&herd, "UNKNOWN_ERROR");
    assert!(start.elapsed() < PATIENCE / 2, "{:?}", start.elapsed());
    server.release();
}

/// While places are fetched all else goes on, and replies keep their order.
#[test]
fn replies_wait_behind_a_slow_one() {
    let server = PlacesServer::with_places(7);
    server.hold();
    let herd = plan(&server.url()).with(&["--places-timeout", "1m"]).start();
    let mut client = herd.client("A");
    let first = client.ask("IAMAT kiwi +34.068930-118.445127 1");
    client.send("WHATSAT kiwi 10 5\nIAMAT kiwi +2+2 2\nIAMAT lime +3+3 3\nWHATSAT lime 1 2\nNO\n");
    server.wait_for_requests(2);

    // The requests behind it were handled already, and other clients are served.
    assert!(herd.client("A").ask("IAMAT other +1+1 1").ends_with(" other +1+1 1"));
    let moved = herd.report("A", "kiwi", "3");
    server.release();

    let whatsat = client.whatsat();
    assert_eq!((whatsat.at, whatsat.json.matches("Place").count()), (first, 5));
    assert!(client.line().ends_with(" kiwi +2+2 2"));
    let lime = client.line();
    assert!(lime.ends_with(" lime +3+3 3"), "{lime}");
    let whatsat = client.whatsat();
    assert_eq!((whatsat.at, whatsat.json.matches("Place").count()), (lime, 2));
    assert_eq!(client.rest(), b"? NO\n");
    assert_eq!(herd.client("A").ask("WHATSAT kiwi 0 0"), moved);
}

/// A client that half-closes while its places are fetched still gets them.
#[test]
fn a_client_that_half_closes_waits() {
    let server = PlacesServer::with_places(2);
    server.hold();
    let herd = plan(&server.url()).with(&["--places-timeout", "1m"]).start();
    let at = herd.report("A", "kiwi", "1");
    let mut client = herd.client("A");
    client.send("WHATSAT kiwi 10 5");
    client.finish();
    server.wait_for_requests(1);
    let gone = {
        let mut gone = herd.client("A");
        gone.send("WHATSAT kiwi 11 5\n");
        server.wait_for_requests(2);
        gone
    };
    drop(gone);
    server.release();
    let reply = client.whatsat();
    assert_eq!((&reply.at, reply.count()), (&at, 2));
    assert_eq!(client.rest(), b"");
}

/// AT line and JSON are handed over in one write: one read of a simple client gets both.
#[test]
fn a_reply_is_one_write() {
    use std::io::Read;

    let server = PlacesServer::with_places(4);
    let herd = plan(&server.url()).start();
    let at = herd.report("A", "kiwi", "1");
    let mut client = herd.client("A");
    client.send("WHATSAT kiwi 10 4\n");
    let mut buffer = vec![0; 1 << 16];
    let count = client.stream().read(&mut buffer).expect("a reply in time");
    let text = String::from_utf8_lossy(&buffer[..count]);
    assert!(text.starts_with(&at) && text.ends_with("}\n\n"), "{text}");
}
