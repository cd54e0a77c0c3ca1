//! A folder in memory, whose machine can crash and whose disk can fail: for simulations and tests.
//!
//! A [`MemoryFolder`] can be cloned, and all clones are the same folder: give one to [`Disk::open`](crate::Disk::open), and
//! keep one to [crash](MemoryFolder::crash) it, to have it [fail](MemoryFolder::set_faults), or to damage what it holds. After
//! a crash it can be opened again; whoever had it open before gets errors.

mod contents;
mod faults;

use std::io::{self, Cursor};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::contents::Contents;
pub use self::faults::Faults;
use crate::storage::{File, Storage};

/// A folder in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryFolder {
    contents: Arc<Mutex<Contents>>,
    /// Which run of the machine it was opened in.
    run: u64,
}

/// A file in memory that is being written.
#[derive(Debug)]
pub struct MemoryFile {
    folder: MemoryFolder,
    number: u64,
}

impl MemoryFolder {
    /// The machine crashes. What was synced stays; of what was not, each file keeps as much as `random` says, perhaps with a
    /// hole where a sector did not make it, and of names that were changed the first so many changes.
    ///
    /// `random` gives numbers, all of which are equally likely.
    pub fn crash(&self, random: &mut dyn FnMut() -> u64) {
        self.hold().crash(random);
    }

    /// The process is killed, and the machine goes on: nothing is lost that was written.
    pub fn kill(&self) {
        self.hold().run += 1;
    }

    /// This folder, for the next process.
    #[must_use]
    pub fn reopened(&self) -> Self {
        Self { contents: Arc::clone(&self.contents), run: self.hold().run }
    }

    /// From now on it fails like that.
    pub fn set_faults(&self, faults: Faults) {
        self.hold().faults = faults;
    }

    /// How many bytes all files have.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.hold().bytes()
    }

    /// The files, and how long each is.
    #[must_use]
    pub fn files(&self) -> Vec<(String, usize)> {
        self.hold().files()
    }

    /// Changes the bytes of a file, and makes that last; whether there is one.
    pub fn damage(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> bool {
        self.hold().damage(name, change)
    }

    /// Removes a file, and makes that last.
    pub fn lose(&self, name: &str) {
        self.hold().lose(name);
    }

    /// A copy of it, as it is.
    #[must_use]
    pub fn copy(&self) -> Self {
        let contents = self.hold().clone();
        Self { run: contents.run, contents: Arc::new(Mutex::new(contents)) }
    }

    fn hold(&self) -> MutexGuard<'_, Contents> {
        // Nothing is left half done there.
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The contents, for who has opened it since the last crash.
    fn live(&self) -> io::Result<MutexGuard<'_, Contents>> {
        let contents = self.hold();
        if contents.run == self.run { Ok(contents) } else { Err(io::Error::other("the machine has crashed since")) }
    }
}

impl Storage for MemoryFolder {
    type File = MemoryFile;
    type Reader = Cursor<Vec<u8>>;

    fn name(&self) -> String {
        "memory".into()
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.live()?.files().into_iter().map(|(name, _)| name).collect())
    }

    fn create(&mut self, name: &str) -> io::Result<MemoryFile> {
        let number = self.live()?.create(name)?;
        Ok(MemoryFile { folder: self.clone(), number })
    }

    fn open(&self, name: &str) -> io::Result<(Cursor<Vec<u8>>, u64)> {
        let bytes = self.live()?.read(name)?;
        let len = bytes.len() as u64;
        Ok((Cursor::new(bytes), len))
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.live()?.rename(from, to)
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        self.live()?.remove(name)
    }

    fn sync_names(&mut self) -> io::Result<()> {
        self.live()?.sync_names()
    }
}

impl File for MemoryFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.folder.live()?.append(self.number, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.folder.live()?.sync(self.number)
    }
}
