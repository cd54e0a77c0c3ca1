//! What clients may do, and how often.

use std::num::NonZeroU32;

use super::*;
use crate::access::{Access, Certificate, Grant, Right, Rights, Token};
use crate::pass::Turn;

fn rights(texts: &[&str]) -> Rights {
    texts.iter().map(|text| text.parse::<Right>().expect(text)).collect()
}

/// A server where those without a token may do this, and those with the token that.
fn node_where(anonymous: &[&str], with_token: &[&str]) -> Node {
    let node = Node::new(line_of(&["a"]), ServerId(0), Limits::default(), 1);
    change(&node, anonymous, Some(with_token));
    node
}

fn token() -> Token {
    Token::new(&[7; 32])
}

fn change(node: &Node, anonymous: &[&str], with_token: Option<&[&str]>) {
    let grant = |may: &[&str]| Grant { rights: rights(may), ..Grant::default() };
    let tokens = with_token.map(|may| (token().hash(), grant(may)));
    take(node, Access::new(grant(anonymous), tokens, false).expect("one token"));
}

fn take(node: &Node, access: Access) {
    let herd = Herd::clone(&line_of(&["a"])).with_access(access);
    node.handle(&mut Turn::at(now()), Event::Herd(Arc::new(herd)));
}

fn auth() -> String {
    format!("AUTH {}\n", token().as_str())
}

#[test]
fn a_token_gives_a_connection_its_rights_from_the_next_line_on() {
    let node = node_where(&["ask:*"], &["report:truck-*", "status"]);
    let (iamat, answer) = ("IAMAT truck-7 +1+1 1\n", "AT a +1.500000000 truck-7 +1+1 1\n");
    assert_eq!(say(&node, None, iamat), format!("? {iamat}"));
    assert_eq!(say(&node, None, &format!("{}{iamat}{iamat}", auth())), format!("OK\n{answer}{answer}"));
    assert_eq!(say(&node, None, &format!("{}IAMAT kiwi +1+1 1\n", auth())), "OK\n? IAMAT kiwi +1+1 1\n");
    // Instead of those that it had.
    assert_eq!(say(&node, None, &format!("{}WHATSAT truck-7 1 1\n", auth())), "OK\n? WHATSAT truck-7 1 1\n");
    assert_eq!(say(&node, None, "STATUS\n"), "? STATUS\n");
    assert!(say(&node, None, &format!("{}STATUS\n", auth())).starts_with("OK\n{"));
}

#[test]
fn of_a_wrong_token_nothing_is_said_or_shown() {
    let node = node_where(&[], &["all"]);
    for wrong in ["AUTH\n", "AUTH token\n", &format!(" AUTH {}A\t\n", token().as_str()), "AUTH a b\n"] {
        let mut session = node.session(SessionId(0), None, now().instant);
        let (mut turn, mut out) = (Turn::at(now()), Vec::new());
        let received = session.receive(&node, &mut turn, wrong.as_bytes());
        assert!(received.lines().all(|line| line == b"AUTH"));
        let served = received.serve();
        assert!(served.refused().is_some());
        served.reply(&mut out);
        assert_eq!((out.as_slice(), session.is_finished()), (&b"? AUTH\n"[..], true), "{wrong}");
    }
    let mut session = node.session(SessionId(0), None, now().instant);
    let mut turn = Turn::at(now());
    assert!(session.receive(&node, &mut turn, auth().as_bytes()).lines().eq([&b"AUTH"[..]]));
}

#[test]
fn who_loses_a_right_is_served_no_more() {
    let node = node_where(&["ask:*"], &["report:*"]);
    let mut turn = Turn::at(now());
    let mut say = |node: &Node, session: &mut Session, line: &str| {
        let mut out = Vec::new();
        session.receive(node, &mut turn, line.as_bytes()).serve().reply(&mut out);
        String::from_utf8(out).expect("these tests speak ASCII")
    };
    let mut sessions = [0, 1].map(|id| node.session(SessionId(id), None, now().instant));
    assert_eq!(say(&node, &mut sessions[0], &auth()), "OK\n");
    change(&node, &["ask:*", "status"], Some(&["all"]));
    assert!(say(&node, &mut sessions[1], "STATUS\n").starts_with('{'), "more rights are there at once");
    change(&node, &["ask:*", "status"], None);
    assert_eq!(say(&node, &mut sessions[0], ""), "");
    assert!(sessions[0].is_finished() && say(&node, &mut sessions[1], "STATUS\n").starts_with('{'));
    change(&node, &[], None);
    assert_eq!(say(&node, &mut sessions[1], "STATUS\n"), "");
    assert!(sessions[1].is_finished());
}

#[test]
fn clients_on_plain_text_are_refused_where_all_have_to_encrypt() {
    let node = node_where(&[], &[]);
    let all = || Grant { rights: Rights::all(), ..Grant::default() };
    take(&node, Access::new(all(), [(token().hash(), all())], true).expect("one token"));
    for line in ["IAMAT kiwi +1+1 1\n", "WHATSAT kiwi 1 1\n", "STATUS\n"] {
        assert_eq!(say(&node, None, line), format!("? {line}"));
    }
    assert_eq!(say(&node, None, &auth()), "? AUTH\n");
    let (mut session, mut out) = (node.session(SessionId(0), None, now().instant), Vec::new());
    session.encrypted(Certificate::Absent);
    session.receive(&node, &mut Turn::at(now()), b"IAMAT kiwi +1+1 1\n").serve().reply(&mut out);
    assert_eq!(out, b"AT a +1.500000000 kiwi +1+1 1\n");
}

#[test]
fn who_may_be_about_to_encrypt_is_waited_for() {
    let node = node_where(&["all"], &[]);
    let access = |encrypted_only| {
        Access::new(Grant { rights: Rights::all(), ..Grant::default() }, [], encrypted_only).expect("no tokens")
    };
    let mut served = node.session(SessionId(0), None, now().instant);
    take(&node, access(true));
    let mut encrypting = node.session(SessionId(1), None, now().instant);
    take(&node, access(true));
    for session in [&mut served, &mut encrypting] {
        assert!(session.is_behind(&node));
        session.receive(&node, &mut Turn::at(now()), b"").serve().reply(&mut Vec::new());
        assert!(!session.is_behind(&node));
    }
    assert_eq!((served.is_finished(), encrypting.is_finished()), (true, false));
    encrypting.encrypted(Certificate::Absent);
    let mut out = Vec::new();
    encrypting.receive(&node, &mut Turn::at(now()), b"STATUS\n").serve().reply(&mut out);
    assert!(out.starts_with(b"{"));
}

#[test]
fn a_rate_is_of_a_token_or_of_an_address_and_a_new_connection_is_no_way_round_it() {
    let node = node_where(&[], &[]);
    let grant = |rate| Grant { rights: Rights::all(), reports_per_second: NonZeroU32::new(rate), ..Grant::default() };
    take(&node, Access::new(grant(1), [(token().hash(), grant(2))], false).expect("one token"));
    let reports = |prefix: &str, ip: u32| {
        let lines = "IAMAT kiwi +1+1 1\n".repeat(30);
        let replies = say(&node, Some(IpAddr::V4(ip.into())), &(prefix.to_owned() + &lines));
        replies.lines().filter(|line| line.starts_with("AT ")).count()
    };
    // Ten seconds' worth at once.
    assert_eq!([reports("", 1), reports("", 1), reports("", 2)], [10, 0, 10]);
    assert_eq!([reports(&auth(), 1), reports(&auth(), 2)], [20, 0]);
}
