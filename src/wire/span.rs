//! A part of all clients.

use core::fmt;

/// The clients whose hash (64 bits) begins with some bits: the same ones on every server whose hash is the same.
///
/// On the wire it is the number of bits, `/`, and those bits in hexadecimal, filled with zeros on
/// the right: `10/0e4`, `14/0e5c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    bits: u32,
    /// The bits, at the top; zeros below.
    prefix: u64,
}

impl Span {
    /// The bits of a range, as the store has them.
    pub(crate) const RANGE_BITS: u32 = 10;

    /// All clients of one of the store's ranges.
    pub(crate) fn of_range(range: usize) -> Self {
        Self { bits: Self::RANGE_BITS, prefix: (range as u64) << (u64::BITS - Self::RANGE_BITS) }
    }

    /// The store's range that it is in.
    pub(crate) const fn range(self) -> usize {
        (self.prefix >> (u64::BITS - Self::RANGE_BITS)) as usize
    }

    /// Whether a client with that hash is in it.
    pub(crate) const fn contains(self, hash: u64) -> bool {
        (hash ^ self.prefix) >> (u64::BITS - self.bits) == 0
    }

    /// The least hash of a client in it, and the greatest.
    pub(crate) const fn ends(self) -> (u64, u64) {
        (self.prefix, self.prefix | u64::MAX >> self.bits)
    }

    /// What tells its clients apart, or nearly always does: the 32 bits of their hashes behind those that they share.
    pub(crate) const fn key(self, hash: u64) -> u32 {
        (hash << self.bits >> u32::BITS) as u32
    }

    /// Its parts, which have so many bits more, or as many as there are; none where there is nothing left to split.
    pub(crate) fn split(self, bits: u32) -> impl DoubleEndedIterator<Item = Self> {
        let more = bits.min(u64::BITS - 1 - self.bits);
        let (bits, parts) = (self.bits + more, if more == 0 { 0 } else { 1 << more });
        (0_u64..parts).map(move |part| Self { bits, prefix: self.prefix | part << (u64::BITS - bits) })
    }

    /// Whether it has parts.
    pub(crate) const fn can_split(self) -> bool {
        self.bits < u64::BITS - 1
    }

    /// Reads what its `Display` writes.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let (bits, digits) = core::str::from_utf8(text).ok()?.split_once('/')?;
        let bits: u32 = bits.parse().ok()?;
        let digits_of = usize::try_from(bits.div_ceil(4)).ok()?;
        if !(Self::RANGE_BITS..u64::BITS).contains(&bits) || digits.len() != digits_of || digits.starts_with('+') {
            return None;
        }
        let prefix = u64::from_str_radix(digits, 16).ok()? << (u64::BITS - 4 * bits.div_ceil(4));
        (prefix << bits == 0).then_some(Self { bits, prefix })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.bits.div_ceil(4);
        let width = digits as usize;
        write!(f, "{}/{:0width$x}", self.bits, self.prefix >> (u64::BITS - 4 * digits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_keeps_it_down_to_the_last_part() {
        let mut span = Span::of_range(0x39);
        assert_eq!(span.to_string(), "10/0e4");
        loop {
            assert_eq!(Span::parse(span.to_string().as_bytes()), Some(span));
            assert_eq!(span.range(), 0x39);
            assert_eq!(span.can_split(), span.split(4).next().is_some());
            match span.split(4).last() {
                Some(part) => span = part,
                None => break,
            }
        }
        for bad in ["", "10", "10/", "10/0e5", "10/0e", "10/0e40", "9/00", "64/0000000000000000", "10/+e4", "x/000"] {
            assert_eq!(Span::parse(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn a_client_is_in_one_part_of_its_range() {
        for hash in [0, 1, 0x0123_4567_89ab_cdef, u64::MAX] {
            let range = (0..1 << Span::RANGE_BITS).map(Span::of_range).find(|span| span.contains(hash)).expect("one");
            let inside: Vec<Span> = range.split(4).filter(|part| part.contains(hash)).collect();
            let [part] = inside[..] else { panic!("it is in {inside:?}") };
            let (first, last) = part.ends();
            assert!((first..=last).contains(&hash) && part.contains(first) && part.contains(last));
            assert!(!part.contains(first.wrapping_sub(1)) && !part.contains(last.wrapping_add(1)));
        }
    }
}
