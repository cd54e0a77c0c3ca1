//! The engine: a log that is appended to, and snapshots that take its place.

use std::io;

use memchr::memchr_iter;

use crate::format::{ClosedLog, FileHeader, FileName, MANIFEST, Manifest, NEW_MANIFEST};
use crate::storage::{File, Storage};
use crate::writer::FrameWriter;

/// How much of a snapshot is written between two syncs, so that none takes long.
const SNAPSHOT_SYNC: u64 = 4 << 20;

/// How many logs are named at most: a disk that fails again and again makes one each time.
const MOST_LOGS: usize = 64;

/// What a server keeps on disk.
///
/// It knows no clock and no policy: [`Keeper`](crate::Keeper) has those. Lines that were [appended](Self::append) are safe
/// once a [`sync`](Self::sync) has returned, unless it [is not whole](Self::is_whole); then they are once a snapshot has.
///
/// An error in the log is final for that log: what it holds behind its last sync is not looked at again, and nothing more
/// is written to it. [`begin_snapshot`](Self::begin_snapshot) makes another one.
pub struct Disk<S: Storage> {
    pub(crate) storage: S,
    pub(crate) server: String,
    pub(crate) salt: u64,
    /// As it was last known to be in the folder, but for logs that were closed since.
    pub(crate) manifest: Manifest,
    /// The log; none since it failed.
    pub(crate) log: Option<FrameWriter<S::File>>,
    pub(crate) snapshot: Option<Snapshot<S::File>>,
    pub(crate) next_number: u64,
    /// Whether everything that was appended, or missed, is in files that count.
    pub(crate) is_whole: bool,
    /// How long the files are that count and are written no more.
    pub(crate) at_rest: AtRest,
}

/// How long the files are that are written no more.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AtRest {
    pub(crate) snapshot: u64,
    pub(crate) logs: u64,
}

/// A snapshot that is being written.
pub(crate) struct Snapshot<F> {
    file: FrameWriter<F>,
    lines: u64,
    /// The log that was begun before it: this and those behind it count with it.
    log: u64,
    /// The wall clock's seconds when it was.
    begun: u64,
    /// Whether there was no gap since, so that it closes those that were before.
    covers: bool,
}

impl<S: Storage> Disk<S> {
    /// The folder.
    pub const fn storage(&self) -> &S {
        &self.storage
    }

    /// Whether lines can be appended: not after an error in the log, until a snapshot was begun.
    pub const fn is_open(&self) -> bool {
        self.log.is_some()
    }

    /// Whether everything is there that was appended and synced: not after an error in the log, or
    /// [`missed`](Self::missed), until a snapshot that was begun later has ended.
    pub const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Whether a snapshot was begun and has not ended.
    pub const fn is_in_snapshot(&self) -> bool {
        self.snapshot.is_some()
    }

    /// How many bytes all files take that count, or are being written.
    pub fn bytes(&self) -> u64 {
        let writing = self.snapshot.as_ref().map_or(0, |snapshot| snapshot.file.len);
        self.at_rest.snapshot + self.log_bytes() + writing
    }

    /// How many of these are logs, which a snapshot would take the place of.
    pub fn log_bytes(&self) -> u64 {
        self.at_rest.logs + self.log.as_ref().map_or(0, |log| log.len)
    }

    /// How many are the snapshot.
    pub const fn snapshot_bytes(&self) -> u64 {
        self.at_rest.snapshot
    }

    /// How many logs there are. Each start makes one.
    pub const fn logs(&self) -> usize {
        self.manifest.closed.len() + self.log.is_some() as usize
    }

    /// The wall clock's seconds when the oldest of the logs was begun.
    pub const fn logs_begun(&self) -> u64 {
        self.manifest.begun
    }

    /// Whether there are lines in logs: something may be superseded by them, or forgotten.
    pub fn has_log_lines(&self) -> bool {
        !self.manifest.closed.is_empty() || self.log.as_ref().is_some_and(|log| !log.is_empty(&self.server))
    }

    /// Whether lines were appended that are not synced.
    pub fn is_dirty(&self) -> bool {
        self.log.as_ref().is_some_and(|log| log.is_dirty)
    }

    /// How many bytes of the log are not synced.
    pub fn unsynced_bytes(&self) -> u64 {
        self.log.as_ref().map_or(0, |log| log.len - log.synced)
    }

    /// Appends whole lines to the log.
    ///
    /// # Errors
    /// The log is at its end.
    pub fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        self.write(|log| log.lines(lines))
    }

    /// Makes what was appended last.
    ///
    /// # Errors
    /// The log is at its end.
    pub fn sync(&mut self) -> io::Result<()> {
        self.write(FrameWriter::sync)
    }

    /// Says in the log what was synced, if nothing that was appended since does. To be called when nothing has been appended
    /// for a while: what is damaged later is told from what was never whole.
    ///
    /// # Errors
    /// The log is at its end.
    pub fn attest(&mut self) -> io::Result<()> {
        self.write(FrameWriter::attest)
    }

    /// Something is to be kept that will not be appended: until a snapshot that is begun from now on has ended, it is not
    /// [whole](Self::is_whole).
    pub fn missed(&mut self) {
        self.is_whole = false;
        if let Some(snapshot) = &mut self.snapshot {
            snapshot.covers = false;
        }
    }

    fn write(&mut self, step: impl FnOnce(&mut FrameWriter<S::File>) -> io::Result<()>) -> io::Result<()> {
        let Some(log) = &mut self.log else {
            return Err(io::Error::other("the log has failed"));
        };
        step(log).inspect_err(|_| self.close_log())
    }

    /// The log has failed: what was synced of it counts, and no more.
    fn close_log(&mut self) {
        if let Some(log) = self.log.take() {
            // What comes behind a gap may be left out: nothing of it is said to be safe.
            if self.is_whole || self.manifest.closed.len() < MOST_LOGS {
                self.closed(&log);
            }
            self.manifest.log = None;
        }
        self.is_whole = false;
        self.abort_snapshot();
    }

    /// That log is written no more.
    fn closed(&mut self, log: &FrameWriter<S::File>) {
        if log.synced > FileHeader::len(&self.server) as u64 {
            self.manifest.closed.push(ClosedLog { number: log.name.number(), len: log.synced });
            self.at_rest.logs += log.len;
        }
    }

    /// Begins a snapshot, and a log that counts with it. What was changed until now must be in the lines that are
    /// [handed over](Self::snapshot) from now on; what changes later is appended, and may be in them. `now` is the wall
    /// clock's seconds.
    ///
    /// A snapshot that was begun before is given up.
    ///
    /// # Errors
    /// No snapshot was begun. Where the disk [is still open](Self::is_open) its log goes on.
    pub fn begin_snapshot(&mut self, now: u64) -> io::Result<()> {
        self.abort_snapshot();
        if self.log.is_some() {
            self.sync()?;
        }
        self.rotate(now)?;
        let name = FileName::Snapshot(self.number());
        let file = FrameWriter::create(&mut self.storage, &self.server, name, self.salt).inspect_err(|_| {
            // It does not count: whether it goes now or later makes no difference.
            let _ = self.storage.remove(&name.to_string());
        })?;
        let log = self.manifest.log.expect("one was made");
        self.snapshot = Some(Snapshot { file, lines: 0, log, begun: now, covers: true });
        Ok(())
    }

    /// Goes on in another log.
    fn rotate(&mut self, now: u64) -> io::Result<()> {
        let next = self.new_log()?;
        if !self.has_log_lines() {
            self.manifest.begun = now;
        }
        let number = next.name.number();
        let before = self.log.as_ref().filter(|log| !log.is_empty(&self.server));
        let before = before.map(|log| ClosedLog { number: log.name.number(), len: log.synced });
        let mut manifest = Manifest { log: Some(number), ..self.manifest.clone() };
        manifest.closed.extend(before);
        // From here on nobody knows which of the logs counts, if it fails: then neither is written any more.
        self.replace_manifest(&manifest).inspect_err(|_| self.close_log())?;
        if let Some(log) = self.log.replace(next).filter(|_| before.is_some()) {
            self.at_rest.logs += log.len;
        }
        self.manifest = manifest;
        Ok(())
    }

    /// A log that lasts, and does not count yet.
    pub(crate) fn new_log(&mut self) -> io::Result<FrameWriter<S::File>> {
        let name = FileName::Log(self.number());
        let created = FrameWriter::create(&mut self.storage, &self.server, name, self.salt).and_then(|mut log| {
            log.sync()?;
            self.storage.sync_names()?;
            Ok(log)
        });
        created.inspect_err(|_| {
            let _ = self.storage.remove(&name.to_string());
        })
    }

    fn number(&mut self) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        number
    }

    /// Adds whole lines to the snapshot.
    ///
    /// # Errors
    /// The snapshot is given up; the log goes on.
    pub fn snapshot(&mut self, lines: &[u8]) -> io::Result<()> {
        let Some(snapshot) = &mut self.snapshot else {
            return Err(io::Error::other("no snapshot was begun"));
        };
        snapshot.lines += memchr_iter(b'\n', lines).count() as u64;
        let file = &mut snapshot.file;
        let written = file.lines(lines);
        written
            .and_then(|()| if file.len - file.synced >= SNAPSHOT_SYNC { file.sync() } else { Ok(()) })
            .inspect_err(|_| self.abort_snapshot())
    }

    /// Ends the snapshot: it takes the place of the one before, and of all logs before it.
    ///
    /// # Errors
    /// What was before counts still.
    pub fn end_snapshot(&mut self) -> io::Result<()> {
        let Some(snapshot) = &mut self.snapshot else {
            return Err(io::Error::other("no snapshot was begun"));
        };
        let written = snapshot.file.end(snapshot.lines).and_then(|()| snapshot.file.sync());
        if let Err(error) = written.and_then(|()| self.storage.sync_names()) {
            self.abort_snapshot();
            return Err(error);
        }
        let snapshot = self.snapshot.take().expect("it is there");
        let mut manifest = self.manifest.clone();
        manifest.snapshot = Some(snapshot.file.name.number());
        manifest.closed.retain(|log| log.number >= snapshot.log);
        manifest.begun = snapshot.begun;
        // If it fails, either manifest may be the one that is found later. All files that they name are there, and the
        // log is in both.
        self.replace_manifest(&manifest)?;
        self.manifest = manifest;
        self.at_rest =
            AtRest { snapshot: snapshot.file.len, logs: self.manifest.closed.iter().map(|log| log.len).sum() };
        self.is_whole |= snapshot.covers;
        self.remove_others();
        Ok(())
    }

    /// Gives up the snapshot that was begun, if one was.
    pub fn abort_snapshot(&mut self) {
        if let Some(snapshot) = self.snapshot.take() {
            let _ = self.storage.remove(&snapshot.file.name.to_string());
        }
    }

    /// Ends an orderly stop: syncs, and notes how the log ends, so that damage is told from a torn tail whatever it is.
    ///
    /// # Errors
    /// Where that fails: then the folder is as after a crash.
    pub fn close(mut self) -> io::Result<()> {
        self.abort_snapshot();
        self.sync()?;
        let log = self.log.take().expect("it was synced");
        self.closed(&log);
        self.manifest.log = None;
        let manifest = self.manifest.clone();
        self.replace_manifest(&manifest)
    }

    /// Puts another manifest in the place of the one that is there.
    pub(crate) fn replace_manifest(&mut self, manifest: &Manifest) -> io::Result<()> {
        let storage = &mut self.storage;
        match storage.remove(NEW_MANIFEST) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = storage.create(NEW_MANIFEST)?;
        file.append(manifest.text().as_bytes())?;
        file.sync()?;
        storage.rename(NEW_MANIFEST, MANIFEST)?;
        storage.sync_names()
    }

    /// Removes files of ours that do not count. What cannot be removed is tried again the next time.
    pub(crate) fn remove_others(&mut self) {
        let writing = self.snapshot.as_ref().map(|snapshot| snapshot.file.name);
        for name in self.storage.list().unwrap_or_default() {
            let is_other =
                FileName::parse(&name).is_some_and(|name| !self.manifest.names(name) && Some(name) != writing);
            if is_other || name == NEW_MANIFEST {
                let _ = self.storage.remove(&name);
            }
        }
    }
}
