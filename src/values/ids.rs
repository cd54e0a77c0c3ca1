//! What things that come and go are called.

/// A session, as the adapter and the node call it. The adapter chooses it, unlike any other in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

impl SessionId {
    /// What a node calls other regions that watch clients of its own. No adapter may choose it.
    pub const REGIONS: Self = Self(u64::MAX);
}

/// One WHATSAT of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket {
    pub(crate) session: SessionId,
    pub(crate) number: u64,
}

/// A fetch of places, as the node and the adapter call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FetchId(pub(crate) u64);
