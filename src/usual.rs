//! Requests as nearly every client writes them: one space between fields, a position and a time with
//! decimals, a radius without, LF behind. They are read in one pass that is sure of them, straight from what was
//! received.
//!
//! It only ever says what [`Message::parse`](crate::message::Message::parse) says of the same line,
//! or nothing: whatever is unusual, also what is wrong, is left to that.

use crate::blocks;
use crate::message::{Message, Sighting};
use crate::places::{MOST_RESULTS, Radius};
use crate::time::Timestamp;
use crate::word;

/// What every IAMAT begins with.
pub(crate) const IAMAT: &[u8] = b"IAMAT ";

/// The IAMAT that `input` begins with, and how long its line is, LF not counted.
#[inline]
pub(crate) fn iamat(input: &[u8]) -> Option<(Sighting<'_>, usize)> {
    let rest = input.strip_prefix(IAMAT)?;
    let client = field(rest)?;
    let fields = &rest[client + 1..];
    let (ends, at) = Ends::of(fields)?;
    let sighting = Sighting {
        client: &rest[..client],
        position: &fields[..ends.position],
        time: &fields[ends.position + 1..ends.time],
        at,
    };
    Some((sighting, IAMAT.len() + client + 1 + ends.time))
}

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

/// Where the parts of `+DD.DDD-DDD.DDD DDDDDDDDDD.DDD`, LF, end: what is no digit there.
struct Ends {
    /// The space.
    position: usize,
    /// The point of the time.
    seconds: usize,
    /// The LF.
    time: usize,
}

impl Ends {
    /// Finds them in the first 48 bytes of `text`, and the time, if the position is inside its bounds.
    #[inline]
    fn of(text: &[u8]) -> Option<(Self, Timestamp)> {
        // The last line that was received may be shorter: zeros behind it are no digits.
        let padded: [u8; 48];
        let window = if let Some(window) = text.first_chunk::<48>() {
            window
        } else {
            let mut zeros = [0; 48];
            zeros[..text.len()].copy_from_slice(text);
            padded = zeros;
            &padded
        };
        let digits = blocks::digits(blocks::at(window, 0)?)
            | blocks::digits(blocks::at(window, 16)?) << 16
            | blocks::digits(blocks::at(window, 32)?) << 32;
        let mut others = !digits;
        let mut next = || {
            let end = others.trailing_zeros() as usize;
            others &= others.wrapping_sub(1);
            // Without any effect, as there is always one: the compiler sees that it is in the window.
            end.min(47)
        };
        let (north, latitude, east, longitude, position, seconds, time) =
            (next(), next(), next(), next(), next(), next(), next());
        let signs = north == 0 && is_sign(window[north]) && is_sign(window[east]);
        let points = window[latitude] == b'.' && window[longitude] == b'.' && window[seconds] == b'.';
        let decimals = east > latitude + 1 && position > longitude + 1;
        let stops = window[position] == b' ' && window[time] == b'\n';
        let inside = signs
            && points
            && decimals
            && stops
            && below(window, north, latitude, 2, *b"90")
            && below(window, east, longitude, 3, *b"18");
        if !inside {
            return None;
        }
        let ends = Self { position, seconds, time };
        let at = ends.time(window)?;
        Some((ends, at))
    }

    /// The time, if it is one of up to 16 digits and 9 decimals.
    #[inline]
    fn time(&self, window: &[u8; 48]) -> Option<Timestamp> {
        let start = self.position + 1;
        let len = self.seconds - start;
        let first = word::worth(word::at(window, start)?);
        let seconds = match len {
            1..=8 => word::number(first, len),
            9..=16 => {
                let last = word::worth(word::at(window, self.seconds - 8)?);
                word::number(first, len - 8) * 100_000_000 + word::number(last, 8)
            }
            _ => return None,
        };
        let decimals = self.time - self.seconds - 1;
        let nanos = match decimals {
            1..=8 => {
                // Those behind the LF are shifted out, and zeros come in.
                let first = word::worth(word::at(window, self.seconds + 1)?);
                word::number(first, decimals) * TENS[9 - decimals]
            }
            9 => {
                let first = word::worth(word::at(window, self.seconds + 1)?);
                word::number(first, 8) * 10 + u64::from(window[self.time - 1] - b'0')
            }
            _ => return None,
        };
        Some(Timestamp::of(seconds, nanos))
    }
}

/// Powers of ten.
const TENS: [u64; 9] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// Whether the digits between a sign and a point are at most `most`, and if they are so many, the
/// first two of them below a bound, so that no decimals can matter.
#[inline]
fn below(window: &[u8; 48], sign: usize, point: usize, most: usize, bound: [u8; 2]) -> bool {
    let len = point - sign - 1;
    let bound = u16::from_be_bytes(bound);
    len != 0
        && (len < most
            || len == most
                && window[sign + 1..].first_chunk().is_some_and(|digits| u16::from_be_bytes(*digits) < bound))
}

const fn is_sign(byte: u8) -> bool {
    matches!(byte, b'+' | b'-')
}
