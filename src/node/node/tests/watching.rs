//! Who is near, and who is told of changes.

use super::*;
use crate::access::Right;
use crate::node::HostStatus;
use crate::session::Session;
use crate::wire::Target;

/// A server, and a connection to it.
struct Line<'a> {
    node: &'a Node,
    session: Session,
    turn: Turn,
}

impl<'a> Line<'a> {
    fn new(node: &'a Node, id: u64) -> Self {
        let session = node.session(SessionId(id), Some(LOOPBACK), now().instant);
        Self { node, session, turn: Turn::at(now()) }
    }

    /// Says something: what comes back, until there is nothing more to do.
    fn say(&mut self, lines: &str) -> String {
        let mut out = Vec::new();
        self.session.receive(self.node, &mut self.turn, lines.as_bytes()).serve().reply(&mut out);
        self.look(out)
    }

    /// What it is told now.
    fn hear(&mut self) -> String {
        self.look(Vec::new())
    }

    fn look(&mut self, mut out: Vec<u8>) -> String {
        while self.session.can_resume() {
            self.session.receive(self.node, &mut self.turn, b"").serve().reply(&mut out);
            self.session.holds(self.node, &mut self.turn, 0);
        }
        String::from_utf8(out).expect("these tests speak ASCII")
    }

    /// The sessions that were called since this was last asked.
    fn called(&mut self) -> Vec<u64> {
        let called = |action| if let Action::Look { session } = action { Some(session.0) } else { None };
        self.turn.actions.drain(..).filter_map(called).collect()
    }
}

fn node_alone(limits: Limits) -> Node {
    Node::new(line_of(&["a"]), ServerId(0), limits, 1)
}

const THREE: &str = "IAMAT kiwi +34.06893-118.445127 1\nIAMAT truck-7 +34.07-118.44 1\nIAMAT truck-8 +48.85+2.35 2\n";

#[test]
fn the_nearest_come_first_and_an_empty_line_ends_them() {
    let node = node_alone(Limits::default());
    let mut line = Line::new(&node, 1);
    line.say(THREE);
    let (kiwi, near, far) = (
        "AT a +1.500000000 kiwi +34.06893-118.445127 1\n",
        "AT a +1.500000000 truck-7 +34.07-118.44 1\n",
        "AT a +0.500000000 truck-8 +48.85+2.35 2\n",
    );
    assert_eq!(line.say("NEAR +34.06893-118.445127 10 5\n"), format!("{kiwi}{near}\n"));
    assert_eq!(line.say("NEAR kiwi 20016 5\n"), format!("{near}{far}\n"));
    assert_eq!(line.say("NEAR kiwi 20016 1 truck-*\nNEAR kiwi 0 5\n"), format!("{near}\n\n"));
    assert_eq!(line.say("NEAR kiwi 20016 5 * HEARD 1\n"), format!("{near}{far}\n"), "all were heard now");
    let behind = line.say("NEAR +0+0 20016 1000 truck-8\nIAMAT kiwi +1+1 1\n");
    assert_eq!(behind, format!("{far}\nAT a +1.500000000 kiwi +1+1 1\n"));
    assert_eq!(line.say("NEAR kiwa 10 5\n"), "? NEAR kiwa 10 5\n");
}

#[test]
fn who_is_near_is_told_however_little_may_be_unsent() {
    let node = node_alone(Limits { max_unsent: 1, ..Limits::default() });
    let mut line = Line::new(&node, 1);
    line.say("IAMAT kiwi +34.06893-118.445127 1\n");
    assert_eq!(
        line.say("NEAR +34.06893-118.445127 10 5\nNEAR +0+0 1 5\n"),
        "AT a +1.500000000 kiwi +34.06893-118.445127 1\n\n\n"
    );
}

#[test]
fn a_watcher_is_told_what_there_is_and_then_what_changes() {
    let node = node_alone(Limits::default());
    let (mut watcher, mut client) = (Line::new(&node, 1), Line::new(&node, 2));
    client.say(THREE);
    let start = watcher.say("WATCH truck-*\n");
    let mut lines: Vec<&str> = start.lines().collect();
    assert_eq!(lines.pop(), Some("WATCHING truck-*"));
    lines.sort_unstable();
    assert_eq!(
        lines,
        ["SEEN a +0.500000000 truck-8 +48.85+2.35 2 truck-*", "SEEN a +1.500000000 truck-7 +34.07-118.44 1 truck-*"]
    );
    assert_eq!(watcher.session.deadline(), None);
    client.say("IAMAT truck-7 +1+1 2\nIAMAT kiwi +1+1 2\nIAMAT truck-7 +1+1 1.5\n");
    assert_eq!(client.called(), [1]);
    client.say("FORGET truck-8 2.25\nFORGET truck-8 2.5\n");
    assert_eq!(client.called(), [0; 0], "it was called already");
    let told = "SEEN a +0.500000000 truck-7 +1+1 2 truck-*\nFORGOTTEN a +0.250000000 truck-8 2.25 truck-*\n";
    assert_eq!(watcher.hear(), told);
    client.say("IAMAT truck-7 +1+1 2.1\n");
    assert_eq!(watcher.say("UNWATCH truck-*\n"), "UNWATCHED truck-*\n");
    client.say("IAMAT truck-7 +1+1 2.2\n");
    assert_eq!((watcher.hear(), watcher.session.deadline().is_some()), (String::new(), true));
}

#[test]
fn a_fence_says_who_enters_and_who_leaves() {
    let node = node_alone(Limits::default());
    let (mut watcher, mut client) = (Line::new(&node, 1), Line::new(&node, 2));
    client.say(THREE);
    let fence = "+34.07-118.44 10 truck-*";
    let start = watcher.say(&format!("FENCE {fence}\nWATCH {fence}\n"));
    assert_eq!(
        start,
        format!("ENTER a +1.500000000 truck-7 +34.07-118.44 1 {fence}\nWATCHING {fence}\n? WATCH {fence}\n")
    );
    let mut watcher = Line::new(&node, 3);
    watcher.say(&format!("FENCE {fence}\n"));
    for report in ["truck-7 +34.071-118.44 2", "truck-8 +34.07-118.45 2.1", "truck-7 +34-118 2.2"] {
        client.say(&format!("IAMAT {report}\n"));
    }
    let told = "ENTER a +0.400000000 truck-8 +34.07-118.45 2.1 F\nLEAVE a +0.300000000 truck-7 +34-118 2.2 F\n";
    assert_eq!(watcher.hear(), told.replace('F', fence));
    client.say("FORGET truck-8 2.3\n");
    assert_eq!(watcher.hear(), format!("LEAVE a +0.400000000 truck-8 +34.07-118.45 2.1 {fence}\n"));
    let circle = "+34-118 1";
    assert_eq!(
        watcher.say(&format!("WATCH {circle}\n")),
        format!("SEEN a +0.300000000 truck-7 +34-118 2.2 {circle}\nWATCHING {circle}\n")
    );
    client.say("IAMAT truck-7 +35-118 2.3\n");
    assert_eq!(watcher.hear(), format!("LEFT a +0.200000000 truck-7 +35-118 2.3 {circle}\n"));
}

#[test]
fn who_moves_to_another_region_leaves_circles_and_stays_known_by_its_id() {
    let node = node_alone(Limits::default());
    let (mut watcher, mut client) = (Line::new(&node, 1), Line::new(&node, 2));
    client.say(THREE);
    watcher.say("WATCH truck-7\nWATCH +34.07-118.44 1 truck-*\nFENCE +34.07-118.44 2 truck-*\n");
    let hear = |lines: &str| node.hear(&mut Turn::at(now()), lines.as_bytes()).kept;
    assert_eq!(hear("AWAY eu +0.5 truck-7 1.5\nAWAY eu +0.5 truck-8 2.1\n"), 2);
    let last = "a +1.500000000 truck-7 +34.07-118.44 1 +34.07-118.44";
    assert_eq!(watcher.hear(), format!("LEFT {last} 1 truck-*\nLEAVE {last} 2 truck-*\n"));
    assert_eq!(hear("AWAY us +0.5 truck-7 1.6\n"), 1);
    assert_eq!(watcher.hear(), "", "it was elsewhere");
    assert_eq!(watcher.say("NEAR +34.07-118.44 1 9\n"), "AT a +1.500000000 kiwi +34.06893-118.445127 1\n\n");
    client.say("IAMAT truck-7 +34.07-118.44 2\n");
    let back = "a +0.500000000 truck-7 +34.07-118.44 2";
    let told =
        format!("SEEN {back} truck-7\nSEEN {back} +34.07-118.44 1 truck-*\nENTER {back} +34.07-118.44 2 truck-*\n");
    assert_eq!(watcher.hear(), told);
    assert_eq!(hear("AWAY eu +0.5 truck-7 2.1\nGONE london +0.5 truck-7 2.2\nAWAY eu +0.5 truck-7 2.3\n"), 3);
    let told = watcher.hear();
    assert!(told.starts_with("LEFT a +0.5") && told.ends_with("FORGOTTEN london +0.5 truck-7 2.2 truck-7\n"), "{told}");
    assert_eq!(told.lines().count(), 3, "{told}");
}

#[test]
fn a_slow_watcher_gets_the_newest_and_past_the_bound_all_again() {
    let node = node_alone(Limits { watch_queue: 2, ..Limits::default() });
    let (mut watcher, mut client) = (Line::new(&node, 1), Line::new(&node, 2));
    let place = "x".repeat(1000);
    assert_eq!(watcher.say("WATCH *\n"), "WATCHING *\n");
    let mut report = |client_id: &str, time: u32| client.say(&format!("IAMAT {client_id} +1+1 0.{time:04}\n"));
    for time in 0..80 {
        report(&place, time);
    }
    for time in 100..120 {
        report("kiwi", time);
    }
    let told = watcher.hear();
    assert!(told.matches(&*place).count() < 80 && told.matches("kiwi").count() == 1, "{}", told.len());
    assert!(told.contains("0.0079 *\n") && told.contains("0.0119 *\n"));
    for time in 200..280 {
        report(&place, time);
    }
    for other in ["kiwi", "truck-7", "truck-8"] {
        report(other, 300);
    }
    let told = watcher.hear();
    assert!(told.starts_with("AGAIN *\nSEEN ") && told.ends_with("\nWATCHING *\n"), "{told}");
    assert_eq!(told.lines().count(), 2 + 4);
}

#[test]
fn a_session_that_stops_finds_what_it_was_asked_for() {
    let node = node_alone(Limits::default());
    let mut line = Line::new(&node, 1);
    let reports: Vec<String> = (0..20_000).map(|client| format!("IAMAT {client} +1+1 1\n")).collect();
    line.say(&reports.concat());
    let mut out = Vec::new();
    line.session.receive(&node, &mut line.turn, b"NEAR +0+0 20016 9 nobody\nWATCH kiwi\n").serve().reply(&mut out);
    assert!(line.session.is_waiting() && out.is_empty(), "it takes longer than a pass");
    line.session.stop();
    assert_eq!((line.look(out).as_str(), line.session.is_finished()), ("\n", true));
    assert_eq!(line.say("STATUS\n"), "");
}

/// What a fence that waits has to know of a client that is far away, whatever else is watched.
#[test]
fn a_fence_that_waits_follows_whoever_left() {
    let node = node_alone(Limits::default());
    let (mut watcher, mut client) = (Line::new(&node, 1), Line::new(&node, 2));
    client.say(THREE);
    let fence = "+34.07-118.44 10 truck-* DWELL 10";
    for target in [fence, "+34.07-118.44 10 truck-7 DWELL 10"] {
        let start = watcher.say(&format!("FENCE {target}\n"));
        assert_eq!(start, format!("ENTER a +1.500000000 truck-7 +34.07-118.44 1 {target}\nWATCHING {target}\n"));
    }
    assert_eq!(watcher.say("WATCH truck-7\nUNWATCH truck-7\n").lines().count(), 3);
    watcher.say("UNWATCH +34.07-118.44 10 truck-7 DWELL 10\n");
    // All in one pass.
    client.say("IAMAT truck-7 +1+1 2\nIAMAT truck-7 +2+2 11\nIAMAT truck-7 +3+3 12\n");
    assert_eq!(watcher.hear(), format!("LEAVE a -9.500000000 truck-7 +3+3 12 {fence}\n"));
    client.say("IAMAT truck-7 +34.07-118.44 20\nIAMAT truck-7 +34.07-118.44 30\nIAMAT truck-7 +3+3 31\n");
    assert!(watcher.hear().starts_with("ENTER "));
    client.say("FORGET truck-7 32\n");
    assert_eq!(watcher.hear(), format!("LEAVE a -28.500000000 truck-7 +3+3 31 {fence}\n"), "far away, and inside");
}

#[test]
fn a_pass_takes_in_less_where_each_report_is_told_to_many() {
    let node = node_alone(Limits::default());
    let mut watchers: Vec<Line<'_>> = (1..=1000).map(|id| Line::new(&node, id)).collect();
    for watcher in &mut watchers {
        assert_eq!(watcher.say("WATCH kiwi\n"), "WATCHING kiwi\n");
    }
    let mut client = Line::new(&node, 0);
    let reports = (1..500).map(|time| format!("IAMAT kiwi +1+1 1.{time:03}")).collect::<Vec<_>>().join("\n");
    let mut passes = |client: &mut Line<'_>, bytes: &str| {
        let (before, mut out) = (client.turn.work(), Vec::new());
        client.session.receive(&node, &mut client.turn, bytes.as_bytes()).serve().reply(&mut out);
        for watcher in &mut watchers {
            watcher.hear();
        }
        client.turn.work() - before
    };
    for time in 0..10 {
        passes(&mut client, &format!("IAMAT kiwi +1+1 0.{time}\n"));
    }
    assert!(passes(&mut client, &reports) <= 2 * Turn::SHARE, "a few reports are told to a thousand watchers");
    assert!(client.session.can_resume());
}

#[test]
fn a_watcher_is_told_of_no_other_clients_than_it_may_watch() {
    let node = node_alone(Limits::default());
    let mut client = Line::new(&node, 1);
    client.say(THREE);
    let rights = ["watch:truck-*".parse::<Right>().expect("a right")].into_iter().collect();
    let (mut watcher, mut turn) = (node.watcher(SessionId(2), rights), Turn::at(now()));
    let everybody = Target::watch(&[b"*"]).expect("a target");
    node.watch(&mut turn, &mut watcher, &everybody).expect("it may watch some");
    let mut tell = || {
        let mut told = Vec::new();
        while watcher.has_more() {
            node.tell(&mut turn, &mut watcher, usize::MAX, &mut told);
        }
        let told = String::from_utf8(told).expect("these tests speak ASCII");
        let mut clients: Vec<String> =
            told.lines().filter_map(|line| line.split(' ').nth(3).map(str::to_owned)).collect();
        clients.sort();
        clients
    };
    assert_eq!(tell(), ["truck-7", "truck-8"]);
    client.say("IAMAT kiwi +1+1 3\nIAMAT truck-7 +1+1 3\n");
    assert_eq!(tell(), ["truck-7"]);
}

#[test]
fn of_a_watcher_that_has_gone_nothing_is_left() {
    let node = node_alone(Limits::default());
    let mut client = Line::new(&node, 0);
    let count = |node: &Node| node.status(now(), HostStatus::default()).watches;
    for (id, target) in (1..).zip(["WATCH *", "WATCH kiwi", "WATCH +1+1 10", "FENCE +1+1 10 DWELL 5"]) {
        let mut watcher = Line::new(&node, id);
        watcher.say(&format!("{target}\n"));
        for time in 0..3000 {
            client.say(&format!("IAMAT kiwi +1+1 {id}.{time:04}\n"));
        }
        assert_eq!((count(&node), node.buffered() > 4096), (1, !target.starts_with("FENCE")), "{target}");
        drop(watcher);
        assert_eq!((count(&node), node.buffered()), (0, 0), "{target}");
        client.say(&format!("IAMAT kiwi +1+1 {id}.5\n"));
        assert!(node.hub.hold().watches.is_empty(), "{target}");
    }
}

#[test]
fn of_one_client_nothing_older_comes_behind_the_start_of_another_watch() {
    let node = node_alone(Limits::default());
    let (mut watcher, mut client) = (Line::new(&node, 1), Line::new(&node, 2));
    assert_eq!(watcher.say("WATCH kiwi\n"), "WATCHING kiwi\n");
    for time in 1..4 {
        client.say(&format!("IAMAT kiwi +1+1 {time}\n"));
    }
    let mut out = Vec::new();
    watcher.session.receive(&node, &mut watcher.turn, b"WATCH k*\n").serve().reply(&mut out);
    client.say("IAMAT kiwi +1+1 4\nIAMAT kiwi +1+1 5\n");
    let told = watcher.look(out);
    let fields: Vec<Vec<&str>> = told.lines().map(|line| line.split(' ').collect()).collect();
    let times: Vec<&str> = fields.iter().filter(|line| line[0] == "SEEN").map(|line| line[5]).collect();
    assert_eq!((times, &*fields[fields.len() - 1]), (vec!["1", "2", "3", "4", "5", "5"], &["WATCHING", "k*"][..]));
}
