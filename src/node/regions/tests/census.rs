//! What is found by going through all that is kept.

use super::*;
use crate::wire::base64;

/// The squares that a region has told everybody since then, one line each time.
fn told(world: &World, since: usize, region: usize) -> Vec<String> {
    let told = world.carried[since..].iter().filter(|(from, post)| *from == region && post.to == Subject::Everybody);
    told.map(|(_, post)| String::from_utf8_lossy(&post.payload).lines().nth(1).expect("a line").to_owned()).collect()
}

#[test]
fn a_region_says_where_its_clients_are_and_no_longer_where_they_were() {
    let mut world = World::new(&["us", "eu"]);
    let mut us = world.session(0, 1);
    world.say(0, &mut us, "IAMAT kiwi +10+10 1\nIAMAT tui +50+50 1\n");
    let before = world.carried.len();
    world.pass(Duration::from_secs(5));
    let both = told(&world, before, 0).pop().expect("told every five seconds");
    // It goes on within the region, which is no arrival: the next walk finds that, and everybody is told at once.
    world.say(0, &mut us, "IAMAT kiwi +50.1+50 2\n");
    let before = world.carried.len();
    world.pass(Duration::from_secs(5));
    let told_then = told(&world, before, 0);
    assert_eq!((told_then.len(), &told_then[0]), (2, &both), "{told_then:?}");
    assert!(told_then[1].len() < both.len(), "{told_then:?}");
    // Another server is the bridge, and says nothing before it knows where they are.
    let before = world.carried.len();
    world.happens(0, Event::Bridge(Some(2)));
    world.settle();
    assert_eq!(told(&world, before, 0), told_then[1..]);
}

#[test]
fn who_arrives_while_others_are_looked_for_is_found_too() {
    let mut world = World::new(&["us", "eu"]);
    for client in 0..2000 {
        world.regions[0].0.restore(format!("AT us-1 -0.25 c{client} +10+10 1").as_bytes()).expect("a record");
    }
    let mut us = world.session(0, 1);
    world.now.instant = world.now.instant + Duration::from_secs(5);
    let (node, turn) = &mut world.regions[0];
    turn.now = world.now;
    assert!(node.poll_regions(turn, &mut Vec::new()), "a turn is not enough for a walk");
    // So it is to be polled again.
    turn.actions.push(Action::Post);
    // The walk has gone past some of these.
    let lines = (0..30).map(|east| format!("IAMAT new{east} +50+{} 1\n", 6 * east)).collect::<Vec<_>>().concat();
    let before = world.carried.len();
    world.say(0, &mut us, &lines);
    let squares = told(&world, before, 0).pop().expect("it is news");
    let squares = base64::read(squares.strip_prefix("HERE ").expect("a line").as_bytes(), u16::from_be_bytes);
    assert_eq!(squares.expect("numbers").len(), 31);
}

#[test]
fn a_walk_of_before_the_bus_went_says_nothing() {
    let mut world = World::new(&["us", "eu"]);
    let mut us = world.session(0, 1);
    for client in 0..5000 {
        world.say(0, &mut us, &format!("IAMAT c{client} +10+10 1\n"));
    }
    world.pass(Duration::from_secs(5));
    let (node, turn) = &mut world.regions[0];
    turn.now.instant = turn.now.instant + Duration::from_secs(5);
    let mut posts = Vec::new();
    assert!(node.poll_regions(turn, &mut posts), "a turn is not enough for a walk");
    node.handle(turn, Event::Bus(false));
    assert!(!node.poll_regions(turn, &mut posts), "nobody wants to know");
}
