//! Lines as nearly everybody writes them: one space between fields, numbers of usual length, LF
//! behind. They are read in one pass that is sure of them, straight from what was received.
//!
//! It only ever says what [`Message::parse`](crate::message::Message::parse) says of the same line,
//! or nothing: whatever is unusual, also what is wrong, is left to that.

use crate::message::Sighting;
use crate::position::Position;
use crate::time::Timestamp;
use crate::word;

/// What every IAMAT begins with.
pub(crate) const IAMAT: &[u8] = b"IAMAT ";

/// The IAMAT that `input` begins with, and how long its line is, LF not counted.
#[inline]
pub(crate) fn iamat(input: &[u8]) -> Option<(Sighting<'_>, usize)> {
    let rest = input.strip_prefix(IAMAT)?;
    let (sighting, len) = sighting(rest)?;
    (rest.get(len) == Some(&b'\n')).then_some((sighting, IAMAT.len() + len))
}

/// The sighting that `text` begins with, and how long it is. A digit, white space or a point that
/// would change it does not follow.
fn sighting(text: &[u8]) -> Option<(Sighting<'_>, usize)> {
    let client = field(text, 0)?;
    let position = Position::skip(text, client + 1)?;
    if *text.get(position)? != b' ' {
        return None;
    }
    let (at, time) = Timestamp::read(text, position + 1)?;
    let sighting = Sighting {
        client: &text[..client],
        position: &text[client + 1..position],
        time: &text[position + 1..time],
        at,
    };
    Some((sighting, time))
}

/// Where the field from `start` on ends, if it has a byte at all and a space follows.
#[inline]
fn field(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        let found = word::up_to_space(word::at(text, at)?);
        if found != 0 {
            let end = at + word::first(found);
            return (end > start && text[end] == b' ').then_some(end);
        }
        at += 8;
    }
}
