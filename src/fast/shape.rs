//! The shape of a sighting: where its position and its time have no digit.
//!
//! Clients write each of their lines like the one before, and those of one herd mostly like each other:
//! as many decimals, and as many digits before them in one part of the world. So a line is first held
//! against the shape of the last one, and looked at byte by byte only where that does not fit.

use wide::u8x16;

use crate::bytes::word;
use crate::report::FieldOffsets;

/// How much is looked at behind a client's ID.
pub(super) const FIELDS: usize = 64;

/// How many blocks of sixteen bytes are looked at.
const BLOCKS: usize = 3;

/// A byte for each place.
type Bytes = [u8x16; BLOCKS];

/// What was seen of the last line behind its client: `+DD.DDD-DDD.DDD DDDDDDDDDD.DDD`, with points or without, and
/// what comes then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// The least byte in each place: `0` for a digit, `+` for a sign, else the very one.
    least: Bytes,
    /// By how much a byte there may be greater; by anything behind the end.
    most: Bytes,
    /// The bits that it may be greater by: two signs are there, and between them a comma.
    bits: Bytes,
    /// How many digits of seconds the time has, and how many decimals.
    seconds: usize,
    decimals: usize,
    /// Where the fields are, counted from the position on.
    offsets: FieldOffsets,
    /// The first eight digits of the last `DDDDDDDDDD.DDDDDDDDD`, which change every hundred seconds, and how many
    /// nanoseconds they are, [less](LESS). Until one was seen, what no eight digits are.
    hundreds: (u64, u64),
}

impl Shape {
    /// That of the shortest sighting that `stop` ends: before there was one.
    pub(super) fn least(stop: u8) -> Self {
        let mut fields = [stop; FIELDS];
        fields[..6].copy_from_slice(b"+0+0 0");
        Self::of(&fields, stop).expect("it is a usual one")
    }

    /// Takes the shape of the position and the time that `fields` begin with and `stop` ends, if it is another, and they
    /// are usual.
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
    pub(super) fn end(&self) -> usize {
        self.offsets.to_array()[3]
    }

    /// Where the time begins.
    #[inline]
    fn start(&self) -> usize {
        self.offsets.to_array()[2]
    }

    /// Where the fields are in a line in which the client and the position begin there.
    #[inline]
    pub(super) const fn offsets(&self, client: usize, position: usize) -> FieldOffsets {
        self.offsets.moved(position).with_client(client)
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
        if !matches!(fields[0], b'+' | b'-') {
            return None;
        }
        let others = fields[..BLOCKS * 16].iter().enumerate().skip(1);
        let mut others = others.filter(|(_, byte)| !byte.is_ascii_digit()).peekable();
        // How many digits a number has before its point and behind it, and where what ends it stands.
        let mut number = |start: usize, ends: &[u8]| {
            let point = others.next_if(|(_, byte)| **byte == b'.').map(|(at, _)| at);
            let (end, _) = others.next().filter(|(_, byte)| ends.contains(byte))?;
            let whole = point.unwrap_or(end) - start;
            let decimals = point.map(|point| end - point - 1);
            (whole > 0 && decimals != Some(0)).then_some((whole, decimals.unwrap_or(0), end))
        };
        let (north, _, east) = number(1, b"+-")?;
        let (east_whole, _, space) = number(east + 1, b" ")?;
        let time = space + 1;
        let (seconds, decimals, end) = number(time, &[stop])?;
        if north > 2 || east_whole > 3 || seconds > 16 || decimals > 9 {
            return None;
        }
        let (mut least, mut most, mut bits) = ([b'0'; BLOCKS * 16], [9; BLOCKS * 16], [u8::MAX; BLOCKS * 16]);
        for (at, &byte) in fields[..=end].iter().enumerate().filter(|(_, byte)| !byte.is_ascii_digit()) {
            (least[at], most[at]) = (byte, 0);
        }
        for sign in [0, east] {
            (least[sign], most[sign], bits[sign]) = (b'+', b'-' - b'+', b'-' - b'+');
        }
        // So that the position is on the globe, whatever its decimals: below 90, and below 180.
        if north == 2 {
            most[1] = 8;
        }
        if east_whole == 3 {
            (most[east + 1], most[east + 2]) = (1, 7);
        }
        most[end + 1..].fill(u8::MAX);
        let blocks = |bytes: [u8; BLOCKS * 16]| {
            core::array::from_fn(|block| u8x16::new(core::array::from_fn(|at| bytes[16 * block + at])))
        };
        let (least, most, bits) = (blocks(least), blocks(most), blocks(bits));
        let offsets = FieldOffsets::new([0, 0, time, end]);
        let shape = Self { least, most, bits, seconds, decimals, offsets, hundreds: (0, 0) };
        shape.fits(fields).then_some(shape)
    }

    /// Nanoseconds since the epoch, of what fits, if they are 64 bits.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "as above")]
    pub(super) fn at(&mut self, fields: &[u8; FIELDS]) -> Option<i64> {
        let start = self.start();
        let time: &[u8; 20] = fields.get(start..start + 20)?.first_chunk()?;
        let (hundreds, nanos) = self.hundreds;
        if word::at(time, 0)? != hundreds {
            return self.at_anew(fields);
        }
        let digit = |at: usize| u64::from(time[at]);
        let rest = word::number(word::worth(word::at(time, 11)?), 8) * 10 + digit(19);
        Some(nanos.wrapping_add((digit(8) * 10 + digit(9)) * NANOS + rest).cast_signed())
    }

    /// The same, of any that fits.
    #[inline(never)]
    fn at_anew(&mut self, fields: &[u8; FIELDS]) -> Option<i64> {
        let (whole, nanos) = self.time(fields)?;
        if whole >= MOST_SECONDS {
            return None;
        }
        if (self.seconds, self.decimals) == (10, 9) && whole / 100 < MOST_SECONDS / 100 {
            self.hundreds = (word::at(fields, self.start())?, (whole / 100 * 100 * NANOS).wrapping_sub(LESS));
        }
        Some((whole * NANOS + nanos).cast_signed())
    }

    /// The seconds and the nanoseconds of what fits.
    fn time(&self, fields: &[u8; FIELDS]) -> Option<(u64, u64)> {
        let digits = |at: usize| word::at(fields, at).map(word::worth);
        let (Self { seconds, decimals, .. }, time, end) = (*self, self.start(), self.end());
        let whole = if seconds <= 8 {
            word::number(digits(time)?, seconds)
        } else {
            let low = word::number(digits(time + seconds - 8)?, 8);
            word::number(digits(time)?, seconds - 8) * 100_000_000 + low
        };
        let nanos = match decimals {
            0 => 0,
            9 => word::number(digits(end - 9)?, 8) * 10 + u64::from(fields[end - 1] & 0xf),
            _ => word::number(digits(end - decimals)?, decimals) * TENS[decimals],
        };
        Some((whole, nanos))
    }
}

/// By how much three digits of a time count for too much as the bytes that they are: tens of seconds, seconds, and
/// nanoseconds.
const LESS: u64 = (11 * NANOS + 1) * b'0' as u64;

/// Nanoseconds in a second.
const NANOS: u64 = 1_000_000_000;

/// More seconds than whose nanoseconds fit in 64 bits, sign included.
const MOST_SECONDS: u64 = i64::MAX as u64 / NANOS;

/// The power of ten that so many decimals are multiplied by to be nanoseconds.
const TENS: [u64; 10] = [0, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1000, 100, 10, 1];
