//! Clients' IDs in paths and in JSON, whatever bytes they have.

use std::fmt::Write as _;

use super::{HERE, assert_nobody_is_known, get, put, start};

/// Each byte percent-encoded.
fn encoded(id: &[u8]) -> String {
    let mut text = String::new();
    for byte in id {
        write!(text, "%{byte:02x}").expect("a string");
    }
    text
}

/// Every byte but white space can stand in an ID, and comes back over the wire as it was put.
#[test]
fn every_byte_can_be_percent_encoded() {
    let herd = start();
    let mut http = herd.http("A");
    let mut lines = herd.client("A");
    for byte in 0..=u8::MAX {
        let id = [b"id-", &[byte][..], b"-end"].concat();
        let target = format!("/v1/clients/{}", encoded(&id));
        let answer = put(&mut http, &target, HERE);
        if byte.is_ascii_whitespace() || byte == 0x0b {
            assert!(answer.problem(400).contains("white space"), "{byte}");
            continue;
        }
        assert_eq!(answer.status, 200, "{byte}: {answer:?}");
        lines.send([b"WHATSAT ", &id[..], b" 0 0\n"].concat());
        let at = lines.raw_line();
        let fields: Vec<&[u8]> = at.split(|&byte| byte == b' ').collect();
        assert_eq!(fields[3], id, "{byte}");
        while !lines.raw_line().is_empty() {}
        // What its JSON calls it finds it again.
        let text = answer.json()["id"].as_str().expect("text").to_owned();
        let decoded = if text.contains('%') { text.clone() } else { encoded(text.as_bytes()) };
        assert_eq!(get(&mut http, &format!("/v1/clients/{decoded}")).json()["id"], text.as_str(), "{byte}");
    }
}

/// A slash that is encoded is part of the ID; one that is not ends a part of the path.
#[test]
fn slashes_and_dots_are_no_paths() {
    let herd = start();
    let mut http = herd.http("A");
    for id in ["user%2Fphone", "..%2F..%2Fetc%2Fpasswd", "%2e%2e", "a%00b", "%3Cscript%3E", "%25", "%E6%9D%B1%E4%BA%AC"]
    {
        assert_eq!(put(&mut http, &format!("/v1/clients/{id}"), HERE).status, 200, "{id}");
    }
    for target in ["/v1/clients/a/b", "/v1/clients/", "/v1/clients//", "/v1/../v1/clients/a", "//v1/clients/a"] {
        let answer = put(&mut http, target, HERE);
        assert!(matches!(answer.status, 404 | 405), "{target}: {answer:?}");
    }
    assert_eq!(herd.status("A")["clients"], 7);
}

/// An ID is as long as a line can be, and no longer.
#[test]
fn an_id_has_a_bound() {
    let herd = start();
    let mut http = herd.http("A");
    let target = |len: usize| format!("/v1/clients/{}", encoded(&vec![b'x'; len]));
    assert_eq!(put(&mut http, &target(3900), HERE).status, 200);
    let long = put(&mut http, &target(4096), HERE);
    assert!(matches!(long.status, 400 | 414), "{long:?}");
    assert_eq!(herd.status("A")["clients"], 1);
}

/// Percent signs that encode nothing stand for themselves, in an ID of which JSON encodes them.
#[test]
fn a_percent_sign_alone_is_one() {
    let herd = start();
    let mut http = herd.http("A");
    let answer = put(&mut http, "/v1/clients/50%", HERE);
    if answer.status == 200 {
        assert_eq!(answer.json()["id"], "50%25");
        assert_eq!(get(&mut http, "/v1/clients/50%25").json()["id"], "50%25");
    } else {
        answer.is_problem(400);
        assert_nobody_is_known(&herd);
    }
}
