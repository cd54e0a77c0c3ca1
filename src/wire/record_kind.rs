//! What a record of a client says, and the words that it travels by.

/// What a record says of its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordKind {
    /// Where it was.
    Report,
    /// That it was forgotten: the record is a tombstone.
    Tombstone,
    /// That it is at home in another region.
    Away,
}

impl RecordKind {
    /// What its line begins with where it travels by flood, for clients, and in files.
    #[must_use]
    pub const fn word(self) -> &'static [u8] {
        match self {
            Self::Report => b"AT ",
            Self::Tombstone => b"GONE ",
            Self::Away => b"AWAY ",
        }
    }

    /// What its line begins with where a neighbour found it missing.
    pub(crate) const fn repair_word(self) -> &'static [u8] {
        match self {
            Self::Report => b"KEPT ",
            Self::Tombstone => b"FORGOT ",
            Self::Away => b"MOVED ",
        }
    }

    /// The first version of the words of servers that has those: a neighbour of an earlier one is not told. Every
    /// neighbour is told of reports.
    pub(crate) const fn since(self) -> u32 {
        match self {
            Self::Report => 0,
            Self::Tombstone => 2,
            Self::Away => 3,
        }
    }
}
