//! Neighbours that prove to each other who they are.

use proptest::prelude::*;

use super::support::proving::{Believes, Encounter, Other, Tamper};
use super::support::targets;

fn believes() -> impl Strategy<Value = Believes> {
    let secrets = prop::collection::vec(0_u8..3, 0..4);
    (secrets, any::<bool>()).prop_map(|(secrets, addresses)| Believes { secrets, addresses })
}

fn cuts() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![Just(Vec::new()), prop::collection::vec(0_u8..80, 1..8)]
}

fn field() -> impl Strategy<Value = Tamper> {
    let other = prop_oneof![
        any::<u64>().prop_map(Other::Number),
        any::<u8>().prop_map(Other::Name),
        any::<u64>().prop_map(Other::Nonce),
        any::<(u32, u8)>().prop_map(|(secret, letter)| Other::Proof(secret, letter)),
        Just(Other::Nothing),
    ];
    (any::<u8>(), other).prop_map(|(which, other)| Tamper::Field(which, other))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn both_ends_agree_on_whether_they_believe_each_other(
        (opener, acceptor, cuts) in (believes(), believes(), cuts()),
    ) {
        Encounter { opener, acceptor, tampering: Vec::new(), cuts }.hold();
    }

    /// The greeting, the answer to it, or the proof: each in turn.
    #[test]
    fn who_shares_a_secret_notices_what_is_changed_on_the_way(
        (before, changed) in (0_usize..3, field()),
        addresses: bool,
        cuts in cuts(),
    ) {
        let side = |addresses| Believes { secrets: vec![1], addresses };
        let mut tampering = vec![Tamper::Nothing; before];
        tampering.push(changed);
        Encounter { opener: side(false), acceptor: side(addresses), tampering, cuts }.hold();
    }

    #[test]
    fn whatever_is_done_to_what_they_say_nobody_takes_a_report_without_a_proof(
        bytes in prop::collection::vec(any::<u8>(), 0..120),
    ) {
        targets::proving(&bytes);
    }
}
