//! Comparing with other regions who is at home where.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use xxhash_rust::xxh3::xxh3_64;

use super::*;
use crate::node::changes::Changes;
use crate::values::SplitMix64;

/// Between two times at which a region looks what is to be done.
const TICK: Duration = Duration::from_secs(5);

/// Where a region says that a client is; nowhere, if it does not know it, or knows that it was forgotten.
fn home(world: &World, region: usize, client: &str) -> Option<String> {
    let node = &world.regions[region].0;
    let kept = node.record(client.as_bytes()).filter(|kept| !kept.record().is_tombstone())?;
    let name = kept.record().region().map(|name| String::from_utf8_lossy(name).into_owned());
    name.or_else(|| node.region().map(ServerName::to_string))
}

fn knows(world: &World, region: usize, clients: impl Iterator<Item = String>) -> usize {
    clients.filter(|client| home(world, region, client).is_some()).count()
}

/// Has a region forget that it has compared.
fn loses_the_bus(world: &mut World, region: usize) {
    world.happens(region, Event::Bus(false));
    world.happens(region, Event::Bus(true));
}

fn compared(world: &World, region: usize) -> u64 {
    world.regions[region].0.counters().homes_compared
}

fn restore(world: &World, region: usize, line: &str) {
    world.regions[region].0.restore(line.as_bytes()).expect("a record");
}

/// Two regions that have nothing to compare yet.
fn us_and_eu() -> World {
    let mut world = World::new(&["us", "eu"]);
    world.pass(TICK);
    assert_eq!((compared(&world, 0), compared(&world, 1)), (1, 1));
    world
}

#[test]
fn whatever_was_lost_all_regions_name_one_home_in_the_end() {
    const NAMES: [&str; 3] = ["us", "eu", "ap"];
    for seed in 0..30 {
        let mut random = SplitMix64::new(seed);
        let mut below = move |most: usize| usize::try_from(random.number() >> 1).expect("a number") % most;
        let mut world = World::new(&NAMES);
        let mut luck = SplitMix64::new(!seed);
        world.arrives = Box::new(move |_| match luck.number() % 8 {
            0..3 => 0,
            3..7 => 1,
            _ => 2,
        });
        let mut truth = BTreeMap::new();
        for time in 1..200 {
            let (region, client) = (below(3), below(30));
            let mut session = world.session(region, time);
            if below(6) == 0 {
                world.say(region, &mut session, &format!("FORGET c{client} {time}\n"));
                truth.insert(client, None);
            } else {
                world.say(region, &mut session, &format!("IAMAT c{client} +10+10 {time}\n"));
                truth.insert(client, Some(NAMES[region].to_owned()));
            }
            match below(20) {
                0 => loses_the_bus(&mut world, below(3)),
                1 => world.happens(below(3), Event::Bridge(Some(time))),
                _ => world.pass(Duration::from_millis(30 * time)),
            }
        }
        world.arrives = Box::new(|_| 1);
        // Within ten minutes each region compares with each.
        for _ in 0..130 {
            world.pass(TICK);
        }
        for (client, home_of) in truth {
            for (region, name) in NAMES.iter().enumerate() {
                let said = home(&world, region, &format!("c{client}"));
                assert_eq!(said, home_of, "c{client} in {name}, seed {seed}");
            }
        }
    }
}

#[test]
fn a_comparison_takes_few_bytes_whatever_there_is_at_home() {
    const CLIENTS: usize = 100_000;
    const LACKS: usize = 1000;
    // Whether the one asks who lacks something, or the one who knows better.
    for asker in [1, 0] {
        let mut world = us_and_eu();
        for client in 0..CLIENTS {
            restore(&world, 0, &format!("AT us-1 -0.25 c{client} +10+10 1479413884\n"));
            if client >= LACKS {
                restore(&world, 1, &format!("AWAY us -0.25 c{client} 1479413884\n"));
            }
        }
        let bytes = |world: &mut World| {
            let (before, done) = (world.carried.len(), compared(world, asker));
            loses_the_bus(world, asker);
            world.pass(TICK);
            world.pass(TICK);
            assert_eq!(compared(world, asker), done + 1);
            let about_homes = world.carried[before..].iter().filter(|(_, post)| post.to != Subject::Everybody);
            about_homes.map(|(_, post)| post.payload.len()).sum::<usize>()
        };
        let thousand = bytes(&mut world);
        assert_eq!(knows(&world, 1, (0..CLIENTS).map(|client| format!("c{client}"))), CLIENTS);
        let none = bytes(&mut world);
        restore(&world, 0, "AT us-1 -0.25 one +10+10 1479413884\n");
        let one = bytes(&mut world);
        assert_eq!(home(&world, 1, "one").as_deref(), Some("us"));
        assert!(none < 8_000 && one < none + 600 && thousand < 150_000, "{none} {one} {thousand}");
    }
}

/// Clients whose numbers all begin with one byte.
fn of_one_bucket(count: usize) -> Vec<String> {
    let names = (0..).map(|number| format!("c{number}"));
    names.filter(|name| xxh3_64(name.as_bytes()) >> 56 == 7).take(count).collect()
}

#[test]
fn where_too_many_differ_all_of_a_bucket_are_told() {
    let clients = of_one_bucket(3001);
    let (clients, forgotten) = clients.split_at(2000);
    let (third, forgotten) = forgotten.split_last().expect("one more");
    for asker in [0, 1] {
        let mut world = us_and_eu();
        for (number, client) in clients.iter().enumerate() {
            restore(&world, 0, &format!("AT us-1 -0.25 {client} +10+10 5\n"));
            // Some were in the other region before, and some were forgotten there since.
            match number % 10 {
                0 => restore(&world, 1, &format!("AT eu-1 -0.25 {client} +10+10 4\n")),
                1 => restore(&world, 1, &format!("GONE eu-1 -0.25 {client} 6\n")),
                _ => {}
            }
        }
        for client in forgotten {
            restore(&world, 0, &format!("AWAY eu -0.25 {client} 4\n"));
            restore(&world, 1, &format!("GONE eu-1 -0.25 {client} 6\n"));
        }
        restore(&world, 1, &format!("AWAY ap -0.25 {third} 5\n"));
        loses_the_bus(&mut world, asker);
        for _ in 0..3 {
            world.pass(TICK);
        }
        assert_eq!(home(&world, 0, third), None, "that is for its region to tell");
        for region in 0..2 {
            assert!(forgotten.iter().all(|client| home(&world, region, client).is_none()), "{asker} asks");
            for (number, client) in clients.iter().enumerate() {
                let is_there = (number % 10 != 1).then_some("us");
                assert_eq!(home(&world, region, client).as_deref(), is_there, "{client}, {asker} asks");
            }
        }
    }
}

#[test]
fn what_grows_closer_step_by_step_is_found_all_the_same() {
    let clients = of_one_bucket(400);
    let mut world = us_and_eu();
    for (number, client) in clients.iter().enumerate() {
        // As many here as there: how many there are does not tell that they differ.
        let (knows, region) = if number % 2 == 0 { (1, "us") } else { (0, "eu") };
        restore(&world, 1 - knows, &format!("AT x-1 -0.25 {client} +10+10 5\n"));
        restore(&world, knows, &format!("AWAY {region} -0.25 other-{client} 5\n"));
    }
    loses_the_bus(&mut world, 1);
    world.pass(TICK);
    world.pass(TICK);
    for (number, client) in clients.iter().enumerate() {
        let is_at = if number % 2 == 0 { "us" } else { "eu" };
        assert_eq!([0, 1].map(|region| home(&world, region, client)), [Some(is_at.into()), Some(is_at.into())]);
    }
}

#[test]
fn an_answer_that_lacks_a_part_is_asked_for_again() {
    let mut world = us_and_eu();
    let clients = || (0..3000).map(|client| format!("c{client}"));
    for client in clients() {
        restore(&world, 0, &format!("AT us-1 -0.25 {client} +10+10 5\n"));
    }
    let lost = Rc::new(Cell::new(0));
    let loses = Rc::clone(&lost);
    world.arrives = Box::new(move |post| {
        let is = |head: &[u8]| post.payload.windows(8).any(|text| text == head);
        // What comes twice does not stand in for what is missing.
        if is(b"\nPART 0\n") {
            return 2;
        }
        loses.set(loses.get() + usize::from(is(b"\nPART 1\n")));
        usize::from(!is(b"\nPART 1\n") || loses.get() > 1)
    });
    loses_the_bus(&mut world, 1);
    world.pass(TICK);
    assert_eq!((lost.get(), compared(&world, 1)), (1, 1));
    assert!(knows(&world, 1, clients()) < 3000);
    for _ in 0..7 {
        world.pass(TICK);
    }
    assert_eq!((knows(&world, 1, clients()), compared(&world, 1)), (3000, 2));
}

#[test]
fn a_region_that_does_not_answer_is_asked_again_and_keeps_no_other_waiting() {
    let mut world = World::new(&["us", "eu", "ap"]);
    world.arrives = Box::new(|post| usize::from(!matches!(&post.to, Subject::Ask(region) if region.as_str() == "ap")));
    world.pass(TICK);
    assert_eq!((compared(&world, 0), compared(&world, 1)), (1, 1));
    for _ in 0..7 {
        world.pass(TICK);
    }
    assert_eq!((compared(&world, 0), compared(&world, 1)), (1, 1));
    assert!(world.regions[0].0.counters().region_timeouts > 0);
    world.arrives = Box::new(|_| 1);
    for _ in 0..14 {
        world.pass(TICK);
    }
    assert_eq!((compared(&world, 0), compared(&world, 1)), (2, 2));
}

#[test]
fn arrivals_for_which_there_was_no_room_are_made_up_for() {
    let mut world = us_and_eu();
    world.regions[0].0.hub.hold().arrivals = Some(Changes::new(200));
    let lines = (0..100).map(|client| format!("IAMAT c{client} +10+10 5\n")).collect::<Vec<_>>().concat();
    let mut us = world.session(0, 1);
    world.say(0, &mut us, &lines);
    world.pass(Duration::from_millis(20));
    let clients = || (0..100).map(|client| format!("c{client}"));
    assert!(knows(&world, 1, clients()) < 100);
    world.pass(TICK);
    world.pass(Duration::from_millis(20));
    assert_eq!(knows(&world, 1, clients()), 100);
}
