//! The border to the file system: all that the engine needs of one.

use std::io::{self, Read, Seek};

/// A folder for the files of one server, and of nobody else.
///
/// Every call may fail, and may take as long as it takes. What a call has done lasts when it says so: bytes of a file after
/// [`File::sync`], names after [`sync_names`](Self::sync_names). Until then a crash may undo some of it.
pub trait Storage {
    /// A file that is being written.
    type File: File;
    /// A file that is being read.
    type Reader: Read + Seek;

    /// Where it is, for messages.
    fn name(&self) -> String;

    /// The names of all files in it.
    ///
    /// # Errors
    /// Where it cannot be read.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Makes a file, empty.
    ///
    /// # Errors
    /// Where that fails, also because there is a file of that name.
    fn create(&mut self, name: &str) -> io::Result<Self::File>;

    /// Opens a file to read it from the start, and says how long it is.
    ///
    /// # Errors
    /// Where that fails; [`io::ErrorKind::NotFound`] where there is none.
    fn open(&self, name: &str) -> io::Result<(Self::Reader, u64)>;

    /// Gives a file another name, in place of the file that has it.
    ///
    /// # Errors
    /// Where that fails.
    fn rename(&mut self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// Where that fails.
    fn remove(&mut self, name: &str) -> io::Result<()>;

    /// Makes what was created, renamed and removed last.
    ///
    /// # Errors
    /// Where nobody knows whether it will.
    fn sync_names(&mut self) -> io::Result<()>;
}

/// A file that is being written.
pub trait File {
    /// Appends all of these bytes.
    ///
    /// # Errors
    /// Where not all of them were taken; some may have been.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes what was appended last.
    ///
    /// # Errors
    /// Where nobody knows whether it will, and whether a later call could tell.
    fn sync(&mut self) -> io::Result<()>;
}
