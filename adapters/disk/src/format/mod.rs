//! What the files look like, to the byte. `docs/storage.md` says it in words.

mod frame;
mod header;
mod manifest;
mod names;

pub(crate) use self::frame::{Frame, FrameHeader, Kind as FrameKind};
pub(crate) use self::header::{FileHeader, Seeds};
pub(crate) use self::manifest::{ClosedLog, Manifest, Unread};
pub(crate) use self::names::{FileName, MANIFEST, NEW_MANIFEST, aside};

/// The version of the format that this crate reads and writes.
pub(crate) const VERSION: u32 = 1;

/// What is wrong with a file that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It is named in the manifest, and not there.
    #[error("file missing")]
    Missing,
    /// It ends before what it should have does.
    #[error("cut off")]
    Cut,
    /// What it begins with is not what was written.
    #[error("damaged file header")]
    Header,
    /// The checksum of a frame's header does not match.
    #[error("damaged frame")]
    Frame,
    /// The checksum of a frame's payload does not match.
    #[error("damaged payload")]
    Payload,
    /// A frame that is whole stands where none of its kind can.
    #[error("misplaced frame")]
    Misplaced,
    /// A snapshot does not hold as much as its end says.
    #[error("wrong count")]
    Count,
    /// The checksum of the manifest does not match.
    #[error("damaged manifest")]
    Manifest,
    /// There are files that no manifest could have been without.
    #[error("file not named in the manifest")]
    Unnamed,
}
