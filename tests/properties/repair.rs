//! What two neighbours bring each other, and what that costs.

use herd::{Limits, Node};
use proptest::prelude::*;

use super::support::driver::Driver;
use super::support::pair::Pair;

/// The node keeps a report of that client's, of that time.
fn keep(driver: &mut Driver, client: usize, time: usize) {
    let line = format!("s0 +0.263873386 c{client:019} +34.068930-118.445127 {}.392014450", 1_479_413_884 + time);
    driver.restore(line.as_bytes());
}

/// Two servers that keep `same` clients alike and differ in the rest.
fn pair(
    same: usize,
    newer_at_asker: usize,
    newer_at_answerer: usize,
    only_at_asker: usize,
    only_at_answerer: usize,
) -> Pair {
    let mut pair = Pair::new(&Limits::default());
    let mut client = 0;
    for (count, here, there) in [
        (same, Some(0), Some(0)),
        (newer_at_asker, Some(1), Some(0)),
        (newer_at_answerer, Some(0), Some(1)),
        (only_at_asker, Some(0), None),
        (only_at_answerer, None, Some(0)),
    ] {
        for _ in 0..count {
            if let Some(time) = here {
                keep(&mut pair.asker, client, time);
            }
            if let Some(time) = there {
                keep(&mut pair.answerer, client, time);
            }
            client += 1;
        }
    }
    pair
}

/// What they keep, in order.
fn kept(node: &Node) -> Vec<Vec<u8>> {
    let mut lines: Vec<_> = node.reports().map(|report| report.line().to_vec()).collect();
    lines.sort_unstable();
    lines
}

#[test]
fn of_a_million_clients_a_hundred_differ_and_few_bytes_say_so() {
    let mut clients = 1_000_000;
    let mut pair = pair(clients, 0, 0, 0, 0);
    let cases = [(100, 0, 0, 0), (0, 100, 0, 0), (0, 0, 100, 0), (0, 0, 0, 100), (25, 25, 25, 25)];
    for (time, (newer_at_asker, newer_at_answerer, only_at_asker, only_at_answerer)) in (1..).zip(cases) {
        // Far apart, so that no two differences help each other.
        let known = |index: usize| (time + index * 7919) % 1_000_000;
        (0..newer_at_asker).for_each(|index| keep(&mut pair.asker, known(index), time));
        (newer_at_asker..newer_at_asker + newer_at_answerer)
            .for_each(|index| keep(&mut pair.answerer, known(index), time));
        (clients..clients + only_at_asker).for_each(|client| keep(&mut pair.asker, client, 0));
        clients += only_at_asker;
        (clients..clients + only_at_answerer).for_each(|client| keep(&mut pair.answerer, client, 0));
        clients += only_at_answerer;

        let cost = pair.meet();
        let (asker, answerer) = (pair.asker.node(), pair.answerer.node());
        assert_eq!(asker.digest(), answerer.digest());
        assert_eq!((asker.clients(), answerer.clients()), (clients, clients));
        assert!(cost.bytes <= 64 << 10, "{cost:?}");
        assert!(cost.round_trips <= 5, "one to greet, and four: {cost:?}");
    }
    let cost = pair.meet();
    assert!(cost.bytes <= 1 << 10, "nothing differs: {cost:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_differs_they_agree_after_one_meeting(
        same in 0_usize..3000, newer_at_asker in 0_usize..300, newer_at_answerer in 0_usize..300,
        only_at_asker in 0_usize..3000, only_at_answerer in 0_usize..3000,
    ) {
        let mut pair = pair(same, newer_at_asker, newer_at_answerer, only_at_asker, only_at_answerer);
        pair.meet();
        let (asker, answerer) = (pair.asker.node(), pair.answerer.node());
        prop_assert_eq!(kept(asker), kept(answerer));
        prop_assert_eq!(asker.clients(), same + newer_at_asker + newer_at_answerer + only_at_asker + only_at_answerer);
    }
}
