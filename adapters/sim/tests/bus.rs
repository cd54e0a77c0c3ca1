//! Regions on a hostile bus.

use herd_sim::{Regions, RegionsStats};

#[test]
fn all_regions_name_the_same_home_and_answer_alike() {
    let mut stats = RegionsStats::default();
    // In 128 a stream tells of one who comes and goes in one message; in 438 an arrival is lost that a stream has told.
    for seed in (0..40).chain([128, 438]) {
        let outcome = Regions::new(seed, 2 + usize::from(seed % 3 == 0)).play();
        assert_eq!(outcome.violation, None, "seed {seed}");
        stats.add(&outcome.stats);
    }
    assert!(stats.moves > 100 && stats.lost > 100 && stats.watched > 1000, "{stats:?}");
}
