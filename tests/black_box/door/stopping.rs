//! What is under way when a server is stopped, and how connections of the door count.

use herd_tests::http::{EventStream, HttpClient};
use herd_tests::patience::wait_for;
use herd_tests::process::Signal;

use super::{HERE, get, plan, start};

/// Requests that are under way get answers, though nothing can be brought any more; streams end in order, and the server
/// ends well.
#[test]
fn a_drain_answers_what_is_under_way_and_ends_streams() {
    let mut herd = start();
    let mut events = EventStream::open(herd.door("A"), "/v1/watch", &[]);
    events.expect("watching");
    let mut kept = herd.http("A");
    assert_eq!(get(&mut kept, "/livez").status, 200);
    let mut begun = herd.http("A");
    let (first, last) = HERE.split_at(10);
    begun.send(format!(
        "PUT /v1/clients/kiwi HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{first}",
        HERE.len()
    ));
    // The head was read: it is under way.
    wait_for("all to be connected", || (herd.status("A")["connections"] == 4).then_some(()));
    herd.signal("A", Signal::TERM);
    assert_eq!(events.next_event(), None, "a stream ends in order");
    begun.send(last);
    let answer = begun.answer("PUT");
    answer.is_problem(503);
    assert_eq!(answer.header("connection"), Some("close"), "{answer:?}");
    assert_eq!(kept.rest(), b"", "one at rest is closed");
    assert!(herd.process("A").end().success());
}

/// Connections to the door count among all, and are turned away beyond the bound.
#[test]
fn connections_count_among_all() {
    let herd = plan().with(&["--connections", "40", "--connections-per-address", "8"]).start();
    let serves = |http: &mut HttpClient| {
        http.try_send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").ok()?;
        http.try_answer("GET").filter(|answer| answer.status == 200)
    };
    // Whoever waited for the door to open may not have gone yet.
    let enter = || {
        let mut http = herd.http("A");
        serves(&mut http).map(|_| http)
    };
    let mut open: Vec<_> = (0..8).map(|_| wait_for("a place", enter)).collect();
    let mut refused = herd.http("A");
    assert_eq!(serves(&mut refused), None, "as many as may be");
    assert!(open.iter_mut().all(|http| serves(http).is_some()), "those that are there stay");
    open.truncate(6);
    wait_for("room for one that asks", || {
        let mut client = herd.client("A");
        let status: serde_json::Value = serde_json::from_str(&client.try_ask("STATUS")?).ok()?;
        (status["connections"] == 7).then_some(())
    });
}
