//! Clients that wander between regions, while servers, bridges and NATS are killed, paused and cut off.

mod clients;
mod watchers;
mod world;

use std::env;
use std::time::{Duration, Instant};

use herd::SplitMix64;

use self::clients::Clients;
use self::watchers::Watchers;
use self::world::World;

/// A number that may be set by a variable.
fn number(variable: &str, default: u64) -> u64 {
    env::var(variable).map_or(default, |number| number.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}

/// What fails follows from `SOAK_SEED`, and what clients do; for how long, `SOAK_SECONDS` says. How much of it that is, and
/// who is hit by what, is up to the machine.
#[test]
fn whatever_fails_nothing_old_is_told_and_all_agree_in_the_end() {
    let (seed, lasting) = (number("SOAK_SEED", 1), Duration::from_secs(number("SOAK_SECONDS", 15)));
    println!("SOAK_SEED={seed}");
    let (mut luck, mut clients) = (SplitMix64::new(seed), Clients::new(!seed));
    let mut watchers = Watchers::new(seed.rotate_left(32));
    let mut world = World::start();
    let (end, mut next) = (Instant::now() + lasting, Instant::now());
    while Instant::now() < end {
        if next <= Instant::now() {
            world.trouble(&mut luck, &mut clients);
            next += Duration::from_millis(luck.below(2 * MEAN_PAUSE));
        }
        clients.act(&world);
        watchers.read(&world, &clients);
    }
    world.mend_all();
    let mended = Instant::now();
    clients.wait_until_all_agree(&world);
    watchers.wait_until_all_agree(&world, &clients);
    println!("{clients}; {watchers}");
    println!("all agree {:?} after the last trouble of {}", mended.elapsed(), world.troubles);
}

/// Between two troubles, in milliseconds.
const MEAN_PAUSE: u64 = 1000;
