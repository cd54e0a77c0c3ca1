//! The shape of a sighting: where its position and its time have no digit.
//!
//! Clients write each of their lines like the one before, and those of one herd mostly like each other:
//! as many decimals, and as many digits before them in one part of the world. So a line is first held
//! against the shape of the last one, and looked at byte by byte only where that does not fit. Their clocks
//! agree within minutes, so of most times only the last two digits of the seconds are read, and the decimals.

use wide::u8x16;

use super::wall::Wall;
use crate::report::Places;
use crate::time::Skew;
use crate::word;

/// How much is looked at behind a client's ID.
pub(super) const FIELDS: usize = 64;

/// What was seen of the last line behind its client: `+DD.DDD-DDD.DDD DDDDDDDDDD.DDD`, and what comes then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// The least byte in each place: `0` for a digit, `+` for a sign, else the very one.
    least: Bytes,
    /// By how much a byte there may be greater; by anything behind the end.
    most: Bytes,
    /// The bits that it may be greater by: two signs are there, and between them a comma.
    bits: Bytes,
    /// The space.
    space: usize,
    /// The point of the time.
    point: usize,
    /// What comes behind the time.
    end: usize,
    /// Where the fields are, counted from the position on.
    places: Places,
    /// Whether the time has ten digits and nine decimals.
    is_usual_time: bool,
    /// The first eight digits of the last usual time, and the nanoseconds that they stand for.
    hundreds: (u64, u64),
}

/// How many blocks of sixteen bytes are looked at.
const BLOCKS: usize = 3;

/// A byte for each place.
type Bytes = [u8x16; BLOCKS];

/// A shape that no line has: every place is before the least byte there is.
impl Default for Shape {
    fn default() -> Self {
        let (least, most) = ([u8x16::splat(1); BLOCKS], [u8x16::splat(0); BLOCKS]);
        Self {
            least,
            most,
            bits: most,
            space: 0,
            point: 0,
            end: 0,
            places: Places::default(),
            is_usual_time: false,
            hundreds: (0, 0),
        }
    }
}

impl Shape {
    /// Whether the position and the time that `fields` begin with and `stop` ends have this shape, or give it theirs.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "two loops go through it, and a call is a fiftieth of what each takes")]
    pub(super) fn fit(&mut self, fields: &[u8; FIELDS], stop: u8) -> Option<()> {
        if !self.fits(fields) {
            *self = Self::of(fields, stop)?;
        }
        Some(())
    }

    /// What comes behind the time.
    #[inline]
    pub(super) const fn end(&self) -> usize {
        self.end
    }

    /// Where the fields are in a line in which the client and the position begin there.
    #[inline]
    pub(super) const fn places(&self, client: usize, position: usize) -> Places {
        self.places.moved(position).with_client(client)
    }

    /// Nanoseconds since the epoch, of what fits, if they are 64 bits.
    #[inline]
    pub(super) fn at(&mut self, fields: &[u8; FIELDS]) -> Option<i64> {
        if self.is_usual_time { self.usual_time(fields) } else { self.time(fields) }
    }

    /// What the time is, and the skew, as [`Wall::skew`] says it.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "as above")]
    pub(super) fn skew(&self, fields: &[u8; FIELDS], wall: &Wall, to: &mut [u8; Skew::ROOM]) -> Option<(i64, usize)> {
        // Twenty bytes and more are from there to the last that was looked at, if the time is usual.
        let time = fields[self.space % 32 + 1..].first_chunk()?;
        if self.is_usual_time { wall.skew(time, to) } else { None }
    }

    /// Whether every byte is one that may stand there.
    #[inline]
    fn fits(&self, fields: &[u8; FIELDS]) -> bool {
        let mut fits = u8x16::splat(u8::MAX);
        for (block, &bytes) in fields.as_chunks().0.iter().take(BLOCKS).enumerate() {
            let above = u8x16::new(bytes) - self.least[block];
            let allowed = above.min(self.most[block]) & self.bits[block];
            fits &= allowed.simd_eq(above);
        }
        fits.to_bitmask() == 0xffff
    }

    /// The shape of a usual line.
    #[cold]
    fn of(fields: &[u8; FIELDS], stop: u8) -> Option<Self> {
        let mut others = fields[..BLOCKS * 16].iter().enumerate().filter(|(_, byte)| !byte.is_ascii_digit());
        let mut next = |is: &[u8]| others.next().filter(|(_, byte)| is.contains(byte)).map(|(at, _)| at);
        let north = next(b"+-")?;
        let latitude = next(b".")?;
        let east = next(b"+-")?;
        let longitude = next(b".")?;
        let space = next(b" ")?;
        let point = next(b".")?;
        let end = next(&[stop])?;
        let ends = [north, latitude, east, longitude, space, point, end];
        let has_digits = ends.windows(2).all(|pair| pair[1] > pair[0] + 1);
        let (north_len, east_len) = (latitude - 1, longitude - east - 1);
        let (seconds, decimals) = (point - space - 1, end - point - 1);
        if !(north == 0 && has_digits && north_len <= 2 && east_len <= 3 && seconds <= 16 && decimals <= 9) {
            return None;
        }
        let (mut least, mut most, mut bits) = ([b'0'; BLOCKS * 16], [9; BLOCKS * 16], [u8::MAX; BLOCKS * 16]);
        for at in ends {
            (least[at], most[at]) = (fields[at], 0);
        }
        for sign in [north, east] {
            (least[sign], most[sign], bits[sign]) = (b'+', b'-' - b'+', b'-' - b'+');
        }
        // So that the position is on the globe, whatever its decimals: below 90, and below 180.
        if north_len == 2 {
            most[1] = 8;
        }
        if east_len == 3 {
            (most[east + 1], most[east + 2]) = (1, 7);
        }
        most[end + 1..].fill(u8::MAX);
        let blocks = |bytes: [u8; BLOCKS * 16]| {
            core::array::from_fn(|block| u8x16::new(core::array::from_fn(|at| bytes[16 * block + at])))
        };
        let shape = Self {
            least: blocks(least),
            most: blocks(most),
            bits: blocks(bits),
            space,
            point,
            end,
            places: Places::new([0, 0, space + 1, end]),
            is_usual_time: (seconds, decimals) == (10, 9),
            hundreds: (0, 0),
        };
        shape.fits(fields).then_some(shape)
    }

    /// Nanoseconds since the epoch of a time with ten digits and nine decimals, if they fit in 64 bits.
    #[inline]
    fn usual_time(&mut self, fields: &[u8; FIELDS]) -> Option<i64> {
        let text: &[u8; 20] = fields.get(self.space + 1..)?.first_chunk()?;
        let hundreds = word::at(text, 0)?;
        if hundreds != self.hundreds.0 {
            let Some(nanos) = Self::nanos_of_hundreds(hundreds) else { return self.time(fields) };
            self.hundreds = (hundreds, nanos);
        }
        let digit = |at: usize| u64::from(text[at] & 0xf);
        let seconds = digit(8) * 10 + digit(9);
        let nanos = word::number(word::worth(word::at(text, 11)?), 8) * 10 + digit(19);
        Some((self.hundreds.1 + seconds * NANOS + nanos).cast_signed())
    }

    /// Nanoseconds of the hundreds of seconds that eight digits say, if those fit in 64 bits whatever comes behind.
    #[inline(never)]
    fn nanos_of_hundreds(digits: u64) -> Option<u64> {
        let seconds = word::number(word::worth(digits), 8) * 100;
        (seconds + 100 <= MOST_SECONDS).then_some(seconds * NANOS)
    }

    /// The same of any time.
    fn time(&self, fields: &[u8; FIELDS]) -> Option<i64> {
        let digits = |at: usize| word::at(fields, at).map(word::worth);
        let start = self.space + 1;
        let seconds = match self.point - start {
            len @ ..=8 => word::number(digits(start)?, len),
            len => word::number(digits(start)?, len - 8) * 100_000_000 + word::number(digits(self.point - 8)?, 8),
        };
        // Those behind the end are shifted out, and zeros come in.
        let first = digits(self.point + 1)?;
        let nanos = match self.end - self.point - 1 {
            9 => word::number(first, 8) * 10 + u64::from(fields[self.end - 1] & 0xf),
            decimals => word::number(first, decimals) * TENS.get(decimals)?,
        };
        (seconds < MOST_SECONDS).then(|| (seconds * NANOS + nanos).cast_signed())
    }
}

/// Nanoseconds in a second.
pub(super) const NANOS: u64 = 1_000_000_000;

/// More seconds than whose nanoseconds fit in 64 bits, sign included.
const MOST_SECONDS: u64 = i64::MAX as u64 / NANOS;

/// The power of ten that so many decimals are multiplied by to be nanoseconds.
const TENS: [u64; 9] = [0, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1000, 100, 10];
