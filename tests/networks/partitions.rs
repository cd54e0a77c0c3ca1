//! Partitions: when one has healed, both sides agree within `link-timeout`, `link-retry` and two seconds.

use std::time::{Duration, Instant};

use herd_tests::network::{Network, Weather};

use crate::country::Country;

/// How long each lasts: longer than a connection is believed in, and shorter than TCP gives up.
const TROUBLE: Duration = Duration::from_secs(3);

/// Two servers that have met are parted so that those do not hear the other, and told of clients meanwhile.
fn partition(what: &str, deaf: &[u8], part: impl FnOnce(&Country), heal: impl FnOnce(&Country)) {
    let mut country = Country::of(2);
    country.tell_each();
    country.wait_until_all_know();
    part(&country);
    country.tell_for(&[0, 1], TROUBLE);
    for &site in deaf {
        country.assert_unheard(site, 1 - site);
    }
    heal(&country);
    country.agree_after(what, Instant::now());
}

/// Packets vanish both ways, and nobody says so.
#[test]
fn packets_vanish() {
    let part = |country: &Country| {
        country.block(0, Network::address(1));
        country.block(1, Network::address(0));
    };
    let heal = |country: &Country| {
        country.unblock(0);
        country.unblock(1);
    };
    partition("packets that vanish", &[0, 1], part, heal);
}

/// What one says does not arrive at the other, which is heard.
#[test]
fn one_way() {
    let [a, b] = [0, 1];
    for (deaf, mute) in [(a, b), (b, a)] {
        let part = |country: &Country| country.block(deaf, Network::address(mute));
        partition(&format!("site {deaf} is deaf"), &[deaf], part, |country| country.unblock(deaf));
    }
}

/// An interface goes down, and up again.
#[test]
fn an_interface_goes_down() {
    let part = |country: &Country| country.site(1).ip("link set eth0 down");
    partition("an interface that goes down", &[0, 1], part, |country| country.site(1).ip("link set eth0 up"));
}

/// A wire that loses everything for a while: so the address of the other end is forgotten too.
#[test]
fn a_cut_cable() {
    let part = |country: &Country| country.network.wire(1).set(Weather { loss: 1.0, ..Weather::default() });
    partition("a cut cable", &[0, 1], part, |country| country.network.wire(1).set(Weather::default()));
}
