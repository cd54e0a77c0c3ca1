//! The way to a neighbour: what it is told, on how many connections, and how long the pauses are.

use std::time::Duration;

use herd::{Event, Limits, Notice, Parting, ServerName, Stranger, Trouble, Wrong};
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
fn greeting(server: &mut Server) {
    assert!(server.connects(), "there is something to send");
    server.connected();
    assert!(server.takes().starts_with("HELLO s0 "));
    server.sent();
}

/// The neighbour has answered the greeting in kind.
fn up(server: &mut Server) {
    greeting(server);
    server.answered(b"HELLO s1 77\n");
}

/// Each of two lines comes on a connection of its own, with no greeting.
fn gets_one_line_each(server: &mut Server, closes: impl Fn(&mut Server)) {
    for client in ["a", "b"] {
        assert!(server.connects(), "at once");
        server.connected();
        assert_eq!(server.takes(), copies(&[client]));
        closes(server);
        assert_eq!(server.takes(), "");
    }
    assert!(!server.connects());
    iamat(server, "c");
    assert!(server.connects(), "there is something to send");
    server.connected();
    assert_eq!(server.takes(), copies(&["c"]));
}

#[test]
fn a_plain_neighbour_that_refuses_the_greeting_gets_one_line_a_connection() {
    let mut server = Server::new(&Limits::default());
    iamat(&mut server, "a");
    iamat(&mut server, "b");
    greeting(&mut server);
    server.answered(b"? HELLO s0 1");
    server.answered(b"234 v=2\n");
    assert_eq!(server.closes(), Some(Parting::NotUnderstood));
    // It may be of the first make, which knows no fields.
    assert!(server.connects(), "at once");
    server.connected();
    let said = server.takes();
    assert!(said.starts_with("HELLO s0 ") && said.split(' ').count() == 3, "{said}");
    server.sent();
    server.answered(b"? HELLO s0 1234\n");
    assert_eq!(server.closes(), Some(Parting::NotUnderstood));
    gets_one_line_each(&mut server, |server| {
        server.sent();
        assert_eq!(server.closes(), Some(Parting::OneLineEach));
    });
}

#[test]
fn a_plain_neighbour_that_closes_on_the_greeting_gets_one_line_a_connection() {
    let mut server = Server::new(&Limits::default());
    iamat(&mut server, "a");
    iamat(&mut server, "b");
    greeting(&mut server);
    server.lost();
    gets_one_line_each(&mut server, Server::lost);
}

#[test]
fn a_neighbour_that_closes_before_it_takes_anything_is_left_alone_for_a_while() {
    let mut server = Server::new(&Limits::default());
    iamat(&mut server, "a");
    greeting(&mut server);
    server.lost();
    assert!(server.connects(), "it may be plain");
    server.connected();
    server.lost();
    assert!(!server.connects(), "no connection after the other without an end");
    server.wait(Duration::from_millis(50));
    up(&mut server);
    assert_eq!(server.takes(), copies(&["a"]), "nothing was lost");
}

#[test]
fn a_neighbour_of_the_first_make_is_greeted_without_fields_and_gets_all() {
    let mut server = Server::new(&Limits::default());
    iamat(&mut server, "a");
    greeting(&mut server);
    server.answered(b"? HELLO s0 1234 v=2\n");
    assert_eq!(server.closes(), Some(Parting::NotUnderstood));
    assert!(server.connects());
    server.connected();
    server.takes();
    server.sent();
    server.answered(b"HELLO s1 77\n");
    iamat(&mut server, "b");
    assert_eq!(server.takes(), copies(&["a", "b"]));
}

#[test]
fn a_silent_neighbour_gets_its_lines_after_a_second_and_one_a_connection() {
    let mut server = Server::new(&Limits::default());
    iamat(&mut server, "a");
    iamat(&mut server, "b");
    greeting(&mut server);
    server.wait(Duration::from_millis(999));
    assert_eq!((server.takes(), server.closes()), (String::new(), None));
    server.wait(Duration::from_millis(1));
    assert_eq!(server.closes(), Some(Parting::NoAnswer), "what it reads with the greeting would be lost");
    // The times of what is sent are those of the start.
    server.driver.nanos = 0;
    gets_one_line_each(&mut server, |server| {
        server.sent();
        assert_eq!(server.closes(), Some(Parting::OneLineEach));
    });
}

#[test]
fn a_neighbour_that_greets_gets_all_at_once_and_what_follows() {
    let mut server = Server::new(&Limits::default());
    iamat(&mut server, "a");
    iamat(&mut server, "b");
    up(&mut server);
    assert_eq!(server.takes(), copies(&["a", "b"]));
    iamat(&mut server, "c");
    assert_eq!(server.takes(), "", "what was taken is not sent yet");
    server.sent();
    assert_eq!(server.takes(), copies(&["c"]));
}

#[test]
fn a_restarted_neighbour_gets_a_new_connection() {
    let mut server = Server::new(&Limits::default());
    iamat(&mut server, "a");
    up(&mut server);
    assert_eq!(server.takes(), copies(&["a"]));
    server.sent();
    server.receive(b"HELLO s1 77\n");
    assert_eq!(server.takes(), "", "it is the one that it was: they compare");
    server.sent();
    assert_eq!(server.closes(), None);
    server.receive(b"HELLO s1 78\n");
    assert_eq!(server.closes(), Some(Parting::Restarted));
    iamat(&mut server, "b");
    assert!(server.connects(), "there is something to send");
    server.connected();
    assert_eq!(server.takes(), copies(&["b"]), "it greeted already");
}

#[test]
fn a_connection_that_was_given_up_is_closed_before_another_is_made() {
    let mut server = Server::new(&Limits::default());
    iamat(&mut server, "a");
    up(&mut server);
    assert_eq!(server.takes(), copies(&["a"]));
    server.receive(b"HELLO s1 78\n");
    iamat(&mut server, "b");
    assert!(!server.connects(), "there is one to be closed first");
    assert_eq!(server.closes(), Some(Parting::Restarted));
    assert!(server.connects());
    server.connected();
    assert_eq!(server.takes(), copies(&["b"]));
}

#[test]
fn what_is_said_of_a_connection_that_was_given_up_is_not_listened_to() {
    for is_lost in [false, true] {
        let mut server = Server::new(&Limits::default());
        iamat(&mut server, "a");
        up(&mut server);
        assert_eq!(server.takes(), copies(&["a"]));
        server.receive(b"HELLO s1 78\n");
        // None of those who carry this out know yet that it was given up.
        iamat(&mut server, "b");
        server.connected();
        server.sent();
        server.answered(b"? REPAIR s0 groups\nHELLO s1 79\n");
        if is_lost {
            server.lost();
        } else {
            assert_eq!(server.closes(), Some(Parting::Restarted));
        }
        assert_eq!(server.closes(), None, "it is over");
        assert!(server.connects(), "and has not failed, so there is no pause");
        server.connected();
        let said = server.takes_all();
        assert!(said.starts_with(&copies(&["b"])) && said.contains("REPAIR s0 groups "), "{said}");
        server.receive(b"HELLO s1 78\n");
        assert_eq!(server.closes(), None, "nobody has heard of another incarnation");
    }
}

/// It gives its connection up three seconds from now, and not before.
fn gives_up_after_three_seconds(server: &mut Server) {
    server.wait(Duration::from_millis(2_999));
    assert_eq!(server.closes(), None);
    server.wait(Duration::from_millis(1));
    assert_eq!(server.closes(), Some(Parting::TimedOut));
}

#[test]
fn a_connection_that_is_not_accepted_in_time_is_given_up() {
    let mut server = Server::new(&Limits { link_timeout: Duration::from_secs(3), ..Limits::default() });
    iamat(&mut server, "a");
    assert!(server.connects());
    gives_up_after_three_seconds(&mut server);
    server.wait(Duration::from_millis(50));
    up(&mut server);
    assert_eq!(server.takes(), copies(&["a"]));
}

#[test]
fn people_are_told_once_that_a_neighbour_cannot_be_reached_and_once_that_it_can() {
    let mut server = Server::new(&Limits::default());
    let peer = server.driver.peers()[0];
    let told = |server: &mut Server| std::mem::take(&mut server.driver.notices);
    iamat(&mut server, "a");
    for failure in 0..3 {
        assert!(server.connects());
        server.lost();
        let down = Notice::NeighbourDown { peer, why: "lost".into() };
        let expected = if failure == 0 { vec![down] } else { Vec::new() };
        assert_eq!(told(&mut server), expected);
        server.wait(Duration::from_secs(1));
    }
    up(&mut server);
    assert_eq!(told(&mut server), []);
    server.takes();
    assert_eq!(told(&mut server), [Notice::Compared { peer, sent: 0, received: 0 }]);
    server.wait(Duration::from_secs(3));
    let after = Duration::from_secs(3);
    assert_eq!(told(&mut server), [Notice::NeighbourUp { peer, after, sent: 0, received: 0 }]);
    server.lost();
    assert_eq!(told(&mut server), [], "a connection ended: the neighbour may be there all the same");
    server.wait(Duration::from_secs(1));
    assert!(server.connects());
    server.connected();
    assert_eq!(told(&mut server), [], "it never was out of reach");
}

#[test]
fn a_link_that_may_not_rest_is_closed_when_all_is_sent() {
    let mut server = Server::new(&Limits { link_idle: Duration::ZERO, ..Limits::default() });
    iamat(&mut server, "a");
    up(&mut server);
    assert_eq!(server.takes(), copies(&["a"]));
    iamat(&mut server, "b");
    server.sent();
    assert_eq!(server.closes(), None);
    assert_eq!(server.takes(), copies(&["b"]));
    server.sent();
    assert_eq!(server.closes(), Some(Parting::AtRest));
    assert!(!server.connects());
}

#[test]
fn a_link_at_rest_is_closed_after_a_while() {
    let (link_timeout, link_idle) = (Duration::from_mins(1), Duration::from_secs(10));
    let mut server = Server::new(&Limits { link_timeout, link_idle, ..Limits::default() });
    iamat(&mut server, "a");
    up(&mut server);
    server.takes();
    server.wait(Duration::from_secs(1));
    server.sent();
    server.wait(Duration::from_millis(9_999));
    assert_eq!(server.closes(), None);
    server.wait(Duration::from_millis(1));
    assert_eq!(server.closes(), Some(Parting::AtRest));
}

#[test]
fn a_neighbour_that_takes_nothing_counts_as_lost() {
    let mut server = Server::new(&Limits { link_timeout: Duration::from_secs(3), ..Limits::default() });
    iamat(&mut server, "a");
    up(&mut server);
    server.takes();
    iamat(&mut server, "b");
    gives_up_after_three_seconds(&mut server);
    server.wait(Duration::from_millis(50));
    up(&mut server);
    assert_eq!(server.takes(), copies(&["b"]));
}

#[test]
fn a_full_queue_is_dropped_as_a_whole_and_compared_at_once() {
    let mut server = Server::new(&Limits { link_queue: 200, ..Limits::default() });
    iamat(&mut server, "a");
    up(&mut server);
    assert_eq!(server.takes(), copies(&["a"]));
    for client in ["b", "c", "d", "e", "f", "g", "h"] {
        iamat(&mut server, client);
        assert!(server.driver.node().links()[0].queued <= 200);
    }
    let dropped = server.driver.node().links()[0].dropped;
    server.sent();
    let said = server.takes_all();
    let (lines, asked) = said.split_at(said.find("REPAIR s0 groups ").expect("it asks what was lost"));
    let kept = ["b", "c", "d", "e", "f", "g", "h"];
    assert_eq!((lines, dropped > 0), (copies(&kept[usize::try_from(dropped).expect("few")..]).as_str(), true));
    assert_eq!(asked.lines().count(), 1);
}

/// It is connected to and greeted so many seconds from now, and not a millisecond before.
fn is_greeted_after(server: &mut Server, seconds: u64) {
    server.wait(Duration::from_millis(seconds * 1000 - 1));
    assert!(!server.connects());
    server.wait(Duration::from_millis(1));
    greeting(server);
}

#[test]
fn who_asks_in_a_comparison_is_no_plain_server_and_may_answer_late() {
    let mut server = Server::new(&Limits::default());
    let zeros = "A".repeat(32 * 8 * 4 / 3 + 1);
    let (_, answered) = server.receive(format!("REPAIR s1 groups {zeros}\n").as_bytes());
    assert!(answered.ends_with(b"REPAIR s0 end\n"));
    iamat(&mut server, "a");
    greeting(&mut server);
    server.wait(Duration::from_millis(4999));
    assert_eq!(server.closes(), None);
    server.answered(b"HELLO s1 7 v=2\n");
    assert!(server.takes().starts_with("AT s0 "), "it is up");
}

#[test]
fn what_may_be_a_box_is_greeted_again_soon_and_then_less_and_less_often() {
    let limits = Limits { repair_interval: Duration::from_secs(30), ..Limits::default() };
    for closes in [false, true] {
        let mut server = Server::new(&limits);
        iamat(&mut server, "a");
        greeting(&mut server);
        for pause in [5, 10, 20, 30, 30] {
            if closes {
                server.lost();
            } else {
                server.wait(Duration::from_secs(1));
                assert_eq!(server.closes(), Some(Parting::NoAnswer));
            }
            if server.connects() {
                // It closes on its line too, as a plain server does, and as a connection does that breaks.
                server.connected();
                assert!(server.takes().starts_with("AT s0 "));
                server.lost();
            }
            is_greeted_after(&mut server, pause);
        }
        server.answered(b"HELLO s1 77\n");
        assert!(server.takes_all().contains("REPAIR s0 groups "), "now they compare");
    }
}

#[test]
fn a_plain_neighbour_is_greeted_anew_also_while_there_is_always_something_to_tell_it() {
    let mut server = Server::new(&Limits { repair_interval: Duration::from_secs(3), ..Limits::default() });
    iamat(&mut server, "a");
    for refused in [b"? HELLO s0 1 v=2\n".to_vec(), b"? HELLO s0 1\n".to_vec()] {
        assert!(server.connects());
        server.connected();
        server.takes();
        server.sent();
        server.answered(&refused);
        assert_eq!(server.closes(), Some(Parting::NotUnderstood));
    }
    for _ in 0..3 {
        assert!(server.connects());
        server.connected();
        assert!(server.takes().contains(" a +1+1 1 s0\n"));
        server.wait(Duration::from_secs(1));
        iamat(&mut server, "a");
        server.sent();
        assert_eq!(server.closes(), Some(Parting::OneLineEach));
    }
    up(&mut server);
    assert!(server.takes().contains(" a +1+1 1 s0\n"), "on a connection that stays");
}

#[test]
fn one_that_has_greeted_is_never_taken_for_a_plain_neighbour() {
    let mut server = Server::new(&Limits { link_retry: Duration::from_secs(1), ..Limits::default() });
    iamat(&mut server, "a");
    up(&mut server);
    assert_eq!(server.takes(), copies(&["a"]));
    server.sent();
    server.lost();
    iamat(&mut server, "b");
    // A proxy accepts for a server that is not there, and closes, or says nothing.
    for closes in [true, false, true] {
        server.wait(Duration::from_secs(1));
        greeting(&mut server);
        if closes {
            server.lost();
        } else {
            server.wait(Duration::from_secs(1));
            assert_eq!(server.closes(), Some(Parting::NoAnswer));
        }
        assert!(!server.connects(), "it is down");
    }
    server.wait(Duration::from_secs(1));
    up(&mut server);
    let said = server.takes_all();
    assert!(said.contains(" b +1+1 1 s0\n") && said.contains("REPAIR s0 groups "), "{said}");
}

#[test]
fn a_neighbour_that_shows_no_sign_of_life_counts_as_lost() {
    let mut server = Server::new(&Limits { link_timeout: Duration::from_secs(4), ..Limits::default() });
    iamat(&mut server, "a");
    up(&mut server);
    assert_eq!(server.takes(), copies(&["a"]));
    server.sent();
    for answers in [true, true, false] {
        server.wait(Duration::from_millis(1_999));
        iamat(&mut server, "b");
        assert!(server.takes().starts_with("AT s0 "));
        server.wait(Duration::from_millis(1));
        server.sent();
        assert!(server.takes().starts_with("HELLO s0 "), "it took two lines and said nothing");
        server.sent();
        if answers {
            server.answered(b"HELLO s1 77\n");
            iamat(&mut server, "c");
            assert!(server.takes().starts_with("AT s0 "));
            server.sent();
        }
    }
    server.wait(Duration::from_millis(3_999));
    assert_eq!(server.closes(), None);
    server.wait(Duration::from_millis(1));
    assert_eq!(server.closes(), Some(Parting::TimedOut));
    server.wait(Duration::from_millis(50));
    up(&mut server);
    assert!(server.takes_all().contains("REPAIR s0 groups "));
}

#[test]
fn a_greeting_that_is_said_again_is_no_reason_to_compare() {
    let mut server = Server::new(&Limits::default());
    iamat(&mut server, "a");
    up(&mut server);
    server.takes();
    server.sent();
    let (mut session, answer) = server.receive(b"HELLO s1 77 v=2\n");
    assert!(server.takes_all().contains("REPAIR s0 groups "), "it may have lost something");
    server.sent();
    server.answered(b"REPAIR s1 end\n");
    assert_eq!(server.driver.receive(&mut session, b"HELLO s1 77 v=2\n"), answer);
    assert_eq!(server.takes_all(), "");
}

#[test]
fn one_that_refuses_this_server_is_left_alone_for_a_while_and_people_are_told_once() {
    let mut server = Server::new(&Limits::default());
    let peer = server.driver.peers()[0];
    iamat(&mut server, "a");
    let mut told = Vec::new();
    for _ in 0..3 {
        greeting(&mut server);
        server.answered(b"REFUSED s1 address\n");
        assert_eq!(server.closes(), Some(Parting::Refused));
        told.append(&mut server.driver.notices);
        assert!(!server.connects());
        server.wait(Duration::from_secs(5));
    }
    let with = ServerName::new("s1").expect("a name");
    let down = Notice::NeighbourDown { peer, why: "refused by the neighbour".into() };
    assert_eq!(told, [Notice::Wrong(Trouble { with, what: Wrong::Refused(Stranger::Address) }), down]);
    up(&mut server);
    assert_eq!(server.takes(), copies(&["a"]), "nothing was lost");
}

#[test]
fn a_server_that_stops_sends_what_is_queued_and_no_more() {
    let mut server = Server::new(&Limits::default());
    iamat(&mut server, "a");
    up(&mut server);
    assert_eq!(server.takes(), copies(&["a"]));
    iamat(&mut server, "b");
    server.driver.handle(|| Event::Stopping);
    assert_eq!((server.closes(), server.ends()), (None, false), "there is something to send");
    server.sent();
    assert_eq!(server.takes_all(), copies(&["b"]), "and nothing is compared any more");
    server.sent();
    assert_eq!(server.closes(), Some(Parting::Stopping));
    assert!(server.ends());
    // A link at rest is opened for what is queued, and one that cannot be reached ends.
    for is_there in [true, false] {
        let mut server = Server::new(&Limits::default());
        iamat(&mut server, "a");
        assert!(server.connects());
        server.lost();
        server.driver.handle(|| Event::Stopping);
        if is_there {
            up(&mut server);
            assert_eq!(server.takes_all(), copies(&["a"]));
            server.sent();
            assert_eq!(server.closes(), Some(Parting::Stopping));
        } else {
            assert!(server.connects(), "once more");
            server.lost();
        }
        assert!(server.ends());
    }
    let mut idle = Server::new(&Limits::default());
    idle.driver.handle(|| Event::Stopping);
    assert!(idle.ends());
}

#[test]
fn a_neighbour_that_refuses_to_compare_is_asked_again_only_when_it_has_restarted() {
    let repair_interval = Duration::from_secs(3);
    let mut server =
        Server::new(&Limits { repair_interval, link_timeout: Duration::from_mins(1), ..Limits::default() });
    iamat(&mut server, "a");
    up(&mut server);
    assert!(server.takes_all().contains("REPAIR s0 groups "));
    server.sent();
    server.answered(b"? REPAIR s0 groups AAAA\n");
    for client in ["b", "c"] {
        server.wait(Duration::from_secs(4));
        iamat(&mut server, client);
        let said = server.takes_all();
        assert!(said.starts_with("AT s0 ") && said.lines().count() == 1, "{said}");
        server.sent();
    }
    server.receive(b"HELLO s1 78\n");
    iamat(&mut server, "d");
    assert_eq!(server.closes(), Some(Parting::Restarted));
    assert!(server.connects());
    server.connected();
    assert!(server.takes_all().contains("REPAIR s0 groups "));
}

#[test]
fn only_a_neighbour_with_the_same_hash_key_is_compared_with() {
    let other = "HELLO s1 77 v=2 hash=00000000000000e5\n";
    for (hello, compares) in [("HELLO s1 77 v=2\n", true), (other, false)] {
        let mut server = Server::new(&Limits::default());
        iamat(&mut server, "a");
        greeting(&mut server);
        server.answered(hello.as_bytes());
        let mut said = server.takes_all();
        server.sent();
        server.wait(Duration::from_secs(3));
        said += &server.takes_all();
        assert_eq!(said.contains("REPAIR s0 groups "), compares, "{hello}{said}");
        let (mut session, _) = server.receive(hello.as_bytes());
        let question = format!("REPAIR s1 groups {}\n", "A".repeat(342));
        let answer = server.driver.receive(&mut session, question.as_bytes());
        assert_eq!(answer.starts_with(b"? "), !compares, "{}", String::from_utf8_lossy(&answer));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn pauses_grow_and_end_when_the_neighbour_speaks(retry in 1_u64..10_000, failures in 1_u32..12, greets: bool) {
        let limits = Limits { link_retry: Duration::from_millis(retry), ..Limits::default() };
        let mut server = Server::new(&limits);
        iamat(&mut server, "a");
        for failure in 0..failures {
            assert!(server.connects(), "it is tried again");
            server.lost();
            let pause = (50 << failure).min(retry) * MILLI;
            let least = pause * 3 / 4;
            server.wait(Duration::from_nanos(least - 1));
            prop_assert!(!server.connects(), "pause {} of {} ns", failure, pause);
            server.wait(Duration::from_nanos(pause - least + 1));
        }
        assert!(server.connects(), "it is tried again");
        server.lost();
        server.receive(if greets { b"HELLO s1 5\n" } else { b"AT s1 +0.5 b +1+1 1 s1\n" });
        prop_assert!(server.connects(), "at once");
        server.lost();
        server.wait(limits.link_retry.min(Duration::from_millis(50)));
        prop_assert!(server.connects(), "the pauses start anew");
    }
}
