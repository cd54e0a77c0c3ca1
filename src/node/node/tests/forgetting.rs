//! Clients that are forgotten, and reports that are over.

use core::time::Duration;

use super::*;
use crate::peers::LinkStep;

const DAY: u64 = 86_400;

/// A server with the neighbour `b`, some seconds after it began to listen, in 2027.
struct World {
    node: Node,
    turn: Turn,
    seconds: u64,
    /// By how much the wall clock has jumped.
    jumped: i128,
    /// Which run of the neighbour answers, if it is there, and whether it says what its clock is.
    run: Option<u64>,
    tells_clock: bool,
    /// By how many seconds the neighbour's clock is ahead.
    ahead: i128,
}

impl World {
    fn new(limits: Limits) -> Self {
        let herd = line_of(&["a", "b"]);
        let me = herd.find(b"a").expect("it is there");
        let node = Node::new(herd, me, limits, 1);
        let mut world =
            Self { node, turn: Turn::default(), seconds: 0, jumped: 0, run: None, tells_clock: true, ahead: 0 };
        let peer = world.peer();
        world.handle(Event::Resolved { peer, addresses: &[LOOPBACK] });
        world.handle(Event::Started);
        world
    }

    fn peer(&self) -> ServerId {
        self.node.server(b"b").expect("it is there")
    }

    fn now(&self) -> Now {
        let nanos = i128::from(self.seconds) * 1_000_000_000;
        let wall = Timestamp::from_nanos(1_800_000_000_000_000_000 + nanos + self.jumped);
        Now { wall, instant: Instant::from_nanos(self.seconds * 1_000_000_000) }
    }

    fn handle(&mut self, event: Event<'_>) {
        self.turn.now = self.now();
        self.node.handle(&mut self.turn, event);
    }

    /// Lets time pass, a second at a time for as long as it takes to compare and to sweep twice.
    fn pass(&mut self, seconds: u64) {
        self.seconds += seconds;
        for _ in 0..140 {
            self.seconds += 1;
            self.talk();
        }
    }

    /// The clock agrees with the neighbour's.
    fn agree(&mut self) {
        self.run = Some(7);
        self.talk();
    }

    /// What the neighbour says of itself.
    fn greeting(&self, run: u64) -> String {
        let clock = Timestamp::from_nanos(self.now().wall.as_nanos() + self.ahead * 1_000_000_000);
        format!("HELLO b {run} v=2 clock={clock}\n")
    }

    /// What somebody gets for lines, in which `@` stands for the first second.
    fn say(&self, remote: Option<IpAddr>, lines: &str) -> String {
        let mut session = self.node.session(SessionId(0), remote, self.now().instant);
        let (mut out, lines) = (Vec::new(), lines.replace('@', "1800000000"));
        session.receive(&self.node, &mut Turn::at(self.now()), lines.as_bytes()).serve().reply(&mut out);
        String::from_utf8(out).expect("these tests speak ASCII").replace("1800000000", "@")
    }

    fn is_known(&self, client: &[u8]) -> bool {
        self.node.position(client, self.now()).is_some()
    }

    /// The link comes up, if the neighbour is there, and that shows that it has what this server has; all that this server
    /// said.
    fn talk(&mut self) -> String {
        let (peer, mut said) = (self.peer(), String::new());
        self.handle(Event::Woken);
        loop {
            self.turn.now = self.now();
            match (self.node.poll_link(&mut self.turn, peer), self.run) {
                (LinkStep::Connect, Some(_)) => self.handle(Event::Connected { peer, proven: false }),
                (LinkStep::Connect, None) => self.handle(Event::Lost { peer, why: "refused" }),
                (LinkStep::Send(bytes), Some(run)) => {
                    self.handle(Event::Sent { peer });
                    let bytes = String::from_utf8(bytes.to_vec()).expect("ASCII");
                    for line in bytes.lines() {
                        let answer = match line.split(' ').next() {
                            Some("HELLO") if self.tells_clock => self.greeting(run),
                            Some("HELLO") => format!("HELLO b {run} v=2\n"),
                            Some("REPAIR") => "REPAIR b end\n".to_owned(),
                            _ => continue,
                        };
                        self.handle(Event::Received { peer, bytes: answer.as_bytes() });
                    }
                    said += &bytes;
                }
                (LinkStep::Send(_), None) => self.handle(Event::Lost { peer, why: "reset" }),
                (LinkStep::Close(_), _) => {}
                (LinkStep::Wait(_) | LinkStep::End, _) => return said,
            }
        }
    }
}

#[test]
fn a_forgotten_client_is_unknown_until_a_later_report() {
    let world = World::new(Limits::default());
    world.say(None, "IAMAT kiwi +1+1 @\n");
    assert_eq!(world.say(None, "FORGET kiwi @\n"), "GONE a +0.000000000 kiwi @\n", "of one time it wins");
    assert_eq!(world.say(None, "WHATSAT kiwi 1 1\n"), "? WHATSAT kiwi 1 1\n");
    assert_eq!(world.say(None, "IAMAT kiwi +1+1 @\n"), "AT a +0.000000000 kiwi +1+1 @\n", "it is answered");
    assert!(!world.is_known(b"kiwi"), "and not kept");
    world.say(None, "IAMAT kiwi +1+1 @.000000001\n");
    assert!(world.is_known(b"kiwi"));
    let kept = "AT a -0.000000001 kiwi +1+1 @.000000001\n";
    assert_eq!(world.say(None, "FORGET kiwi @\n"), kept, "a later report stays");
    assert_eq!(
        world.say(None, "FORGET emu @\n"),
        "GONE a +0.000000000 emu @\n",
        "who is unknown here may be known elsewhere"
    );
}

#[test]
fn a_forget_without_the_right_is_refused_and_one_past_the_clients_too() {
    let world = World::new(Limits { clients: 1, ..Limits::default() });
    world.say(None, "IAMAT kiwi +1+1 @\n");
    assert_eq!(world.say(None, "FORGET emu @\n"), "? FORGET emu @\n");
    assert!(world.say(None, "FORGET kiwi @\n").starts_with("GONE "), "who is known can be forgotten");
    assert_eq!(world.say(None, "IAMAT emu +1+1 @\n"), "? IAMAT emu +1+1 @\n", "a tombstone counts as a client");
    assert_eq!(world.say(None, "FORGET kiwi 1800100000\n"), "? FORGET kiwi 1800100000\n", "too far ahead");
}

#[test]
fn who_brings_a_report_that_is_covered_is_told_so_and_nobody_else_is() {
    let mut world = World::new(Limits::default());
    world.say(Some(LOOPBACK), "HELLO b 7 v=2\n");
    world.say(None, "FORGET kiwi @\n");
    world.run = Some(7);
    world.talk();
    let before = world.node.counters();
    world.say(Some(LOOPBACK), "AT c +0.5 kiwi +1+1 @ b\n");
    assert_eq!(world.talk(), "GONE a +0.000000000 kiwi @ a\n".replace('@', "1800000000"));
    let after = world.node.counters();
    assert_eq!((after.buried - before.buried, after.forwarded - before.forwarded), (1, 0));
    assert!(!world.is_known(b"kiwi"));
}

#[test]
fn what_is_too_old_does_not_travel_by_flood() {
    let mut world = World::new(Limits { gone_for: Duration::from_secs(100), ..Limits::default() });
    world.agree();
    world.pass(1000);
    world.say(Some(LOOPBACK), "AT c +0.5 kiwi +1+1 @ b\nGONE c +0.5 emu @ b\n");
    assert_eq!((world.node.clients(), world.node.counters().too_old), (0, 2));
    world.say(Some(LOOPBACK), "AT c +1140.5 moa +1+1 @ b\n");
    assert!(world.is_known(b"moa"), "it was heard a moment ago");
    world.say(Some(LOOPBACK), "KEPT c +0.5 kiwi +1+1 @ b\nFORGOT c +0.5 emu @ b\n");
    assert!(world.is_known(b"kiwi") && world.node.record(b"emu").is_some(), "comparing brings it");
}

#[test]
fn a_tombstone_goes_when_it_is_old_and_the_neighbour_is_known_to_have_it_in_its_present_run() {
    let mut world = World::new(Limits::default());
    world.say(None, "FORGET kiwi @\n");
    let goes = |world: &World| world.node.record(b"kiwi").is_none();
    world.run = Some(7);
    world.pass(29 * DAY);
    assert!(!goes(&world), "it is too young");
    world.run = None;
    world.pass(2 * DAY);
    assert!(!goes(&world), "the neighbour is away");
    let waiting =
        |world: &World| world.node.status(world.now(), HostStatus::default()).neighbours[0].tombstones_waiting;
    assert_eq!(waiting(&world), 1);
    world.run = Some(8);
    world.pass(0);
    assert!(goes(&world) && waiting(&world) == 0);
    assert_eq!(world.node.counters().tombstones_dropped, 1);
}

#[test]
fn a_tombstone_that_went_is_not_taken_back_however_much_came_since() {
    let mut world = World::new(Limits { handled: 16, ..Limits::default() });
    world.say(None, "FORGET kiwi @\n");
    world.run = Some(7);
    world.pass(31 * DAY);
    assert!(world.node.record(b"kiwi").is_none());
    for client in 0..1000 {
        world.say(None, &format!("IAMAT c{client} +1+1 @\nIAMAT c{client} +1+1 @.1\n"));
    }
    world.say(Some(LOOPBACK), "FORGOT a +0.000000000 kiwi @ b\n");
    assert!(world.node.record(b"kiwi").is_none(), "it has gone from here");
    world.say(Some(LOOPBACK), "FORGOT a +0.000000000 emu @ b\n");
    assert!(world.node.record(b"emu").is_some(), "one that was never here is taken");
}

#[test]
fn a_report_is_hidden_at_its_end_and_deleted_a_minute_later() {
    let mut world = World::new(Limits { keep_for: Some(Duration::from_secs(1000)), ..Limits::default() });
    world.agree();
    world.say(None, "IAMAT kiwi +1+1 @\n");
    world.seconds = 1000;
    assert!(world.is_known(b"kiwi"));
    world.seconds = 1001;
    assert!(!world.is_known(b"kiwi") && world.node.record(b"kiwi").is_some());
    assert_eq!(world.say(None, "WHATSAT kiwi 1 1\n"), "? WHATSAT kiwi 1 1\n");
    assert!(world.say(None, "IAMAT kiwi +2+2 1799999999\n").starts_with("AT a "), "an older time, heard now");
    assert!(world.is_known(b"kiwi"), "takes the place of what is over");
    world.seconds = 2100;
    world.say(Some(LOOPBACK), "AT c +0.5 emu +1+1 @ b\nKEPT c +0.5 emu +1+1 @ b\n");
    assert!(world.node.record(b"emu").is_none(), "what is over is not accepted");
    world.pass(200);
    assert_eq!((world.node.clients(), world.node.counters().expired), (0, 1));
}

#[test]
fn a_clock_that_is_wrong_deletes_nothing() {
    let mut world = World::new(Limits { keep_for: Some(Duration::from_secs(1000)), ..Limits::default() });
    world.agree();
    world.run = None;
    world.say(None, "IAMAT kiwi +1+1 @\n");
    world.jumped = 2000 * 1_000_000_000;
    world.pass(200);
    assert!(world.is_known(b"kiwi"), "it has run ahead");
    assert!(world.turn.notices.contains(&Notice::ClockNotTrusted));
    assert!(!world.node.status(world.now(), HostStatus::default()).wrong.is_empty());
    (world.run, world.tells_clock) = (Some(7), false);
    world.pass(0);
    assert!(world.is_known(b"kiwi"), "what a neighbour said of its clock before the jump is no agreement");
    world.tells_clock = true;
    world.run = Some(7);
    world.pass(0);
    assert!(!world.is_known(b"kiwi"), "a neighbour's clock says the same");
}

#[test]
fn a_clock_that_is_put_right_is_asked_for_also_where_links_rest() {
    let keep_for = Some(Duration::from_secs(1000));
    let mut world = World::new(Limits { keep_for, link_idle: Duration::ZERO, ..Limits::default() });
    world.agree();
    world.say(None, "IAMAT kiwi +1+1 @\n");
    world.jumped = 2000 * 1_000_000_000;
    assert!(world.is_known(b"kiwi"), "it has run ahead");
    world.pass(0);
    assert!(!world.is_known(b"kiwi"), "the neighbour's clock says the same, and was asked");
}

#[test]
fn a_neighbour_that_greets_shows_that_its_clock_is_put_right() {
    let mut world = World::new(Limits { keep_for: Some(Duration::from_secs(1000)), ..Limits::default() });
    world.say(None, "IAMAT kiwi +1+1 @\n");
    world.ahead = 5000;
    world.agree();
    world.seconds = 1500;
    assert!(world.is_known(b"kiwi"), "its only neighbour's clock differs");
    world.say(Some(LOOPBACK), &world.greeting(7));
    assert!(world.is_known(b"kiwi"), "and still does");
    world.ahead = 0;
    world.say(Some(LOOPBACK), &world.greeting(7));
    assert!(!world.is_known(b"kiwi"));
}

#[test]
fn a_clock_that_no_neighbour_has_agreed_with_makes_nothing_too_old() {
    let mut world = World::new(Limits { keep_for: Some(Duration::from_secs(1000)), ..Limits::default() });
    world.jumped = 2000 * 1_000_000_000;
    world.say(Some(LOOPBACK), "AT c +0.5 kiwi +1+1 @ b\n");
    world.pass(200);
    assert!(world.is_known(b"kiwi"));
    world.run = Some(7);
    world.pass(0);
    assert!(!world.is_known(b"kiwi"));
}
