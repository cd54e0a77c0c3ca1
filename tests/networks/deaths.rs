//! Servers that die while the herd is parted: what was accepted is never lost as long as one that has it lives.

use std::time::{Duration, Instant};

use herd_tests::network::Network;

use crate::country::Country;

/// The sites.
const A: u8 = 0;
const B: u8 = 1;
const C: u8 = 2;

/// `C` is cut off; `A` accepts reports, `B` hears of them, and `A` dies. When `C` is back it learns them from `B`, and so
/// does `A` when it is started anew.
#[test]
fn whoever_accepted_it_dies() {
    let mut country = Country::of(3);
    country.tell_each();
    country.wait_until_all_know();
    for other in [A, B] {
        country.block(other, Network::address(C));
    }
    country.tell_for(&[A, B], Duration::from_secs(2));
    country.wait_until_knows_all(B);
    country.kill(A);
    country.tell(C);
    for other in [A, B] {
        country.unblock(other);
    }
    country.agree_after("a server that died", Instant::now());
    country.start(A);
    country.agree_after("a server that is back", Instant::now());
}
