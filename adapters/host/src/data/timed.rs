//! A folder that says how long its disk takes.

use std::fs;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use herd_disk::{File, Folder, Storage};
use herd_web::Timed;

/// A folder whose syncs of files are timed.
pub(super) struct TimedFolder {
    folder: Folder,
    timed: Arc<Timed>,
}

/// A file of it.
pub(super) struct TimedFile {
    file: fs::File,
    timed: Arc<Timed>,
}

impl TimedFolder {
    pub(super) const fn new(folder: Folder, timed: Arc<Timed>) -> Self {
        Self { folder, timed }
    }
}

impl Storage for TimedFolder {
    type File = TimedFile;
    type Reader = fs::File;

    fn name(&self) -> String {
        self.folder.name()
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.folder.list()
    }

    fn create(&mut self, name: &str) -> io::Result<TimedFile> {
        Ok(TimedFile { file: self.folder.create(name)?, timed: Arc::clone(&self.timed) })
    }

    fn open(&self, name: &str) -> io::Result<(fs::File, u64)> {
        Storage::open(&self.folder, name)
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.folder.rename(from, to)
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.folder.remove(name)
    }

    fn sync_names(&mut self) -> io::Result<()> {
        self.folder.sync_names()
    }
}

impl File for TimedFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        let start = Instant::now();
        let synced = self.file.sync();
        self.timed.syncs.observe(start.elapsed());
        synced
    }
}
