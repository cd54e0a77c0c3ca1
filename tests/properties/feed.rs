//! What a node tells of its changes: each report that it keeps, who brought it, and nothing else.

use std::collections::BTreeMap;

use herd::{BroughtBy, Change, Changed, Event, Limits, LinkStep, ServerId, SessionId};
use proptest::prelude::*;

use super::support::driver::{Accepted, Driver};
use super::support::herds;

/// A report is said to a server: by whom, of which client, of which time, and where the client is.
#[derive(Clone, Debug)]
struct Said {
    by: By,
    client: u8,
    time: u8,
    position: &'static str,
}

/// Who says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Client,
    /// A neighbour passes it on.
    Neighbour,
    /// A neighbour that compares has found it missing.
    Repair,
    /// The neighbour that this server compares with has.
    RepairOverLink,
}

/// Some reports, few clients and few times, in passes; after each pass the changes are taken, or not.
fn passes(by: Vec<By>) -> impl Strategy<Value = Vec<(Vec<Said>, bool)>> {
    let position = prop::sample::select(vec!["+34.068930-118.445127", "+34-118", "-7.5+2"]);
    let said = (prop::sample::select(by), 0_u8..4, 0_u8..6, position).prop_map(|(by, client, time, position)| Said {
        by,
        client,
        time,
        position,
    });
    prop::collection::vec((prop::collection::vec(said, 1..8), any::<bool>()), 1..12)
}

/// A server, with the sessions of a client and of its neighbour, if it has one, and what it must tell.
struct World {
    driver: Driver,
    client: Accepted,
    neighbour: Option<(ServerId, Accepted)>,
    /// What is kept of each client: its time, and the whole line.
    kept: BTreeMap<u8, (u8, String)>,
    /// What changed since it was last taken: the lines, and who brought them.
    changed: Vec<(String, BroughtBy)>,
}

impl World {
    fn new(has_neighbour: bool) -> Self {
        let herd = if has_neighbour { herds::herd(2, &[(0, 1)]) } else { herds::herd(1, &[]) };
        let mut driver = Driver::new(&herd, 0, &Limits::default(), 7);
        let client = driver.accept(SessionId(0), Some(herds::LOOPBACK));
        let neighbour = driver.peers().first().map(|&peer| {
            let mut session = driver.accept(SessionId(1), Some(herds::LOOPBACK));
            driver.receive(&mut session, b"HELLO s1 5\n");
            driver.handle(|| Event::Started);
            assert_eq!(driver.poll_link(peer), LinkStep::Connect);
            driver.handle(|| Event::Connected { peer, proven: false });
            driver.handle(|| Event::Received { peer, bytes: b"HELLO s1 5\n" });
            (peer, session)
        });
        Self { driver, client, neighbour, kept: BTreeMap::new(), changed: Vec::new() }
    }

    fn say(&mut self, said: &[Said]) {
        // Those that come from the same come in one piece.
        for said in said.chunk_by(|one, next| one.by == next.by) {
            let by = said[0].by;
            let text: String = said.iter().map(|said| self.line(said)).collect();
            match (by, &mut self.neighbour) {
                (By::Client, _) => drop(self.driver.receive(&mut self.client, text.as_bytes())),
                (By::RepairOverLink, Some((peer, _))) => {
                    self.driver.handle(|| Event::Received { peer: *peer, bytes: text.as_bytes() });
                }
                (_, Some((_, session))) => drop(self.driver.receive(session, text.as_bytes())),
                (_, None) => unreachable!("nobody else speaks to it"),
            }
        }
    }

    /// The line that says it, whose report is noted if it must be kept.
    fn line(&mut self, said: &Said) -> String {
        let &Said { by, client, time, position } = said;
        let decimals = ["", ".5", ".392014450"][usize::from(time % 3)];
        let sighting = format!("c{client} {position} {}{decimals}", 1_479_413_880 + u32::from(time));
        let peer = self.neighbour.as_ref().map(|(peer, _)| *peer);
        let (line, report, source) = match by {
            By::Client => {
                let skew =
                    ["+4.500000000", "+3.000000000", "+2.107985550", "+1.500000000", "+0.000000000", "-0.892014450"];
                (format!("IAMAT {sighting}\n"), format!("s0 {} {sighting}", skew[usize::from(time)]), BroughtBy::Client)
            }
            By::Neighbour => {
                let source = BroughtBy::Neighbour(peer.expect("it speaks"));
                (format!("AT s1 +0.5 {sighting} s1\n"), format!("s1 +0.5 {sighting}"), source)
            }
            By::Repair | By::RepairOverLink => {
                let source = BroughtBy::Repair(peer.expect("it speaks"));
                (format!("KEPT s1 +0.5 {sighting} s1\n"), format!("s1 +0.5 {sighting}"), source)
            }
        };
        let newest = (time, report);
        if self.kept.get(&client).is_none_or(|kept| *kept < newest) {
            self.changed.push((newest.1.clone(), source));
            self.kept.insert(client, newest);
        }
        line
    }

    /// Takes what changed: it must be what was noted, of each client in order, and no more than `most`.
    fn take(&mut self, most: usize) {
        let changed = self.driver.take_changes();
        let missed = changed.missed;
        let expected = std::mem::take(&mut self.changed);
        assert_eq!(changed.len() as u64 + missed, expected.len() as u64);
        // A line has so many bytes at least.
        assert!(missed == 0 || changed.lines().len() + 64 > most, "{missed} missed of {}", expected.len());
        assert!(changed.lines().len() <= most + "AT \n".len() * changed.len());
        let told = changed.iter().map(|Change { record, from }| (record.line().to_vec(), from));
        let by_client = |changes: Vec<(Vec<u8>, BroughtBy)>| {
            let mut by_client: BTreeMap<Vec<u8>, Vec<_>> = BTreeMap::new();
            for (line, from) in changes {
                let client = line.split(|&byte| byte == b' ').nth(2).expect("a report has fields").to_vec();
                by_client.entry(client).or_default().push((line, from));
            }
            by_client
        };
        let told = by_client(told.collect());
        let expected = by_client(expected.into_iter().map(|(line, from)| (line.into_bytes(), from)).collect());
        if missed == 0 {
            assert_eq!(told, expected);
        }
        for (client, told) in told {
            // What there was no room for comes behind what was told.
            assert_eq!(told, expected[&client][..told.len()]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn it_tells_what_is_kept_and_who_brought_it(
        passes in passes(vec![By::Client, By::Neighbour, By::Repair, By::RepairOverLink]),
    ) {
        let mut world = World::new(true);
        world.driver.collect_changes(1 << 20);
        for (said, takes) in passes {
            world.say(&said);
            if takes {
                world.take(1 << 20);
            }
        }
        world.take(1 << 20);
        prop_assert_eq!(world.driver.take_changes(), Changed::default(), "it was taken");
    }

    #[test]
    fn a_server_without_neighbours_tells_what_is_kept(passes in passes(vec![By::Client]), known in 0_usize..4) {
        let mut world = World::new(false);
        for (index, (said, takes)) in passes.into_iter().enumerate() {
            if index == known {
                // What was there before is not told.
                world.changed.clear();
                world.driver.collect_changes(1 << 20);
            }
            world.say(&said);
            if index < known {
                prop_assert_eq!(world.driver.take_changes(), Changed::default(), "nobody asked for it");
            } else if takes {
                world.take(1 << 20);
            }
        }
    }

    #[test]
    fn past_the_bound_what_is_missed_is_counted(
        passes in passes(vec![By::Client, By::Neighbour, By::Repair, By::RepairOverLink]), most in 0_usize..300,
    ) {
        let mut world = World::new(true);
        world.driver.collect_changes(most);
        for (said, takes) in passes {
            world.say(&said);
            if takes {
                world.take(most);
            }
        }
        world.take(most);
    }
}
