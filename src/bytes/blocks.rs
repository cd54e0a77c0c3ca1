//! Sixteen bytes at a time: a bit for each byte of a kind, the first lowest.

use wide::u8x16;

/// The sixteen bytes of `text` from `at` on, where there are so many.
#[inline]
pub(crate) fn at(text: &[u8], at: usize) -> Option<u8x16> {
    text.get(at..)?.first_chunk::<16>().map(|bytes| u8x16::new(*bytes))
}

/// Bytes up to the space: white space, and control characters that are none.
#[inline]
pub(crate) fn up_to_space(block: u8x16) -> u32 {
    at_most(block, b' ')
}

/// Digits.
#[inline]
pub(crate) fn digits(block: u8x16) -> u32 {
    at_most(block - u8x16::splat(b'0'), 9)
}

/// Plus and minus signs.
#[inline]
pub(crate) fn signs(block: u8x16) -> u32 {
    // The minus is the plus and two.
    const BETWEEN: u8 = b'-' - b'+';
    ((block - u8x16::splat(b'+')) & u8x16::splat(!BETWEEN)).simd_eq(u8x16::splat(0)).to_bitmask()
}

/// White space, in up to sixteen bytes; what is not there counts as that.
#[inline]
pub(crate) fn white_space(bytes: &[u8]) -> u32 {
    let block = if let Some(block) = at(bytes, 0) {
        block
    } else {
        let mut padded = [b' '; 16];
        padded[..bytes.len()].copy_from_slice(bytes);
        u8x16::new(padded)
    };
    let controls = at_most(block - u8x16::splat(b'\t'), b'\r' - b'\t');
    controls | block.simd_eq(u8x16::splat(b' ')).to_bitmask()
}

/// Whether a byte separates fields: space, tab, CR, LF, FF or VT.
#[must_use]
pub const fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

#[inline]
fn at_most(block: u8x16, most: u8) -> u32 {
    block.min(u8x16::splat(most)).simd_eq(block).to_bitmask()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_has_its_bit() {
        for first in 0..=u8::MAX {
            let mut bytes = [first; 16];
            (1..16).for_each(|place| bytes[place] = bytes[place - 1].wrapping_add(17));
            let bits = |is: fn(u8) -> bool| (0..16).fold(0, |bits, place| bits | u32::from(is(bytes[place])) << place);
            let block = u8x16::new(bytes);
            assert_eq!(up_to_space(block), bits(|byte| byte <= b' '));
            assert_eq!(digits(block), bits(|byte| byte.is_ascii_digit()));
            assert_eq!(signs(block), bits(|byte| matches!(byte, b'+' | b'-')));
            assert_eq!(white_space(&bytes), bits(is_white_space));
            assert_eq!(white_space(&bytes[..5]), bits(is_white_space) & 0x1f | 0xffe0);
        }
    }
}
