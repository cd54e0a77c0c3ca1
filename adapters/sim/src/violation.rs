//! What must hold, and what it looks like when it does not.

use std::fmt;

use serde::Serialize;

use crate::scenario::Nanos;

/// Something that holds whatever happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Invariant {
    /// The core never panics.
    NoPanic,
    /// Every request that a server takes is answered once, in order, with the bytes that it is owed, on a
    /// connection that lives long enough.
    Answered,
    /// `? ` is for lines that deserve it, and only for those.
    Deserved,
    /// What a server keeps of a client, and tells, is the newest of all that it was told in this life.
    Newest,
    /// What a server keeps of a client never gets older in one life of the server.
    NeverBack,
    /// No server keeps a report that no client made.
    Invented,
    /// Nothing that a stranger says is taken where addresses are not trusted, and a neighbour that shares a secret is
    /// never refused for the lack of one.
    Believed,
    /// An update crosses a link at most once in each direction, for each life of the two servers.
    CrossesOnce,
    /// Nothing grows past its limit.
    Bounded,
    /// No connection does more than its share while others wait for their turns.
    Fair,
    /// Being woken is of use: a server asks for it in time, and not again and again at one and the same time.
    Wakes,
    /// What a server says of its links goes together: one connection at a time, nothing sent without one, or before
    /// what was sent has gone, and nothing to do where it said to wait.
    Links,
    /// Whoever listens to the feed of a server hears each change of what it keeps, once and in order, and from whom.
    Feed,
    /// The fast path of sessions makes no difference to anything that is done.
    FastPath,
    /// What a server acknowledged before it stopped in good order, its neighbours know that are there.
    Acknowledged,
    /// What was safe on a server's disk, or was told to be, is there when it starts again.
    Durable,
    /// A client that was forgotten stays so, and its tombstone goes in the end.
    Forgotten,
    /// What is over is not told by a server whose clock is right, and goes in the end.
    Expired,
    /// A watcher that reads holds what its server holds, as far as its target goes; what it is told goes together: of a client
    /// nothing older behind something newer, nothing of a watch that is over, nothing within a reply, nobody leaves who was
    /// not there.
    Watched,
    /// Who enters a fence and who leaves it alternates, and is so.
    Fenced,
    /// Who is told to be near was so, in the right order, and nobody is missing.
    Near,
    /// When all trouble is over, servers that can reach each other soon hold the same.
    Converges,
}

impl Invariant {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoPanic => "no-panic",
            Self::Answered => "answered",
            Self::Deserved => "deserved",
            Self::Newest => "newest",
            Self::NeverBack => "never-back",
            Self::Invented => "invented",
            Self::Believed => "believed",
            Self::CrossesOnce => "crosses-once",
            Self::Bounded => "bounded",
            Self::Fair => "fair",
            Self::Wakes => "wakes",
            Self::Links => "links",
            Self::Feed => "feed",
            Self::FastPath => "fast-path",
            Self::Acknowledged => "acknowledged",
            Self::Durable => "durable",
            Self::Forgotten => "forgotten",
            Self::Expired => "expired",
            Self::Watched => "watched",
            Self::Fenced => "fenced",
            Self::Near => "near",
            Self::Converges => "converges",
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// An [`Invariant`] that did not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// When, in nanoseconds of virtual time.
    pub at: Nanos,
    /// At which server, where it was one.
    pub server: Option<String>,
    /// What was seen, and what should have been.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = (self.at / 1_000_000_000, self.at % 1_000_000_000 / 1_000_000);
        write!(f, "{} at {}.{:03} s", self.invariant, seconds.0, seconds.1)?;
        if let Some(server) = &self.server {
            write!(f, ", {server}")?;
        }
        write!(f, ": {}", self.what)
    }
}
