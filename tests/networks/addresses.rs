//! Servers whose addresses change.

use std::time::Instant;

use herd_tests::network::Network;

use crate::country::Country;

/// What the servers' sites are called.
fn name(site: u8) -> String {
    format!("site{site}.test")
}

/// Every site's hosts file says that the second site is there.
fn move_second(country: &Country, second: &str) {
    let hosts = format!("127.0.0.1 localhost\n{} {}\n{second} {}\n", Network::address(0), name(0), name(1));
    for site in [0, 1] {
        country.site(site).set_hosts(&hosts);
    }
}

/// A server gets another address, and its name stands for that from then on: it is found there, and believed.
#[test]
fn a_server_moves() {
    let mut country = Country::prepare(2, name).with("--link-timeout", "1s").with("--link-retry", "1s");
    move_second(&country, &Network::address(1).to_string());
    country.start_all();
    country.tell_each();
    country.wait_until_all_know();
    country.site(1).ip(&format!("address del {}/24 dev eth0", Network::address(1)));
    country.site(1).ip("address add 10.77.0.99/24 dev eth0");
    move_second(&country, "10.77.0.99");
    let moved = Instant::now();
    country.tell_each();
    country.agree_after("a server that moves", moved);
}
