//! What can be wrong with a folder.

use std::io;

use crate::format::Flaw;

/// Why a folder cannot be used. Nothing in it was changed, except where it says so.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file is not what was written. Starting all the same is possible, with what is whole.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// It belongs to a server of another name.
    #[error("{folder} belongs to server {owner}, not to {server}: give each server a folder of its own")]
    OfAnother {
        /// The folder.
        folder: String,
        /// Whose it is.
        owner: String,
        /// Who was to have it.
        server: String,
    },
    /// It was written in a format that this program does not know.
    #[error(
        "{folder} has format {version}, this program reads format {}: start it with the version that wrote it, or a newer one",
        crate::format::VERSION
    )]
    OfAnotherVersion {
        /// The folder.
        folder: String,
        /// The format's version.
        version: u32,
    },
    /// The system refused something. Files that do not count yet may have been made.
    #[error("{file}: {error}")]
    Io {
        /// The file or folder.
        file: String,
        /// What the system said.
        error: io::Error,
    },
    /// What was read could not be taken: see the caller's own error.
    #[error("{0}")]
    NotTaken(String),
}

/// Where a file is not what was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{file}: {flaw} at byte {offset} of {len}: restore the folder from a backup, or start with --data-recover, which uses what is whole and keeps the damaged file aside"
)]
pub struct Damage {
    /// The file.
    pub file: String,
    /// What is wrong.
    pub flaw: Flaw,
    /// Where: in bytes from the start.
    pub offset: u64,
    /// How long the file is, or the part of it that counts.
    pub len: u64,
}
