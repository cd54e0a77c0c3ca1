//! The shape of an IAMAT: where its position and its time have no digit.
//!
//! Clients write each of their lines like the one before, and those of one herd mostly like each other:
//! as many decimals, and as many digits before them in one part of the world. So a line is first held
//! against the shape of the last one, and looked at byte by byte only where that does not fit.

use wide::u8x16;

use crate::blocks;
use crate::word;

/// How much of the input is looked at for a line. A line that is usual ends inside, and a copy of its fields
/// may be this long.
pub(crate) const WINDOW: usize = 192;

/// How long a client's ID may be in a usual line.
const LONGEST_CLIENT: usize = 63;

/// Where the fields of an IAMAT are, counted from its client on, and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Iamat {
    /// How long the client's ID is.
    pub(crate) client: usize,
    /// Where the time begins.
    pub(crate) time: usize,
    /// Where the line ends, LF not counted.
    pub(crate) end: usize,
    /// Nanoseconds since the epoch.
    pub(crate) at: i64,
}

/// What was seen of the last line behind its client: `+DD.DDD-DDD.DDD DDDDDDDDDD.DDD`, LF.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shape {
    /// A bit for each byte up to the LF.
    all: u64,
    /// A bit for each that is no digit.
    others: u64,
    /// A bit for each that is no sign either: two points, the space, a point, the LF.
    stops: u64,
    /// Those bytes in their places.
    bytes: [[u8; 16]; 3],
    /// The sign of the longitude.
    east: usize,
    /// The space.
    space: usize,
    /// The point of the time.
    seconds: usize,
    /// The LF.
    end: usize,
    /// What the first two digits of the latitude, and of the longitude, must be below.
    bounds: [u16; 2],
}

impl Shape {
    /// The IAMAT that `window` begins with, which has this shape or gives it its own.
    #[inline]
    pub(crate) fn iamat(&mut self, window: &[u8; WINDOW]) -> Option<Iamat> {
        const IAMAT: usize = b"IAMAT ".len();
        if word::at(window, 0)? & 0xffff_ffff_ffff != u64::from_le_bytes(*b"IAMAT \0\0") {
            return None;
        }
        let client = client(window[IAMAT..].first_chunk()?)?;
        let fields = window[IAMAT + client + 1..].first_chunk()?;
        if !self.fits(fields) {
            *self = Self::of(fields)?;
        }
        if !(is_sign(fields[0]) && is_sign(fields[self.east & 63]) && self.is_inside(fields)) {
            return None;
        }
        let at = self.time(fields)?;
        let before = client + 1;
        Some(Iamat { client, time: before + self.space + 1, end: before + self.end, at })
    }

    /// Whether digits are where they were, and points, space and LF.
    #[inline]
    fn fits(&self, fields: &[u8; 64]) -> bool {
        let [blocks @ .., _] = fields.as_chunks::<16>().0 else { return false };
        let [first, second, third] = blocks else { return false };
        let (first, second, third) = (u8x16::new(*first), u8x16::new(*second), u8x16::new(*third));
        let bits = |first: u32, second: u32, third: u64| u64::from(first | second << 16) | third << 32;
        let others = !bits(blocks::digits(first), blocks::digits(second), blocks::digits(third).into());
        let [one, two, three] = self.bytes.map(u8x16::new);
        let same = |block: u8x16, bytes: u8x16| block.simd_eq(bytes).to_bitmask();
        let same = bits(same(first, one), same(second, two), same(third, three).into());
        others & self.all == self.others && same & self.stops == self.stops && self.all != 0
    }

    /// The shape of a usual line.
    #[cold]
    fn of(fields: &[u8; 64]) -> Option<Self> {
        let end = fields[..48].iter().position(|&byte| byte == b'\n')?;
        let mut others = fields[..=end].iter().enumerate().filter(|(_, byte)| !byte.is_ascii_digit());
        let mut next = |is: &[u8]| others.next().filter(|(_, byte)| is.contains(byte)).map(|(at, _)| at);
        let north = next(b"+-")?;
        let latitude = next(b".")?;
        let east = next(b"+-")?;
        let longitude = next(b".")?;
        let space = next(b" ")?;
        let seconds = next(b".")?;
        let is_end = next(b"\n")? == end;
        // A digit between any two of them.
        let ends = [north, latitude, east, longitude, space, seconds, end];
        let has_digits = ends.windows(2).all(|pair| pair[1] > pair[0] + 1);
        let (lat, long) = (latitude - north - 1, longitude - east - 1);
        let fits = lat <= 2 && long <= 3 && (1..=16).contains(&(seconds - space - 1)) && end - seconds <= 10;
        if !(is_end && north == 0 && has_digits && fits) {
            return None;
        }
        let stops = [latitude, longitude, space, seconds, end];
        let mut bytes = [0; 48];
        stops.iter().for_each(|&at| bytes[at] = fields[at]);
        let bit = |bits: u64, &at: &usize| bits | 1 << at;
        // No decimals can matter below these.
        let bound = |len: usize, most: usize, digits: [u8; 2]| match len {
            _ if len < most => u16::MAX,
            _ => u16::from_be_bytes(digits),
        };
        Some(Self {
            all: (2 << end) - 1,
            others: ends.iter().fold(0, bit),
            stops: stops.iter().fold(0, bit),
            bytes: core::array::from_fn(|block| core::array::from_fn(|at| bytes[block * 16 + at])),
            east,
            space,
            seconds,
            end,
            bounds: [bound(lat, 2, *b"90"), bound(long, 3, *b"18")],
        })
    }

    /// Whether the position is on the globe, and not so near to its bounds that decimals matter.
    #[inline]
    fn is_inside(&self, fields: &[u8; 64]) -> bool {
        let two = |at: usize| u16::from_be_bytes([fields[at & 63], fields[(at + 1) & 63]]);
        two(1) < self.bounds[0] && two(self.east + 1) < self.bounds[1]
    }

    /// Nanoseconds since the epoch, if they fit in 64 bits.
    #[inline]
    fn time(&self, fields: &[u8; 64]) -> Option<i64> {
        const NANOS: u64 = 1_000_000_000;
        let digits = |at: usize| word::at(fields, at).map(word::worth);
        let (start, point) = (self.space + 1, self.seconds);
        let len = point - start;
        let seconds = if len == 10 {
            let tens = u64::from(fields[start & 63] & 0xf) * 10 + u64::from(fields[(start + 1) & 63] & 0xf);
            tens * 100_000_000 + word::number(digits(point - 8)?, 8)
        } else if len <= 8 {
            word::number(digits(start)?, len)
        } else {
            word::number(digits(start)?, len - 8) * 100_000_000 + word::number(digits(point - 8)?, 8)
        };
        // Those behind the LF are shifted out, and zeros come in.
        let decimals = self.end - point - 1;
        let first = digits(point + 1)?;
        let nanos = match decimals {
            9 => word::number(first, 8) * 10 + u64::from(fields[(self.end - 1) & 63] & 0xf),
            _ => word::number(first, decimals) * TENS.get(decimals)?,
        };
        (seconds < i64::MAX as u64 / NANOS).then(|| (seconds * NANOS + nanos).cast_signed())
    }
}

/// The power of ten that so many decimals are multiplied by to be nanoseconds.
const TENS: [u64; 9] = [0, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1000, 100, 10];

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

const fn is_sign(byte: u8) -> bool {
    matches!(byte, b'+' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Message, Sighting};

    /// What a shape says of a line, whatever line came before.
    fn read(shape: &mut Shape, line: &str) -> Option<Iamat> {
        let mut window = [0; WINDOW];
        window[..line.len()].copy_from_slice(line.as_bytes());
        shape.iamat(&window)
    }

    #[test]
    fn it_says_of_a_line_what_the_whole_parser_says() {
        let clients = ["k", "kiwi.cs.ucla.edu", &"x".repeat(31), &"y".repeat(32), &"z".repeat(63)];
        let positions = ["+34.068930-118.445127", "-34.06+2.35", "+89.999999-179.9", "+0.5+0.5", "-7.1-99.0"];
        let times = ["1479413884.392014450", "1.5", "12345678.123", "123456789.1", "9223372035.999999999"];
        let mut shape = Shape::default();
        for client in clients {
            for position in positions {
                for time in times {
                    let line = format!("IAMAT {client} {position} {time}");
                    let found = read(&mut shape, &format!("{line}\nIAMAT next +1.0+1.0 1.0\n")).expect(&line);
                    let Ok(Some(Message::Iamat(Sighting { at, .. }))) = Message::parse(line.as_bytes()) else {
                        panic!("{line}")
                    };
                    let starts = client.len() + position.len() + 2;
                    let expected = Iamat {
                        client: client.len(),
                        time: starts,
                        end: starts + time.len(),
                        at: i64::try_from(at.as_nanos()).expect(time),
                    };
                    assert_eq!(found, expected, "{line}");
                }
            }
        }
    }

    #[test]
    fn whatever_is_unusual_is_left_to_the_whole_parser() {
        for line in [
            "IAMAT kiwi +34.068930-118.445127 1479413884.39201445x\n",
            "IAMAT kiwi +34.068930-118.445127 1479413884x392014450\n",
            "IAMAT kiwi +34.068930-118.445127\t1479413884.392014450\n",
            "IAMAT kiwi  34.068930-118.445127 1479413884.392014450\n",
            "IAMAT kiwi +34.068930x118.445127 1479413884.392014450\n",
            "IAMAT kiwi +94.068930-118.445127 1479413884.392014450\n",
            "IAMAT kiwi +90.000000-118.445127 1479413884.392014450\n",
            "IAMAT kiwi +34.068930-180.000000 1479413884.392014450\n",
            "IAMAT kiwi +34.068930-118.445127 9223372036.392014450\n",
            "IAMAT kiwi\t+34.068930-118.445127 1479413884.392014450\n",
            "IAMAT  +34.068930-118.445127 1479413884.392014450\n",
            "IAMAT kiwi +34.068930-118.445127 1479413884.392014450\r\n",
            "IAMAT kiwi +34.068930-118.445127 1479413884.392014450 \n",
            "IAMAT kiwi +34.-118.445127 1479413884.392014450\n",
            "IAMAT kiwi +34.068930-118.445127 .392014450\n",
            "IAMAT kiwi +34.068930-118.445127 1479413884.\n",
            "IAMAT kiwi +34.068930-118.445127 1479413884\n",
            "IAMAT kiwi +34.068930-118.445127 1479413884.392014450",
            "IAMAX kiwi +34.068930-118.445127 1479413884.392014450\n",
            "",
        ] {
            let mut shape = Shape::default();
            assert_eq!(read(&mut shape, line), None, "{line}");
            read(&mut shape, "IAMAT kiwi +34.068930-118.445127 1479413884.392014450\n").expect("the usual line");
            assert_eq!(read(&mut shape, line), None, "behind a usual line: {line}");
        }
    }
}
