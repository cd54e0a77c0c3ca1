//! What a server says that it holds: a few bytes for each report.

use super::base64::{push, read};

/// A report as it stands in a list: whose it is, of when, and a part of its digest.
///
/// Sixteen bytes tell who of two servers has the newer report of a client, so that only the newer one crosses the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The key of its client in the span that is listed.
    pub key: u32,
    /// Nanoseconds since the epoch; the least number where those do not fit.
    pub at: i64,
    /// The last bits of its digest.
    pub digest: u32,
}

impl Held {
    /// The bytes of one.
    const BYTES: usize = 16;

    /// How many fit into so many characters of a line.
    pub(crate) const fn most_in(text: usize) -> usize {
        text / 4 * 3 / Self::BYTES
    }

    /// How many characters so many take, about.
    pub(crate) const fn text(count: usize) -> usize {
        count * Self::BYTES * 4 / 3
    }

    /// Appends a list to a line.
    pub(super) fn write(list: &[Self], out: &mut Vec<u8>) {
        let bytes = |held: &Self| {
            let number =
                u128::from(held.key) << 96 | u128::from(held.at.cast_unsigned()) << 32 | u128::from(held.digest);
            number.to_be_bytes()
        };
        push(list.iter().map(bytes), out);
    }

    /// Reads what [`write`](Self::write) wrote.
    #[expect(clippy::cast_possible_truncation, reason = "each takes its own bits")]
    pub(super) fn parse(text: &[u8]) -> Option<Vec<Self>> {
        let held = |bytes| {
            let number = u128::from_be_bytes(bytes);
            Self { key: (number >> 96) as u32, at: ((number >> 32) as u64).cast_signed(), digest: number as u32 }
        };
        read(text, held)
    }
}
