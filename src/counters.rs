//! What a server has done, in one place, for whoever wants to watch it.

/// Counts since the server started. They only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// IAMATs of clients.
    pub iamat: u64,
    /// WHATSATs of clients, answered or not.
    pub whatsat: u64,
    /// AT lines of neighbours.
    pub at: u64,
    /// Greetings of neighbours.
    pub hello: u64,
    /// Lines that were refused.
    pub refused: u64,
    /// Reports that were kept: the newest of their client.
    pub kept: u64,
    /// Reports that were older than what is kept.
    pub older: u64,
    /// Reports that had been handled before.
    pub duplicates: u64,
    /// Reports of unknown clients that were not kept, because as many as the limit allows are.
    pub not_kept: u64,
    /// Comparisons with neighbours that this server began.
    pub comparisons: u64,
    /// Reports that came by repair and were kept.
    pub repaired: u64,
    /// Reports that were sent to neighbours that lacked them.
    pub repairs: u64,
    /// Lines queued for neighbours.
    pub forwarded: u64,
    /// Fetches of places that were started.
    pub fetches: u64,
    /// WHATSATs that shared a fetch that was under way.
    pub fetches_shared: u64,
    /// WHATSATs whose places were kept from an earlier fetch.
    pub fetches_known: u64,
    /// WHATSATs that were refused their places, because too many waited.
    pub fetches_refused: u64,
    /// WHATSATs whose places took too long.
    pub fetches_timed_out: u64,
    /// Connections to neighbours that were made.
    pub links_up: u64,
    /// Connections to neighbours that failed, or were lost.
    pub links_lost: u64,
}
