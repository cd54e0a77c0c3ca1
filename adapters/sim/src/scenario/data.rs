//! How servers keep things on disk, and what disks do.

use serde::{Deserialize, Serialize};

use super::Nanos;

/// What a server has on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Data {
    /// Nothing.
    #[default]
    None,
    /// All that it keeps; a reply is sent only after what it says is safe.
    Each,
    /// All that it keeps, but what came within so long before its machine crashed.
    Every(Nanos),
}

/// What is wrong with a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ailment {
    /// A sync takes so long.
    Slow(Nanos),
    /// No more bytes fit on it.
    Full,
    /// Nothing can be changed.
    ReadOnly,
    /// Writing fails.
    Writes,
    /// Syncing fails.
    Syncs,
    /// After so many more changes, the next one fails.
    Once(u64),
}
