//! Going through all that is kept for what other regions ask, or are to be told: whatever waits when a walk begins is done
//! by it.

use super::errand::Errand;
use super::presence::Presence;
use super::regions::Regions;
use crate::store::Cursor;
use crate::values::Instant;

/// One walk, from the first client to the last, in steps.
#[derive(Debug)]
pub(crate) struct Walk {
    pub(crate) cursor: Cursor,
    pub(crate) errands: Vec<Errand>,
    began: Instant,
    /// In which run of the census it began.
    run: u64,
}

/// The walk that is under way, what waits for the next one, and what they found.
#[derive(Debug, Default)]
pub(crate) struct Census {
    walk: Option<Walk>,
    waiting: Vec<Errand>,
    /// How often all was dropped: a walk of before is of no use.
    run: u64,
    /// Where this region has clients, once that is known.
    presence: Option<Presence>,
    /// What arrivals have added since the walk began that looks for it, and when the next one does.
    added: Presence,
    looks_at: Instant,
}

impl Census {
    /// As many times as long as a walk took passes before the next one that looks where clients are: so these take no more
    /// than a fiftieth of a processor.
    const PAUSE: u32 = 50;

    /// Drops all: the bus has gone, or another server is the bridge.
    pub(crate) fn end(&mut self) {
        *self = Self { run: self.run + 1, ..Self::default() };
    }

    /// Has the next walk look where clients are, if it is time.
    pub(crate) fn look_around(&mut self, now: Instant) {
        if self.looks_at <= now {
            // Not before this one is over.
            self.looks_at = Instant::from_nanos(u64::MAX);
            self.waiting.push(Errand::Presence(Presence::default()));
        }
    }

    /// Takes the walk that is to go on, or begins one.
    pub(crate) fn next_walk(&mut self, now: Instant) -> Option<Walk> {
        if self.walk.is_none() && !self.waiting.is_empty() {
            let errands = core::mem::take(&mut self.waiting);
            if errands.iter().any(|errand| matches!(errand, Errand::Presence(_))) {
                self.added = Presence::default();
            }
            self.walk = Some(Walk { cursor: Cursor::default(), errands, began: now, run: self.run });
        }
        self.walk.take()
    }

    /// Whether it still counts what a walk finds.
    pub(crate) const fn wants(&self, walk: &Walk) -> bool {
        walk.run == self.run
    }

    /// Puts a walk back that goes on.
    pub(crate) fn goes_on(&mut self, walk: Walk) {
        self.walk = Some(walk);
    }

    /// A walk that began then has found where clients are; whether that is news.
    pub(crate) fn found(&mut self, mut found: Presence, began: Instant, now: Instant) -> bool {
        let took = now.saturating_since(began);
        self.looks_at = began + Regions::EVERY.max(took * Self::PAUSE);
        found.join(&self.added);
        let is_news = self.presence.as_ref() != Some(&found);
        self.presence = Some(found);
        is_news
    }

    /// A client has arrived there.
    pub(crate) fn add(&mut self, position: &[u8]) {
        self.added.add(position);
        if let Some(presence) = &mut self.presence {
            presence.add(position);
        }
    }

    /// Where this region has clients, once that is known.
    pub(crate) const fn presence(&self) -> Option<&Presence> {
        self.presence.as_ref()
    }

    /// Whether there is a step to take.
    pub(crate) const fn is_walking(&self) -> bool {
        self.walk.is_some() || !self.waiting.is_empty()
    }
}

impl Walk {
    pub(crate) const fn began(&self) -> Instant {
        self.began
    }
}
