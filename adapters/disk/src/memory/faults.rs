//! What can be wrong with a disk.

use std::io::{Error, ErrorKind};

/// How a folder in memory fails; by default it does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// So many bytes fit on the disk, those of all files together; what is too much is written in part.
    pub capacity: Option<u64>,
    /// Nothing can be written or changed.
    pub read_only: bool,
    /// Writing to a file fails.
    pub writes: bool,
    /// Syncing fails. What was to be synced is never written then, also where a later sync of the same file says that it
    /// is, as on Linux.
    pub syncs: bool,
    /// After so many more changes of any kind, the next fails, once.
    pub once_after: Option<u64>,
}

impl Faults {
    /// Before something is changed.
    pub(super) fn change(&mut self) -> Result<(), Error> {
        if self.read_only {
            return Err(ErrorKind::ReadOnlyFilesystem.into());
        }
        match &mut self.once_after {
            Some(0) => {
                self.once_after = None;
                Err(Error::other("failed once"))
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}
