//! Numbers in a line: in hexadecimal digits.

/// The number of exactly so many digits, 32 at most.
pub(crate) fn hexadecimal(text: &[u8], digits: usize) -> Option<u128> {
    let is_one = text.len() == digits && text.iter().all(u8::is_ascii_hexdigit);
    u128::from_str_radix(core::str::from_utf8(text).ok().filter(|_| is_one)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::hexadecimal;

    #[test]
    fn it_has_all_its_digits_and_nothing_else() {
        assert_eq!(hexadecimal(b"00fF", 4), Some(255));
        assert_eq!(hexadecimal("f".repeat(32).as_bytes(), 32), Some(u128::MAX));
        for bad in ["", "fff", "00fff", "+0ff", "-0ff", "00fg", " 0ff", "00é"] {
            assert_eq!(hexadecimal(bad.as_bytes(), 4), None, "{bad}");
        }
    }
}
