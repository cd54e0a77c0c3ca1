//! What a log or a snapshot begins with.

use xxhash_rust::xxh3::xxh3_64;

use super::{FileName, Flaw, VERSION};

const MAGIC: [u8; 8] = *b"HERDDISK";

/// All of it but the server's name: magic, version, kind, length of the name, two zeros, number, salt, checksum.
const FIXED: usize = 8 + 4 + 1 + 1 + 2 + 8 + 8 + CHECKSUM;
const CHECKSUM: usize = 8;

/// The header of a log or a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileHeader {
    bytes: Vec<u8>,
}

/// What a file's frames may be checked with: each of its own, so that no frame of another file, nor anything that a client
/// could have written, is taken for one of this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seeds(pub(crate) u64);

impl FileHeader {
    /// The header of that file, which nobody else can foresee if the salt is random.
    pub(crate) fn new(server: &str, name: FileName, salt: u64) -> Self {
        let (kind, number) = match name {
            FileName::Log(number) => (1, number),
            FileName::Snapshot(number) => (2, number),
        };
        let mut bytes = Vec::with_capacity(Self::len(server));
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend([kind, u8::try_from(server.len()).expect("a server's name has at most 64 bytes"), 0, 0]);
        bytes.extend(number.to_le_bytes());
        bytes.extend(salt.to_le_bytes());
        bytes.extend(server.as_bytes());
        bytes.extend(xxh3_64(&bytes).to_le_bytes());
        Self { bytes }
    }

    /// How long it is, for a server of that name.
    pub(crate) const fn len(server: &str) -> usize {
        FIXED + server.len()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What the file's frames are checked with.
    pub(crate) fn seeds(&self) -> Seeds {
        Seeds(last_eight(&self.bytes))
    }

    /// Whether these bytes are the header of that file; what its frames are checked with.
    pub(crate) fn check(bytes: &[u8], server: &str, name: FileName) -> Result<Seeds, Flaw> {
        let salt = bytes.get(24..32).and_then(|salt| salt.first_chunk()).ok_or(Flaw::Header)?;
        let header = Self::new(server, name, u64::from_le_bytes(*salt));
        if header.bytes == bytes { Ok(header.seeds()) } else { Err(Flaw::Header) }
    }

    /// What the frames of a file may have been checked with whose header is damaged: the checksum that stands there, and
    /// the one that should.
    pub(crate) fn guess(bytes: &[u8]) -> [Seeds; 2] {
        let (header, _) = bytes.split_at(bytes.len().saturating_sub(CHECKSUM));
        [Seeds(last_eight(bytes)), Seeds(xxh3_64(header))]
    }
}

fn last_eight(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.last_chunk().copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_for_its_own_file_alone() {
        let name = FileName::Log(7);
        let header = FileHeader::new("Alford", name, 99);
        let bytes = header.as_bytes();
        assert_eq!(bytes.len(), FileHeader::len("Alford"));
        assert_eq!(FileHeader::check(bytes, "Alford", name), Ok(header.seeds()));
        assert!(FileHeader::check(bytes, "Alfred", name).is_err());
        for other in [FileName::Log(8), FileName::Snapshot(7)] {
            assert_eq!(FileHeader::check(bytes, "Alford", other), Err(Flaw::Header));
        }
        for at in 0..bytes.len() {
            let mut damaged = bytes.to_vec();
            damaged[at] ^= 1;
            assert_eq!(FileHeader::check(&damaged, "Alford", name), Err(Flaw::Header), "{at}");
            assert!(FileHeader::guess(&damaged).contains(&header.seeds()), "{at}");
        }
    }
}
