//! Positions, times and lines as nearly everybody writes them: decimals or none, as many as they like.

use proptest::prelude::*;

/// A sign, digits, and decimals or none.
fn degrees(digits: &'static str) -> impl Strategy<Value = String> {
    let pattern = format!("[+-]{digits}(\\.[0-9]{{1,9}})?");
    prop::string::string_regex(&pattern).expect("a pattern")
}

/// Most of them are 34 north or so, like many others.
pub(crate) fn position() -> impl Strategy<Value = String> {
    let usual =
        prop::sample::select(vec!["+34.068930-118.445127", "+34-118", "+34.5-118", "-7+2.352200", "+89.9-179.99"]);
    let any = (degrees("([0-8]?[0-9]|90)"), degrees("(1[0-7][0-9]|[0-9]{1,2}|180)"))
        .prop_map(|(latitude, longitude)| latitude + &longitude)
        .prop_filter("on the globe", |position| herd::Position::is_valid(position.as_bytes()));
    prop_oneof![2 => usual.prop_map(str::to_owned), 1 => any]
}

/// Seconds near what the server's clock says, whole or not.
pub(crate) fn time() -> impl Strategy<Value = String> {
    "14794138[0-9]{2}(\\.[0-9]{1,9}|\\.392014450)?"
}

fn iamat() -> impl Strategy<Value = String> {
    ("c[0-9]", position(), time()).prop_map(|(client, position, time)| format!("IAMAT {client} {position} {time}\n"))
}

/// Of the neighbour `s1`.
fn at() -> impl Strategy<Value = String> {
    let skew = prop::sample::select(vec!["+0.263873386", "-12.000000001", "+0.5", "+316107298.120953291", "+1"]);
    ("s[01]", skew, "c[0-9]", position(), time()).prop_map(|(origin, skew, client, position, time)| {
        format!("AT {origin} {skew} {client} {position} {time} s1\n")
    })
}

/// Of few clients; seldom more is asked than may be.
fn whatsat() -> impl Strategy<Value = String> {
    ("c[01]", 0_u8..=51, 0_u8..=21).prop_map(|(client, radius, bound)| format!("WHATSAT {client} {radius} {bound}\n"))
}

/// A client's or a neighbour's line, LF included.
pub(crate) fn line() -> impl Strategy<Value = String> {
    prop_oneof![3 => iamat(), 3 => at(), 1 => whatsat()]
}

/// Many lines of a client, or of a neighbour, or of both at once. Those who are asked for are known.
pub(crate) fn lines() -> impl Strategy<Value = String> {
    let many = |line: BoxedStrategy<String>| {
        prop::collection::vec(prop_oneof![6 => line, 1 => whatsat()], 1..40).prop_map(|lines| lines.concat())
    };
    let known = "IAMAT c0 +34.068930-118.445127 1479413800\nIAMAT c1 +34.5-118 1479413800.5\n";
    prop_oneof![2 => many(iamat().boxed()), 2 => many(at().boxed()), 1 => many(line().boxed())]
        .prop_map(move |lines| format!("{known}{lines}"))
}
