//! Numbers written with a fixed number of digits: a load writes millions of them.

/// Appends `value` with `WIDTH` digits, zeros in front; what does not fit is cut off in front.
pub(crate) fn push<const WIDTH: usize>(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [b'0'; WIDTH];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (value % 10).to_le_bytes()[0];
        value /= 10;
    }
    out.extend_from_slice(&digits);
}

/// The number that a text ends with: of at most `most` digits, `None` where there are none.
pub(crate) fn last(text: &[u8], most: usize) -> Option<u64> {
    let text = &text[text.len().saturating_sub(most)..];
    let start = text.iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |before| before + 1);
    let digits = &text[start..];
    (!digits.is_empty()).then(|| digits.iter().fold(0, |value, byte| value * 10 + u64::from(byte - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_written_and_read() {
        let mut out = b"client-".to_vec();
        push::<9>(&mut out, 1_234);
        assert_eq!(out, b"client-000001234");
        assert_eq!(last(&out, 9), Some(1_234));
        assert_eq!(last(&out, 2), Some(34));
        assert_eq!(last(b"client-", 9), None);
    }
}
