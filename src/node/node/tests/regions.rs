//! Clients that are at home in another region.

use super::*;
use crate::node::{Changed, Heard, HostStatus};
use crate::wire::RecordKind;

/// The node has these lines of other regions.
fn hear(node: &Node, lines: &str) -> Heard {
    node.hear(&mut Turn::at(now()), lines.as_bytes())
}

/// What is kept of `kiwi`, as a line.
fn kept(node: &Node) -> String {
    let mut line = Vec::new();
    node.record(b"kiwi").expect("it is known").record().write_line(&mut line);
    String::from_utf8(line).expect("these tests speak ASCII")
}

/// The arrivals since it was last asked.
fn arrivals(node: &Node) -> String {
    let mut arrived = Changed::default();
    node.take_arrivals(&mut arrived);
    String::from_utf8(arrived.lines().to_vec()).expect("these tests speak ASCII")
}

#[test]
fn who_is_away_is_unknown_until_a_later_report() {
    let node = node();
    say(&node, None, "IAMAT kiwi +1+1 1\n");
    assert_eq!(hear(&node, "AWAY eu +0.5 kiwi 1.5"), Heard { kept: 1, ..Heard::default() });
    let away = node.record(b"kiwi").expect("it is known");
    assert_eq!((away.record().region(), away.record().position()), (Some(&b"eu"[..]), None));
    assert_eq!(say(&node, None, "WHATSAT kiwi 1 1\n"), "? WHATSAT kiwi 1 1\n");
    assert_eq!(say(&node, None, "IAMAT kiwi +1+1 1.25\n"), "AT a +1.250000000 kiwi +1+1 1.25\n", "it is answered");
    assert_eq!(say(&node, None, "FORGET kiwi 1.25\n"), "AWAY eu +0.5 kiwi 1.5\n", "and neither is older than it");
    say(&node, None, "IAMAT kiwi +2+2 2\n");
    assert_eq!(kept(&node), "AT a +0.500000000 kiwi +2+2 2\n");
}

#[test]
fn of_one_time_a_tombstone_stays_and_else_the_greater_line() {
    let lines = [
        ("AT", "b +0.5 kiwi +1+1 1"),
        ("AT", "z +0.5 kiwi +1+1 1"),
        ("AWAY", "c +0.5 kiwi 1"),
        ("AWAY", "d +0.5 kiwi 1"),
        ("GONE", "a +0.5 kiwi 1"),
        ("GONE", "d +0.5 kiwi 1"),
    ];
    for one in lines {
        for other in lines {
            let node = node();
            let [said, then] = [one, other].map(|(word, line)| format!("{word} {line} b\n"));
            say(&node, Some(LOOPBACK), &format!("{said}{then}"));
            let last = [one, other].into_iter().max_by_key(|&(word, line)| (word == "GONE", line));
            let (word, line) = last.expect("there are two");
            assert_eq!(kept(&node), format!("{word} {line}\n"), "{said}{then}");
        }
    }
}

#[test]
fn a_tombstone_and_an_away_of_one_line_are_two_records() {
    let (away, gone) = (node(), node());
    hear(&away, "AWAY c +0.5 kiwi 1");
    hear(&gone, "GONE c +0.5 kiwi 1");
    assert_eq!(away.record(b"kiwi").map(|kept| kept.line().to_vec()), Some(b"c +0.5 kiwi 1".to_vec()));
    assert_eq!(gone.record(b"kiwi").map(|kept| kept.line().to_vec()), Some(b"c +0.5 kiwi 1".to_vec()));
    assert_ne!(away.digest(), gone.digest(), "so a comparison finds it");
    say(&away, Some(LOOPBACK), "GONE c +0.5 kiwi 1 b\n");
    assert_eq!((kept(&away), away.digest()), (kept(&gone), gone.digest()));
}

#[test]
fn each_line_of_another_region_is_counted_once() {
    let node = node_with(Limits { clients: 3, earliest_clock: Timestamp::default(), ..Limits::default() });
    say(&node, None, "IAMAT kiwi +1+1 2\nIAMAT emu +1+1 2\n");
    let heard = hear(
        &node,
        "AWAY eu +0.5 kiwi 1\nAWAY eu +0.5 emu 3\nGONE london +0.5 moa 1\nGONE london +0.5 moa 1\n\
         AWAY eu +0.5 emu 1\nAWAY eu +0.5 tui 1\nAWAY eu -90000 emu 90010\nAWAY eu +0.5 emu 3 a\nAT eu +0.5 emu +1+1 3\n\n",
    );
    let newer: Vec<_> = heard.newer.iter().map(|kept| String::from_utf8_lossy(kept.line())).collect();
    assert_eq!(newer, ["a +0.500000000 kiwi +1+1 2"], "it is at home here");
    assert_eq!(
        Heard { newer: Vec::new(), ..heard },
        Heard { kept: 2, known: 2, not_kept: 1, untimely: 1, invalid: 2, ..Heard::default() }
    );
    let long = format!("AWAY eu +0.5 {} 1", "k".repeat(5000));
    assert_eq!(hear(&node, &long), Heard { invalid: 1, ..Heard::default() });
    let Counters { moved: 1, forgotten: 1, not_kept: 1, .. } = node.counters() else { panic!("{:?}", node.counters()) };
    let status = node.status(now(), HostStatus::default());
    assert_eq!((status.clients, status.tombstones, status.away), (1, 1, 1));
}

#[test]
fn news_of_regions_is_told_to_neighbours_that_know_the_words() {
    for (versions, told) in [(["2", "3"], [false, true]), (["3", "4"], [true, true])] {
        let node = node();
        for (name, version) in ["b", "c"].into_iter().zip(versions) {
            say(&node, Some(LOOPBACK), &format!("HELLO {name} 7 v={version}\n"));
        }
        let before = queued(&node);
        let is_told = || queued(&node).into_iter().zip(&before).map(|(now, before)| now > *before).collect::<Vec<_>>();
        hear(&node, "AWAY c +0.5 kiwi 1");
        assert_eq!(is_told(), told, "a region is not the neighbour that has its name");
        let before = queued(&node);
        hear(&node, "AWAY c +0.5 kiwi 1");
        assert_eq!(queued(&node), before, "once");
        say(&node, Some(LOOPBACK), "AWAY c +0.5 emu 1 b\n");
        assert!(queued(&node)[1] > before[1], "nor is it where a neighbour passes it on");
        let before = queued(&node);
        hear(&node, "GONE c +0.5 kiwi 1");
        assert!(queued(&node).into_iter().zip(before).all(|(now, before)| now > before), "all know GONE");
    }
}

#[test]
fn only_neighbours_say_who_is_away() {
    for (line, believed) in
        [("AWAY eu +0.5 kiwi 1 b\n", true), ("MOVED eu +0.5 kiwi 1 b\n", true), ("AWAY eu +0.5 kiwi 1 d\n", false)]
    {
        let node = node();
        let reply = say(&node, Some(LOOPBACK), line);
        assert_eq!((reply.is_empty(), node.clients()), (believed, usize::from(believed)), "{line}");
        assert_eq!(say(&node, None, line), format!("? {line}"));
    }
    let node = node();
    assert_eq!(say(&node, Some(LOOPBACK), "AWAY eu,\u{7f}x +0.5 kiwi 1 b\n"), "? AWAY eu,\u{7f}x +0.5 kiwi 1 b\n");
}

#[test]
fn who_is_away_is_over_as_a_report_is() {
    let second = core::time::Duration::from_secs(1);
    let limits = Limits { keep_for: Some(second), earliest_clock: Timestamp::default(), ..Limits::default() };
    let node = Node::new(line_of(&["a"]), ServerId(0), limits, 1);
    node.collect_arrivals(1 << 10);
    let mut turn = Turn::at(now());
    node.handle(&mut turn, Event::Started);
    let lines = "AWAY eu +1.25 kiwi 0\nAWAY eu +1.75 emu 0\nAWAY eu +1.75 tui 0\n";
    let heard = node.hear(&mut turn, lines.as_bytes());
    assert_eq!(heard, Heard { kept: 2, untimely: 1, ..Heard::default() }, "one was heard too long ago");
    turn.now.wall = turn.now.wall.after(crate::values::Skew::parse(b"+0.5").expect("a skew"));
    let mut session = node.session(SessionId(1), None, turn.now.instant);
    session.receive(&node, &mut turn, b"IAMAT tui +1+1 -1\n").serve().reply(&mut Vec::new());
    assert!(node.position(b"tui", turn.now).is_some(), "what is over is a place for the next, be it older");
    assert_eq!(arrivals(&node), "AT a +4.000000000 tui +1+1 -1\n");
    turn.now.wall = turn.now.wall.after(crate::values::Skew::parse(b"+62").expect("a skew"));
    turn.now.instant = Instant::from_nanos(120_000_000_000);
    node.handle(&mut turn, Event::Woken);
    turn.now.instant = Instant::from_nanos(240_000_000_000);
    node.handle(&mut turn, Event::Woken);
    assert_eq!((node.clients(), node.status(turn.now, HostStatus::default()).away), (0, 0));
}

#[test]
fn arrivals_are_told_and_nothing_else() {
    let node = node();
    node.collect_arrivals(100);
    for (remote, line, arrives) in [
        (None, "IAMAT kiwi +1+1 1\n", "AT a +1.500000000 kiwi +1+1 1\n"),
        (None, "IAMAT kiwi +1+1 1.5\n", ""),
        (None, "IAMAT kiwi +1+1 1\n", ""),
        (Some(LOOPBACK), "AT d +0.5 kiwi +11+11 1.75 b\n", ""),
        (Some(LOOPBACK), "AWAY eu +0.5 kiwi 2 b\n", ""),
        (Some(LOOPBACK), "AT d +0.5 kiwi +1+1 2 b\n", ""),
        (Some(LOOPBACK), "AT d +0.5 kiwi +1+1 3 b\n", "AT d +0.5 kiwi +1+1 3\n"),
        (None, "FORGET kiwi 3\n", "GONE a -0.500000000 kiwi 3\n"),
        (Some(LOOPBACK), "KEPT d +0.5 kiwi +1+1 4 b\n", "AT d +0.5 kiwi +1+1 4\n"),
        (Some(LOOPBACK), "FORGOT d +0.5 kiwi 4 b\n", "GONE d +0.5 kiwi 4\n"),
        (Some(LOOPBACK), "FORGOT d +0.5 kiwi 4 b\n", ""),
    ] {
        say(&node, remote, line);
        assert_eq!(arrivals(&node), arrives, "{line}");
    }
    assert_eq!(hear(&node, "AWAY eu +0.5 kiwi 5\nGONE eu +0.5 kiwi 6\n").kept, 2);
    assert_eq!(arrivals(&node), "", "what other regions say is none");
    for client in 0..9 {
        say(&node, None, &format!("IAMAT c{client} +1+1 1\n"));
    }
    let mut arrived = Changed::default();
    node.take_arrivals(&mut arrived);
    assert!(arrived.len() < 9 && arrived.len() as u64 + arrived.missed == 9, "there is a bound");
}

#[test]
fn a_report_in_the_place_of_one_that_is_over_is_an_arrival() {
    let second = core::time::Duration::from_secs(1);
    let limits = Limits { keep_for: Some(second), earliest_clock: Timestamp::default(), ..Limits::default() };
    let node = Node::new(line_of(&["a"]), ServerId(0), limits, 1);
    node.collect_arrivals(1 << 10);
    let mut turn = Turn::at(now());
    node.handle(&mut turn, Event::Started);
    let mut session = node.session(SessionId(1), None, turn.now.instant);
    for (tenths, line, arrives) in
        [(25, "IAMAT kiwi +1+1 2\n", true), (34, "IAMAT kiwi +1+1 3\n", false), (46, "IAMAT kiwi +1+1 4\n", true)]
    {
        turn.now.wall = Timestamp::from_nanos(tenths * 100_000_000);
        session.receive(&node, &mut turn, line.as_bytes()).serve().reply(&mut Vec::new());
        assert_eq!(!arrivals(&node).is_empty(), arrives, "{line}");
    }
}

#[test]
fn who_is_away_is_taken_back_after_a_restart() {
    let (before, after) = (node(), node());
    hear(&before, "AWAY c +0.5 kiwi 1");
    after.restore(kept(&before).as_bytes()).expect("a record");
    assert_eq!((kept(&after), after.digest()), (kept(&before), before.digest()));
    assert_eq!(after.record(b"kiwi").map(|kept| kept.record().kind()), Some(RecordKind::Away));
}
