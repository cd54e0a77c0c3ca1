//! What a reply to an IAMAT says of the clocks.

use std::time::{SystemTime, UNIX_EPOCH};

/// This machine's clock, in nanoseconds since 1970.
#[must_use]
pub fn now() -> i128 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i128::try_from(since.as_nanos()).expect("a time of this age")
}

/// A decimal number of seconds, in nanoseconds.
#[must_use]
pub fn nanos(text: &str) -> i128 {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{decimals:0<9}").parse().expect("digits")
}

/// The skew in an AT line of the server `A` that ends in `fields`, with its sign and nine decimals.
#[must_use]
pub fn skew_of<'a>(reply: &'a str, fields: &str) -> &'a str {
    let rest = reply.strip_prefix("AT A ").unwrap_or_else(|| panic!("{reply}"));
    let skew = rest.strip_suffix(fields).and_then(|rest| rest.strip_suffix(' '));
    let skew = skew.unwrap_or_else(|| panic!("{reply} does not end in {fields}"));
    let digits = skew.strip_prefix(['+', '-']).unwrap_or_else(|| panic!("{skew} has no sign"));
    let (whole, decimals) = digits.split_once('.').unwrap_or_else(|| panic!("{skew} has no decimals"));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    assert!(!whole.is_empty() && all_digits(whole) && decimals.len() == 9 && all_digits(decimals), "{skew}");
    skew
}
