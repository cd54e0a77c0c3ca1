//! Packets that are late, overtake each other, and are lost.

use std::time::Duration;

use herd_tests::network::{Counts, Network, Weather};

use crate::country::Country;

/// How long it goes on.
const STORM: Duration = Duration::from_secs(3);

/// All that is accepted meanwhile arrives, and no link is given up for it: three servers with the default times.
fn is_borne(what: &str, weather: Weather) {
    let mut country = Country::prepare(3, |site| Network::address(site).to_string());
    country.network.set_weather(weather);
    country.start_all();
    country.tell_for(&[0, 1, 2], STORM);
    country.wait_until_all_know();
    let counts: Vec<Counts> = (0..3).map(|site| country.network.wire(site).counts()).collect();
    println!("{what}: all know all; {counts:?}");
    for Counts { lost, overtaken } in counts {
        assert_eq!((lost > 0, overtaken > 0), (weather.loss > 0.0, !weather.jitter.is_zero()), "{what}");
    }
}

/// Packets that come 20 to 120 ms late, those that were sent later among them first.
#[test]
fn delay_and_reordering() {
    let (delay, jitter) = (Duration::from_millis(20), Duration::from_millis(100));
    is_borne("delay and reordering", Weather { delay, jitter, loss: 0.0 });
}

/// One packet of ten is lost, in each direction at each end.
#[test]
fn loss() {
    is_borne("loss", Weather { loss: 0.1, ..Weather::default() });
}

/// All of it at once.
#[test]
fn a_storm() {
    let (delay, jitter) = (Duration::from_millis(10), Duration::from_millis(50));
    is_borne("a storm", Weather { delay, jitter, loss: 0.05 });
}
