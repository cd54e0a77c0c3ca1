//! Repair: what flooding did not bring is found by comparing, and nothing else is sent.

use std::net::TcpListener;

use herd_tests::client::Client;
use herd_tests::graphs::{self, Graph};
use herd_tests::herd::{Herd, Plan};

use crate::binaries;

/// Has a server told of so many clients; the last bytes of their AT lines, by client.
fn tell(herd: &Herd, name: &str, clients: usize) -> Vec<(String, String)> {
    let mut connection = herd.client(name);
    let name = |index| format!("of-{name}-{index}");
    let told = (0..clients)
        .map(|index| (name(index), connection.ask(format!("IAMAT {} +34.068930-118.445127 {index}.5", name(index)))));
    told.collect()
}

fn wait_until_known(herd: &Herd, name: &str, told: &[(String, String)]) {
    for (client, at) in told {
        herd.wait_until_known(name, client, at);
    }
}

/// A server that was killed comes back with nothing, and gets everything, its own clients included.
#[test]
fn an_empty_server_gets_all() {
    let mut herd = Plan::new(&binaries(), &graphs::cycle()).start();
    let told: Vec<_> = herd.running().iter().flat_map(|name| tell(&herd, name, 40)).collect();
    for name in herd.running() {
        wait_until_known(&herd, &name, &told);
    }
    for name in ["Ball", "Welsh"] {
        herd.kill(name);
    }
    for name in ["Ball", "Welsh"] {
        herd.start(name);
    }
    for name in ["Ball", "Welsh"] {
        wait_until_known(&herd, name, &told);
    }
}

/// Two parts that were told different things while the server between them was down have it all
/// when that comes back, also the one at the far end, and the one that lost what waited for others.
#[test]
fn two_parts_that_meet_again() {
    let graph = Graph::new(&["A", "B", "C", "D"], &[("A", "B"), ("B", "C"), ("C", "D")]);
    let mut herd = Plan::new(&binaries(), &graph).start();
    herd.kill("B");
    let told = [tell(&herd, "A", 60), tell(&herd, "D", 60)].concat();
    wait_until_known(&herd, "C", &told[60..]);
    // What waited for B at C is gone with C; D still has it.
    herd.kill("C");
    herd.start("B");
    herd.start("C");
    for name in herd.running() {
        wait_until_known(&herd, &name, &told);
    }
}

/// A neighbour that knows greetings and not repair is asked once, and gets AT lines from then on.
#[test]
fn a_neighbour_that_refuses_to_compare() {
    let herd = Plan::new(&binaries(), &graphs::pair()).with(&["--repair-interval", "100ms"]).without("B").start();
    let listener = TcpListener::bind(herd.address("B")).expect("a free port");
    let mut asked = 0;
    let mut connection = 0;
    while connection < 4 {
        let mut link = Client::over(listener.accept().expect("a connection").0);
        if !link.line().starts_with("HELLO A ") {
            continue;
        }
        link.send("HELLO B 7\n");
        connection += 1;
        if asked == 0 {
            let asks = link.line();
            assert!(asks.starts_with("REPAIR A groups "), "{asks}");
            asked += 1;
            link.send(format!("? {asks}\n"));
            link.finish();
        } else {
            for time in 0..5 {
                let at = herd.report("A", "kiwi", &format!("{connection}{time}"));
                assert_eq!(link.line(), format!("{at} A"));
            }
        }
    }
}
