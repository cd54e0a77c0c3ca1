//! Why data cannot be had.

use std::io;

use herd_disk::{FolderError, OpenError};

/// Why the data of a server cannot be had. Nothing was started; nothing that is kept there has changed.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The folder cannot be used.
    #[error("data folder {0}")]
    Folder(#[from] FolderError),
    /// What is in it cannot be read, or is another server's.
    #[error("data folder {0}")]
    Open(#[from] OpenError),
    /// What is in it cannot be taken.
    #[error("data folder {folder}: {what}")]
    NotTaken {
        /// The folder.
        folder: String,
        /// Why.
        what: String,
    },
    /// The system gives no random numbers, without which files could not be told from what clients write in them.
    #[error("the system gives no random numbers: {0}")]
    Random(io::Error),
}
