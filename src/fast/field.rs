//! Fields of up to 63 bytes, and small numbers.

use wide::u8x16;

use crate::bytes::blocks;

/// How long a client's ID or a server's name may be in a usual line.
const LONGEST: usize = 63;

/// How long the field is that `text` begins with, if it has a byte at all and a space follows.
#[inline]
pub(super) fn field(text: &[u8]) -> Option<usize> {
    let text = text.first_chunk()?;
    up_to_space(text).filter(|&end| text[end & LONGEST] == b' ')
}

/// How long that field is, if white space follows or a control character.
#[inline]
pub(super) fn up_to_space(text: &[u8; LONGEST + 1]) -> Option<usize> {
    let [first, second, third, fourth] = text.as_chunks::<16>().0 else { return None };
    let ends = |one: &[u8; 16], two: &[u8; 16]| {
        blocks::up_to_space(u8x16::new(*one)) | blocks::up_to_space(u8x16::new(*two)) << 16
    };
    let end = match ends(first, second) {
        0 => 32 + ends(third, fourth).trailing_zeros(),
        found => found.trailing_zeros(),
    } as usize;
    (end > 0 && end <= LONGEST).then_some(end)
}

/// A digit's value.
#[inline]
pub(super) const fn one(digit: u8) -> Option<u8> {
    let value = digit.wrapping_sub(b'0');
    if value <= 9 { Some(value) } else { None }
}

/// The value of two digits.
#[inline]
pub(super) fn two(tens: u8, ones: u8) -> Option<u8> {
    Some(one(tens)? * 10 + one(ones)?)
}
