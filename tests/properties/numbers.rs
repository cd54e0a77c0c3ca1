//! Times, skews, positions and radii against an oracle that works them out by other means.

use herd::values::Radius;
use herd::{Position, Timestamp};
use proptest::prelude::*;

use super::support::oracle;

/// Texts that are numbers, or nearly.
fn numbers() -> impl Strategy<Value = String> {
    prop_oneof![
        "[+-]?[0-9]{1,21}(\\.[0-9]{0,11})?",
        "-?0{0,30}[0-9]{0,4}\\.?[0-9]{0,9}",
        "-?92233720368547758(0[6-9])(\\.[09]{1,10})?",
        "[0-9.+e_-]{0,12}",
    ]
}

/// Texts that are positions, or nearly.
fn positions() -> impl Strategy<Value = String> {
    let half = |most: &str| {
        let pattern = format!("[+-]?0{{0,2}}([0-9]{{1,3}}|{most})(\\.[0-9]{{0,20}}|\\.0{{1,40}}1?)?");
        prop::string::string_regex(&pattern).expect("a pattern")
    };
    prop_oneof![
        4 => (half("90"), half("180")).prop_map(|(latitude, longitude)| latitude + &longitude),
        1 => "[0-9.+e/-]{0,12}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_time_is_worth_what_it_says(text in numbers()) {
        let time = Timestamp::parse(text.as_bytes());
        prop_assert_eq!(time.map(Timestamp::as_nanos), oracle::nanos(&text));
        if let Some(time) = time {
            prop_assert_eq!(Timestamp::parse(time.to_string().as_bytes()), Some(time));
        }
    }

    #[test]
    fn a_skew_is_the_exact_difference(server in any::<i64>(), nanos in 0_i64..1_000_000_000, client in numbers()) {
        let wall = i128::from(server) * 1_000_000_000 + i128::from(nanos);
        if let Some(time) = Timestamp::parse(client.as_bytes()) {
            let skew = Timestamp::from_nanos(wall).since(time);
            let expected = wall - oracle::nanos(&client).expect("both take it");
            prop_assert_eq!(skew.as_nanos(), expected);
            prop_assert_eq!(skew.to_string(), oracle::skew(expected));
        }
    }

    #[test]
    fn a_position_is_where_it_says(text in positions()) {
        let position = Position::parse(text.as_bytes());
        prop_assert_eq!(position.map(|at| (at.latitude(), at.longitude())), oracle::degrees(&text));
        prop_assert_eq!(Position::is_valid(text.as_bytes()), position.is_some());
        if let Some(position) = position {
            prop_assert_eq!(Position::parse(position.to_string().as_bytes()), Some(position));
        }
    }

    #[test]
    fn a_radius_is_read_exactly(text in numbers(), kilometres in 0_u32..=50, thousandths in 0_u32..1000) {
        prop_assert_eq!(Radius::parse_km(text.as_bytes()).is_some(), oracle::is_at_most(&text, "50"));
        let metres = Radius::parse_km(format!("{kilometres}.{thousandths:03}").as_bytes()).map(Radius::metres);
        let expected = kilometres * 1000 + thousandths;
        prop_assert_eq!(metres, (expected <= 50_000).then(|| f64::from(expected)));
    }
}

#[test]
fn clocks_that_are_far_off_are_no_harm() {
    let (first, last) = (Timestamp::from_nanos(i128::MIN), Timestamp::from_nanos(i128::MAX));
    assert_eq!(last.since(first).as_nanos(), i128::MAX);
    assert_eq!(first.since(last).as_nanos(), i128::MIN);
    assert!(first.since(last).to_string().starts_with('-'));
}
