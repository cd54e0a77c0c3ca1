//! Limits that change while a server runs.

use super::*;

/// These limits, but for what is changed in them, from now on.
fn limit(node: &Node, turn: &mut Turn, change: impl FnOnce(&mut Limits)) {
    let mut limits = node.limits();
    change(&mut limits);
    node.handle(turn, Event::Limits(Arc::new(limits)));
}

#[test]
fn who_is_known_goes_on_where_fewer_clients_may_be_kept() {
    let (node, mut turn) = (node(), Turn::at(now()));
    for client in ["kiwi", "moa"] {
        say(&node, None, &format!("IAMAT {client} +1+1 1\n"));
    }
    limit(&node, &mut turn, |limits| limits.clients = 1);
    assert_eq!(say(&node, None, "IAMAT emu +1+1 1\n"), "? IAMAT emu +1+1 1\n");
    assert!(say(&node, None, "IAMAT kiwi +1+1 2\nIAMAT moa +1+1 2\n").starts_with("AT a "));
    assert_eq!(node.clients(), 2);
    limit(&node, &mut turn, |limits| limits.clients = 3);
    assert!(say(&node, None, "IAMAT emu +1+1 1\n").starts_with("AT a "));
}

#[test]
fn sessions_go_by_the_new_ones_from_their_next_pass_on() {
    let (node, mut turn) = (node(), Turn::at(now()));
    let mut session = node.session(SessionId(0), None, now().instant);
    let mut say = |line: &str| {
        let mut out = Vec::new();
        session.receive(&node, &mut Turn::at(now()), line.as_bytes()).serve().reply(&mut out);
        (String::from_utf8(out).expect("ASCII"), session.deadline().expect("it does not wait"))
    };
    let long = format!("IAMAT {} +1+1 1\n", "x".repeat(100));
    let (said, before) = say(&long);
    assert!(said.starts_with("AT a "), "{said}");
    limit(&node, &mut turn, |limits| {
        limits.max_line = 64;
        limits.idle_timeout /= 2;
    });
    assert_eq!(say("\n").1.as_nanos(), before.as_nanos() / 2);
    assert_eq!(say(&long).0, format!("? {}\n", &long[..64]));
}

#[test]
fn the_largest_are_closed_where_all_buffers_may_take_less() {
    let (node, mut turn) = (node(), Turn::at(now()));
    let mut sessions: Vec<Session> = (0..3).map(|id| node.session(SessionId(id), None, now().instant)).collect();
    for (session, unsent) in sessions.iter_mut().zip([10_000, 30_000, 20_000]) {
        session.holds(&node, &mut turn, unsent);
    }
    limit(&node, &mut turn, |limits| limits.buffers = 25_000);
    let closed = turn.actions.iter().filter_map(|action| match action {
        Action::Close { session } => Some(session.0),
        _ => None,
    });
    assert_eq!(closed.collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn fetches_that_wait_start_where_more_may_be_under_way() {
    let node = node_with(Limits { fetches: 1, ..Limits::default() });
    let mut turn = Turn::at(now());
    let mut session = node.session(SessionId(0), None, now().instant);
    let lines = "IAMAT kiwi +1+1 1\nWHATSAT kiwi 1 1\nWHATSAT kiwi 2 1\nWHATSAT kiwi 3 1\n";
    session.receive(&node, &mut turn, lines.as_bytes()).serve().reply(&mut Vec::new());
    let started = |turn: &Turn| turn.actions.iter().filter(|action| fetch(action).is_some()).count();
    assert_eq!(started(&turn), 1);
    limit(&node, &mut turn, |limits| limits.fetches = 2);
    assert_eq!(started(&turn), 2);
}

#[test]
fn neighbours_are_told_again_what_should_be_equal_everywhere() {
    let (node, mut turn) = (node(), Turn::at(now()));
    let greeting = |node: &Node| say(node, Some(LOOPBACK), "HELLO b 7 v=2\n");
    let before = greeting(&node);
    limit(&node, &mut turn, |limits| limits.idle_timeout *= 2);
    assert_eq!(greeting(&node), before);
    limit(&node, &mut turn, |limits| limits.max_ahead = None);
    assert_ne!(greeting(&node), before);
}

#[test]
fn links_go_by_the_new_ones() {
    let (node, mut turn) = (node(), Turn::at(now()));
    let peer = node.links()[0].peer;
    node.handle(&mut turn, Event::Started);
    assert_eq!(node.poll_link(&mut turn, peer), LinkStep::Connect);
    for _ in 0..8 {
        // Each pause is longer than the one before.
        node.handle(&mut turn, Event::Lost { peer, why: "refused" });
        let LinkStep::Wait(Some(until)) = node.poll_link(&mut turn, peer) else { panic!("it pauses") };
        turn.now.instant = until;
        node.handle(&mut turn, Event::Woken);
        assert_eq!(node.poll_link(&mut turn, peer), LinkStep::Connect);
    }
    node.handle(&mut turn, Event::Lost { peer, why: "refused" });
    let retry = core::time::Duration::from_millis(50);
    limit(&node, &mut turn, |limits| limits.link_retry = retry);
    let LinkStep::Wait(Some(until)) = node.poll_link(&mut turn, peer) else { panic!("it pauses") };
    assert!(until <= turn.now.instant + retry, "{until:?}");
    limit(&node, &mut turn, |limits| limits.link_queue = 60);
    for time in 1..=5 {
        say(&node, None, &format!("IAMAT kiwi +1+1 {time}\n"));
        assert!(queued(&node).iter().all(|&bytes| bytes <= 60), "{:?}", queued(&node));
    }
}

/// How many newcomers were refused, as people were told.
fn told(turn: &mut Turn) -> Vec<u64> {
    let refused = turn.notices.drain(..).filter_map(|notice| match notice {
        Notice::ClientsFull { refused } => Some(refused),
        _ => None,
    });
    refused.collect()
}

#[test]
fn newcomers_that_are_refused_are_told_once_a_minute() {
    const NONE: [u64; 0] = [];
    let (node, mut turn) = (node_with(Limits { clients: 1, ..Limits::default() }), Turn::at(now()));
    let say = |turn: &mut Turn, line: &str| {
        let mut session = node.session(SessionId(0), Some(LOOPBACK), turn.now.instant);
        session.receive(&node, turn, line.as_bytes()).serve().reply(&mut Vec::new());
        told(turn)
    };
    assert_eq!(say(&mut turn, "IAMAT kiwi +1+1 1\n"), NONE);
    assert_eq!(say(&mut turn, "IAMAT moa +1+1 1\n"), [1]);
    assert_eq!(say(&mut turn, "FORGET moa 1\n"), NONE);
    // What neighbours tell is looked at when the node is woken.
    assert_eq!(say(&mut turn, "AT d +0.5 moa +1+1 1 b\nAT d +0.5 emu +1+1 1 b\n"), NONE);
    turn.now.instant = turn.now.instant + core::time::Duration::from_mins(1);
    node.handle(&mut turn, Event::Woken);
    assert_eq!(told(&mut turn), [3]);
    assert_eq!(say(&mut turn, "IAMAT kiwi +1+1 2\n"), NONE);
    turn.now.instant = turn.now.instant + core::time::Duration::from_mins(2);
    node.handle(&mut turn, Event::Woken);
    assert_eq!(told(&mut turn), NONE);
}

#[test]
fn clients_expire_once_they_may() {
    let (herd, limits) = (line_of(&["a"]), Limits { earliest_clock: Timestamp::default(), ..Limits::default() });
    let me = herd.find(b"a").expect("it is there");
    let (node, mut turn) = (Node::new(herd, me, limits, 1), Turn::at(now()));
    node.handle(&mut turn, Event::Started);
    say(&node, None, "IAMAT kiwi +1+1 1\n");
    let mut pass = |seconds: u64| {
        for _ in 0..seconds {
            turn.now.wall = Timestamp::from_nanos(turn.now.wall.as_nanos() + 1_000_000_000);
            turn.now.instant = turn.now.instant + core::time::Duration::from_secs(1);
            node.handle(&mut turn, Event::Woken);
        }
        node.clients()
    };
    assert_eq!(pass(300), 1);
    limit(&node, &mut Turn::at(now()), |limits| limits.keep_for = Some(core::time::Duration::from_secs(10)));
    assert_eq!(pass(10), 0);
}
