//! What is wrong with a setting, and where it stands.

use core::fmt;

use herd_command::one_line;

/// Where a setting was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// On the command line, by the flag of that name (without its dashes).
    Flag(&'static str),
    /// In the environment, by the variable of that name.
    Variable(String),
    /// In a file.
    File(Place),
}

/// A file, or a place in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The path as it was given.
    pub file: String,
    /// Line and column (in characters), both counted from 1; none where the whole file is meant.
    pub at: Option<(usize, usize)>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "--{name}"),
            Self::Variable(name) => f.write_str(name),
            Self::File(Place { file, at: None }) => f.write_str(&one_line(file)),
            Self::File(Place { file, at: Some((line, column)) }) => write!(f, "{}:{line}:{column}", one_line(file)),
        }
    }
}

/// A setting that cannot be used. Its text is one line: where, what, and what to do about it.
/// Nothing was started; mend the setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {what}")]
pub struct ConfigError {
    /// Where the setting was given.
    pub origin: Origin,
    /// What is wrong with it, and the remedy.
    pub what: String,
}

impl ConfigError {
    /// An error there. Line ends and other control characters in `what` are escaped.
    pub(crate) fn new(origin: Origin, what: &str) -> Self {
        Self { origin, what: one_line(what) }
    }

    /// An error of a whole file.
    pub(crate) fn file(file: impl Into<String>, what: &str) -> Self {
        Self::new(Origin::File(Place { file: file.into(), at: None }), what)
    }
}
