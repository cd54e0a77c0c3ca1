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

impl Counters {
    /// Adds what others have counted.
    pub(crate) fn add(&mut self, other: &Self) {
        let Self {
            iamat,
            whatsat,
            at,
            hello,
            refused,
            kept,
            older,
            duplicates,
            not_kept,
            comparisons,
            repaired,
            repairs,
            forwarded,
            fetches,
            fetches_shared,
            fetches_known,
            fetches_refused,
            fetches_timed_out,
            links_up,
            links_lost,
        } = self;
        for (sum, more) in [
            (iamat, other.iamat),
            (whatsat, other.whatsat),
            (at, other.at),
            (hello, other.hello),
            (refused, other.refused),
            (kept, other.kept),
            (older, other.older),
            (duplicates, other.duplicates),
            (not_kept, other.not_kept),
            (comparisons, other.comparisons),
            (repaired, other.repaired),
            (repairs, other.repairs),
            (forwarded, other.forwarded),
            (fetches, other.fetches),
            (fetches_shared, other.fetches_shared),
            (fetches_known, other.fetches_known),
            (fetches_refused, other.fetches_refused),
            (fetches_timed_out, other.fetches_timed_out),
            (links_up, other.links_up),
            (links_lost, other.links_lost),
        ] {
            *sum += more;
        }
    }
}
