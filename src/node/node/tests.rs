use std::net::Ipv4Addr;

use super::*;
use crate::herd::Member;
use crate::pass::{Action, Notice};
use crate::values::{Now, ServerName, Timestamp};
use crate::wire::Sighting;

mod forgetting;
mod limits;
mod regions;
mod rights;
mod trust;
mod watching;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A node with the neighbours `b` and `c`; `d` is of the herd, and no neighbour.
fn node() -> Node {
    node_with(Limits::default())
}

/// A node with the same neighbours and other limits.
fn node_with(limits: Limits) -> Node {
    let server = |name: &str, links: &[&str]| Member {
        name: ServerName::new(name).expect(name),
        address: name.into(),
        links: links.iter().map(|&link| link.into()).collect(),
    };
    let servers = vec![server("a", &["b", "c"]), server("b", &[]), server("c", &["d"]), server("d", &[])];
    let herd = Arc::new(Herd::new(servers).expect("connected"));
    let me = herd.find(b"a").expect("the first");
    let node = Node::new(Arc::clone(&herd), me, limits, 1);
    for &peer in herd.neighbours(me) {
        node.handle(&mut Turn::at(now()), Event::Resolved { peer, addresses: &[LOOPBACK] });
    }
    node
}

fn now() -> Now {
    Now { wall: Timestamp::from_nanos(2_500_000_000), ..Now::default() }
}

/// What somebody at `remote` gets for a line.
fn say(node: &Node, remote: Option<IpAddr>, line: &str) -> String {
    let mut session = node.session(SessionId(0), remote, now().instant);
    let mut out = Vec::new();
    session.receive(node, &mut Turn::at(now()), line.as_bytes()).serve().reply(&mut out);
    while session.can_resume() {
        session.receive(node, &mut Turn::at(now()), b"").serve().reply(&mut out);
    }
    String::from_utf8(out).expect("these tests speak ASCII")
}

/// What waits for each neighbour, in bytes.
fn queued(node: &Node) -> Vec<usize> {
    node.links().iter().map(|link| link.queued).collect()
}

#[test]
fn a_report_goes_to_all_but_its_sender_and_its_origin() {
    for (line, to_b, to_c) in [
        ("IAMAT kiwi +1+1 1\n", true, true),
        ("AT d +0.5 kiwi +1+1 1 b\n", false, true),
        ("AT d +0.5 kiwi +1+1 1 c\n", true, false),
        ("AT b +0.5 kiwi +1+1 1 c\n", false, false),
        ("AT a +0.5 kiwi +1+1 1 c\n", true, false),
    ] {
        let node = node();
        say(&node, Some(LOOPBACK), line);
        let queued: Vec<bool> = queued(&node).into_iter().map(|bytes| bytes > 0).collect();
        assert_eq!(queued, [to_b, to_c], "{line}");
    }
}

#[test]
fn what_comes_in_one_pass_goes_where_each_would_go_alone() {
    let lines = [
        "AT d +0.5 one +1+1 1 b\n",
        "AT c +0.5 two +1+1 1 b\n",
        "AT b +0.5 three +1+1 1 c\n",
        "AT d +0.5 four +1+1 1 c\n",
    ];
    for count in 1..=lines.len() {
        let mut alone = [0, 0];
        for line in &lines[..count] {
            let node = node();
            say(&node, Some(LOOPBACK), line);
            alone = [alone[0] + queued(&node)[0], alone[1] + queued(&node)[1]];
        }
        let node = node();
        say(&node, Some(LOOPBACK), &lines[..count].concat());
        assert_eq!(queued(&node), alone, "{count} at once");
    }
}

#[test]
fn what_came_by_repair_is_told_to_those_who_do_not_compare() {
    let node = node();
    say(&node, Some(LOOPBACK), "KEPT d +0.5 kiwi +1+1 1 b\n");
    let told = queued(&node);
    assert_eq!((told[0], told[1] > 0), (0, true), "c may be a plain server");
    say(&node, Some(LOOPBACK), "AT d +0.5 kiwi +1+1 1 b\n");
    assert_eq!(queued(&node), told, "once");
    say(&node, Some(LOOPBACK), "KEPT c +0.5 emu +1+1 1 b\n");
    assert_eq!(queued(&node), told, "c said it");
    say(&node, Some(LOOPBACK), "HELLO c 7\n");
    say(&node, Some(LOOPBACK), "KEPT d +0.5 kiwi +1+1 2 b\n");
    assert_eq!(queued(&node), told, "c compares");
}

#[test]
fn an_older_report_is_passed_on_once_and_not_kept() {
    let node = node();
    say(&node, Some(LOOPBACK), "AT d +0.5 kiwi +1+1 5 b\n");
    let before = queued(&node);
    say(&node, Some(LOOPBACK), "AT d +0.5 kiwi +2+2 4 b\n");
    let after = queued(&node);
    assert_eq!((after[0], after[1] > before[1]), (before[0], true));
    say(&node, Some(LOOPBACK), "AT d +0.5 kiwi +2+2 4 c\n");
    say(&node, Some(LOOPBACK), "AT d +0.5 kiwi +1+1 5 c\n");
    assert_eq!(queued(&node), after, "each was handled");
    assert_eq!(node.record(b"kiwi").map(|kept| kept.record().position() == Some(b"+1+1")), Some(true));
    let Counters { kept: 1, older: 2, duplicates: 2, .. } = node.counters() else { panic!("{:?}", node.counters()) };
}

#[test]
fn only_neighbours_are_believed_and_only_from_where_they_are() {
    let elsewhere = Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)));
    let mapped = Some(IpAddr::V6(Ipv4Addr::LOCALHOST.to_ipv6_mapped()));
    for (remote, line, believed) in [
        (Some(LOOPBACK), "AT d +0.5 kiwi +1+1 1 b\n", true),
        (mapped, "AT d +0.5 kiwi +1+1 1 b\n", true),
        (elsewhere, "AT d +0.5 kiwi +1+1 1 b\n", false),
        (None, "AT d +0.5 kiwi +1+1 1 b\n", false),
        (Some(LOOPBACK), "AT d +0.5 kiwi +1+1 1 d\n", false),
        (Some(LOOPBACK), "AT d +0.5 kiwi +1+1 1 a\n", false),
        (Some(LOOPBACK), "AT x +0.5 kiwi +1+1 1 b\n", true),
        (Some(LOOPBACK), "AT d +0.5 kiwi +1+1 1 x\n", false),
        (elsewhere, "HELLO b 1\n", false),
        (elsewhere, "HELLO b 1 nonce=1\n", false),
    ] {
        let node = node();
        let reply = say(&node, remote, line);
        assert_eq!(reply, if believed { String::new() } else { format!("? {line}") });
        assert_eq!(node.clients(), usize::from(believed), "{line}");
    }
}

#[test]
fn what_follows_a_refusal_is_as_if_it_had_not_come() {
    let node = node();
    let reply = say(&node, None, "IAMAT kiwi +1+1 1\nWHATSAT moa 1 1\nIAMAT emu +1+1 1\nnonsense\n");
    assert_eq!(reply, "AT a +1.500000000 kiwi +1+1 1\n? WHATSAT moa 1 1\n");
    assert_eq!((node.clients(), node.counters().refused), (1, 1));
}

#[test]
fn an_older_report_is_no_other_of_its_time() {
    let node = node();
    let line = |skew, position, time| format!("AT d {skew} kiwi.cs.ucla.edu {position} 14794138{time}.392014450 b\n");
    let kept = [line("+0.263873386", "+34.068930-118.445127", 84), line("+0.263873386", "+34.068930-118.445127", 85)];
    say(&node, Some(LOOPBACK), &kept.concat());
    for (skew, position) in [
        ("+0.263873387", "+34.068930-118.445127"),
        ("+0.363873386", "+34.068930-118.445127"),
        ("+0.263873386", "+34.068930-118.445128"),
        ("+0.263873386", "+34.068931-118.445127"),
        ("+0.263873386", "+34.068930-119.445127"),
    ] {
        let before = queued(&node);
        for _ in 0..2 {
            say(&node, Some(LOOPBACK), &line(skew, position, 84));
        }
        let after = queued(&node);
        assert_eq!((after[0], after[1] - before[1]), (0, line(skew, position, 84).len()), "{skew} {position}");
    }
    assert_eq!(node.record(b"kiwi.cs.ucla.edu").map(|kept| kept.line().ends_with(b"85.392014450")), Some(true));
}

#[test]
fn neighbours_are_told_of_no_report_from_one_that_is_refused_on() {
    // Read one by one, and together.
    for sighting in ["+1+1 1", "+1.0+1.0 1.0"] {
        let node = node_with(Limits { clients: 1, ..Limits::default() });
        let line = |client| format!("IAMAT {client} {sighting}\n");
        let reply = say(&node, None, &["kiwi", "moa", "kiwi"].map(line).concat());
        let first = format!("AT a +1.500000000 kiwi {sighting}");
        assert_eq!(reply, format!("{first}\n? {}", line("moa")));
        assert_eq!(queued(&node), [format!("{first} a\n").len(); 2]);
    }
}

/// The fetch that an action asks for.
fn fetch(action: &Action) -> Option<crate::values::FetchId> {
    if let Action::Fetch { fetch, .. } = action { Some(*fetch) } else { None }
}

#[test]
fn a_refusal_among_many_of_a_kind_is_of_its_own_line() {
    let node = node();
    let asked = "WHATSAT kiwi 1 1\nWHATSAT kiwi 2 2\nWHATSAT moa 3 3\nWHATSAT kiwi 4 4\nIAMAT emu +1+1 1\n";
    let mut session = node.session(SessionId(0), None, now().instant);
    say(&node, None, "IAMAT kiwi +1+1 1\n");
    let (mut turn, mut out) = (Turn::at(now()), Vec::new());
    let requests = session.receive(&node, &mut turn, asked.as_bytes());
    let lines: Vec<&[u8]> = requests.lines().collect();
    assert_eq!(lines, asked.trim_end().split('\n').map(str::as_bytes).collect::<Vec<_>>(), "for logs");
    requests.serve().reply(&mut out);
    let fetches: Vec<_> = turn.actions.iter().filter_map(fetch).collect();
    turn.actions.clear();
    assert_eq!(fetches.len(), 2, "places are asked for before it, and not behind");
    for &fetch in fetches.iter().rev() {
        let outcome = Ok(crate::places::Places::builder(&[]).finish());
        node.handle(&mut turn, Event::Fetched { fetch, outcome });
    }
    for action in turn.actions {
        let Action::Answer { answer, .. } = action else { continue };
        assert!(out.is_empty(), "those of the second came first");
        session.answer(answer, &mut out);
    }
    let out = String::from_utf8(out).expect("these tests speak ASCII");
    assert_eq!(out.matches("AT a +1.500000000 kiwi +1+1 1\n{").count(), 2, "{out}");
    assert!(out.ends_with("\n\n? WHATSAT moa 3 3\n") && session.is_finished(), "{out}");
    assert_eq!(node.clients(), 1);
}

#[test]
fn times_that_no_64_bits_hold_are_as_good_as_others() {
    let node = node();
    let kept = |first: &str, second: &str| {
        let line = |time| format!("IAMAT kiwi +34.0+118.0 {time}\n");
        say(&node, None, &(line(first) + &line(second)));
        let kept = node.record(b"kiwi").expect("it spoke");
        String::from_utf8(kept.record().time().to_vec()).expect("these tests speak ASCII")
    };
    for (first, second, newest) in [
        ("9223372035.9", "9223372036.8", "9223372036.8"),
        ("9223372036.9", "9223372036.8", "9223372036.9"),
        ("9223372035.9", "9223372037.0", "9223372037.0"),
        ("9223372036.9", "9223372036.7", "9223372037.0"),
        ("9223372038.0", "9223372037.0", "9223372038.0"),
    ] {
        assert_eq!(kept(first, second), newest, "{first}, then {second}");
    }
}

#[test]
fn a_greeting_is_answered_with_the_run_of_this_server() {
    let (first, second) = (node(), node());
    let reply = say(&first, Some(LOOPBACK), "HELLO b 7\n");
    assert_eq!(reply, format!("HELLO a {}\n", scramble(1)));
    assert_eq!(reply, say(&second, Some(LOOPBACK), "HELLO c 8\n"));
}

#[test]
fn a_greeting_with_fields_is_answered_with_fields_and_a_stranger_is_told_why() {
    let node = node();
    let reply = say(&node, Some(LOOPBACK), "HELLO b 7 v=2 later=1\n");
    let fingerprint = node.identity().same;
    assert_eq!(reply, format!("HELLO a {} v=3 clock=2.500000000 same={fingerprint:016x}\n", scramble(1)));
    assert_eq!(say(&node, Some(LOOPBACK), "HELLO d 7 v=2\nIAMAT kiwi +1+1 1\n"), "REFUSED a unknown\n");
    assert_eq!(say(&node, Some(LOOPBACK), "HELLO x 7 v=3\n"), "REFUSED a unknown\n");
    assert_eq!(say(&node, None, "HELLO b 7 v=2\n"), "REFUSED a address\n");
    assert_eq!(say(&node, None, "HELLO b 7 v=1\n"), "? HELLO b 7 v=1\n");
    assert_eq!(say(&node, Some(LOOPBACK), "HELLO b 7 v=2 v=2\n"), "? HELLO b 7 v=2 v=2\n");
    assert_eq!(say(&node, Some(LOOPBACK), "REFUSED b unknown\n"), "? REFUSED b unknown\n");
    assert_eq!((node.clients(), node.counters().refused), (0, 6));
}

#[test]
fn an_origin_is_whoever_could_be_a_server() {
    let node = node();
    let long = "x".repeat(65);
    for bad in [&long, "bell\u{7}", "nbsp\u{a0}"] {
        let line = format!("AT {bad} +0.5 kiwi +1+1 1 b\n");
        assert_eq!(say(&node, Some(LOOPBACK), &line), format!("? {line}"));
    }
    let mut session = node.session(SessionId(0), Some(LOOPBACK), now().instant);
    let mut out = Vec::new();
    session.receive(&node, &mut Turn::at(now()), b"AT \xff +0.5 kiwi +1+1 1 b\n").serve().reply(&mut out);
    assert!(out.starts_with(b"? AT"), "not UTF-8");
    // All of them are taken, and only so many get an id.
    for number in 0..5000 {
        assert_eq!(say(&node, Some(LOOPBACK), &format!("AT x{number} +0.5 kiwi +1+1 {number} b\n")), "");
    }
    let known = (0..5000).filter(|number| node.server(format!("x{number}").as_bytes()).is_some()).count();
    assert_eq!((known, node.clients(), node.counters().kept), (4096, 1, 5000));
    assert_eq!(node.server(b"x0").map(|id| (id.index(), node.name(id).to_string())), Some((4, "x0".into())));
    assert_eq!(node.record(b"kiwi").map(|kept| kept.record().origin_name().to_vec()), Some(b"x4999".to_vec()));
}

#[test]
fn a_report_of_no_possible_origin_is_not_taken_back() {
    let node = node();
    for (line, is_taken) in [("AT x +0.5 kiwi +1+1 1", true), ("AT bell\u{7} +0.5 kiwi +1+1 1", false)] {
        let mut written = Vec::new();
        let record = Written::parse(line.as_bytes()).expect("a record");
        let head = node.hub.hold().write_down(&record, &mut written);
        assert_eq!(head.is_ok(), is_taken);
        assert_eq!(node.restore(line.as_bytes()).is_ok(), is_taken);
    }
    assert!(node.server(b"x").is_some());
}

/// A list of servers, each with the next for a neighbour.
fn line_of(names: &[&str]) -> Arc<Herd> {
    let member = |(at, name): (usize, &&str)| Member {
        name: ServerName::new(name).expect(name),
        address: (*name).into(),
        links: names.get(at + 1).iter().map(|&&next| next.into()).collect(),
    };
    Arc::new(Herd::new(names.iter().enumerate().map(member).collect()).expect("a line of servers"))
}

fn peers(node: &Node) -> Vec<String> {
    node.links().iter().map(|link| node.name(link.peer).to_string()).collect()
}

#[test]
fn a_herd_changes_while_it_runs_and_no_server_is_taken_for_another() {
    let node = node();
    let mut turn = Turn::at(now());
    let [b, c] = [b"b", b"c"].map(|name| node.server(name).expect("a neighbour"));
    say(&node, Some(LOOPBACK), "AT e +0.5 kiwi +1+1 1 b\n");
    let e = node.server(b"e").expect("it was heard of");
    let mut session = node.session(SessionId(0), Some(LOOPBACK), now().instant);
    let mut out = Vec::new();
    session.receive(&node, &mut turn, b"AT d +0.5 emu +1+1 1 b\n").serve().reply(&mut out);
    assert_eq!((&out[..], session.neighbour()), (&b""[..], Some(b)));
    // b goes, e and f come; the list has another order.
    turn.actions.clear();
    node.handle(&mut turn, Event::Herd(line_of(&["f", "a", "e", "c"])));
    assert_eq!(turn.notices, [Notice::HerdChanged { added: 2, removed: 2 }]);
    assert_eq!(peers(&node), ["e", "f"]);
    assert_eq!((node.server(b"e"), node.server(b"c"), node.server(b"b")), (Some(e), Some(c), Some(b)));
    for peer in [b, c] {
        assert!(turn.actions.iter().any(|action| matches!(action, Action::Forward { peer: named } if *named == peer)));
        assert_eq!(node.poll_link(&mut turn, peer), LinkStep::End);
    }
    for peer in [e, node.server(b"f").expect("a member")] {
        assert_eq!(node.poll_link(&mut turn, peer), LinkStep::Connect, "new links greet");
    }
    // What b says on the connection that it has is a stranger's now.
    session.receive(&node, &mut turn, b"AT d +0.5 emu +1+1 2 b\n").serve().reply(&mut out);
    assert_eq!((&out[..], session.neighbour()), (&b"? AT d +0.5 emu +1+1 2 b\n"[..], None));
    // And e is nobody's yet: where it is has not been looked up.
    assert!(say(&node, Some(LOOPBACK), "HELLO e 1\n").starts_with('?'));
    node.handle(&mut turn, Event::Resolved { peer: e, addresses: &[LOOPBACK] });
    assert!(say(&node, Some(LOOPBACK), "HELLO e 1\n").starts_with("HELLO a "));
}

#[test]
fn a_neighbour_that_moves_is_reached_and_believed_where_it_is_now() {
    let herd = |address: &str| {
        let members = ["a", "b"].map(|name| Member {
            name: ServerName::new(name).expect(name),
            address: if name == "b" { address.into() } else { name.into() },
            links: if name == "a" { vec!["b".into()] } else { Vec::new() },
        });
        Arc::new(Herd::new(members.to_vec()).expect("connected"))
    };
    let (first, elsewhere) = (herd("here"), IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)));
    let node = Node::new(Arc::clone(&first), first.find(b"a").expect("it"), Limits::default(), 1);
    let mut turn = Turn::at(now());
    let b = node.server(b"b").expect("a member");
    node.handle(&mut turn, Event::Resolved { peer: b, addresses: &[LOOPBACK] });
    node.handle(&mut turn, Event::Started);
    assert_eq!(node.poll_link(&mut turn, b), LinkStep::Connect);
    node.handle(&mut turn, Event::Connected { peer: b, proven: false });
    // The same list again changes nothing.
    node.handle(&mut turn, Event::Herd(herd("here")));
    assert!(matches!(node.poll_link(&mut turn, b), LinkStep::Send(_)));
    assert!(say(&node, Some(LOOPBACK), "HELLO b 7\n").starts_with("HELLO a "));
    node.handle(&mut turn, Event::Herd(herd("there")));
    assert_eq!(node.poll_link(&mut turn, b), LinkStep::Close(crate::peers::Parting::Moved));
    assert_eq!(node.poll_link(&mut turn, b), LinkStep::Connect);
    assert_eq!(say(&node, Some(LOOPBACK), "HELLO b 7\n"), "? HELLO b 7\n");
    node.handle(&mut turn, Event::Resolved { peer: b, addresses: &[elsewhere] });
    assert!(say(&node, Some(elsewhere), "HELLO b 7\n").starts_with("HELLO a "));
    assert_eq!(turn.notices, [Notice::HerdChanged { added: 0, removed: 0 }], "the second of the two");
}

#[test]
fn a_herd_without_this_server_is_refused_as_a_whole() {
    let node = node();
    let mut turn = Turn::at(now());
    node.handle(&mut turn, Event::Herd(line_of(&["b", "c"])));
    assert_eq!(turn.notices, [Notice::HerdRefused(crate::herd::HerdRefused::NotAMember)]);
    assert_eq!((peers(&node), node.herd().members().len()), (vec!["b".into(), "c".into()], 4));
}

#[test]
fn a_server_alone_can_get_neighbours_and_lose_them() {
    let herd = line_of(&["a"]);
    let node = Node::new(Arc::clone(&herd), herd.find(b"a").expect("it"), Limits::default(), 1);
    let mut turn = Turn::at(now());
    say(&node, None, "IAMAT kiwi +1+1 1\n");
    node.handle(&mut turn, Event::Herd(line_of(&["a", "b"])));
    let b = node.server(b"b").expect("a member");
    node.handle(&mut turn, Event::Resolved { peer: b, addresses: &[LOOPBACK] });
    say(&node, None, "IAMAT kiwi +1+1 2\nIAMAT kiwi +1+1 1.5\nIAMAT kiwi +1+1 1.5\n");
    let line = "AT a +0.500000000 kiwi +1+1 2 a\n".len() + "AT a +1.000000000 kiwi +1+1 1.5 a\n".len();
    assert_eq!(queued(&node), [line], "each once, also what is older");
    node.handle(&mut turn, Event::Herd(herd));
    say(&node, None, "IAMAT kiwi +1+1 3\n");
    assert_eq!((node.poll_link(&mut turn, b), node.links()), (LinkStep::End, vec![]));
}

#[test]
fn the_typed_door_does_what_the_lines_do() {
    let [typed, said] = [node_with(Limits { clients: 1, max_line: 60, ..Limits::default() }), node()];
    let mut turn = Turn::at(now());
    let sighting = Sighting::new(b"kiwi", b"+34.06-118.44", b"2").expect("it is valid");
    let reported = typed.report_position(&mut turn, &sighting).expect("there is room");
    assert_eq!(say(&said, None, "IAMAT kiwi +34.06-118.44 2\n").as_bytes(), [b"AT ", reported.line(), b"\n"].concat());
    assert_eq!(typed.record(b"kiwi"), Some(reported));
    assert_eq!((typed.digest(), queued(&typed)), (said.digest(), queued(&said)));
    assert_eq!(turn.actions.iter().filter(|action| matches!(action, Action::Forward { .. })).count(), 2);
    let older = Sighting::new(b"kiwi", b"+1+1", b"1").expect("it is valid");
    assert!(typed.report_position(&mut turn, &older).is_ok());
    assert_eq!(typed.record(b"kiwi").map(|kept| kept.record().time().to_vec()), Some(b"2".to_vec()));
    let emu = Sighting::new(b"emu", b"+1+1", b"1").expect("it is valid");
    assert_eq!(typed.report_position(&mut turn, &emu), Err(Refusal::Full));
    let long = Sighting::new(&[b'x'; 60], b"+1+1", b"1").map(|long| typed.report_position(&mut turn, &long));
    assert_eq!(long, Ok(Err(Refusal::TooLong)));
    assert_eq!((typed.counters().iamat, typed.counters().refused), (3, 2));
    assert_eq!(Sighting::new(b"two words", b"+1+1", b"1"), Err(Refusal::FieldCount));
}

#[test]
fn of_many_clients_each_replaces_its_own_report() {
    let node = node();
    let client = |client: usize| format!("client-{client:05}.cs.ucla.edu");
    for time in 1..4 {
        let line = |number| format!("IAMAT {} +34.068930-118.445127 {time}.{number:04}\n", client(number));
        let lines: String = (0..3000).map(line).collect();
        assert!(!say(&node, None, &lines).contains('?'));
    }
    for number in 0..3000 {
        let kept = node.record(client(number).as_bytes()).expect("it spoke");
        assert_eq!(kept.record().time(), format!("3.{number:04}").as_bytes());
        assert_eq!(kept.record().client(), client(number).as_bytes());
    }
    assert_eq!((node.clients(), node.counters().kept), (3000, 9000));
}

#[test]
fn each_of_many_clients_is_found_by_its_own_id() {
    let node = node();
    let client = |client: usize| format!("client-{client:05}.cs.ucla.edu");
    let line = |number| format!("IAMAT {} +34.5-118.5 1.5\n", client(number));
    say(&node, None, &(0..3000).map(line).collect::<String>());
    for number in 0..3000 {
        let (mut turn, mut out) = (Turn::at(now()), Vec::new());
        let mut session = node.session(SessionId(0), None, now().instant);
        let asked = format!("WHATSAT {} 1 1\n", client(number));
        session.receive(&node, &mut turn, asked.as_bytes()).serve().reply(&mut out);
        let fetch = turn.actions.iter().find_map(fetch).expect("places are asked for");
        node.handle(&mut turn, Event::Fetched { fetch, outcome: Ok(crate::places::Places::builder(&[]).finish()) });
        for action in turn.actions {
            let Action::Answer { answer, .. } = action else { continue };
            session.answer(answer, &mut out);
        }
        let found = format!("AT a +1.000000000 {} +34.5-118.5 1.5\n{{", client(number));
        assert!(out.starts_with(found.as_bytes()), "{}", out.escape_ascii());
    }
}

#[test]
fn who_is_believed_is_looked_at_anew_with_each_pass() {
    let node = node();
    let b = node.links()[0].peer;
    let elsewhere = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
    let mut session = node.session(SessionId(0), Some(LOOPBACK), now().instant);
    let (mut turn, mut out) = (Turn::at(now()), Vec::new());
    for (address, time, refused) in [(LOOPBACK, 1, false), (LOOPBACK, 2, false), (elsewhere, 3, true)] {
        node.handle(&mut turn, Event::Resolved { peer: b, addresses: &[address] });
        let line = format!("AT d +0.5 kiwi +1+1 {time} b\n");
        session.receive(&node, &mut turn, line.as_bytes()).serve().reply(&mut out);
        assert_eq!(out, if refused { format!("? {line}") } else { String::new() }.as_bytes());
    }
    assert_eq!(session.neighbour(), None, "it is a stranger's now");
}
