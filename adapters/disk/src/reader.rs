//! Reading a log or a snapshot, frame by frame.

use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};

use crate::format::{FileHeader, FileName, Flaw, FrameHeader, FrameKind, Seeds};

/// How much is read at once: frames at rest are about as long.
const PIECE: usize = 256 << 10;

/// How much is looked through at once for the next frame that is whole.
const WINDOW: usize = 64 << 10;

/// A file of frames.
pub(crate) struct FrameReader<R> {
    file: BufReader<R>,
    /// How much of it is read: the file, or the part of it that counts.
    len: u64,
    seeds: Seeds,
    /// Where the next frame begins.
    offset: u64,
    payload: Vec<u8>,
}

/// A frame that was read and is whole.
pub(crate) struct Whole<'a> {
    pub(crate) kind: FrameKind,
    pub(crate) synced: u64,
    pub(crate) payload: &'a [u8],
}

/// What comes next in a file.
pub(crate) enum Next<'a> {
    Frame(Whole<'a>),
    /// From here on it is not what was written.
    Flawed(Flaw),
    End,
}

/// Why a file cannot be read at all, or not in order.
pub(crate) enum Failed {
    Io(io::Error),
    Flawed(Flaw),
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl<R: Read + Seek> FrameReader<R> {
    /// Reads a file's header; `len` is how long the file is.
    pub(crate) fn begin((file, len): (R, u64), server: &str, name: FileName) -> Result<Self, Failed> {
        let (file, bytes) = Self::header(file, server)?;
        let seeds = FileHeader::check(&bytes, server, name).map_err(Failed::Flawed)?;
        Ok(Self { file, len, seeds, offset: bytes.len() as u64, payload: Vec::new() })
    }

    /// Reads a file whose header may be damaged, and that is checked with the seeds under which there is a frame at all.
    pub(crate) fn salvage(open: impl Fn() -> io::Result<(R, u64)>, server: &str) -> io::Result<Option<Self>> {
        let (file, _) = open()?;
        let (_, bytes) = Self::header(file, server)?;
        for seeds in FileHeader::guess(&bytes) {
            let begin = || -> io::Result<Self> {
                let (file, len) = open()?;
                let offset = bytes.len() as u64;
                let mut reader =
                    Self { file: BufReader::with_capacity(PIECE, file), len, seeds, offset, payload: Vec::new() };
                reader.file.seek(SeekFrom::Start(offset))?;
                Ok(reader)
            };
            let mut probe = begin()?;
            let is_sound = match probe.next()? {
                Next::Frame(_) => true,
                Next::End => false,
                Next::Flawed(_) => probe.find_frame()?.is_some(),
            };
            if is_sound {
                return begin().map(Some);
            }
        }
        Ok(None)
    }

    fn header(file: R, server: &str) -> io::Result<(BufReader<R>, Vec<u8>)> {
        let (mut file, mut bytes) = (BufReader::with_capacity(PIECE, file), Vec::new());
        file.by_ref().take(FileHeader::len(server) as u64).read_to_end(&mut bytes)?;
        Ok((file, bytes))
    }

    /// Where the next frame begins: behind all that was read.
    pub(crate) const fn offset(&self) -> u64 {
        self.offset
    }

    /// How long the file is.
    pub(crate) const fn len(&self) -> u64 {
        self.len
    }

    /// Reads no further than that.
    pub(crate) fn stop_at(&mut self, len: u64) -> Result<(), Flaw> {
        if self.len < len {
            return Err(Flaw::Cut);
        }
        self.len = len;
        Ok(())
    }

    /// Goes on at that place, where a frame begins.
    pub(crate) fn seek(&mut self, offset: u64) -> io::Result<()> {
        self.offset = offset;
        self.file.seek(SeekFrom::Start(offset)).map(drop)
    }

    /// Reads the next frame.
    pub(crate) fn next(&mut self) -> io::Result<Next<'_>> {
        if self.offset == self.len {
            return Ok(Next::End);
        }
        let Some(header) = self.next_header()? else {
            return Ok(Next::Flawed(if self.left() < FrameHeader::BYTES as u64 { Flaw::Cut } else { Flaw::Frame }));
        };
        if self.left() - (FrameHeader::BYTES as u64) < u64::from(header.len) {
            return Ok(Next::Flawed(Flaw::Cut));
        }
        self.payload.resize(header.len as usize, 0);
        if let Err(error) = self.file.read_exact(&mut self.payload) {
            return if error.kind() == ErrorKind::UnexpectedEof { Ok(Next::Flawed(Flaw::Cut)) } else { Err(error) };
        }
        if !header.is_of(&self.payload, self.seeds, self.offset) {
            return Ok(Next::Flawed(Flaw::Payload));
        }
        self.offset += FrameHeader::BYTES as u64 + u64::from(header.len);
        Ok(Next::Frame(Whole { kind: header.kind, synced: header.synced, payload: &self.payload }))
    }

    fn left(&self) -> u64 {
        self.len - self.offset
    }

    fn next_header(&mut self) -> io::Result<Option<FrameHeader>> {
        let mut bytes = [0; FrameHeader::BYTES];
        if self.left() < bytes.len() as u64 {
            return Ok(None);
        }
        match self.file.read_exact(&mut bytes) {
            Ok(()) => Ok(FrameHeader::read(&bytes, self.seeds, self.offset)),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Goes on at the next frame whose header is whole, behind what was found to be flawed; its header, if there is one.
    pub(crate) fn find_frame(&mut self) -> io::Result<Option<u64>> {
        let (mut at, mut window) = (self.offset + 1, Vec::new());
        while at + FrameHeader::BYTES as u64 <= self.len {
            let take = (self.len - at).min(WINDOW as u64);
            window.clear();
            self.file.seek(SeekFrom::Start(at))?;
            self.file.by_ref().take(take).read_to_end(&mut window)?;
            let headers = window.array_windows::<{ FrameHeader::BYTES }>();
            for (place, bytes) in (at..).zip(headers) {
                if let Some(header) = FrameHeader::read(bytes, self.seeds, place) {
                    self.seek(place)?;
                    return Ok(Some(header.synced));
                }
            }
            if window.len() < FrameHeader::BYTES {
                break;
            }
            at += (window.len() - FrameHeader::BYTES + 1) as u64;
        }
        self.offset = self.len;
        Ok(None)
    }
}
