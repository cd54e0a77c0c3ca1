//! What a token may do, and what becomes of a stream when it may no more.

use herd::Token;
use herd_tests::herd::{Herd, Plan};
use herd_tests::http::{EventStream, HttpAnswer, ask};

use super::{HERE, plan};

fn token(number: u8) -> String {
    Token::new(&[number; 32]).as_str().to_owned()
}

fn lines(number: u8, may: &str) -> String {
    let hash = Token::new(&[number; 32]).hash();
    format!("[[access.token]]\nname = \"token-{number}\"\nsha256 = \"{hash}\"\nmay = [{may}]\n")
}

const NOBODY: &str = "[access]\nanonymous = []\n";

fn guarded(tokens: &str) -> Plan {
    plan().with_config(&(NOBODY.to_owned() + tokens))
}

fn with_token(herd: &Herd, number: u8, method: &str, target: &str) -> HttpAnswer {
    let body = if method == "PUT" { HERE } else { "" };
    ask(herd.door("A"), method, target, &[("Authorization", &format!("Bearer {}", token(number)))], body)
}

/// Without a token it takes one; with one that has not the right, it says which.
#[test]
fn a_right_that_is_missing_is_named() {
    let herd = guarded(&lines(1, "\"report:truck-*\"")).start();
    for (method, target, right) in [
        ("GET", "/v1/clients/truck-7", "ask:"),
        ("PUT", "/v1/clients/car-7", "report:"),
        ("DELETE", "/v1/clients/truck-7", "forget:"),
        ("GET", "/v1/clients", "ask:"),
        ("GET", "/v1/clients/truck-7/places?radius=1&bound=1", "ask:"),
        ("GET", "/v1/near?lat=1&lng=1&radius=1", "near"),
        ("GET", "/v1/watch", "watch:"),
        ("GET", "/v1/status", "status"),
        ("GET", "/v1/servers", "status"),
        ("GET", "/metrics", "status"),
    ] {
        let body = if method == "PUT" { HERE } else { "" };
        let anonymous = ask(herd.door("A"), method, target, &[], body);
        assert_eq!(anonymous.header("www-authenticate"), Some("Bearer realm=\"herd\""), "{target}: {anonymous:?}");
        anonymous.is_problem(401);
        let told = with_token(&herd, 1, method, target).problem(403);
        assert!(told.contains(right), "{target}: {told}");
    }
    for target in ["/livez", "/readyz", "/v1/openapi.json"] {
        assert_eq!(ask(herd.door("A"), "GET", target, &[], "").status, 200, "{target} takes no right");
    }
    assert_eq!(with_token(&herd, 1, "PUT", "/v1/clients/truck-7").status, 200);
}

/// A token that is not known, or is none, is told as such, and never repeated.
#[test]
fn wrong_tokens_are_told() {
    let herd = guarded(&lines(1, "\"all\"")).start();
    let unknown = token(2);
    for value in
        [format!("Bearer {unknown}"), "Bearer x".into(), "Bearer".into(), "Digest x".into(), "Basic %%%".into()]
    {
        let answer = ask(herd.door("A"), "GET", "/v1/clients", &[("Authorization", &value)], "");
        let told = answer.problem(401);
        assert!(answer.header("www-authenticate").is_some() && !told.contains(&unknown), "{value}: {answer:?}");
    }
    // user:TOKEN, as a password in the URL of a device comes.
    let basic = format!("Basic {}", base64(&format!("user:{}", token(1))));
    let answer = ask(herd.door("A"), "GET", "/v1/clients", &[("Authorization", &basic)], "");
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(!herd.log_text("A").contains(&unknown) && !herd.log_text("A").contains(&token(1)), "no token is logged");
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for three in text.as_bytes().chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - three.len()));
        for digit in 0..4 {
            let value = (bits >> (18 - 6 * digit)) as usize & 63;
            encoded.push(if digit > three.len() { '=' } else { char::from(DIGITS[value]) });
        }
    }
    encoded
}

/// A stream of events ends when a reload takes its token's rights away.
#[test]
fn a_stream_ends_with_its_rights() {
    let herd = guarded(&lines(1, "\"watch:*\", \"ask:*\"")).start();
    let bearer = format!("Bearer {}", token(1));
    let mut events = EventStream::open(herd.door("A"), "/v1/watch", &[("Authorization", &bearer)]);
    events.expect("watching");
    herd.configure(&(NOBODY.to_owned() + &lines(2, "\"watch:*\"")));
    herd.reload("A");
    assert_eq!(events.next_event(), None, "it ends in order");
    with_token(&herd, 1, "GET", "/v1/watch").is_problem(401);
}
