//! The same inputs give the same outputs, byte for byte.

use herd::Limits;
use proptest::prelude::*;

use super::support::herds;
use super::support::network::Network;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_herd_run_twice_does_the_same_twice(seed: u64, servers in 3_usize..7, crashed in 0_usize..7) {
        let run = || {
            let mut network = Network::new(&herds::cycle(servers), &Limits::default(), seed, &[]);
            for step in 0..20 {
                network.client(step % servers, format!("IAMAT c{} +1+1 {}\n", step % 3, 1_479_413_880 + step).as_bytes());
                network.deliver();
                if step == 10 {
                    network.crash(crashed % servers);
                    network.start(crashed % servers);
                }
            }
            network.settle(20_000);
            let kept: Vec<u64> = (0..servers).map(|server| network.node(server).digest()).collect();
            (network.trace, kept)
        };
        prop_assert_eq!(run(), run());
    }
}
