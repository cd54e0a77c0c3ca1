//! Bodies that are not what they should be.

use herd_tests::http::HttpClient;

use super::{HERE, assert_nobody_is_known, get, put, start};

/// What is no sighting is refused with what is wrong, and the connection goes on.
#[test]
fn what_is_no_sighting_is_refused() {
    let herd = start();
    let mut http = herd.http("A");
    let bad = [
        "",
        "{",
        "null",
        "[]",
        "[1, 2]",
        "kiwi",
        "{}",
        r#"{"lat": 1}"#,
        r#"{"lat": 1, "lng": 1, "radius": 1}"#,
        r#"{"lat": 1, "lat": 1, "lng": 1}"#,
        r#"{"lat": NaN, "lng": 1}"#,
        r#"{"lat": "NaN", "lng": 1}"#,
        r#"{"lat": Infinity, "lng": 1}"#,
        r#"{"lat": 1e400, "lng": 1}"#,
        r#"{"lat": 1e-400, "lng": 1}"#,
        r#"{"lat": 1e99999999999, "lng": 1}"#,
        r#"{"lat": 90.000001, "lng": 1}"#,
        r#"{"lat": 1, "lng": 180.000000000000000001}"#,
        r#"{"lat": true, "lng": 1}"#,
        r#"{"lat": null, "lng": 1}"#,
        r#"{"lat": [1], "lng": 1}"#,
        r#"{"lat": "1 1", "lng": 1}"#,
        r#"{"lat": "", "lng": 1}"#,
        r#"{"lat": 1, "lng": 1, "time": "now"}"#,
        r#"{"lat": 1, "lng": 1, "time": 1.0000000001}"#,
        r#"{"lat": 1, "lng": 1, "time": 99999999999999999999}"#,
        r#"{"lat": 1, "lng": 1, "time": {}}"#,
        "{\"lat\": 1, \"lng\": 1, \"time\": \"1\u{0}\"}",
        r#"{"lat": 1, "lng": 1} {"lat": 1, "lng": 1}"#,
    ];
    for body in bad {
        let answer = put(&mut http, "/v1/clients/kiwi", body);
        assert_eq!(answer.status, 400, "{body}");
        assert!(!answer.problem(400).is_empty(), "{body}");
    }
    put(&mut http, "/v1/clients/kiwi", b"{\"lat\": 1, \"lng\": \"\xff\"}").is_problem(400);
    put(&mut http, "/v1/clients/kiwi", "[".repeat(100_000)).is_problem(400);
    assert_nobody_is_known(&herd);
}

/// Digits stay as they were written, beyond what a float holds.
#[test]
fn digits_are_kept() {
    let herd = start();
    let mut http = herd.http("A");
    let body = r#"{"lat": 34.0689300000000000000000001, "lng": -1.18445127e2, "time": 1479413884.392014450}"#;
    assert_eq!(put(&mut http, "/v1/clients/kiwi", body).status, 200);
    let text = get(&mut http, "/v1/clients/kiwi").text();
    let digits = r#""coordinates":[-118.445127,34.0689300000000000000000001]"#;
    assert!(text.contains(digits) && text.contains(r#""time":"1479413884.392014450""#), "{text}");
    let at = herd.client("A").ask("WHATSAT kiwi 0 0");
    assert!(at.ends_with(" kiwi +34.0689300000000000000000001-118.445127 1479413884.392014450"), "{at}");
}

/// A body has a bound, whether its length is said or not; what follows on the connection is not read.
#[test]
fn a_body_has_a_bound() {
    let herd = super::plan().with_config("[http]\nmax-body = \"64KiB\"\n").start();
    let fits = format!("{HERE}{}", " ".repeat((64 << 10) - HERE.len()));
    assert_eq!(put(&mut herd.http("A"), "/v1/clients/kiwi", &fits).status, 200);
    let said = put(&mut herd.http("A"), "/v1/clients/kiwi", format!("{fits} "));
    assert!(said.problem(413).contains("max-body"), "{said:?}");
    let mut http = herd.http("A");
    http.send("PUT /v1/clients/kiwi HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    for _ in 0..65 {
        if http.try_send(format!("400\r\n{}\r\n", " ".repeat(0x400))).is_err() {
            break;
        }
    }
    http.answer("PUT").is_problem(413);
}

/// A body that breaks off brings nothing; one behind a refused request is no request.
#[test]
fn a_body_that_breaks_off_brings_nothing() {
    let herd = start();
    let mut http = herd.http("A");
    http.send(format!(
        "PUT /v1/clients/kiwi HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{HERE}",
        HERE.len() + 1
    ));
    http.finish();
    let rest = String::from_utf8(http.rest()).expect("text");
    assert!(rest.is_empty() || rest.starts_with("HTTP/1.1 400 "), "{rest}");
    let mut http = herd.http("A");
    let hidden = "GET /v1/clients HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(put(&mut http, "/v1/nowhere", hidden).status, 404);
    // The body was either read to its end or the connection closed: in no case it was a request.
    goes_on_or_is_closed(http);
    assert_nobody_is_known(&herd);
}

fn goes_on_or_is_closed(mut http: HttpClient) {
    if http.try_send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").is_ok()
        && let Some(rest) = {
            http.finish();
            http.rest_unless_reset()
        }
    {
        let rest = String::from_utf8(rest).expect("text");
        assert!(rest.is_empty() || rest.ends_with("alive\n") && rest.matches("HTTP/1.1 ").count() == 1, "{rest}");
    }
}

/// What a body is said to be does not matter, but what it is: forms and text are no JSON.
#[test]
fn other_types_are_no_sightings() {
    let herd = start();
    let mut http = herd.http("A");
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    http.ask("PUT", "/v1/clients/kiwi", &form, "lat=1&lng=1").is_problem(400);
    let gzip = [("Content-Encoding", "gzip")];
    http.ask("PUT", "/v1/clients/kiwi", &gzip, b"\x1f\x8b\x08\x00\x00\x00\x00\x00").is_problem(400);
    assert_nobody_is_known(&herd);
}
