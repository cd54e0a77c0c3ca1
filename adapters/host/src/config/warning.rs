//! What is not quite right about settings.

use core::fmt;
use std::path::{Path, PathBuf};

use herd_command::one_line;

/// Something about settings that a person should mend, and with which servers run all the same. Shown, it says how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// A file with something secret in it is open to other users of the machine.
    OpenToOthers {
        /// The file.
        file: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// A variable that begins as those of a herd's programs do, and that none of them knows.
    UnknownVariable {
        /// The variable.
        name: String,
        /// The nearest one that is known, if one is near.
        meant: Option<String>,
    },
}

/// Everybody may read it or write to it, or its group may write to it.
#[cfg(unix)]
const OPEN: u32 = 0o026;

impl Warning {
    /// In a few words, for logs.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::OpenToOthers { .. } => "secret file open to others",
            Self::UnknownVariable { .. } => "environment variable ignored",
        }
    }

    /// Warns of a file with something secret in it that others may read, or put something else into.
    #[cfg(unix)]
    pub(super) fn of_secret(file: &Path) -> Option<Self> {
        use std::os::unix::fs::PermissionsExt as _;

        let metadata = file.metadata().ok()?;
        let mode = metadata.permissions().mode() & 0o777;
        (metadata.is_file() && mode & OPEN != 0).then(|| Self::OpenToOthers { file: file.into(), mode })
    }

    /// Warns of nothing: here it is not known who may do what.
    #[cfg(not(unix))]
    pub(super) fn of_secret(_: &Path) -> Option<Self> {
        None
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenToOthers { file, mode } => {
                let file = one_line(&file.to_string_lossy());
                write!(f, "{file} is secret and open to other users (mode {mode:03o}): chmod 600 {file}")
            }
            Self::UnknownVariable { name, meant } => {
                write!(f, "unknown environment variable {}", one_line(name))?;
                meant.as_ref().map_or(Ok(()), |meant| write!(f, "; did you mean {meant}?"))
            }
        }
    }
}
