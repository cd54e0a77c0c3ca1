//! What the lines of a watch begin with.

use crate::bytes::Sink;

/// The first word of a line of a watch or a fence; the line ends with the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchWord {
    /// A client is there, with that report: every one of them in a watch.
    Seen,
    /// A client that was seen has reported from outside the circle.
    Left,
    /// A client is inside a fence that was not.
    Enter,
    /// A client was inside a fence, and is no more.
    Leave,
    /// A client that was seen was forgotten.
    Forgotten,
    /// The last report of a client that was seen is over.
    Expired,
    /// All that there was at the start has been told.
    Watching,
    /// What was told is void, and all of it is told again.
    Again,
    /// Nothing more is told.
    Unwatched,
}

impl WatchWord {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Seen,
        Self::Left,
        Self::Enter,
        Self::Leave,
        Self::Forgotten,
        Self::Expired,
        Self::Watching,
        Self::Again,
        Self::Unwatched,
    ];

    /// Reads one.
    #[must_use]
    pub fn parse(word: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str().as_bytes() == word)
    }

    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seen => "SEEN",
            Self::Left => "LEFT",
            Self::Enter => "ENTER",
            Self::Leave => "LEAVE",
            Self::Forgotten => "FORGOTTEN",
            Self::Expired => "EXPIRED",
            Self::Watching => "WATCHING",
            Self::Again => "AGAIN",
            Self::Unwatched => "UNWATCHED",
        }
    }

    /// Appends a line about a client, of whose record that is the line.
    pub(crate) fn write(self, record: &[u8], target: &[u8], out: &mut impl Sink) {
        for part in [self.as_str().as_bytes(), b" ", record, b" ", target, b"\n"] {
            out.put(part);
        }
    }

    /// Appends a line about the watch itself.
    pub(crate) fn write_alone(self, target: &[u8], out: &mut impl Sink) {
        for part in [self.as_str().as_bytes(), b" ", target, b"\n"] {
            out.put(part);
        }
    }
}
