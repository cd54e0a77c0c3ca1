//! Numbers in a line: big-endian, as base64 without padding; `-` stands for none.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Appends values of `N` bytes each.
pub(crate) fn push<const N: usize>(values: impl Iterator<Item = [u8; N]>, out: &mut Vec<u8>) {
    let bytes: Vec<u8> = values.flatten().collect();
    if bytes.is_empty() {
        return out.push(b'-');
    }
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let written = STANDARD_NO_PAD.encode_slice(bytes, &mut out[start..]).expect("there is room for the padding too");
    out.truncate(start + written);
}

/// Reads such values, if it is a whole number of them.
pub(crate) fn read<T, const N: usize>(text: &[u8], value: impl Fn([u8; N]) -> T) -> Option<Vec<T>> {
    if text == b"-" {
        return Some(Vec::new());
    }
    let bytes = STANDARD_NO_PAD.decode(text).ok()?;
    let (values, []) = bytes.as_chunks() else { return None };
    Some(values.iter().copied().map(value).collect())
}
