//! Decimal numbers as the wire has them, read without floats or allocation.

/// What stands before the first point and, where there is a point, what stands after it.
pub(crate) fn split_decimal(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(b'.', text) {
        Some(point) => (&text[..point], Some(&text[point + 1..])),
        None => (text, None),
    }
}

fn all_digits(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

/// Whether `text` is `digits[.digits]` and its value at most `most`, compared exactly.
pub(crate) fn is_decimal_up_to(text: &[u8], most: u32) -> bool {
    let (whole, decimals) = split_decimal(text);
    if !decimals.is_none_or(all_digits) {
        return false;
    }
    let Some(value) = integer_up_to(whole, most) else {
        return false;
    };
    value < most || decimals.is_none_or(|digits| digits.iter().all(|&digit| digit == b'0'))
}

/// The value of a run of digits, if it is one and its value is at most `most`.
pub(crate) fn integer_up_to(text: &[u8], most: u32) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    let mut value: u32 = 0;
    for &byte in text {
        if !byte.is_ascii_digit() {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u32::from(byte - b'0'))?;
        if value > most {
            return None;
        }
    }
    Some(value)
}
