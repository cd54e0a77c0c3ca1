//! The way to a neighbour: what it is told, on how many connections, and how long the pauses are.

use std::time::Duration;

use herd::{Attempt, Limits};
use proptest::prelude::*;

use super::support::herds::MILLI;
use super::support::server::Server;

/// A client says where it is, so that there is something to tell the neighbour.
fn iamat(server: &mut Server, client: &str) {
    server.receive(format!("IAMAT {client} +1+1 1\n").as_bytes());
}

/// The AT lines of those clients, as the neighbour gets them.
fn copies(clients: &[&str]) -> String {
    let skew = "+1479413883.500000000";
    let copies: Vec<String> = clients.iter().map(|client| format!("AT s0 {skew} {client} +1+1 1 s0\n")).collect();
    copies.concat()
}

/// The server has greeted on a new connection.
fn greeting(server: &mut Server) -> Attempt {
    let attempt = server.connects().expect("there is something to send");
    server.connected(attempt);
    assert!(server.takes(attempt).starts_with("HELLO s0 "));
    server.sent(attempt);
    attempt
}

/// The neighbour has answered the greeting in kind.
fn up(server: &mut Server) -> Attempt {
    let attempt = greeting(server);
    server.answered(attempt, b"HELLO s1 77\n");
    attempt
}

/// Each of two lines comes on a connection of its own, with no greeting.
fn gets_one_line_each(server: &mut Server, closes: impl Fn(&mut Server, Attempt)) {
    for client in ["a", "b"] {
        let attempt = server.connects().expect("at once");
        server.connected(attempt);
        assert_eq!(server.takes(attempt), copies(&[client]));
        closes(server, attempt);
        assert_eq!(server.takes(attempt), "");
    }
    assert_eq!(server.connects(), None);
    iamat(server, "c");
    let attempt = server.connects().expect("there is something to send");
    server.connected(attempt);
    assert_eq!(server.takes(attempt), copies(&["c"]));
}

#[test]
fn a_plain_neighbour_that_refuses_the_greeting_gets_one_line_a_connection() {
    let mut server = Server::new(&Limits::default());
    iamat(&mut server, "a");
    iamat(&mut server, "b");
    let attempt = greeting(&mut server);
    server.answered(attempt, b"? HELLO s0 1");
    server.answered(attempt, b"234\n");
    assert!(server.disconnects(attempt));
    gets_one_line_each(&mut server, |server, attempt| {
        server.sent(attempt);
        assert!(server.disconnects(attempt));
    });
}

#[test]
fn a_plain_neighbour_that_closes_on_the_greeting_gets_one_line_a_connection() {
    let mut server = Server::new(&Limits::default());
    iamat(&mut server, "a");
    iamat(&mut server, "b");
    let attempt = greeting(&mut server);
    server.lost(attempt);
    gets_one_line_each(&mut server, Server::lost);
}

#[test]
fn a_neighbour_that_closes_before_it_takes_anything_is_left_alone_for_a_while() {
    let mut server = Server::new(&Limits::default());
    iamat(&mut server, "a");
    let attempt = greeting(&mut server);
    server.lost(attempt);
    let attempt = server.connects().expect("it may be plain");
    server.connected(attempt);
    server.lost(attempt);
    assert_eq!(server.connects(), None, "no connection after the other without an end");
    server.wait(Duration::from_millis(50));
    let attempt = up(&mut server);
    assert_eq!(server.takes(attempt), copies(&["a"]), "nothing was lost");
}

#[test]
fn a_silent_neighbour_gets_its_lines_after_a_second() {
    let mut server = Server::new(&Limits::default());
    iamat(&mut server, "a");
    iamat(&mut server, "b");
    let attempt = greeting(&mut server);
    server.wait(Duration::from_millis(999));
    assert_eq!(server.takes(attempt), "");
    server.wait(Duration::from_millis(1));
    assert_eq!(server.takes(attempt), copies(&["a", "b"]));
    server.sent(attempt);
    server.nanos = 0;
    iamat(&mut server, "c");
    assert_eq!(server.takes(attempt), copies(&["c"]), "on the same connection");
}

#[test]
fn a_neighbour_that_greets_gets_all_at_once_and_what_follows() {
    let mut server = Server::new(&Limits::default());
    iamat(&mut server, "a");
    iamat(&mut server, "b");
    let attempt = up(&mut server);
    assert_eq!(server.takes(attempt), copies(&["a", "b"]));
    iamat(&mut server, "c");
    assert_eq!(server.takes(attempt), "", "what was taken is not sent yet");
    server.sent(attempt);
    assert_eq!(server.takes(attempt), copies(&["c"]));
}

#[test]
fn a_restarted_neighbour_gets_a_new_connection() {
    let mut server = Server::new(&Limits::default());
    iamat(&mut server, "a");
    let old = up(&mut server);
    assert_eq!(server.takes(old), copies(&["a"]));
    server.sent(old);
    server.receive(b"HELLO s1 77\n");
    assert!(!server.disconnects(old), "it is the one that it was");
    server.receive(b"HELLO s1 78\n");
    assert!(server.disconnects(old));
    iamat(&mut server, "b");
    let new = server.connects().expect("there is something to send");
    assert_ne!(old, new);
    server.connected(new);
    assert_eq!(server.takes(new), copies(&["b"]), "it greeted already");
    server.lost(old);
    assert_eq!(server.takes(old), "", "nobody listens to what is over");
}

#[test]
fn a_link_that_may_not_rest_is_closed_when_all_is_sent() {
    let mut server = Server::new(&Limits { link_idle: Duration::ZERO, ..Limits::default() });
    iamat(&mut server, "a");
    let attempt = up(&mut server);
    assert_eq!(server.takes(attempt), copies(&["a"]));
    iamat(&mut server, "b");
    server.sent(attempt);
    assert!(!server.disconnects(attempt));
    assert_eq!(server.takes(attempt), copies(&["b"]));
    server.sent(attempt);
    assert!(server.disconnects(attempt));
    assert_eq!(server.connects(), None);
}

#[test]
fn a_link_at_rest_is_closed_after_a_while() {
    let mut server = Server::new(&Limits::default());
    iamat(&mut server, "a");
    let attempt = up(&mut server);
    server.takes(attempt);
    server.wait(Duration::from_secs(1));
    server.sent(attempt);
    server.wait(Duration::from_millis(9_999));
    assert!(!server.disconnects(attempt));
    server.wait(Duration::from_millis(1));
    assert!(server.disconnects(attempt));
}

#[test]
fn a_neighbour_that_takes_nothing_counts_as_lost() {
    let mut server = Server::new(&Limits { link_timeout: Duration::from_secs(3), ..Limits::default() });
    iamat(&mut server, "a");
    let attempt = up(&mut server);
    server.takes(attempt);
    iamat(&mut server, "b");
    server.wait(Duration::from_millis(2_999));
    assert!(!server.disconnects(attempt));
    server.wait(Duration::from_millis(1));
    assert!(server.disconnects(attempt));
    server.wait(Duration::from_millis(50));
    let attempt = up(&mut server);
    assert_eq!(server.takes(attempt), copies(&["b"]));
}

#[test]
fn a_full_queue_is_dropped_as_a_whole_and_compared_at_once() {
    let mut server = Server::new(&Limits { link_queue: 200, ..Limits::default() });
    iamat(&mut server, "a");
    let attempt = up(&mut server);
    assert_eq!(server.takes(attempt), copies(&["a"]));
    for client in ["b", "c", "d", "e", "f", "g", "h"] {
        iamat(&mut server, client);
        assert!(server.node.links().all(|(_, _, queued, _)| queued <= 200));
    }
    let dropped: u64 = server.node.links().map(|(_, _, _, dropped)| dropped).sum();
    server.sent(attempt);
    let said = server.takes_all(attempt);
    let (lines, asked) = said.split_at(said.find("REPAIR s0 groups ").expect("it asks what was lost"));
    let kept = ["b", "c", "d", "e", "f", "g", "h"];
    assert_eq!((lines, dropped > 0), (copies(&kept[usize::try_from(dropped).expect("few")..]).as_str(), true));
    assert_eq!(asked.lines().count(), 1);
}

#[test]
fn a_silent_neighbour_is_greeted_again_when_its_link_has_rested() {
    let limits = Limits { repair_interval: Duration::from_secs(30), ..Limits::default() };
    let mut server = Server::new(&limits);
    iamat(&mut server, "a");
    let attempt = greeting(&mut server);
    server.wait(Duration::from_secs(1));
    assert_eq!(server.takes(attempt), copies(&["a"]));
    server.sent(attempt);
    server.wait(limits.link_idle);
    assert!(server.disconnects(attempt));
    server.wait(Duration::from_millis(19_999));
    assert_eq!(server.connects(), None);
    server.wait(Duration::from_millis(1));
    up(&mut server);
}

#[test]
fn a_neighbour_that_closes_is_greeted_again_when_it_has_been_left_alone() {
    let limits = Limits { repair_interval: Duration::from_secs(30), ..Limits::default() };
    let mut server = Server::new(&limits);
    iamat(&mut server, "a");
    let attempt = greeting(&mut server);
    server.lost(attempt);
    // It closes on its line too, as a plain server does, and as a connection does that breaks.
    let attempt = server.connects().expect("there is something to send");
    server.connected(attempt);
    assert_eq!(server.takes(attempt), copies(&["a"]));
    server.lost(attempt);
    server.wait(Duration::from_millis(29_999));
    assert_eq!(server.connects(), None);
    server.wait(Duration::from_millis(1));
    up(&mut server);
}

#[test]
fn a_neighbour_that_refuses_to_compare_is_asked_again_only_when_it_has_restarted() {
    let mut server = Server::new(&Limits { repair_interval: Duration::from_secs(3), ..Limits::default() });
    iamat(&mut server, "a");
    let attempt = up(&mut server);
    assert!(server.takes_all(attempt).contains("REPAIR s0 groups "));
    server.sent(attempt);
    server.answered(attempt, b"? REPAIR s0 groups AAAA\n");
    for client in ["b", "c"] {
        server.wait(Duration::from_secs(4));
        iamat(&mut server, client);
        let said = server.takes_all(attempt);
        assert!(said.starts_with("AT s0 ") && said.lines().count() == 1, "{said}");
        server.sent(attempt);
    }
    server.receive(b"HELLO s1 78\n");
    iamat(&mut server, "d");
    let attempt = server.connects().expect("it has restarted");
    server.connected(attempt);
    assert!(server.takes_all(attempt).contains("REPAIR s0 groups "));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn pauses_grow_and_end_when_the_neighbour_speaks(retry in 1_u64..10_000, failures in 1_u32..12, greets: bool) {
        let limits = Limits { link_retry: Duration::from_millis(retry), ..Limits::default() };
        let mut server = Server::new(&limits);
        iamat(&mut server, "a");
        for failure in 0..failures {
            let attempt = server.connects().expect("it is tried again");
            server.lost(attempt);
            let pause = (50 << failure).min(retry) * MILLI;
            let least = pause * 3 / 4;
            server.wait(Duration::from_nanos(least - 1));
            prop_assert_eq!(server.connects(), None, "pause {} of {} ns", failure, pause);
            server.wait(Duration::from_nanos(pause - least + 1));
        }
        let attempt = server.connects().expect("it is tried again");
        server.lost(attempt);
        server.receive(if greets { b"HELLO s1 5\n" } else { b"AT s1 +0.5 b +1+1 1 s1\n" });
        let attempt = server.connects();
        prop_assert!(attempt.is_some(), "at once");
        server.lost(attempt.expect("just checked"));
        server.wait(limits.link_retry.min(Duration::from_millis(50)));
        prop_assert!(server.connects().is_some(), "the pauses start anew");
    }
}
