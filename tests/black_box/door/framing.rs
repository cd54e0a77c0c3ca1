//! Where one request ends and the next begins: what a proxy may see otherwise is refused, and the connection closed.

use herd_tests::patience::wait_for;

use super::{HERE, assert_nobody_is_known, get, start};

/// What would be smuggled: were it taken for a request, there would be a client.
fn smuggled() -> String {
    format!("PUT /v1/clients/smuggled HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{HERE}", HERE.len())
}

/// One answer of a status that refuses, and the end: nothing behind it is looked at.
#[test]
fn requests_with_two_ends_are_refused() {
    let herd = start();
    let smuggled = smuggled();
    let heads = [
        "Content-Length: 6\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 6",
        "Content-Length: 0\r\nContent-Length: 6",
        "Content-Length: 6, 7",
        "Content-Length: +6",
        "Content-Length: -1",
        "Content-Length: 0x6",
        "Content-Length: 99999999999999999999",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
        "Content-Length: 6\r\n continued: yes",
        "Content-Length\r\n: 6",
        "X: a\0b",
    ];
    for head in heads {
        let mut http = herd.http("A");
        http.send(format!("PUT /v1/clients/kiwi HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n0\r\n\r\n{smuggled}"));
        let rest = String::from_utf8(http.rest()).expect("text");
        let answers = rest.matches("HTTP/1.1 ").count();
        assert!(answers == 1 && rest.starts_with("HTTP/1.1 4"), "{head}: {rest}");
    }
    assert_nobody_is_known(&herd);
}

/// HTTP/1.0 has no chunks, and a connection that ends behind one answer.
#[test]
fn an_older_version_has_one_answer() {
    let herd = start();
    let mut http = herd.http("A");
    http.send("GET /livez HTTP/1.0\r\nHost: localhost\r\n\r\nGET /livez HTTP/1.0\r\nHost: localhost\r\n\r\n");
    let rest = String::from_utf8(http.rest()).expect("text");
    assert!(rest.starts_with("HTTP/1.0 200 ") && rest.ends_with("alive\n"), "{rest}");
    assert_eq!(rest.matches("HTTP/1.").count(), 1, "{rest}");
}

/// A body in chunks, with extensions and trailers that nobody knows, is its data.
#[test]
fn a_body_comes_in_chunks() {
    let herd = start();
    let mut http = herd.http("A");
    http.send("PUT /v1/clients/kiwi HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    for piece in HERE.as_bytes().chunks(7) {
        http.send(format!("{:x};name=\"value\"\r\n", piece.len()));
        http.send([piece, b"\r\n"].concat());
    }
    http.send("0\r\nX-Trailer: x\r\n\r\n");
    assert_eq!(http.answer("PUT").status, 200);
    for broken in ["zz\r\n", "5\r\nabc", "5\r\nabcdefgh\r\n", "fffffffffffffffff\r\n", "-1\r\n"] {
        let mut http = herd.http("A");
        http.send(format!(
            "PUT /v1/clients/broken HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{broken}\r\n{}",
            smuggled()
        ));
        http.finish();
        let rest = String::from_utf8(http.rest()).expect("text");
        assert!(rest.is_empty() || rest.starts_with("HTTP/1.1 4"), "{broken}: {rest}");
        assert!(rest.matches("HTTP/1.1 ").count() <= 1, "{broken}: {rest}");
    }
    assert_eq!(herd.status("A")["clients"], 1, "only kiwi");
}

/// Requests that follow before their answers have come are answered in their order.
#[test]
fn requests_can_be_pipelined() {
    let herd = start();
    let mut http = herd.http("A");
    let mut requests = String::new();
    for number in 0..20 {
        let body = HERE.replace("450", &format!("{number:03}"));
        let len = body.len();
        let put = format!("PUT /v1/clients/c{number} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len}\r\n\r\n");
        let get = format!("GET /v1/clients/c{number} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        requests.extend([put, body, get]);
    }
    http.send(requests);
    for number in 0..20 {
        for method in ["PUT", "GET"] {
            assert_eq!(http.answer(method).json()["id"], format!("c{number}"));
        }
    }
}

/// A client that waits for leave to send its body gets it; one that may not send it is told so at once.
#[test]
fn leave_to_continue_is_given() {
    let herd = start();
    let mut http = herd.http("A");
    let expect = |target: &str, len: usize| {
        format!("PUT {target} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: {len}\r\n\r\n")
    };
    http.send(expect("/v1/clients/kiwi", HERE.len()));
    assert_eq!(http.head().status, 100);
    http.send(HERE);
    assert_eq!(http.answer("PUT").status, 200);
    let mut http = herd.http("A");
    http.send(expect("/v1/clients/kiwi", 2 << 20));
    http.answer("PUT").is_problem(413);
}

/// Heads that are too long, or have too many headers, are refused, and the server goes on.
#[test]
fn a_head_has_bounds() {
    let herd = start();
    let long = "x".repeat(200 << 10);
    let many: String = "X-Many: x\r\n".repeat(1000);
    let heads = [
        format!("GET /livez?{long} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        format!("GET /livez HTTP/1.1\r\nHost: localhost\r\nX: {long}\r\n\r\n"),
        format!("GET /livez HTTP/1.1\r\nHost: localhost\r\n{many}\r\n"),
        format!("{long} /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        "\0\0\0\0\r\n\r\n".into(),
        "GET /livez HTTP/9.9\r\nHost: localhost\r\n\r\n".into(),
        "GET  /livez HTTP/1.1\r\nHost: localhost\r\n\r\n".into(),
        "IAMAT kiwi +1+1 1\n".into(),
    ];
    for head in heads {
        let mut http = herd.http("A");
        // It may close before all of it was sent.
        let _ = http.try_send(&head);
        if let Some(rest) = http.rest_unless_reset() {
            let rest = String::from_utf8_lossy(&rest).into_owned();
            assert!(rest.is_empty() || rest.starts_with("HTTP/1.1 4"), "{rest}");
        }
    }
    assert_eq!(get(&mut herd.http("A"), "/livez").status, 200);
}

/// A head or a body that does not come in time ends the connection, and so does one that says nothing.
#[test]
fn slow_requests_end_in_time() {
    let herd = super::plan().with(&["--line-timeout", "500ms", "--idle-timeout", "500ms"]).start();
    let begun = [
        "GET /livez HT",
        "",
        "PUT /v1/clients/kiwi HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
        "PUT /v1/clients/kiwi HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ];
    for request in begun {
        let mut http = herd.http("A");
        http.send(request);
        let rest = String::from_utf8(http.rest()).expect("text");
        assert!(rest.is_empty() || rest.starts_with("HTTP/1.1 408 "), "{request}: {rest}");
    }
    let mut kept = herd.http("A");
    assert_eq!(get(&mut kept, "/livez").status, 200);
    assert_eq!(kept.rest(), b"", "it says nothing more");
    wait_for("connections to have ended", || (herd.status("A")["connections"] == 1).then_some(()));
    assert_nobody_is_known(&herd);
}
