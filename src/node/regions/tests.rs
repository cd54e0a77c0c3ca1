//! Regions of one server each, on a bus that loses nothing.

use core::time::Duration;
use std::sync::Arc;

use crate::homes::{Delivery, Post, QuestionId, ReplyTo, Subject};
use crate::pass::{Action, Answer, Turn};
use crate::{Event, Herd, HostStatus, Instant, Limits, Member, Node, Now, Places, RegionState, ServerName, Session};
use crate::{SessionId, Timestamp};

mod census;
mod comparing;
mod roll_call;

/// Some regions, and the messages between them.
struct World {
    regions: Vec<(Node, Turn)>,
    now: Now,
    answers: Vec<(SessionId, Answer)>,
    /// Messages that were carried.
    carried: Vec<(usize, Post)>,
    /// How often one arrives.
    arrives: Box<dyn FnMut(&Post) -> usize>,
}

impl World {
    fn new(names: &[&str]) -> Self {
        let now = Now { wall: Timestamp::parse(b"1479413884").expect("a time"), ..Now::default() };
        let region = |name: &&str| {
            let server = ServerName::new(&format!("{name}-1")).expect("a name");
            let member = Member { name: server, address: "127.0.0.1:1".into(), links: Vec::new() };
            let herd = Arc::new(Herd::new(vec![member]).expect("a herd"));
            let me = herd.find(format!("{name}-1").as_bytes()).expect("there");
            let limits = Limits { earliest_clock: Timestamp::from_nanos(i128::MAX), ..Limits::default() };
            let node = Node::new(herd, me, limits, 1);
            node.join_region(ServerName::new(name).expect("a name"));
            let mut turn = Turn::at(now);
            node.handle(&mut turn, Event::Started);
            (node, turn)
        };
        let regions = names.iter().map(region).collect();
        let mut world = Self { regions, now, answers: Vec::new(), carried: Vec::new(), arrives: Box::new(|_| 1) };
        for index in 0..names.len() {
            world.happens(index, Event::Bus(true));
            world.happens(index, Event::Bridge(Some(1)));
        }
        world.settle();
        world
    }

    fn happens(&mut self, index: usize, event: Event<'_>) {
        let (node, turn) = &mut self.regions[index];
        turn.now = self.now;
        node.handle(turn, event);
    }

    fn pass(&mut self, by: Duration) {
        // What is told of arrivals goes out on the way.
        let first = by.min(Duration::from_millis(20));
        for step in [first, by.saturating_sub(first)] {
            self.now.instant = self.now.instant + step;
            for index in 0..self.regions.len() {
                self.happens(index, Event::Woken);
            }
            self.settle();
        }
    }

    /// Carries messages until there is none. Only who says that it has some is asked for them.
    fn settle(&mut self) {
        for _ in 0..1000 {
            let called = self.perform();
            if called.is_empty() {
                return;
            }
            let mut posts = Vec::new();
            for index in called {
                let (node, turn) = &mut self.regions[index];
                turn.now = self.now;
                let mut sent = Vec::new();
                while node.poll_regions(turn, &mut sent) {}
                posts.extend(sent.into_iter().map(|post| (index, post)));
            }
            for (from, post) in posts {
                self.carried.push((from, post.clone()));
                for _ in 0..(self.arrives)(&post) {
                    self.carry(from, &post);
                }
            }
        }
        panic!("they never come to rest");
    }

    /// Does what all of them want done; who has something for others.
    fn perform(&mut self) -> Vec<usize> {
        let mut called = Vec::new();
        for (index, (node, turn)) in self.regions.iter_mut().enumerate() {
            while let Some(action) = turn.actions.pop() {
                match action {
                    Action::Answer { session, answer } => self.answers.insert(0, (session, answer)),
                    Action::Fetch { fetch, .. } => {
                        let outcome = Ok(Places::builder(&[]).finish());
                        node.handle(turn, Event::Fetched { fetch, outcome });
                    }
                    Action::Post if !called.contains(&index) => called.push(index),
                    _ => {}
                }
            }
        }
        called
    }

    fn carry(&mut self, from: usize, post: &Post) {
        let reply = post.question.map(|QuestionId(id)| ReplyTo(format!("{from} {id}").into()));
        let to: Vec<(usize, Delivery)> = match &post.to {
            Subject::Arrivals(_) => (0..self.regions.len()).map(|to| (to, Delivery::Arrivals)).collect(),
            Subject::Everybody => (0..self.regions.len()).map(|to| (to, Delivery::Everybody)).collect(),
            Subject::Ask(region) => {
                let to = self.regions.iter().position(|(node, _)| node.region() == Some(region));
                to.into_iter().map(|to| (to, Delivery::Asked(reply.clone().expect("a question")))).collect()
            }
            Subject::Reply(ReplyTo(to)) => {
                let (to, id) = to.split_once(' ').expect("a server and a number");
                let id = QuestionId(id.parse().expect("a number"));
                vec![(to.parse().expect("a number"), Delivery::Answered(id, reply))]
            }
        };
        for (to, by) in to {
            self.happens(to, Event::Delivered { by, payload: &post.payload });
        }
    }

    fn session(&self, index: usize, id: u64) -> Session {
        self.regions[index].0.session(SessionId(id), None, Instant::default())
    }

    /// What a client is replied to these lines, when all is settled.
    fn say(&mut self, index: usize, session: &mut Session, lines: &str) -> String {
        let mut out = Vec::new();
        let (node, turn) = &mut self.regions[index];
        turn.now = self.now;
        session.receive(node, turn, lines.as_bytes()).serve().reply(&mut out);
        self.go_on(index, session, &mut out);
        String::from_utf8(out).expect("ASCII")
    }

    fn go_on(&mut self, index: usize, session: &mut Session, out: &mut Vec<u8>) {
        for _ in 0..20 {
            self.settle();
            for (_, answer) in self.answers.extract_if(.., |(id, _)| *id == session.id()).collect::<Vec<_>>() {
                session.answer(answer, out);
            }
            let (node, turn) = &mut self.regions[index];
            while session.can_resume() {
                session.receive(node, turn, b"").serve().reply(out);
            }
        }
    }
}

const AT: &str = "IAMAT kiwi +34.068930-118.445127 1479413884.25\n";

#[test]
fn a_client_is_found_from_every_region_once_it_has_arrived_in_one() {
    let mut world = World::new(&["us", "eu", "ap"]);
    let (mut us, mut eu) = (world.session(0, 1), world.session(1, 2));
    assert_eq!(world.say(1, &mut eu, "WHERE kiwi\n"), "? WHERE kiwi\n");
    assert_eq!(world.say(0, &mut us, AT), "AT us-1 -0.250000000 kiwi +34.068930-118.445127 1479413884.25\n");
    world.pass(Duration::from_millis(20));
    for (index, name) in ["us", "eu", "ap"].iter().enumerate() {
        let mut session = world.session(index, 10 + index as u64);
        let home = world.say(index, &mut session, "WHERE kiwi\n");
        assert_eq!(home, "HOME us us-1 -0.250000000 kiwi +34.068930-118.445127 1479413884.25\n", "asked in {name}");
    }
    // Reports within a region are told to nobody; one that comes with another server's clock is.
    let before = world.carried.len();
    world.say(0, &mut us, "IAMAT kiwi +34.5-118.5 1479413885\n");
    world.pass(Duration::from_millis(20));
    assert_eq!(world.carried.len(), before);
    let mut eu = world.session(1, 20);
    assert!(world.say(1, &mut eu, "WHERE kiwi\n").starts_with("HOME us us-1 -1.000000000 kiwi +34.5-118.5 "));
    // It moves.
    world.say(1, &mut eu, "IAMAT kiwi +50.1+8.6 1479413886\n");
    world.pass(Duration::from_millis(20));
    for index in 0..3 {
        let mut session = world.session(index, 30 + index as u64);
        assert!(
            world.say(index, &mut session, "WHERE kiwi\n").starts_with("HOME eu eu-1 -2.000000000 kiwi +50.1+8.6 ")
        );
    }
}

#[test]
fn a_region_that_does_not_answer_is_told_as_a_refusal_and_nobody_waits_for_ever() {
    let mut world = World::new(&["us", "eu"]);
    let mut us = world.session(0, 1);
    world.say(0, &mut us, AT);
    world.pass(Duration::from_millis(20));
    world.happens(0, Event::Bus(false));
    let mut eu = world.session(1, 2);
    let (node, turn) = &mut world.regions[1];
    let mut out = Vec::new();
    eu.receive(node, turn, b"WHERE kiwi\nWHERE kiwi\n").serve().reply(&mut out);
    let mut posts = Vec::new();
    node.poll_regions(turn, &mut posts);
    assert!(posts.iter().any(|post| matches!(post.to, Subject::Ask(_))) && out.is_empty());
    world.pass(Duration::from_millis(1100));
    world.go_on(1, &mut eu, &mut out);
    assert_eq!(String::from_utf8_lossy(&out), "? WHERE kiwi\n");
    assert!(eu.is_finished());
}

#[test]
fn a_question_that_nobody_hears_is_refused_at_once() {
    let mut world = World::new(&["us", "eu"]);
    let (mut us, mut eu) = (world.session(0, 1), world.session(1, 2));
    world.say(0, &mut us, AT);
    world.pass(Duration::from_millis(20));
    let (node, turn) = &mut world.regions[1];
    let (mut out, mut posts) = (Vec::new(), Vec::new());
    eu.receive(node, turn, b"WHERE kiwi\n").serve().reply(&mut out);
    node.poll_regions(turn, &mut posts);
    let question = posts.iter().find_map(|post| post.question).expect("a question");
    world.happens(1, Event::Unheard(question));
    world.go_on(1, &mut eu, &mut out);
    assert_eq!(String::from_utf8_lossy(&out), "? WHERE kiwi\n");
}

#[test]
fn whatsats_are_answered_in_their_order_wherever_the_clients_are() {
    let mut world = World::new(&["us", "eu", "ap"]);
    let (mut us, mut eu) = (world.session(0, 1), world.session(1, 2));
    world.say(0, &mut us, "IAMAT here +10+10 1\n");
    world.say(1, &mut eu, "IAMAT there +20+20 1\nIAMAT gone +30+30 1\n");
    world.pass(Duration::from_millis(20));
    let asks = "WHATSAT there 1 1\nWHATSAT here 1 1\nSTATUS\nWHATSAT there 1 2\nWHATSAT nobody 1 1\nWHATSAT here 1 1\n";
    let told = world.say(0, &mut us, asks);
    let heads: Vec<&str> = told.lines().filter(|line| line.contains("-1 ") || line.starts_with(['?', '{'])).collect();
    let heads: Vec<&str> = heads.iter().map(|line| line.get(..8).unwrap_or(line)).collect();
    assert_eq!(heads, ["AT eu-1 ", "{", "AT us-1 ", "{", "{\"server", "AT eu-1 ", "{", "? WHATSA"], "{told}");
    assert!(told.ends_with("? WHATSAT nobody 1 1\n") && us.is_finished(), "{told}");
    // Its region has forgotten it, and the news is on its way.
    world.say(1, &mut eu, "FORGET gone 2\n");
    let mut ap = world.session(2, 9);
    assert_eq!(world.say(2, &mut ap, "WHATSAT gone 1 1\nWHATSAT there 1 1\n"), "? WHATSAT gone 1 1\n");
}

#[test]
fn near_finds_clients_of_all_regions_nearest_first() {
    let mut world = World::new(&["us", "eu"]);
    let (mut us, mut eu) = (world.session(0, 1), world.session(1, 2));
    world.say(0, &mut us, "IAMAT a +10.0+10.0 1\nIAMAT c +10.2+10.0 1\nIAMAT far +50+50 1\n");
    world.say(1, &mut eu, "IAMAT b +10.1+10.0 1\nIAMAT d +10.3+10.0 1\n");
    world.pass(Duration::from_secs(6));
    let clients = |lines: &str| lines.lines().filter_map(|line| line.split(' ').nth(3)).collect::<String>();
    assert_eq!(clients(&world.say(0, &mut us, "NEAR +10+10 100 10\n")), "abcd");
    assert_eq!(clients(&world.say(1, &mut eu, "NEAR +10+10 100 3\n")), "abc");
    assert_eq!(clients(&world.say(1, &mut eu, "NEAR a 100 2\n")), "bc");
    assert_eq!(clients(&world.say(0, &mut us, "NEAR b 100 10 HEARD 4000000000\n")), "acd");
}

#[test]
fn who_watches_is_told_of_clients_of_all_regions() {
    let mut world = World::new(&["us", "eu"]);
    let (mut us, mut eu, mut watcher) = (world.session(0, 1), world.session(1, 2), world.session(0, 3));
    world.say(0, &mut us, "IAMAT a +10.0+10.0 1\n");
    world.say(1, &mut eu, "IAMAT b +10.1+10.0 1\n");
    world.pass(Duration::from_secs(6));
    let told = world.say(0, &mut watcher, "WATCH +10+10 50\n");
    let words_of =
        |told: &str| told.lines().map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect::<Vec<_>>();
    assert_eq!(words_of(&told), ["SEEN", "SEEN", "WATCHING"], "{told}");
    let mut tells = |world: &mut World, index: usize, line: &str| {
        let mut session = world.session(index, 50);
        world.say(index, &mut session, line);
        world.pass(Duration::from_millis(20));
        let mut out = Vec::new();
        world.go_on(0, &mut watcher, &mut out);
        String::from_utf8(out).expect("ASCII")
    };
    assert_eq!(words_of(&tells(&mut world, 1, "IAMAT b +10.2+10.0 2\n")), ["SEEN"]);
    // Out of the circle, and in again; then over to the other region, inside.
    assert_eq!(words_of(&tells(&mut world, 1, "IAMAT b +20.2+10.0 3\n")), ["LEFT"]);
    assert_eq!(words_of(&tells(&mut world, 1, "IAMAT b +10.2+10.0 4\n")), ["SEEN"]);
    let moved = tells(&mut world, 0, "IAMAT b +10.3+10.0 5\n");
    assert_eq!(words_of(&moved), ["SEEN"], "{moved}");
    let back = tells(&mut world, 1, "IAMAT b +10.1+10.0 6\n");
    assert_eq!(words_of(&back).last().map(String::as_str), Some("SEEN"), "{back}");
    assert_eq!(words_of(&tells(&mut world, 1, "FORGET b 7\n")), ["FORGOTTEN"]);
}

#[test]
fn a_fence_that_waits_is_told_of_a_guest_that_stays_away() {
    let mut world = World::new(&["us", "eu"]);
    let (mut eu, mut watcher) = (world.session(1, 2), world.session(0, 3));
    world.say(1, &mut eu, "IAMAT b +10.1+10.0 1\n");
    world.pass(Duration::from_secs(6));
    let told = world.say(0, &mut watcher, "FENCE +10+10 50 DWELL 60\n");
    assert!(told.starts_with("ENTER eu-1 ") && told.ends_with("WATCHING +10+10 50 DWELL 60\n"), "{told}");
    let mut after = |time: u32, position: &str| {
        world.say(1, &mut eu, &format!("IAMAT b {position} {time}\n"));
        world.pass(Duration::from_millis(20));
        let mut out = Vec::new();
        world.go_on(0, &mut watcher, &mut out);
        String::from_utf8(out).expect("ASCII")
    };
    // Out for a moment, and in again; then out for good, where nobody else watches.
    assert_eq!(after(10, "+20+10"), "");
    assert_eq!(after(20, "+10.1+10"), "");
    assert_eq!(after(30, "+20+10"), "");
    assert_eq!(after(80, "+20.5+10"), "");
    let left = after(90, "+21+10");
    assert!(left.starts_with("LEAVE eu-1 ") && left.contains(" +21+10 90 "), "{left}");
}

#[test]
fn a_watch_waits_for_a_silent_region_no_longer_than_for_an_answer() {
    let mut world = World::new(&["us", "eu"]);
    let mut us = world.session(0, 1);
    world.say(0, &mut us, "IAMAT a +10.0+10.0 1\n");
    world.pass(Duration::from_secs(6));
    world.happens(1, Event::Bus(false));
    let told = world.say(0, &mut us, "WATCH *\n");
    assert!(told.starts_with("SEEN us-1 ") && !told.contains("WATCHING"), "{told}");
    world.pass(Duration::from_millis(1100));
    let mut out = Vec::new();
    world.go_on(0, &mut us, &mut out);
    assert_eq!(String::from_utf8_lossy(&out), "WATCHING *\n");
}

#[test]
fn who_leaves_for_another_region_while_a_watch_begins_has_left_it_once() {
    let mut world = World::new(&["us", "eu", "ap"]);
    let (mut us, mut eu, mut ap) = (world.session(0, 1), world.session(1, 2), world.session(2, 3));
    let [mut all, mut near, mut fence] = [4, 5, 6].map(|id| world.session(0, id));
    world.say(0, &mut us, "IAMAT a +10.0+10.0 1\nIAMAT b +10.1+10.0 1\n");
    world.say(2, &mut ap, "IAMAT c +10.2+10.0 1\n");
    world.pass(Duration::from_secs(6));
    world.say(0, &mut all, "WATCH *\n");
    // The others have to wait.
    world.arrives = Box::new(|post| usize::from(!matches!(&post.to, Subject::Ask(region) if region.as_str() == "ap")));
    let words_of = |told: &str| -> Vec<String> {
        let words = |line: &str| line.split(' ').step_by(3).take(2).collect::<Vec<_>>().join(" ");
        told.lines().filter(|line| !line.starts_with("WATCHING")).map(words).collect()
    };
    assert_eq!(words_of(&world.say(0, &mut near, "WATCH +10+10 50\n")), ["SEEN b", "SEEN a"]);
    assert_eq!(words_of(&world.say(0, &mut fence, "FENCE +10+10 50\n")), ["ENTER b", "ENTER a"]);
    world.say(1, &mut eu, "IAMAT a +20.0+10.0 2\nIAMAT b +10.3+10.0 2\n");
    world.pass(Duration::from_millis(1100));
    let mut rest = |session: &mut Session| {
        let mut out = Vec::new();
        world.go_on(0, session, &mut out);
        words_of(core::str::from_utf8(&out).expect("ASCII"))
    };
    assert_eq!(rest(&mut near), ["SEEN b", "SEEN c", "LEFT a"]);
    assert_eq!(rest(&mut fence), ["ENTER c", "LEAVE a"]);
}

#[test]
fn nothing_older_is_told_of_a_guest_that_has_left_its_region() {
    let mut world = World::new(&["us", "eu"]);
    let (mut eu, mut all, mut near) = (world.session(1, 1), world.session(0, 2), world.session(0, 3));
    world.say(1, &mut eu, "IAMAT b +10.1+10.0 1\n");
    world.pass(Duration::from_secs(6));
    world.say(0, &mut all, "WATCH *\n");
    world.say(0, &mut near, "WATCH +10+10 50\n");
    world.say(1, &mut eu, "IAMAT b +10.2+10.0 5\n");
    // It goes on to a third region, of which only its last one has heard.
    let mut told = |world: &mut World, region: usize, arrived: &[u8]| {
        world.happens(region, Event::Delivered { by: Delivery::Arrivals, payload: arrived });
        let mut out = Vec::new();
        world.go_on(0, &mut all, &mut out);
        world.go_on(0, &mut near, &mut out);
        String::from_utf8(out).expect("ASCII")
    };
    let left = told(&mut world, 1, b"FROM ap ap-1 1\nAWAY ap +0.5 b 6\n");
    assert!(left.ends_with(" b +10.2+10.0 5 +10+10 50\n") && left.contains("LEFT "), "{left}");
    assert_eq!(told(&mut world, 0, b"FROM eu eu-1 1\nGONE eu-1 +0.5 b 3\n"), "");
}

#[test]
fn a_client_that_leaves_one_watch_is_still_in_the_others() {
    let mut world = World::new(&["us", "eu"]);
    let (mut eu, mut all, mut near) = (world.session(1, 1), world.session(0, 2), world.session(0, 3));
    world.say(1, &mut eu, "IAMAT b +10.1+10.0 1\n");
    world.pass(Duration::from_secs(6));
    world.say(0, &mut all, "WATCH *\n");
    world.say(0, &mut near, "WATCH +10+10 50\n");
    world.say(1, &mut eu, "IAMAT b +20.5+10.0 2\n");
    world.pass(Duration::from_millis(20));
    let mut told = Vec::new();
    world.go_on(0, &mut all, &mut told);
    world.go_on(0, &mut near, &mut told);
    let told = String::from_utf8(told).expect("ASCII");
    let words: Vec<_> = told.lines().map(|line| line.split(' ').next()).collect();
    assert_eq!(words, [Some("SEEN"), Some("LEFT")], "{told}");
    // It is known to this server for as long as anybody watches where it is.
    let hub = world.regions[0].0.hub.hold();
    let guest =
        hub.homes.as_ref().and_then(|homes| homes.guests.get(b"b")).map(|guest| guest.report.record().time().to_vec());
    assert_eq!(guest.as_deref(), Some(&b"2"[..]));
}

#[test]
fn a_region_that_falls_silent_is_missed_for_a_day() {
    let mut world = World::new(&["us", "eu"]);
    let status = |world: &World| world.regions[0].0.status(world.now, HostStatus::default());
    let wrong = |world: &World| -> Vec<String> {
        status(world).wrong.into_iter().filter(|what| what.starts_with("region ")).collect()
    };
    world.pass(Duration::from_secs(6));
    let eu = &status(&world).regions[0];
    assert_eq!((&*eu.name, eu.state, eu.heard), ("eu", RegionState::Up, Some(Duration::ZERO.into())));
    assert_eq!(wrong(&world), [""; 0]);
    world.happens(1, Event::Bus(false));
    world.pass(Duration::from_secs(14));
    assert_eq!((status(&world).regions[0].state, wrong(&world).len()), (RegionState::Up, 0));
    world.pass(Duration::from_secs(1));
    assert_eq!(status(&world).regions[0].state, RegionState::Silent);
    assert_eq!(wrong(&world), ["region eu has been silent for 15 s"]);
    // Whoever is cut off knows nothing of others, and not at once when it is back.
    world.happens(0, Event::Bus(false));
    assert_eq!((status(&world).regions[0].state, wrong(&world).len()), (RegionState::Silent, 0));
    world.happens(0, Event::Bus(true));
    world.pass(Duration::from_secs(14));
    assert_eq!(wrong(&world), [""; 0]);
    world.pass(Duration::from_secs(1));
    assert_eq!(wrong(&world), ["region eu has been silent for 30 s"]);
    world.pass(Duration::from_hours(24));
    assert_eq!((status(&world).regions[0].state, wrong(&world).len()), (RegionState::Silent, 0));
}
