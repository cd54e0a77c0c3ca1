//! What the wire's numbers are worth, worked out again from the protocol's words by other means:
//! text and big steps instead of digits and state.

/// Nanoseconds of a time, if it is one: `[-]digits[.1 to 9 digits]`, seconds in 64 bits signed.
pub(crate) fn nanos(text: &str) -> Option<i128> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (seconds, decimals) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    if !is_digits(seconds) || !is_digits(decimals) || decimals.len() > 9 {
        return None;
    }
    let padded = format!("{seconds}{decimals:0<9}");
    let significant = padded.trim_start_matches('0');
    if significant.len() > 19 + 9 {
        return None;
    }
    let magnitude: i128 = if significant.is_empty() { 0 } else { significant.parse().ok()? };
    let value = if text.starts_with('-') { -magnitude } else { magnitude };
    let least = i128::from(i64::MIN) * 1_000_000_000;
    let end = (i128::from(i64::MAX) + 1) * 1_000_000_000;
    (least..end).contains(&value).then_some(value)
}

/// A skew as the wire has it: a sign, and always nine decimals.
pub(crate) fn skew(nanos: i128) -> String {
    let digits = format!("{:010}", nanos.unsigned_abs());
    let (seconds, decimals) = digits.split_at(digits.len() - 9);
    format!("{}{seconds}.{decimals}", if nanos < 0 { '-' } else { '+' })
}

/// Degrees of a position, if it is one.
pub(crate) fn degrees(text: &str) -> Option<(f64, f64)> {
    let signs: Vec<usize> = text.match_indices(['+', '-']).map(|(at, _)| at).collect();
    let [0, second] = signs[..] else { return None };
    let (latitude, longitude) = text.split_at(second);
    let fits = is_at_most(&latitude[1..], "90") && is_at_most(&longitude[1..], "180");
    fits.then(|| (latitude.parse().expect("decimal"), longitude.parse().expect("decimal")))
}

/// Whether a text is `digits[.digits]` and not more than the integer `most`, compared as text.
pub(crate) fn is_at_most(text: &str, most: &str) -> bool {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    if !is_digits(whole) || !is_digits(decimals) {
        return false;
    }
    let whole = whole.trim_start_matches('0');
    let order = whole.len().cmp(&most.len()).then_with(|| whole.cmp(most));
    order.is_lt() || (order.is_eq() && decimals.bytes().all(|digit| digit == b'0'))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
