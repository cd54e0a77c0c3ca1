//! What goes into a shard and comes out of it.

use crate::herd::Horizon;
use crate::pass::{BroughtBy, Listeners};
use crate::report::{ClientHash, Record};
use crate::values::Instant;

/// What is kept of a client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept<'a> {
    /// Where the client belongs.
    pub(crate) hash: ClientHash,
    /// The record's digest.
    pub(crate) digest: u64,
    pub(crate) record: Record<'a>,
    /// When it came to this server, if it is a tombstone.
    pub(crate) came: Option<Instant>,
}

/// What is the same for all records that are taken in at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Intake<'a> {
    /// Where their lines are.
    pub(crate) text: &'a [u8],
    /// Who brought them.
    pub(crate) from: BroughtBy,
    /// Who listens to the feed, if anybody does.
    pub(crate) listeners: Option<Listeners<'a>>,
    /// Whether a record that is like a report may be written over in short.
    pub(crate) fast: bool,
    /// What is too old now, and the time.
    pub(crate) horizon: Horizon,
    pub(crate) now: Instant,
}

/// What became of a record that was offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    /// It is the newest, and kept. The digest of what it replaced, if the client was known.
    Kept { replaced: Option<u64> },
    /// It is the very one that is kept.
    Same,
    /// It is older than what is kept.
    Older,
    /// It is a report, and the client has departed since: a tombstone is kept, or that it is away.
    Buried,
    /// The client is unknown, and no more are kept.
    Full,
}

/// What is to become of a client that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Keep,
    Remove,
}
