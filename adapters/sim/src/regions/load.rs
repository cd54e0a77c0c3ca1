//! What regions say to each other under a load, on a bus that loses nothing.

use super::{Regions, Traffic};
use crate::scenario::{Nanos, SECOND};
use crate::seed::Seed;

/// What clients do, in all regions together.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// How many clients there are.
    pub clients: u64,
    /// How many of them come to another region in a second.
    pub moves: u64,
    /// How many of them somebody in another region asks for in a second.
    pub asks: u64,
}

/// How long it takes at the most until all is told of clients that are new, and homes were compared.
const SETTLING: Nanos = 60 * SECOND;

/// So many clients are new in one step.
const NEW: u64 = 500;

impl Regions {
    /// What so many regions say to each other within so many seconds; what did not hold, if something did not.
    ///
    /// # Errors
    /// What did not hold.
    pub fn measure(regions: usize, load: Load, seconds: u64) -> Result<Traffic, String> {
        let mut regions = Self::of(Seed::new(1), &vec![1; regions]);
        regions.heal();
        let count = regions.members.len() as u64;
        let mut homes: Vec<u64> = (0..load.clients).map(|client| client % count).collect();
        for client in 0..load.clients {
            regions.report(client, homes[index(client)]);
            if client % NEW == 0 {
                regions.step();
            }
        }
        regions.pass(SETTLING);
        regions.stats.traffic = Traffic::default();
        let begins = regions.now;
        let (mut moved, mut asked) = (0, 0);
        while regions.now < begins + seconds * SECOND {
            regions.step();
            let due = |a_second: u64| if count > 1 { a_second * (regions.now - begins) / SECOND } else { 0 };
            let (all_moved, all_asked) = (due(load.moves), due(load.asks));
            // One after the other, so that none moves to and fro within a second.
            while moved < all_moved {
                let client = moved % load.clients;
                let home = &mut homes[index(client)];
                *home = (*home + 1 + regions.seed.below(count - 1)) % count;
                let home = *home;
                regions.report(client, home);
                moved += 1;
            }
            while asked < all_asked {
                let client = regions.seed.below(load.clients);
                let elsewhere = (homes[index(client)] + 1 + regions.seed.below(count - 1)) % count;
                regions.ask(index(elsewhere), name(client));
                asked += 1;
            }
        }
        let traffic = regions.stats.traffic;
        regions.pass(SECOND);
        regions.check_homes(&homes);
        regions.violation.map_or(Ok(traffic), Err)
    }

    fn pass(&mut self, time: Nanos) {
        let until = self.now + time;
        while self.now < until {
            self.step();
        }
    }

    /// A client tells that region where it is: somewhere in a country of 40 degrees on each side.
    fn report(&mut self, client: u64, region: u64) {
        self.truth.time += 1;
        let (latitude, longitude) = (self.seed.below(40_000), 18 * region + self.seed.below(40));
        let longitude = longitude.cast_signed() - 180;
        let (client, time) = (name(client), self.truth.time);
        let line = format!("IAMAT {client} +{}.{:03}{longitude:+} {time}\n", latitude / 1000, latitude % 1000);
        let (id, server) = (self.session_id(), index(region));
        let Some(mut session) = self.servers[server].session(id, self.now) else { return };
        let reply = self.servers[server].serve(&mut session, line.as_bytes(), self.now);
        self.perform(server);
        if !reply.starts_with(b"AT ") {
            self.violate(&format!("{line:?} was refused"));
        }
    }

    /// Every region names that home of each client.
    fn check_homes(&mut self, homes: &[u64]) {
        for (client, &home) in homes.iter().enumerate() {
            let client = name(client as u64);
            for server in 0..self.servers.len() {
                let record = self.servers[server].node.as_ref().and_then(|node| node.record(client.as_bytes()));
                let named = record.map(|kept| kept.record().region().map(<[u8]>::to_vec));
                let expected = (server != index(home)).then(|| format!("r{home}").into_bytes());
                if named.as_ref() != Some(&expected) {
                    return self.violate(&format!("{client} is at home in r{home}, and r{server} keeps {named:?}"));
                }
            }
        }
    }
}

fn name(client: u64) -> String {
    format!("c{client:09}")
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("as many as there is memory for")
}
