//! Writing a file of frames.

use std::io;

use memchr::{memchr, memrchr};

use crate::format::{FileHeader, FileName, Frame, FrameKind, Seeds};
use crate::storage::{File, Storage};

/// How much goes into one frame, about: it ends with a line, and a single line may be longer.
const FRAME: usize = 256 << 10;

/// A file of frames that is being written.
pub(crate) struct FrameWriter<F> {
    file: F,
    pub(crate) name: FileName,
    seeds: Seeds,
    /// How long it is.
    pub(crate) len: u64,
    /// How much of it is known to be synced.
    pub(crate) synced: u64,
    /// How much of it a frame says to be synced.
    attested: u64,
    /// Whether lines were appended since it was synced.
    pub(crate) is_dirty: bool,
    /// A frame on its way.
    frame: Vec<u8>,
}

impl<F: File> FrameWriter<F> {
    /// Makes a file that has a header and nothing else.
    pub(crate) fn create<S: Storage<File = F>>(
        storage: &mut S,
        server: &str,
        name: FileName,
        salt: u64,
    ) -> io::Result<Self> {
        let header = FileHeader::new(server, name, salt);
        let mut file = storage.create(&name.to_string())?;
        file.append(header.as_bytes())?;
        let len = header.as_bytes().len() as u64;
        Ok(Self {
            file,
            name,
            seeds: header.seeds(),
            len,
            synced: 0,
            attested: len,
            is_dirty: false,
            frame: Vec::new(),
        })
    }

    /// Whether it holds no frame.
    pub(crate) const fn is_empty(&self, server: &str) -> bool {
        self.len == FileHeader::len(server) as u64
    }

    /// Appends whole lines. After an error nobody knows what the file holds behind what was synced.
    pub(crate) fn lines(&mut self, mut lines: &[u8]) -> io::Result<()> {
        while let Some(rest) = lines.get(FRAME..).filter(|rest| !rest.is_empty()) {
            let before = memrchr(b'\n', &lines[..FRAME]);
            let behind = || memchr(b'\n', rest).map(|at| FRAME + at);
            let (whole, more) = lines.split_at(before.or_else(behind).map_or(lines.len(), |at| at + 1));
            self.push(FrameKind::Lines, whole)?;
            lines = more;
        }
        if lines.is_empty() { Ok(()) } else { self.push(FrameKind::Lines, lines) }
    }

    /// Ends a snapshot of so many lines.
    pub(crate) fn end(&mut self, lines: u64) -> io::Result<()> {
        self.push(FrameKind::End, &lines.to_le_bytes())
    }

    /// Says in the file what was synced, if no frame does yet: damage to that is told from a torn tail then.
    pub(crate) fn attest(&mut self) -> io::Result<()> {
        if self.attested < self.synced { self.push(FrameKind::Mark, &[]) } else { Ok(()) }
    }

    fn push(&mut self, kind: FrameKind, payload: &[u8]) -> io::Result<()> {
        self.frame.clear();
        self.is_dirty |= kind == FrameKind::Lines;
        Frame { kind, synced: self.synced, payload }.write(self.seeds, self.len, &mut self.frame);
        self.file.append(&self.frame)?;
        (self.len, self.attested) = (self.len + self.frame.len() as u64, self.attested.max(self.synced));
        Ok(())
    }

    /// Makes what was appended last.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        if self.synced < self.len {
            self.file.sync()?;
            (self.synced, self.is_dirty) = (self.len, false);
        }
        Ok(())
    }
}
