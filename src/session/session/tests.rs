use core::time::Duration;

use super::*;
use crate::access::Certificate;
use crate::herd::Herd;
use crate::node::{Event, Node};
use crate::pass::Action;
use crate::places::Places;
use crate::values::Now;

/// A session of a server with those limits.
fn start(limits: Limits) -> (Node, Session) {
    let herd = Arc::new(Herd::classic());
    let me = herd.find(b"Alford").expect("one of the classic herd");
    let node = Node::new(herd, me, limits, 1);
    let session = node.session(SessionId(0), None, Instant::default());
    (node, session)
}

/// Bytes come in: what goes out, and what else the node asks for.
fn receive(node: &Node, session: &mut Session, bytes: &[u8]) -> (String, Vec<Action>) {
    let (mut out, mut turn) = (Vec::new(), Turn::default());
    session.receive(node, &mut turn, bytes).serve().reply(&mut out);
    (String::from_utf8(out).expect("these tests speak ASCII"), turn.actions)
}

/// Every fetch among `actions` ends with nothing found: what goes out.
fn nothing_near(node: &Node, session: &mut Session, actions: Vec<Action>) -> String {
    let (mut out, mut turn) = (Vec::new(), Turn::default());
    for action in actions {
        if let Action::Fetch { fetch, .. } = action {
            let outcome = Ok(Places::builder(&[]).finish());
            node.handle(&mut turn, Event::Fetched { fetch, outcome });
        }
    }
    for action in turn.actions {
        if let Action::Answer { answer, .. } = action {
            session.answer(answer, &mut out);
        }
    }
    String::from_utf8(out).expect("these tests speak ASCII")
}

#[test]
fn later_replies_wait_behind_a_question() {
    let (node, mut session) = start(Limits::default());
    let text = b"IAMAT kiwi +1+1 -1\nWHATSAT kiwi 1 1\nIAMAT kiwi +2+2 -0.5\nnonsense\nIAMAT kiwi +3+3 0\n";
    let (out, actions) = receive(&node, &mut session, text);
    assert_eq!(out, "AT Alford +1.000000000 kiwi +1+1 -1\n");
    assert!(!session.is_finished() && session.deadline().is_none() && !session.wants_input());
    let out = nothing_near(&node, &mut session, actions);
    assert!(out.starts_with("AT Alford +1.000000000 kiwi +1+1 -1\n{\n"), "the position as it was: {out}");
    assert!(out.ends_with("\n}\n\nAT Alford +0.500000000 kiwi +2+2 -0.5\n? nonsense\n"), "{out}");
    assert!(session.is_finished());
}

#[test]
fn no_more_is_read_while_too_many_wait() {
    let (node, mut session) = start(Limits { max_waiting: 1, ..Limits::default() });
    let (_, actions) = receive(&node, &mut session, b"IAMAT k +1+1 1\nWHATSAT k 1 1\nWHATSAT k 1 1\nIAMAT k +1+1 1");
    assert_eq!(node.counters().whatsat, 1);
    assert!(!session.can_resume() && !session.wants_input());
    nothing_near(&node, &mut session, actions);
    assert!(session.can_resume() && !session.wants_input(), "what is held comes first");
    let (_, actions) = receive(&node, &mut session, b"");
    nothing_near(&node, &mut session, actions);
    receive(&node, &mut session, b"");
    assert!(session.wants_input());
    session.finish(&node, &mut Turn::default()).serve().reply(&mut Vec::new());
    assert_eq!((node.counters().whatsat, node.counters().iamat, session.is_finished()), (2, 2, true));
}

#[test]
fn no_more_is_read_while_too_much_is_unsent() {
    let (node, mut session) = start(Limits { max_unsent: 10, ..Limits::default() });
    session.holds(&node, &mut Turn::default(), 9);
    assert!(session.wants_input());
    session.holds(&node, &mut Turn::default(), 10);
    assert!(!session.wants_input());
}

#[test]
fn with_one_shot_the_first_reply_is_the_last() {
    let (node, mut session) = start(Limits { one_shot: true, ..Limits::default() });
    let (out, _) = receive(&node, &mut session, b"\n \nIAMAT kiwi +1+1 1\nIAMAT kiwi +1+1 2\n");
    assert_eq!(out, "AT Alford -1.000000000 kiwi +1+1 1\n");
    assert!(session.is_finished());
}

#[test]
fn a_session_at_rest_is_closed_after_the_idle_timeout() {
    let (node, mut session) = start(Limits { idle_timeout: Duration::from_nanos(5), ..Limits::default() });
    assert_eq!(session.deadline(), Some(Instant::from_nanos(5)));
    session.sent(Instant::from_nanos(3));
    assert_eq!(session.deadline(), Some(Instant::from_nanos(8)));
    for nothing in ["", "\n", " \t\n"] {
        at(&node, &mut session, 7, nothing);
        assert_eq!(session.deadline(), Some(Instant::from_nanos(8)), "it is no request: {nothing:?}");
    }
    at(&node, &mut session, 7, "IAMAT kiwi +1+1 1\n");
    assert_eq!(session.deadline(), Some(Instant::from_nanos(12)));
}

/// Bytes come in at that nanosecond.
fn at(node: &Node, session: &mut Session, nanos: u64, text: &str) {
    let mut turn = Turn::at(Now { instant: Instant::from_nanos(nanos), ..Now::default() });
    session.receive(node, &mut turn, text.as_bytes()).serve().reply(&mut Vec::new());
}

#[test]
fn a_line_that_was_begun_has_to_be_whole_in_time() {
    let (node, mut session) = start(Limits { line_timeout: Duration::from_nanos(5), ..Limits::default() });
    at(&node, &mut session, 10, "IAMAT kiwi +1+1 1\nIA");
    assert_eq!((session.deadline(), session.is_mid_line()), (Some(Instant::from_nanos(15)), true));
    at(&node, &mut session, 13, "MAT ki");
    assert_eq!(session.deadline(), Some(Instant::from_nanos(15)), "a byte now and then is no line");
    at(&node, &mut session, 14, "wi +1+1 2\nI");
    assert_eq!(session.deadline(), Some(Instant::from_nanos(19)), "another line");
    session.holds(&node, &mut Turn::default(), 100);
    assert!(!session.is_mid_line(), "it may be waiting for what is unsent");
    session.holds(&node, &mut Turn::default(), 0);
    session.sent(Instant::from_nanos(30));
    assert_eq!(session.deadline(), Some(Instant::from_nanos(35)));
    at(&node, &mut session, 31, "AMAT kiwi +1+1 3\n");
    assert!(!session.is_mid_line());
}

#[test]
fn a_handshake_has_as_long_as_a_line() {
    let (node, mut session) = start(Limits { line_timeout: Duration::from_nanos(5), ..Limits::default() });
    session.begin_handshake(Instant::from_nanos(10));
    at(&node, &mut session, 12, "");
    assert_eq!(
        (session.deadline(), session.is_mid_line()),
        (Some(Instant::from_nanos(15)), true),
        "nothing came of it"
    );
    session.encrypted(Certificate::Absent);
    assert!(!session.is_mid_line());
}

#[test]
fn a_pass_ends_when_it_has_done_its_share() {
    let (node, mut session) = start(Limits::default());
    let text: Vec<u8> = (0..2 * Turn::SHARE).flat_map(|_| *b"IAMAT kiwi +1+1 1\n").collect();
    let mut turn = Turn::default();
    session.receive(&node, &mut turn, &text).serve().reply(&mut Vec::new());
    assert_eq!((node.counters().iamat, turn.work()), (Turn::SHARE, Turn::SHARE));
    assert!(session.can_resume() && !session.wants_input());
    session.receive(&node, &mut turn, b"WHATSAT kiwi 1 20\n").serve().reply(&mut Vec::new());
    assert_eq!((node.counters().iamat, turn.work()), (2 * Turn::SHARE, 2 * Turn::SHARE));
    session.receive(&node, &mut turn, b"").serve().reply(&mut Vec::new());
    assert_eq!((node.counters().whatsat, turn.work()), (1, 2 * Turn::SHARE + 65), "its places weigh");
    assert!(session.wants_input());
}

#[test]
fn a_pass_replies_no_more_than_may_be_unsent() {
    let (node, mut session) = start(Limits { max_unsent: 1000, ..Limits::default() });
    session.holds(&node, &mut Turn::default(), 600);
    let reply = "AT Alford -1.000000000 kiwi +1+1 1\n";
    let (out, _) = receive(&node, &mut session, &b"IAMAT kiwi +1+1 1\n".repeat(100));
    assert_eq!(out, reply.repeat(400_usize.div_ceil(reply.len())));
    session.holds(&node, &mut Turn::default(), 600 + out.len());
    assert!(!session.can_resume());
    session.holds(&node, &mut Turn::default(), 999);
    assert!(session.can_resume());
    assert_eq!(receive(&node, &mut session, b"").0, reply, "whenever it can go on, it does");
}
