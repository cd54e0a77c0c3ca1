//! WHATSATs with a radius in whole kilometres.

use super::field::{field, one, two, up_to_space};
use super::lines::{Lines, WINDOW};
use crate::bytes::word;
use crate::report::{ClientHash, HashKey};
use crate::values::{MOST_RESULTS, Nearby, Radius};

const WHATSAT: &[u8] = b"WHATSAT ";

/// A client that is asked for.
pub(crate) struct Asked {
    pub(crate) hash: ClientHash,
    /// Where the client's ID begins in the text, and how long it is.
    pub(crate) start: usize,
    pub(crate) len: usize,
}

/// Takes the usual WHATSATs that come first and ask alike of what is near. `alike` is told what that is and says how many
/// may be taken, and `found` what it made of that and of whom it is asked. How many there were.
pub(crate) fn whatsats<T: Copy>(
    lines: &mut Lines<'_>,
    key: &HashKey,
    alike: impl FnOnce(Nearby) -> (T, usize),
    mut found: impl FnMut(T, Asked),
) -> usize {
    let mut padding = None;
    let numbers = lines.window(&mut padding).and_then(Numbers::of);
    let Some(numbers) = numbers else { return 0 };
    let (nearby, most) = alike(numbers.nearby);
    let mut count = 0;
    while count < most
        && let Some(window) = lines.window(&mut padding)
        && let Some((len, hash, end)) = numbers.whatsat(window, key)
        && let start = lines.start() + WHATSAT.len()
        && let Some(()) = lines.take(end)
    {
        count += 1;
        found(nearby, Asked { hash, start, len });
    }
    count
}

/// A radius in whole kilometres and a bound, as the first WHATSAT has them: the next mostly has the same.
struct Numbers {
    /// How they are written, with the space before and the LF behind, in the bytes that `mask` has.
    text: u64,
    mask: u64,
    /// How long that is, LF not counted.
    len: usize,
    nearby: Nearby,
}

impl Numbers {
    /// Those that the WHATSAT has that `window` begins with.
    fn of(window: &[u8; WINDOW]) -> Option<Self> {
        let rest = window.strip_prefix(WHATSAT)?;
        let text = word::at(rest, field(rest)?)?;
        let (radius, bound, len) = match text.to_le_bytes() {
            [_, a, b' ', b, b'\n', ..] => (one(a)?, one(b)?, 3),
            [_, a, b, b' ', c, b'\n', ..] => (two(a, b)?, one(c)?, 4),
            [_, a, b' ', b, c, b'\n', ..] => (one(a)?, two(b, c)?, 4),
            [_, a, b, b' ', c, d, b'\n', ..] => (two(a, b)?, two(c, d)?, 5),
            _ => return None,
        };
        let radius = Radius::whole_km(radius)?;
        let mask = u64::MAX >> (u64::BITS as usize - 8 * (len + 2));
        let nearby = Nearby { radius, bound };
        (bound <= MOST_RESULTS).then_some(Self { text: text & mask, mask, len, nearby })
    }

    /// The WHATSAT that `window` begins with, if it has these numbers: how long its client's ID is, where that
    /// belongs, and how long the line is, LF not counted.
    #[inline]
    fn whatsat(&self, window: &[u8; WINDOW], key: &HashKey) -> Option<(usize, ClientHash, usize)> {
        let rest = window.strip_prefix(WHATSAT)?;
        let client = up_to_space(rest.first_chunk()?)?;
        if word::at(rest, client)? & self.mask != self.text {
            return None;
        }
        Some((client, key.hash(&rest[..client]), WHATSAT.len() + client + 1 + self.len))
    }
}
