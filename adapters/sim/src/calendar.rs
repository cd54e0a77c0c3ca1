//! What is due, and when.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::connection::{ConnectionId, Side, Way};
use crate::scenario::Nanos;

/// Something that will happen.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Due {
    /// An event of the scenario, by its index.
    Planned(u32),
    /// The end of one that lasts.
    Over(u32),
    /// A wish for a connection reaches the other end; it was tried so often.
    Syn(ConnectionId, u32),
    /// Whoever asked for a connection learns that it has one.
    Opened(ConnectionId),
    /// Whoever asked for a connection learns that nobody listens.
    Refused(ConnectionId),
    /// The next piece reaches the other end.
    Arrive(ConnectionId, Way),
    /// A slow reader reads the next piece.
    Read(ConnectionId, Way),
    /// The sender learns that so many of its bytes were read.
    Ack(ConnectionId, Way, u32),
    /// That side learns that the connection is no more.
    Reset(ConnectionId, Side),
    /// A session may have rested for too long.
    Idle(ConnectionId),
    /// A session that holds something back has its turn.
    Turn(ConnectionId),
    /// A node wanted to be called; which life of which server.
    Wake(u32, u32),
    /// A server that stops may have done so; which life of which server.
    Stopped(u32, u32),
    /// A server's disk has something to do; which life of which server.
    Disk(u32, u32),
    /// A places source answers; an index into the fetches.
    Fetched(u32),
    /// Time to see whether all is well that should be.
    Look,
}

#[derive(Debug)]
struct Entry {
    at: Nanos,
    number: u64,
    due: Due,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    /// The earliest is the greatest, as a heap gives the greatest first; of those at one time the
    /// one that was put in first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

/// Everything that is due, in the order of time and then of putting in.
#[derive(Debug, Default)]
pub(crate) struct Calendar {
    entries: BinaryHeap<Entry>,
    next: u64,
}

impl Calendar {
    pub(crate) fn put(&mut self, at: Nanos, due: Due) {
        self.entries.push(Entry { at, number: self.next, due });
        self.next += 1;
    }

    pub(crate) fn next(&mut self) -> Option<(Nanos, Due)> {
        self.entries.pop().map(|entry| (entry.at, entry.due))
    }
}
