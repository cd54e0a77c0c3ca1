//! Clients that stay where they are, and are not forgotten elsewhere.

use std::collections::BTreeSet;

use super::*;

const TICK: Duration = Duration::from_secs(5);

/// Two regions that forget whom they have not heard of for five minutes, and so call each client every 100 seconds.
fn forgetful() -> World {
    let mut world = World::new(&["us", "eu"]);
    let keep_for = Some(Duration::from_mins(5));
    let limits = Arc::new(Limits { keep_for, earliest_clock: Timestamp::from_nanos(0), ..Limits::default() });
    for region in 0..2 {
        world.happens(region, Event::Limits(Arc::clone(&limits)));
    }
    world.pass(TICK);
    world
}

/// Lets five seconds pass; the clients that the first region has told all others of meanwhile.
fn tick(world: &mut World) -> Vec<String> {
    let before = world.carried.len();
    world.now.wall = Timestamp::from_nanos(world.now.wall.as_nanos() + 5_000_000_000);
    world.pass(TICK);
    world.pass(Duration::from_millis(20));
    let told =
        world.carried[before..].iter().filter(|(from, post)| *from == 0 && matches!(post.to, Subject::Arrivals(_)));
    let texts = told.map(|(_, post)| String::from_utf8_lossy(&post.payload).into_owned());
    let clients =
        |text: String| text.lines().skip(1).map(|line| line.split(' ').nth(3).expect("one").to_owned()).collect();
    texts.flat_map::<Vec<_>, _>(clients).collect()
}

#[test]
fn a_client_that_reports_and_stays_is_not_forgotten_elsewhere() {
    let mut world = forgetful();
    let (mut us, mut eu) = (world.session(0, 1), world.session(1, 2));
    for minute in 0..20 {
        let time = 1_479_413_884 + 60 * minute;
        world.say(0, &mut us, &format!("IAMAT kiwi +10+10 {time}\n"));
        for _ in 0..12 {
            tick(&mut world);
        }
        let home = world.say(1, &mut eu, "WHERE kiwi\n");
        assert!(home.starts_with("HOME us "), "minute {minute}: {home}");
    }
    // It is over in time where nobody reports.
    for _ in 0..12 * 6 {
        tick(&mut world);
    }
    assert_eq!(world.say(1, &mut eu, "WHERE kiwi\n"), "? WHERE kiwi\n");
}

#[test]
fn each_client_is_called_once_a_round_a_few_at_a_time_whoever_is_the_bridge() {
    const CLIENTS: usize = 8000;
    const TICKS: usize = 20;
    let mut world = forgetful();
    for client in 0..CLIENTS {
        let record = format!("AT us-1 -0.25 c{client} +10+10 1479413884\n");
        world.regions[0].0.restore(record.as_bytes()).expect("a record");
    }
    // Both regions know them before it is counted who is called.
    for _ in 0..TICKS {
        tick(&mut world);
    }
    let call = |world: &mut World, ticks: usize| {
        let (mut called, mut times) = (BTreeSet::new(), 0);
        for _ in 0..ticks {
            let told = tick(world);
            assert!(told.len() < CLIENTS / TICKS + 500, "{} at once", told.len());
            times += told.len();
            called.extend(told);
        }
        (called.len(), times)
    };
    // A step may have called some ahead of their time.
    let (called, times) = call(&mut world, TICKS + 1);
    assert!(called == CLIENTS && times < CLIENTS + 1000, "{called} of them {times} times");
    call(&mut world, TICKS / 2);
    world.happens(0, Event::Bridge(Some(2)));
    let (_, after) = call(&mut world, TICKS / 2);
    assert!((CLIENTS / 4..CLIENTS * 6 / 10).contains(&after), "{after} in half a round");
}
