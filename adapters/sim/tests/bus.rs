//! Regions on a hostile bus.

use herd_sim::{Regions, RegionsStats};

#[test]
fn all_regions_name_the_same_home_and_answer_alike() {
    let mut stats = RegionsStats::default();
    // In 128 a stream tells of one who comes and goes in one message; in 438 an arrival is lost that a stream has told; in
    // 132 a client of here becomes a guest while a watch waits for other regions; in 20 two watch the same circle.
    let cases = (0..40).chain([128, 438]).map(|seed| (seed, 2 + usize::from(seed % 3 == 0)));
    for (seed, regions) in cases.chain([(132, 2), (20, 4)]) {
        let outcome = Regions::new(seed, regions).play();
        assert_eq!(outcome.violation, None, "seed {seed}");
        stats.add(&outcome.stats);
    }
    assert!(stats.moves > 100 && stats.lost > 100 && stats.watched > 1000, "{stats:?}");
}
