//! Requests as nearly every client writes them: one space between fields, a position and a time with
//! decimals, a radius without, LF behind. They are read in one pass that is sure of them, straight from what was
//! received.
//!
//! It only ever says what [`Message::parse`](crate::message::Message::parse) says of the same line,
//! or nothing: whatever is unusual, also what is wrong, is left to that.

mod shape;

use core::ops::Range;

use wide::u8x16;

pub(crate) use self::shape::{Iamat, Shape};

use crate::blocks;
use crate::places::{MOST_RESULTS, Radius};

/// How much of the input is looked at for a line. A line that is usual ends inside, and a copy of its fields
/// may be this long.
pub(crate) const WINDOW: usize = 192;

/// How long a client's ID may be in a usual line.
const LONGEST_CLIENT: usize = 63;

/// Lines that were received at once.
pub(crate) struct Lines<'a> {
    /// What was not taken yet.
    pub(crate) rest: &'a [u8],
    /// Where the text ends into which all was copied.
    pub(crate) copied: usize,
    /// How long a line may be, LF not counted.
    pub(crate) most: usize,
}

impl<'a> Lines<'a> {
    /// What comes next, and zeros behind the last line, in `padding`; `None` where nothing does.
    #[inline]
    pub(crate) fn window<'b>(&self, padding: &'b mut [u8; WINDOW]) -> Option<&'b [u8; WINDOW]>
    where
        'a: 'b,
    {
        if let Some(window) = self.rest.first_chunk() {
            return Some(window);
        }
        let (text, zeros) = padding.split_at_mut(self.rest.len());
        text.copy_from_slice(self.rest);
        zeros.fill(0);
        (!self.rest.is_empty()).then_some(padding)
    }

    /// Takes a line of `len` bytes and its LF, unless that is too long; where it is in the text.
    #[inline]
    pub(crate) fn next(&mut self, len: usize) -> Option<Range<usize>> {
        let start = self.copied - self.rest.len();
        let rest = self.rest.get(len + 1..).filter(|_| len <= self.most)?;
        self.rest = rest;
        Some(start..start + len)
    }
}

/// What a WHATSAT asks, in whole kilometres.
pub(crate) struct Whatsat {
    /// How long the client's ID is.
    pub(crate) client: usize,
    pub(crate) radius: Radius,
    pub(crate) bound: u8,
    /// How long the line is, LF not counted.
    pub(crate) end: usize,
}

/// The WHATSAT that `window` begins with.
#[inline]
pub(crate) fn whatsat(window: &[u8; WINDOW]) -> Option<Whatsat> {
    let rest = window.strip_prefix(b"WHATSAT ")?;
    let client = client(rest.first_chunk()?)?;
    let numbers: &[u8; 8] = rest.get(client + 1..)?.first_chunk()?;
    let (radius, bound, len) = match *numbers {
        [a, b' ', b, b'\n', ..] => (one(a)?, one(b)?, 3),
        [a, b, b' ', c, b'\n', ..] => (two(a, b)?, one(c)?, 4),
        [a, b' ', b, c, b'\n', ..] => (one(a)?, two(b, c)?, 4),
        [a, b, b' ', c, d, b'\n', ..] => (two(a, b)?, two(c, d)?, 5),
        _ => return None,
    };
    let radius = Radius::whole_km(radius)?;
    (bound <= MOST_RESULTS).then_some(Whatsat { client, radius, bound, end: b"WHATSAT ".len() + client + 1 + len })
}

/// A digit's value.
#[inline]
const fn one(digit: u8) -> Option<u8> {
    let value = digit.wrapping_sub(b'0');
    if value <= 9 { Some(value) } else { None }
}

/// The value of two digits.
#[inline]
fn two(tens: u8, ones: u8) -> Option<u8> {
    Some(one(tens)? * 10 + one(ones)?)
}

/// How long the client's ID is that `text` begins with, if a space follows.
#[inline]
fn client(text: &[u8; LONGEST_CLIENT + 1]) -> Option<usize> {
    let [first, second, third, fourth] = text.as_chunks::<16>().0 else { return None };
    let ends = |one: &[u8; 16], two: &[u8; 16]| {
        blocks::up_to_space(u8x16::new(*one)) | blocks::up_to_space(u8x16::new(*two)) << 16
    };
    let end = match ends(first, second) {
        0 => 32 + ends(third, fourth).trailing_zeros(),
        found => found.trailing_zeros(),
    } as usize;
    (end > 0 && end <= LONGEST_CLIENT && text[end & LONGEST_CLIENT] == b' ').then_some(end)
}
