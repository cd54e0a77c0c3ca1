//! Where TLS records end.

/// Follows ciphertext from record to record, to know how much of an unfinished one there is: TLS keeps that much until
/// the rest has come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Records {
    /// The last two bytes of a header are its record's length.
    header: [u8; HEADER],
    /// How much of the present record has come, its header included.
    held: usize,
}

const HEADER: usize = 5;

impl Records {
    /// So much more has come.
    pub(super) fn follow(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.held < HEADER {
                let (some, rest) = bytes.split_at(bytes.len().min(HEADER - self.held));
                self.header[self.held..self.held + some.len()].copy_from_slice(some);
                self.held += some.len();
                bytes = rest;
            } else {
                let some = bytes.len().min(self.len() - self.held);
                self.held += some;
                bytes = &bytes[some..];
            }
            if self.held >= HEADER && self.held == self.len() {
                self.held = 0;
            }
        }
    }

    /// How much of an unfinished record has come.
    pub(super) const fn held(&self) -> usize {
        self.held
    }

    /// How long the present record is, once its header has come.
    fn len(&self) -> usize {
        HEADER + usize::from(u16::from_be_bytes([self.header[3], self.header[4]]))
    }
}

#[cfg(test)]
mod tests {
    use super::Records;

    /// What is held does not depend on how the bytes were cut.
    #[test]
    fn any_cutting_gives_the_same() {
        let mut bytes = Vec::new();
        for len in [0_u16, 1, 300, 7] {
            bytes.extend([23, 3, 3]);
            bytes.extend(len.to_be_bytes());
            bytes.extend(vec![0xff; usize::from(len)]);
        }
        let ends: Vec<_> = [5, 11, 316, 328].to_vec();
        for chunk in 1..bytes.len() {
            let (mut records, mut at) = (Records::default(), 0);
            for some in bytes.chunks(chunk) {
                records.follow(some);
                at += some.len();
                let begun = ends.iter().rev().find(|&&end| end <= at).copied().unwrap_or_default();
                assert_eq!(records.held(), at - begun, "in pieces of {chunk}, after {at}");
            }
        }
    }
}
