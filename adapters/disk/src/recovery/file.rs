//! Reading one file of a folder.

use std::io::{self, ErrorKind};

use memchr::memchr_iter;

use crate::error::{Damage, OpenError};
use crate::format::{FileName, Flaw, FrameKind};
use crate::reader::{Failed, FrameReader, Next};
use crate::storage::Storage;

/// How large chunks of lines are, about. A single line may be longer.
const CHUNK: usize = 256 << 10;

/// Where chunks of whole lines go to; an error of it stops the reading.
pub(crate) type Sink<'a> = dyn FnMut(&[u8]) -> Result<(), String> + 'a;

/// What a file is for, which says how it may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It is whole, or it is damaged.
    Snapshot,
    /// All of it counts up to there, and is whole, or it is damaged.
    Closed(u64),
    /// It may end in the middle, behind all that was synced.
    Current,
    /// The manifest is damaged.
    Unknown,
}

/// How the reading of a file ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileEnd {
    /// Behind the last frame that is whole.
    pub(crate) end: u64,
    /// How much of it is known to have been synced. What is behind may be in the system's memory only.
    pub(crate) synced: u64,
    /// How many bytes behind the end are no frame.
    pub(crate) torn: u64,
    /// How long the file is, with what does not count.
    pub(crate) bytes: u64,
    /// Lines that were read.
    pub(crate) lines: u64,
}

/// Reads one file.
pub(crate) struct Reading<'a, S> {
    pub(crate) storage: &'a S,
    pub(crate) server: &'a str,
    pub(crate) name: FileName,
    pub(crate) role: Role,
}

impl<S: Storage> Reading<'_, S> {
    /// Hands all lines of it to `sink`, or some of them and says that it is damaged.
    pub(crate) fn run(&self, sink: &mut Sink<'_>) -> Result<Result<FileEnd, Damage>, OpenError> {
        if self.role == Role::Unknown {
            return Ok(Err(self.damage(Flaw::Unnamed, 0, 0)));
        }
        match self.in_order(&mut Chunk::to(sink)) {
            Ok(end) => Ok(Ok(end)),
            Err(Stop::Damaged(damage)) => Ok(Err(damage)),
            Err(Stop::Error(error)) => Err(error),
        }
    }

    /// Hands over the lines behind that place, which is the end of a frame of a file that was read already.
    pub(crate) fn run_from(&self, offset: u64, sink: &mut Sink<'_>) -> Result<(), OpenError> {
        let mut chunk = Chunk::to(sink);
        let mut reader = self.begin()?;
        reader.seek(offset).map_err(|error| self.io(error))?;
        while let Next::Frame(frame) = reader.next().map_err(|error| self.io(error))? {
            if frame.kind == FrameKind::Lines {
                chunk.add(frame.payload)?;
            }
        }
        chunk.flush()
    }

    fn begin(&self) -> Result<FrameReader<S::Reader>, Stop> {
        let opened = match self.storage.open(&self.name.to_string()) {
            Ok(opened) => opened,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(self.damage(Flaw::Missing, 0, 0).into());
            }
            Err(error) => return Err(self.io(error).into()),
        };
        let len = opened.1;
        FrameReader::begin(opened, self.server, self.name).map_err(|failed| match failed {
            Failed::Io(error) => self.io(error).into(),
            Failed::Flawed(flaw) => self.damage(flaw, 0, len).into(),
        })
    }

    fn in_order(&self, chunk: &mut Chunk<'_, '_>) -> Result<FileEnd, Stop> {
        let mut reader = self.begin()?;
        let start = reader.offset();
        let bytes = reader.len();
        if let Role::Closed(len) = self.role {
            reader.stop_at(len).map_err(|flaw| self.damage(flaw, bytes, len))?;
        }
        let (len, mut synced, mut ended) = (reader.len(), start, false);
        loop {
            let at = reader.offset();
            let flaw = match reader.next().map_err(|error| self.io(error))? {
                Next::End if self.role == Role::Snapshot && !ended => Flaw::Cut,
                Next::End => break,
                Next::Flawed(flaw) => flaw,
                Next::Frame(_) if ended => Flaw::Misplaced,
                Next::Frame(frame) => {
                    synced = synced.max(frame.synced);
                    match (frame.kind, self.role) {
                        (FrameKind::Lines, _) => {
                            chunk.add(frame.payload)?;
                            continue;
                        }
                        (FrameKind::Mark, _) => continue,
                        (FrameKind::End, Role::Snapshot) if frame.payload == chunk.count.to_le_bytes() => {
                            ended = true;
                            continue;
                        }
                        (FrameKind::End, Role::Snapshot) => Flaw::Count,
                        (FrameKind::End, _) => Flaw::Misplaced,
                    }
                }
            };
            if self.role == Role::Current && flaw != Flaw::Misplaced && !self.was_synced(&mut reader, at, synced)? {
                chunk.flush()?;
                return Ok(FileEnd { end: at, synced, torn: len - at, bytes, lines: chunk.count });
            }
            return Err(self.damage(flaw, at, len).into());
        }
        chunk.flush()?;
        let synced = if self.role == Role::Current { synced } else { len };
        Ok(FileEnd { end: len, synced, torn: 0, bytes, lines: chunk.count })
    }

    /// Whether a frame says that what is flawed at that place was synced once, so that it is no torn tail.
    fn was_synced(&self, reader: &mut FrameReader<S::Reader>, at: u64, synced: u64) -> Result<bool, OpenError> {
        if synced > at {
            return Ok(true);
        }
        while let Some(synced) = reader.find_frame().map_err(|error| self.io(error))? {
            if synced > at {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Hands over the lines of all frames that are whole, wherever they stand; how many lines.
    pub(crate) fn salvage(&self, sink: &mut Sink<'_>) -> Result<u64, OpenError> {
        let (mut chunk, name) = (Chunk::to(sink), self.name.to_string());
        let io = |error| self.io(error);
        let mut reader = match FrameReader::salvage(|| self.storage.open(&name), self.server) {
            Ok(Some(reader)) => reader,
            Ok(None) => return Ok(0),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(io(error)),
        };
        loop {
            match reader.next().map_err(io)? {
                Next::End => break,
                Next::Frame(frame) if frame.kind == FrameKind::Lines => chunk.add(frame.payload)?,
                Next::Frame(_) => {}
                Next::Flawed(_) => drop(reader.find_frame().map_err(io)?),
            }
        }
        chunk.flush()?;
        Ok(chunk.count)
    }

    fn damage(&self, flaw: Flaw, offset: u64, len: u64) -> Damage {
        Damage { file: format!("{}/{}", self.storage.name(), self.name), flaw, offset, len }
    }

    fn io(&self, error: io::Error) -> OpenError {
        OpenError::Io { file: format!("{}/{}", self.storage.name(), self.name), error }
    }
}

/// Why a file is not read further.
enum Stop {
    Damaged(Damage),
    Error(OpenError),
}

impl From<Damage> for Stop {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

impl From<OpenError> for Stop {
    fn from(error: OpenError) -> Self {
        Self::Error(error)
    }
}

impl From<Stop> for OpenError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Damaged(damage) => damage.into(),
            Stop::Error(error) => error,
        }
    }
}

/// Lines that were read and not handed over.
struct Chunk<'a, 'b> {
    lines: Vec<u8>,
    count: u64,
    sink: &'a mut Sink<'b>,
}

impl<'a, 'b> Chunk<'a, 'b> {
    fn to(sink: &'a mut Sink<'b>) -> Self {
        Self { lines: Vec::with_capacity(CHUNK), count: 0, sink }
    }

    fn add(&mut self, lines: &[u8]) -> Result<(), OpenError> {
        self.count += memchr_iter(b'\n', lines).count() as u64;
        if self.lines.is_empty() && lines.len() >= CHUNK {
            return (self.sink)(lines).map_err(OpenError::NotTaken);
        }
        self.lines.extend(lines);
        if self.lines.len() >= CHUNK { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), OpenError> {
        if self.lines.is_empty() {
            return Ok(());
        }
        let taken = (self.sink)(&self.lines).map_err(OpenError::NotTaken);
        self.lines.clear();
        taken
    }
}
