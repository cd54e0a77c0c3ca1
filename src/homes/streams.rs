//! What other regions are told of clients here that somebody there watches.

use std::collections::{BTreeMap, VecDeque};

use super::bus::{QuestionId, ReplyTo};
use super::interests::Interests;
use crate::values::Instant;
use crate::watch::Watcher;

/// One server elsewhere that is told.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) to: ReplyTo,
    pub(crate) watcher: Watcher,
    /// The number of the next message.
    next: u64,
    heard_at: Instant,
    said_at: Instant,
}

/// All of them, by the numbers under which they say that they still listen.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    all: BTreeMap<QuestionId, Told>,
    /// Those that are to be told something: each once, before it is looked again who is.
    due: VecDeque<QuestionId>,
}

impl Streams {
    /// As many are told. Who asks beyond that is not answered.
    const MOST: usize = 1 << 16;

    /// Somebody is told from now on, if there is room.
    pub(crate) fn add(&mut self, id: QuestionId, to: ReplyTo, watcher: Watcher, now: Instant) {
        if self.all.len() >= Self::MOST {
            return;
        }
        self.all.insert(id, Told { to, watcher, next: 0, heard_at: now, said_at: now });
    }

    /// Somebody still listens.
    pub(crate) fn heard(&mut self, id: QuestionId, now: Instant) {
        if let Some(told) = self.all.get_mut(&id) {
            told.heard_at = now;
        }
    }

    /// Nobody listens any more.
    pub(crate) fn stop(&mut self, id: QuestionId) {
        self.all.remove(&id);
    }

    /// Takes the next that is to be told something, or that is to hear that this server is there; whoever has gone is
    /// dropped.
    pub(crate) fn next(&mut self, now: Instant) -> Option<(QuestionId, Told)> {
        if self.due.is_empty() {
            self.all.retain(|_, told| now < told.heard_at + Interests::GONE);
            let is_due = |told: &Told| told.watcher.has_more() || told.said_at + Interests::EVERY <= now;
            self.due = self.all.iter().filter(|(_, told)| is_due(told)).map(|(&id, _)| id).collect();
        }
        // One that was stopped meanwhile is not there.
        while let Some(id) = self.due.pop_front() {
            if let Some(told) = self.all.remove(&id) {
                return Some((id, told));
            }
        }
        None
    }

    /// Puts it back, which was told something; the number of the message.
    pub(crate) fn put_back(&mut self, id: QuestionId, mut told: Told, now: Instant) -> u64 {
        let number = told.next;
        told.next += 1;
        told.said_at = now;
        self.all.insert(id, told);
        number
    }

    pub(crate) fn clear(&mut self) {
        self.all.clear();
        self.due.clear();
    }

    pub(crate) fn has_more(&self) -> bool {
        !self.due.is_empty() || self.all.values().any(|told| told.watcher.has_more())
    }

    /// When somebody is to hear that this server is there.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.all.values().map(|told| told.said_at + Interests::EVERY).min()
    }
}
