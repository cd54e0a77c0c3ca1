//! Lines as nearly everybody writes them: one space between fields, a position and a time with decimals, a
//! radius without, LF behind. They are read in one pass that is sure of them, straight from what was received.
//!
//! It only ever says what [`Message::parse`](crate::message::Message::parse) says of the same line,
//! or nothing: whatever is unusual, also what is wrong, is left to that.

mod shape;
mod wall;

use core::ops::Range;

use wide::u8x16;

pub(crate) use self::shape::Shape;
pub(crate) use self::wall::Wall;

use crate::batch::Question;
use crate::blocks;
use crate::flood;
use crate::identity::Frame;
use crate::place::Place;
use crate::places::{MOST_RESULTS, Radius};
use crate::report::Places;
use crate::time::Skew;
use crate::word;

/// How much of the input is looked at for a line. A line that is usual ends inside, and a copy of its fields
/// may be this long.
pub(crate) const WINDOW: usize = flood::LINE;

/// How long a client's ID or a server's name may be in a usual line.
const LONGEST_FIELD: usize = 63;

/// Lines that were received at once.
pub(crate) struct Lines<'a> {
    /// What was not taken yet.
    pub(crate) rest: &'a [u8],
    /// Where the text ends into which all was copied.
    pub(crate) copied: usize,
}

impl<'a> Lines<'a> {
    /// What comes next, and zeros behind the last line, in `padding`; `None` where nothing does.
    #[inline]
    pub(crate) fn window<'b>(&self, padding: &'b mut Option<[u8; WINDOW]>) -> Option<&'b [u8; WINDOW]>
    where
        'a: 'b,
    {
        if let Some(window) = self.rest.first_chunk() {
            return Some(window);
        }
        if self.rest.is_empty() {
            return None;
        }
        let window = padding.insert([0; WINDOW]);
        window[..self.rest.len()].copy_from_slice(self.rest);
        Some(window)
    }

    /// Takes a line of `len` bytes and its LF, if that is there.
    #[inline]
    pub(crate) fn take(&mut self, len: usize) -> Option<()> {
        self.rest = self.rest.get(len + 1..)?;
        Some(())
    }

    /// How much room to have for what is written of them: less than most need is enough to go on.
    pub(crate) fn room(&self) -> usize {
        const MOST: usize = 1 << 16;
        flood::LINE + Frame::SHORT + 2 * self.rest.len().min(MOST)
    }

    /// Where in the text the next begins.
    #[inline]
    pub(crate) const fn start(&self) -> usize {
        self.copied - self.rest.len()
    }

    /// Where in the text those are that were taken since the next began at `start`.
    pub(crate) const fn since(&self, start: usize) -> Range<usize> {
        start..self.start().saturating_sub(1)
    }
}

/// An IAMAT's fields, counted from its client on, its time, and the skew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Iamat {
    /// Where the fields are, of which the last ends the line, LF not counted.
    pub(crate) places: Places,
    pub(crate) end: usize,
    /// Nanoseconds since the epoch.
    pub(crate) at: i64,
    /// How long the skew is.
    pub(crate) skew: usize,
    /// Where the client belongs.
    pub(crate) place: Place,
}

/// The IAMAT that `window` begins with; its skew is written to `to`.
#[inline]
pub(crate) fn iamat(window: &[u8; WINDOW], shape: &mut Shape, wall: &Wall, to: &mut [u8; Skew::ROOM]) -> Option<Iamat> {
    const IAMAT: usize = b"IAMAT ".len();
    if word::at(window, 0)? << 16 != u64::from_le_bytes(*b"\0\0IAMAT ") {
        return None;
    }
    let rest = &window[IAMAT..];
    let client = field(rest.first_chunk()?)?;
    let place = Place::of(&rest[..client]);
    let fields = rest.get(client + 1..)?.first_chunk()?;
    shape.fit(fields, b'\n')?;
    let (at, skew) = if let Some(near) = shape.skew(fields, wall, to) {
        near
    } else {
        let at = shape.at(fields)?;
        (at, Skew::write_nanos(wall.nanos().checked_sub(at)?, to))
    };
    Some(Iamat { places: shape.places(0, client + 1), end: client + 1 + shape.end(), at, skew, place })
}

/// Where the fields of a neighbour's copy of a report are, counted from its origin on, and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PassedOn {
    /// How long the origin's name is.
    pub(crate) origin: usize,
    /// Where the fields are, of which the last ends before the name of the sender.
    pub(crate) places: Places,
    pub(crate) end: usize,
    /// Nanoseconds since the epoch.
    pub(crate) at: i64,
    /// Where the client belongs.
    pub(crate) place: Place,
}

/// The AT line that `window` begins with, up to the name of its sender.
#[inline]
pub(crate) fn passed_on(window: &[u8; WINDOW], shape: &mut Shape) -> Option<PassedOn> {
    let rest = window.strip_prefix(b"AT ")?;
    let origin = field(rest.first_chunk()?)?;
    let skew = skew(rest.get(origin + 1..)?.first_chunk()?)?;
    let client = origin + 1 + skew + 1;
    let client_text = rest.get(client..)?;
    let client_len = field(client_text.first_chunk()?)?;
    let place = Place::of(&client_text[..client_len]);
    let position = client + client_len + 1;
    let fields = rest.get(position..)?.first_chunk()?;
    shape.fit(fields, b' ')?;
    let at = shape.at(fields)?;
    Some(PassedOn { origin, places: shape.places(client, position), end: position + shape.end(), at, place })
}

/// How long the skew is that `text` begins with, if a space follows: a sign, digits, a point, digits.
#[inline]
fn skew(text: &[u8; 16]) -> Option<usize> {
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
        && end > point + 1;
    is_skew.then_some(end)
}

/// A WHATSAT's fields.
pub(crate) struct Whatsat {
    /// How long the client's ID is.
    pub(crate) client: usize,
    /// Where the client belongs.
    pub(crate) place: Place,
    /// How long the line is, LF not counted.
    pub(crate) end: usize,
}

/// A radius in whole kilometres and a bound, as the last WHATSAT had them: the next mostly has the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers {
    /// How they are written, with the space before and the LF behind, in the bytes that `mask` has.
    text: u64,
    mask: u64,
    /// How long that is, LF not counted.
    len: usize,
    pub(crate) question: Question,
}

impl Numbers {
    /// Those that the WHATSAT has that `window` begins with.
    pub(crate) fn of(window: &[u8; WINDOW]) -> Option<Self> {
        let rest = window.strip_prefix(b"WHATSAT ")?;
        let text = word::at(rest, field(rest.first_chunk()?)?)?;
        let (radius, bound, len) = match text.to_le_bytes() {
            [_, a, b' ', b, b'\n', ..] => (one(a)?, one(b)?, 3),
            [_, a, b, b' ', c, b'\n', ..] => (two(a, b)?, one(c)?, 4),
            [_, a, b' ', b, c, b'\n', ..] => (one(a)?, two(b, c)?, 4),
            [_, a, b, b' ', c, d, b'\n', ..] => (two(a, b)?, two(c, d)?, 5),
            _ => return None,
        };
        let radius = Radius::whole_km(radius)?;
        let mask = u64::MAX >> (u64::BITS as usize - 8 * (len + 2));
        let question = Question { radius, bound };
        (bound <= MOST_RESULTS).then_some(Self { text: text & mask, mask, len, question })
    }
}

/// The WHATSAT that `window` begins with, if it has those numbers.
#[inline]
pub(crate) fn whatsat(window: &[u8; WINDOW], numbers: &Numbers) -> Option<Whatsat> {
    let rest = window.strip_prefix(b"WHATSAT ")?;
    let client = up_to_space(rest.first_chunk()?)?;
    if word::at(rest, client)? & numbers.mask != numbers.text {
        return None;
    }
    let place = Place::of(&rest[..client]);
    Some(Whatsat { client, place, end: b"WHATSAT ".len() + client + 1 + numbers.len })
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

/// How long the field is that `text` begins with, if it has a byte at all and a space follows.
#[inline]
fn field(text: &[u8; LONGEST_FIELD + 1]) -> Option<usize> {
    up_to_space(text).filter(|&end| text[end & LONGEST_FIELD] == b' ')
}

/// The same, if white space follows or a control character.
#[inline]
fn up_to_space(text: &[u8; LONGEST_FIELD + 1]) -> Option<usize> {
    let [first, second, third, fourth] = text.as_chunks::<16>().0 else { return None };
    let ends = |one: &[u8; 16], two: &[u8; 16]| {
        blocks::up_to_space(u8x16::new(*one)) | blocks::up_to_space(u8x16::new(*two)) << 16
    };
    let end = match ends(first, second) {
        0 => 32 + ends(third, fourth).trailing_zeros(),
        found => found.trailing_zeros(),
    } as usize;
    (end > 0 && end <= LONGEST_FIELD).then_some(end)
}

#[cfg(test)]
mod tests;
