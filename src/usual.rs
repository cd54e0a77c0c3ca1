//! Requests as nearly every client writes them: one space between fields, a position and a time with
//! decimals, a radius without, LF behind. They are read in one pass that is sure of them, straight from what was
//! received.
//!
//! It only ever says what [`Message::parse`](crate::message::Message::parse) says of the same line,
//! or nothing: whatever is unusual, also what is wrong, is left to that.

mod shape;

pub(crate) use shape::{Iamat, Shape, WINDOW};

use crate::blocks;
use crate::message::Message;
use crate::places::{MOST_RESULTS, Radius};

/// The WHATSAT that `input` begins with, in whole kilometres, and how long its line is, LF not counted.
pub(crate) fn whatsat(input: &[u8]) -> Option<(Message<'_>, usize)> {
    let rest = input.strip_prefix(b"WHATSAT ")?;
    let client = field(rest)?;
    let (radius, len) = one_or_two_digits(&rest[client + 1..], b' ')?;
    let end = client + 1 + len;
    let (bound, len) = one_or_two_digits(&rest[end + 1..], b'\n')?;
    let radius = Radius::whole_km(radius)?;
    let message = Message::Whatsat { client: &rest[..client], radius, bound };
    (bound <= MOST_RESULTS).then_some((message, b"WHATSAT ".len() + end + 1 + len))
}

/// The number that `text` begins with and how many digits it has, if `stop` is behind it.
#[inline]
fn one_or_two_digits(text: &[u8], stop: u8) -> Option<(u8, usize)> {
    match *text {
        [ones @ b'0'..=b'9', end, ..] if end == stop => Some((ones - b'0', 1)),
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9', end, ..] if end == stop => {
            Some(((tens - b'0') * 10 + (ones - b'0'), 2))
        }
        _ => None,
    }
}

/// How long the field is that `text` begins with, if it has a byte at all and a space follows.
#[inline]
fn field(text: &[u8]) -> Option<usize> {
    let mut start = 0;
    loop {
        let found = blocks::up_to_space(blocks::at(text, start)?);
        if found != 0 {
            let end = start + found.trailing_zeros() as usize;
            return (end > 0 && text[end] == b' ').then_some(end);
        }
        start += 16;
    }
}
