//! What clients may do, by their tokens, beside a plain model.

use proptest::prelude::*;

use super::support::rights::{Granted, Rules, Say, Step, Talk};
use super::support::targets;

fn granted() -> impl Strategy<Value = Granted> {
    let patterns = || prop_oneof![Just(vec![0_u8]), prop::collection::vec(0_u8..8, 0..4)];
    let rate = prop_oneof![3 => Just(None), 1 => any::<bool>().prop_map(Some)];
    (patterns(), patterns(), any::<bool>(), rate).prop_map(|(report, ask, status, rate)| Granted {
        report,
        ask,
        status,
        rate,
    })
}

fn rules() -> impl Strategy<Value = Rules> {
    let some = || prop::option::weighted(0.8, granted());
    (granted(), [some(), some(), some()]).prop_map(|(anonymous, tokens)| Rules { anonymous, tokens })
}

fn say() -> impl Strategy<Value = Say> {
    prop_oneof![
        2 => (0_u8..4).prop_map(Say::Auth),
        5 => (0_u8..8, 0_u8..16).prop_map(|(client, count)| Say::Iamat(client, count)),
        2 => (0_u8..8).prop_map(Say::Whatsat),
        1 => Just(Say::Status),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let cut = prop_oneof![Just(0_u8), any::<u8>()];
    prop_oneof![
        4 => (prop::collection::vec(say(), 0..8), cut).prop_map(|(says, cut)| Step::Says(says, cut)),
        1 => rules().prop_map(Step::Changes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_client_gets_what_its_rights_and_its_rate_allow(access in rules(), steps in prop::collection::vec(step(), 0..8)) {
        Talk { access, steps }.hold();
    }

    #[test]
    fn whatever_is_said_and_changed(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        targets::rights(&bytes);
    }
}
