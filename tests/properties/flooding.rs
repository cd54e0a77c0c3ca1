//! The flood, on any graph and in any order.

use std::sync::Arc;
use std::time::Duration;

use herd::{Herd, Limits};
use proptest::prelude::*;

use super::support::herds;
use super::support::network::Network;

/// A client tells a server where it is; then so many things arrive before the next one does.
#[derive(Clone, Debug)]
struct Update {
    server: usize,
    client: usize,
    time: usize,
    arrivals: usize,
}

impl Update {
    /// One of several spellings, all of them usual.
    fn line(&self) -> Vec<u8> {
        let Self { server, client, time, .. } = self;
        let decimals = ["", ".5", ".392014450", ""][*time];
        let position = ["-118", ".5-118", "-118.445127", ".068930+2.3522"][(server + client) % 4];
        format!("IAMAT c{client} +{server}{position} {}{decimals}\n", 1_479_413_880 + time).into_bytes()
    }
}

/// A connected graph of 2 to 9 servers: a tree, and up to five more links.
fn graphs() -> impl Strategy<Value = Arc<Herd>> {
    (2_usize..=9).prop_flat_map(|servers| {
        let parents = prop::collection::vec(any::<prop::sample::Index>(), servers - 1);
        let more = prop::collection::vec((0..servers, 0..servers), 0..=5);
        (parents, more).prop_map(move |(parents, more)| {
            let tree = parents.iter().enumerate().map(|(child, parent)| (child + 1, parent.index(child + 1)));
            let links: Vec<_> = tree.chain(more.into_iter().filter(|(from, to)| from != to)).collect();
            herds::herd(servers, &links)
        })
    })
}

/// Few clients and few times, so that reports meet older, newer and equally old ones.
fn updates() -> impl Strategy<Value = Vec<Update>> {
    let update = (0_usize..9, 0_usize..3, 0_usize..4, 0_usize..12)
        .prop_map(|(server, client, time, arrivals)| Update { server, client, time, arrivals });
    prop::collection::vec(update, 1..12)
}

/// Links that close when they rest, or at once, or not at all while anybody looks.
fn limits() -> impl Strategy<Value = Limits> {
    prop::sample::select(vec![0, 20, 10_000]).prop_map(|millis| Limits {
        link_idle: Duration::from_millis(millis),
        link_retry: Duration::from_millis(200),
        ..Limits::default()
    })
}

/// Runs those updates on the servers that are up, and everything that follows from them.
fn run(network: &mut Network, servers: usize, updates: &[Update]) {
    for update in updates {
        let server = (0..servers).map(|more| (update.server + more) % servers).find(|&server| network.is_up(server));
        let reply = network.client(server.expect("one is up"), &update.line());
        assert!(reply.starts_with(b"AT s"), "{}", reply.escape_ascii());
        for _ in 0..update.arrivals {
            network.deliver();
        }
    }
    network.settle(3_000);
}

/// Whether all servers that are up keep the same reports, and of how many clients.
fn agree(network: &Network, servers: usize) -> usize {
    let up: Vec<_> = (0..servers).filter(|&server| network.is_up(server)).map(|server| network.node(server)).collect();
    for node in &up {
        assert_eq!((node.digest(), node.clients()), (up[0].digest(), up[0].clients()));
    }
    up[0].clients()
}

fn clients(updates: &[Update]) -> usize {
    updates.iter().map(|update| update.client).collect::<std::collections::BTreeSet<_>>().len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn each_update_crosses_each_link_once_each_way_and_all_agree(
        herd in graphs(), updates in updates(), limits in limits(), seed: u64,
    ) {
        let servers = herd.members().len();
        let mut network = Network::new(&herd, &limits, seed, &[]);
        run(&mut network, servers, &updates);
        prop_assert!(network.crossings.values().all(|&times| times == 1), "{:?}", network.crossings);
        prop_assert_eq!(agree(&network, servers), clients(&updates));
    }

    #[test]
    fn on_a_cycle_a_server_gets_an_update_twice_at_most(
        servers in 3_usize..=9, updates in updates(), limits in limits(), seed: u64,
    ) {
        let mut network = Network::new(&herds::cycle(servers), &limits, seed, &[]);
        run(&mut network, servers, &updates);
        let mut arrivals = std::collections::BTreeMap::<_, usize>::new();
        for ((_, to, line), times) in &network.crossings {
            *arrivals.entry((to, line)).or_default() += times;
        }
        prop_assert!(arrivals.values().all(|&times| times <= 2), "{arrivals:?}");
        prop_assert_eq!(agree(&network, servers), clients(&updates));
    }

    #[test]
    fn one_server_down_on_a_cycle_leaves_all_others_informed(
        servers in 3_usize..=9, down in 0_usize..9, updates in updates(), limits in limits(), seed: u64,
    ) {
        let down = down % servers;
        let mut network = Network::new(&herds::cycle(servers), &limits, seed, &[down]);
        run(&mut network, servers, &updates);
        prop_assert_eq!(agree(&network, servers), clients(&updates));
        // What it missed while it was down reaches it too.
        network.start(down);
        network.settle(3_000);
        prop_assert_eq!(agree(&network, servers), clients(&updates));
    }

    #[test]
    fn what_is_said_right_after_a_restart_arrives_at_once(
        servers in 3_usize..=9, down in 0_usize..9, limits in limits(), seed: u64,
    ) {
        let (down, limits) = (down % servers, Limits { link_retry: Duration::from_secs(5), ..limits });
        let mut network = Network::new(&herds::cycle(servers), &limits, seed, &[]);
        network.settle(1_000);
        network.crash(down);
        network.client((down + 1) % servers, b"IAMAT before +1+1 1\n");
        network.settle(60_000);
        network.start(down);
        network.settle(50);
        network.client((down + 1) % servers, b"IAMAT after +1+1 2\n");
        network.settle(0);
        prop_assert!(network.node(down).record(b"after").is_some(), "{}", network.trace);
    }

    #[test]
    fn whatever_crashes_the_flood_ends_and_all_agree_in_the_end(
        herd in graphs(), updates in updates(), limits in limits(), seed: u64,
        crashes in prop::collection::vec((0_usize..9, 0_usize..20), 1..8),
    ) {
        let servers = herd.members().len();
        let mut network = Network::new(&herd, &limits, seed, &[]);
        for (update, (server, arrivals)) in updates.iter().zip(crashes.iter().cycle()) {
            let server = server % servers;
            if network.is_up(server) { network.crash(server) } else { network.start(server) }
            if let Some(up) = (0..servers).find(|&up| network.is_up(up)) {
                network.client(up, &update.line());
            }
            for _ in 0..*arrivals {
                network.deliver();
            }
        }
        network.settle(3_000);
        for server in 0..servers {
            if !network.is_up(server) {
                network.start(server);
            }
        }
        network.settle(3_000);
        network.client(0, b"IAMAT new +1+1 9\n");
        network.settle(0);
        for server in 0..servers {
            prop_assert!(network.node(server).record(b"new").is_some(), "s{server}");
        }
        network.settle(60_000);
        for server in 1..servers {
            prop_assert_eq!(network.node(server).digest(), network.node(0).digest(), "s{} and s0", server);
        }
    }
}
