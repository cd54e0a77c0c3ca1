//! Eight bytes at a time: what a search or a number needs of them, in a few instructions and without
//! `unsafe`.
//!
//! A word holds its first byte lowest.

/// A word of eight times the same byte.
const fn each(byte: u8) -> u64 {
    0x0101_0101_0101_0101 * byte as u64
}

/// The eight bytes of `text` from `at` on, where there are so many.
#[inline]
pub(crate) fn at(text: &[u8], at: usize) -> Option<u64> {
    text.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

/// What the digits are worth, each in its byte. Other bytes are worth more than 9.
#[inline]
pub(crate) const fn worth(word: u64) -> u64 {
    word ^ each(b'0')
}

/// The number that the first `len` of these digits are, 1 to 8, in a word of what they are [`worth`].
#[inline]
pub(crate) const fn number(worth: u64, len: usize) -> u64 {
    // Moved to the end, behind zeros; then pairs, fours and the whole are put together. Each factor adds what comes first,
    // times its worth, to what comes behind it.
    let digits = worth << (64 - 8 * len);
    let pairs = (digits.wrapping_mul(10 << 8 | 1) >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100 << 16 | 1) >> 16) & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(10_000 << 32 | 1) >> 32
}

/// Eight digits, leading zeros included. The number has no more.
#[inline]
pub(crate) const fn digits(number: u64) -> u64 {
    // Parted into fours, pairs and digits; the factors divide by 10,000, 100 and 10. What comes first moves from where it
    // was worth so much more: so one subtraction does both.
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let pairs = (fours << 16) - hundreds * ((100 << 16) - 1);
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    (pairs << 8) - tens * ((10 << 8) - 1) + each(b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_eight_digits() {
        for number_of_them in (0..100_000_000).step_by(997).chain([9_999, 10_000, 99_990_000, 99_999_999]) {
            let expected = format!("{number_of_them:08}");
            let digits = digits(number_of_them);
            assert_eq!(digits.to_le_bytes(), expected.as_bytes());
            assert_eq!(number(worth(digits), 8), number_of_them);
        }
    }

    #[test]
    fn up_to_eight_digits_are_a_number() {
        let word = u64::from_le_bytes(*b"90817263");
        for (len, number_of_them) in [(1, 9), (2, 90), (3, 908), (7, 9_081_726), (8, 90_817_263)] {
            assert_eq!(number(worth(word), len), number_of_them);
        }
        assert_eq!(number(worth(u64::from_le_bytes(*b"12.xyz\xff\0")), 2), 12);
        assert_eq!(number(worth(u64::from_le_bytes(*b"99999999")), 8), 99_999_999);
        assert_eq!(at(b"12345678", 1), None);
        assert_eq!(at(b"123", 9), None);
    }
}
