//! AT and KEPT lines of a neighbour. They are not written down: they stand in the text as they are to be kept.

use wide::u8x16;

use super::field::field;
use super::lines::{Found, Lines, WINDOW};
use super::shape::Shape;
use crate::bytes::{blocks, same};
use crate::herd::{Horizon, Identity};
use crate::report::{ClientHash, FieldOffsets, HashKey, Head};
use crate::values::ServerId;

/// Takes the usual AT lines of the neighbour `from` that come first, or the KEPT lines. Of these, too, the entry is where
/// an AT line would begin.
pub(crate) fn ats<const KEPT: bool>(
    lines: &mut Lines<'_>,
    (identity, from, horizon): (&Identity, ServerId, Horizon),
    shape: &mut Option<Shape>,
    mut found: impl FnMut(Found),
) {
    let (earliest, digits_ahead) = horizon.bounds(!KEPT, identity.limits.digits_ahead());
    let sender = identity.names.name(from).as_bytes();
    let (mut padding, mut rest) = (None, *lines);
    let shape = shape.get_or_insert_with(|| Shape::least(b' '));
    // Many reports in a row are of one origin.
    let mut last = from;
    while let Some(window) = rest.window(&mut padding)
        && let Some(PassedOn { origin, offsets, end, at, client }) =
            passed_on::<KEPT>(window, &identity.hash_key, shape, digits_ahead)
        && at >= earliest
        && let report = &window[word(KEPT).len()..]
        && let Some(behind) = report.get(end + 1..)
        && let Some((name, behind)) = behind.split_at_checked(sender.len())
        && same(name, sender)
        && behind.first() == Some(&b'\n')
        && let Some(origin) = identity.names.find_again(&report[..origin], last)
        && let start = rest.start() + word(KEPT).len() - b"AT ".len()
        && let Some(left) = rest.left.checked_sub(1)
        && let Some(()) = rest.take(word(KEPT).len() + end + 1 + sender.len())
    {
        (last, rest.left) = (origin, left);
        found(Found { head: Head::short(origin, at, offsets), client, start, len: end });
    }
    *lines = rest;
}

/// Where the fields of a neighbour's copy of a report are, counted from its origin on, and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PassedOn {
    /// How long the origin's name is.
    pub(super) origin: usize,
    /// Where the fields are, of which the last ends before the name of the sender.
    pub(super) offsets: FieldOffsets,
    pub(super) end: usize,
    /// Nanoseconds since the epoch.
    pub(super) at: i64,
    /// Where the client belongs.
    pub(super) client: ClientHash,
}

/// What the lines begin with.
const fn word(kept: bool) -> &'static [u8] {
    if kept { b"KEPT " } else { b"AT " }
}

/// The line that `window` begins with, up to the name of its sender. Seconds of a negative skew have no more than
/// `digits_ahead`: the report may be from too far in the future where they do.
#[inline]
pub(super) fn passed_on<const KEPT: bool>(
    window: &[u8; WINDOW],
    key: &HashKey,
    shape: &mut Shape,
    digits_ahead: usize,
) -> Option<PassedOn> {
    let rest = window.strip_prefix(word(KEPT))?;
    let origin = field(rest)?;
    let skew = skew(rest.get(origin + 1..)?.first_chunk()?, digits_ahead)?;
    let client = origin + 1 + skew + 1;
    let client_text = rest.get(client..)?;
    let client_len = field(client_text)?;
    let hash = key.hash(&client_text[..client_len]);
    let position = client + client_len + 1;
    let fields = rest.get(position..)?.first_chunk()?;
    shape.fit(fields, b' ')?;
    let (offsets, end) = (shape.offsets(client, position), position + shape.end());
    Some(PassedOn { origin, offsets, end, at: shape.at(fields)?, client: hash })
}

/// How long the skew is that `text` begins with, if a space follows: a sign, digits, a point, digits.
#[inline]
fn skew(text: &[u8; 16], digits_ahead: usize) -> Option<usize> {
    let block = u8x16::new(*text);
    let others = !blocks::digits(block);
    // The sign is the first of them.
    let after_sign = others & (others - 1);
    let (point, after_point) = (after_sign.trailing_zeros() as usize, after_sign & after_sign.wrapping_sub(1));
    let end = after_point.trailing_zeros() as usize;
    let is_skew = blocks::signs(block) & 1 != 0
        && text.get(point) == Some(&b'.')
        && text.get(end) == Some(&b' ')
        && point > 1
        && (text[0] == b'+' || point - 1 <= digits_ahead)
        && end > point + 1;
    is_skew.then_some(end)
}
