//! Everything that can grow has a bound, and they are all here.

use core::time::Duration;

use crate::values::{ServerName, Skew, Timestamp};
use crate::wire::{Held, Sketch, Step};

/// The bounds of one server. What happens at each is said with it; none is ever a panic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest line in bytes, LF not counted. A longer one is refused as soon as it is passed. More
    /// than [`MOST_LINE`](Self::MOST_LINE) counts as that.
    pub max_line: usize,
    /// How long a client's connection may rest before it is closed: since its last whole request, or since output was
    /// taken.
    pub idle_timeout: Duration,
    /// How long a line may take from its first byte to its last. At the bound the connection is closed.
    pub line_timeout: Duration,
    /// How long a link to a neighbour may rest before it is closed; zero closes it as soon as what was queued has been
    /// sent. Where it is longer than [`repair_interval`](Self::repair_interval) a link stays open.
    pub link_idle: Duration,
    /// The longest pause before a neighbour that could not be reached is tried again.
    pub link_retry: Duration,
    /// How long a neighbour may take to accept a connection, to take what it is sent, or to answer whether it lives,
    /// before the link counts as lost. It is asked where it was sent lines and said nothing for half as long.
    pub link_timeout: Duration,
    /// Bytes that may wait for one neighbour, or one line if that is longer. At the bound all that waits is
    /// dropped and repaired later; for a neighbour that does not repair, the oldest lines are.
    pub link_queue: usize,
    /// How long a link may go without a comparison of what its two ends keep.
    pub repair_interval: Duration,
    /// Bytes of replies that may be unsent on one connection. At the bound no more of its requests
    /// are read.
    pub max_unsent: usize,
    /// Bytes of all buffers together: replies that are unsent or owed, input that is held back, what waits for
    /// neighbours. At the bound the connections with the most are closed, or what waits for the neighbour with the most
    /// is dropped and repaired later. No connection is closed for its first 4 KiB.
    pub buffers: usize,
    /// WHATSATs of one connection that may wait for their places. At the bound no more of its
    /// requests are read.
    pub max_waiting: usize,
    /// Fetches of places that may be under way at once. At the bound further ones wait.
    pub fetches: usize,
    /// Fetches that may wait. They are started session by session in turn. At the bound a WHATSAT of the session that
    /// has the most there is answered with `OVER_QUERY_LIMIT`.
    pub fetch_queue: usize,
    /// How long a WHATSAT may wait for its places, from its line to its reply.
    pub places_timeout: Duration,
    /// Replies of the places source that are kept for the next WHATSAT of the same place and radius.
    /// At the bound the oldest is dropped; zero keeps none, and none is the default: Google's terms do not
    /// allow it.
    pub places_cache: usize,
    /// How long such a reply is kept.
    pub places_cache_time: Duration,
    /// How far a client's time may be past the server's clock; without it as far as it likes. A later one is refused, since
    /// it would block every true report of that client until then. A neighbour's report is held against the clock of the
    /// server that wrote it down, so that all servers drop the same; those do not count as its fault.
    pub max_ahead: Option<Duration>,
    /// A clock that says an earlier time than this was never set, and nothing is held against it.
    pub earliest_clock: Timestamp,
    /// Whether the two ends of an open link greet again every [`repair_interval`](Self::repair_interval), to compare their
    /// clocks and whatever else should be equal. They do; a model that goes through all that can happen has better to do.
    pub compare_clocks: bool,
    /// Clients whose positions are kept. At the bound an IAMAT of a client not yet known is refused.
    pub clients: usize,
    /// Bytes that all records take. At the bound, too, an IAMAT of a client not yet known is refused.
    pub client_bytes: usize,
    /// How long a client's newest report is kept after it was heard, by the clock of the server that heard it; without it
    /// for ever. Then it is hidden at once, and deleted a minute later.
    pub keep_for: Option<Duration>,
    /// How long it is remembered, at least, that a client was forgotten: as long as something old may be on its way.
    pub gone_for: Duration,
    /// Older updates that are remembered as handled, so that a flood ends also when its update is no
    /// longer the newest. Each of the store's eight shards remembers an eighth of them, and one at least; at
    /// that bound its oldest half is forgotten. A server without neighbours, which floods nothing, remembers no
    /// more than that one.
    pub handled: usize,
    /// Connections from clients and neighbours at once. At the bound further ones are closed at once. The last
    /// sixteenth, and the last four at least, are for connections from the addresses of neighbours.
    pub connections: usize,
    /// Connections from one IP address at once, an IPv6 network of 64 bits being one. At the bound further ones are
    /// closed at once. Behind a load balancer all come from one.
    pub connections_per_address: usize,
    /// How long a server that stops may take to send what is owed to clients and queued for neighbours. At the bound
    /// what is left is cut off.
    pub drain: Duration,
    /// Watches and fences on one connection. At the bound a further one is refused.
    pub watches: usize,
    /// Clients of which a connection has still to be told something. At the bound all of it is dropped, and told anew
    /// from the start when the other end reads.
    pub watch_queue: usize,
    /// How long another region may take to answer.
    pub region_timeout: Duration,
    /// Bytes that clients of other regions take whom somebody here watches. At the bound further ones are not told of.
    pub region_guests: usize,
    /// Whether a client's connection is closed after its first reply, as the first herds did.
    pub one_shot: bool,
}

impl Limits {
    /// 2026-01-01: no clock that is right says less while this release runs.
    pub const RELEASED: Timestamp = Timestamp::from_nanos(1_767_225_600_000_000_000);

    /// The longest line that any server takes.
    pub const MOST_LINE: usize = 1 << 30;

    /// How far a time is past a clock, if that is too far.
    pub(crate) fn too_far_ahead(&self, time: Timestamp, clock: Timestamp) -> Option<Skew> {
        let ahead = time.since(clock);
        let most = self.most_ahead_of(clock)?;
        (ahead.as_nanos() > most).then_some(ahead)
    }

    /// How far a time may be past a clock, in nanoseconds; nothing where that does not matter.
    pub(crate) fn most_ahead_of(&self, clock: Timestamp) -> Option<i128> {
        let most = self.max_ahead.filter(|_| clock >= self.earliest_clock)?;
        Some(i128::try_from(most.as_nanos()).unwrap_or(i128::MAX))
    }

    /// Whether the time of what a neighbour tells is too far past the clock of the server that wrote it down. Where that
    /// clock was never set, it is held against the clock here.
    pub(crate) fn is_told_too_far_ahead(&self, time: Timestamp, origin_clock: Timestamp, wall: Timestamp) -> bool {
        let clock = if origin_clock < self.earliest_clock { wall } else { origin_clock };
        self.too_far_ahead(time, clock).is_some()
    }

    /// How many digits the whole seconds of a report's negative skew can have without its time being too far ahead.
    pub(crate) fn digits_ahead(&self) -> usize {
        match self.max_ahead {
            None => usize::MAX,
            Some(most) => most.as_secs().checked_ilog10().unwrap_or(0) as usize,
        }
    }

    /// The most cells of a sketch whose line is no longer than `max-line` with any server's name. None at
    /// all where not even digests would fit: such a herd does not repair.
    pub(crate) fn most_cells(&self) -> usize {
        self.repair_text() / Sketch::CELL_TEXT
    }

    /// The most reports of a list whose line is no longer than that.
    pub(crate) fn most_held(&self) -> usize {
        Held::most_in(self.repair_text())
    }

    fn repair_text(&self) -> usize {
        let around = "REPAIR  sketch 62/0123456789abcdef ".len() + ServerName::MOST_BYTES;
        let digests = Step::GROUPS * size_of::<u64>() * 4 / 3 + around;
        if self.max_line < digests { 0 } else { (self.max_line - around).min(4096) }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_line: 4096,
            idle_timeout: Duration::from_mins(5),
            line_timeout: Duration::from_secs(30),
            link_idle: Duration::from_mins(2),
            link_retry: Duration::from_secs(5),
            link_timeout: Duration::from_secs(5),
            link_queue: 16 << 20,
            repair_interval: Duration::from_secs(30),
            max_unsent: 256 << 10,
            buffers: 256 << 20,
            max_waiting: 64,
            fetches: 32,
            fetch_queue: 1024,
            places_timeout: Duration::from_secs(5),
            places_cache: 0,
            places_cache_time: Duration::from_mins(5),
            max_ahead: Some(Duration::from_hours(24)),
            earliest_clock: Self::RELEASED,
            compare_clocks: true,
            clients: 10_000_000,
            client_bytes: 4 << 30,
            keep_for: None,
            gone_for: Duration::from_hours(30 * 24),
            handled: 1 << 18,
            connections: 16_000,
            connections_per_address: 4096,
            drain: Duration::from_secs(10),
            watches: 64,
            watch_queue: 16_384,
            region_timeout: Duration::from_secs(1),
            region_guests: 64 << 20,
            one_shot: false,
        }
    }
}
