//! What logs and snapshots are made of.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::Seeds;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Whole lines.
    Lines,
    /// Nothing: it is there for what its header says.
    Mark,
    /// The end of a snapshot: how many lines it holds.
    End,
}

/// What stands before a frame's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub(crate) kind: Kind,
    /// The length of the payload.
    pub(crate) len: u32,
    /// How much of the file was known to be synced when this frame was written.
    pub(crate) synced: u64,
    payload_sum: u64,
}

/// A frame as it is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) kind: Kind,
    pub(crate) synced: u64,
    pub(crate) payload: &'a [u8],
}

impl Frame<'_> {
    /// Appends it to `out`, for that place in a file.
    pub(crate) fn write(&self, seeds: Seeds, offset: u64, out: &mut Vec<u8>) {
        let seed = seeds.at(offset);
        let start = out.len();
        out.extend(u32::try_from(self.payload.len()).expect("payloads are bounded").to_le_bytes());
        out.extend(self.kind.number().to_le_bytes());
        out.extend(self.synced.to_le_bytes());
        out.extend(xxh3_64_with_seed(self.payload, seed).to_le_bytes());
        out.extend(xxh3_64_with_seed(&out[start..], seed).to_le_bytes());
        out.extend(self.payload);
    }
}

impl FrameHeader {
    /// How long it is.
    pub(crate) const BYTES: usize = 32;

    /// The header that stands at that place in a file, if one does.
    pub(crate) fn read(bytes: &[u8; Self::BYTES], seeds: Seeds, offset: u64) -> Option<Self> {
        let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        let (len_and_kind, synced, payload_sum, sum) = (number(0), number(8), number(16), number(24));
        // Cheap to see of nearly all bytes that are no header.
        let kind = Kind::of(len_and_kind >> u32::BITS)?;
        (synced <= offset && sum == xxh3_64_with_seed(&bytes[..24], seeds.at(offset))).then_some(Self {
            kind,
            len: u32::from_le_bytes(*bytes.first_chunk()?),
            synced,
            payload_sum,
        })
    }

    /// Whether that is the payload which was written behind this header, at that place.
    pub(crate) fn is_of(&self, payload: &[u8], seeds: Seeds, offset: u64) -> bool {
        self.payload_sum == xxh3_64_with_seed(payload, seeds.at(offset))
    }
}

impl Seeds {
    /// A frame that has come to another place is none.
    const fn at(self, offset: u64) -> u64 {
        self.0.wrapping_add(offset)
    }
}

impl Kind {
    const fn number(self) -> u32 {
        match self {
            Self::Lines => 1,
            Self::Mark => 2,
            Self::End => 3,
        }
    }

    const fn of(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::Lines),
            2 => Some(Self::Mark),
            3 => Some(Self::End),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_one_in_its_own_place_and_whole_alone() {
        let (seeds, offset, payload) = (Seeds(17), 1000, b"AT Alford +0 kiwi +34-118 1\n");
        let mut bytes = Vec::new();
        Frame { kind: Kind::Lines, synced: 900, payload }.write(seeds, offset, &mut bytes);
        let read = |bytes: &[u8], seeds, offset| {
            let header = FrameHeader::read(bytes.first_chunk().expect("long enough"), seeds, offset)?;
            header.is_of(&bytes[FrameHeader::BYTES..], seeds, offset).then_some(header)
        };
        let header = read(&bytes, seeds, offset).expect("it was written");
        assert_eq!((header.kind, header.len as usize, header.synced), (Kind::Lines, payload.len(), 900));
        assert_eq!(read(&bytes, Seeds(18), offset), None);
        assert_eq!(read(&bytes, seeds, offset + 1), None);
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read(&damaged, seeds, offset), None, "{bit}");
        }
    }
}
