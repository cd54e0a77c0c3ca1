//! A folder of the file system.

use std::fs::{self, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process;

use crate::storage::{File, Storage};

/// The file that whoever uses a folder holds a lock of. It is never removed.
const LOCK: &str = "LOCK";

/// How much of a lock file is read: a process's number is shorter.
const MOST_OF_A_NUMBER: u64 = 32;

/// A folder of the file system, locked for as long as there is this.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// To sync the folder's names; systems other than Unix cannot open one, and do that by themselves.
    itself: Option<fs::File>,
    /// Held, and never looked at.
    lock: Option<fs::File>,
}

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// There is a file in the place of the folder, or of one that it is in.
    #[error("{} is not a folder: give a path that does not exist yet, or a data folder", .0.display())]
    NotAFolder(PathBuf),
    /// There is nothing of that name, where something is to be read.
    #[error("{} does not exist", .0.display())]
    NotThere(PathBuf),
    /// Another process uses it, with that number if it has said so.
    #[error("{} is in use{}: one server at a time can have it", path.display(), by.map_or(String::new(), |pid| format!(" by process {pid}")))]
    InUse {
        /// The folder.
        path: PathBuf,
        /// The process.
        by: Option<u32>,
    },
    /// The system refused something.
    #[error("{}: {error}: check who owns the folder, and whether it can be written", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl Folder {
    /// Takes a folder for oneself, and makes it where there is none.
    ///
    /// # Errors
    /// A [`FolderError`]; folders may have been made.
    pub fn lock(path: &Path) -> Result<Self, FolderError> {
        fs::create_dir_all(path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => FolderError::NotAFolder(path.into()),
            _ => FolderError::Io { path: path.into(), error },
        })?;
        let file = path.join(LOCK);
        let io = |error| FolderError::Io { path: file.clone(), error };
        let mut options = OpenOptions::new();
        let mut lock = options.read(true).write(true).create(true).truncate(false).open(&file).map_err(io)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut number = String::new();
                // It is for a message only.
                let _ = lock.take(MOST_OF_A_NUMBER).read_to_string(&mut number);
                return Err(FolderError::InUse { path: path.into(), by: number.trim().parse().ok() });
            }
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        // A full disk is no reason not to read.
        let _ = lock.set_len(0).and_then(|()| lock.write_all(process::id().to_string().as_bytes()));
        let mut folder = Self::read(path)?;
        folder.lock = Some(lock);
        // The names of folders that were made are to last, too.
        let _ = fs::File::open(path.join("..")).and_then(|parent| parent.sync_all());
        Ok(folder)
    }

    /// Opens a folder to look at it: it is not locked, and must not be written.
    ///
    /// # Errors
    /// A [`FolderError`].
    pub fn read(path: &Path) -> Result<Self, FolderError> {
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(FolderError::NotAFolder(path.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(FolderError::NotThere(path.into())),
            Err(error) => return Err(FolderError::Io { path: path.into(), error }),
        }
        let folder = fs::File::open(path);
        let itself = if cfg!(unix) {
            Some(folder.map_err(|error| FolderError::Io { path: path.into(), error })?)
        } else {
            folder.ok()
        };
        Ok(Self { path: path.into(), itself, lock: None })
    }
}

impl Storage for Folder {
    type File = fs::File;
    type Reader = fs::File;

    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            // A name that is not UTF-8 is not ours.
            names.extend(entry?.file_name().into_string().ok());
        }
        Ok(names)
    }

    fn create(&mut self, name: &str) -> io::Result<fs::File> {
        OpenOptions::new().append(true).create_new(true).open(self.path.join(name))
    }

    fn open(&self, name: &str) -> io::Result<(fs::File, u64)> {
        let file = fs::File::open(self.path.join(name))?;
        let len = file.metadata()?.len();
        Ok((file, len))
    }

    fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    fn sync_names(&mut self) -> io::Result<()> {
        self.itself.as_ref().map_or(Ok(()), fs::File::sync_all)
    }
}

impl File for fs::File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}
