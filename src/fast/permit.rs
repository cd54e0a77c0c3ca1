//! Which clients may be reported, looked at eight bytes at a time.

use crate::bytes::word;
use crate::values::Patterns;

/// Says of a client what [`Patterns::covers`] says: at once where any may be reported, or where its ID begins as the
/// first pattern does and that is short.
pub(super) struct Permit<'a> {
    patterns: &'a Patterns,
    /// What the first eight bytes have to be, in the bytes that `mask` has. Nothing fits where a look is not enough.
    front: u64,
    mask: u64,
}

impl<'a> Permit<'a> {
    pub(super) fn new(patterns: &'a Patterns) -> Self {
        let (front, mask) = match patterns.first_prefix() {
            Some(prefix) if prefix.len() < size_of::<u64>() => {
                let mut bytes = [0; size_of::<u64>()];
                bytes[..prefix.len()].copy_from_slice(prefix);
                (u64::from_le_bytes(bytes), (1 << (8 * prefix.len())) - 1)
            }
            _ => (u64::MAX, 0),
        };
        Self { patterns, front, mask }
    }

    /// Whether the client may be reported whose ID has that length and begins `line`. Behind an ID stands white space,
    /// which no pattern has.
    #[inline]
    pub(super) fn covers(&self, line: &[u8], len: usize) -> bool {
        word::at(line, 0).is_some_and(|word| word & self.mask == self.front) || self.look(line, len)
    }

    #[cold]
    #[inline(never)]
    fn look(&self, line: &[u8], len: usize) -> bool {
        self.patterns.covers(&line[..len])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_the_patterns_say() {
        let texts = ["*", "t*", "truck-*", "truck-1*", "truck-1", "t", "a-long-prefix-*"];
        let clients = ["t", "truck", "truck-", "truck-1", "truck-12", "truck-2", "a-long-prefix-1", "kiwi", "*"];
        for first in texts {
            for second in texts {
                let mut patterns = Patterns::default();
                for text in [first, second] {
                    patterns.add(text.parse().expect(text));
                }
                for client in clients {
                    let line = format!("{client} +1+1 1479413884\n");
                    let covers = Permit::new(&patterns).covers(line.as_bytes(), client.len());
                    assert_eq!(covers, patterns.covers(client.as_bytes()), "{first} {second} {client}");
                }
            }
        }
        assert!(!Permit::new(&Patterns::default()).covers(b"kiwi +1+1 1\n", 4));
    }
}
