//! Going through all that is kept for what other regions ask, or are to be told: whatever waits when a walk begins is done
//! by it.

use core::time::Duration;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::comparison::{Comparison, Next};
use super::errand::Errand;
use super::parts::{Gap, Part};
use super::presence::Presence;
use super::regions::Regions;
use super::roll_call::RollCall;
use super::tally::Tally;
use crate::store::Cursor;
use crate::values::{Instant, ServerName, Timestamp};

/// One walk in steps, from the first client to the last, or in a part of that.
#[derive(Debug)]
pub(crate) struct Walk {
    pub(crate) cursor: Cursor,
    pub(crate) errands: Vec<Errand>,
    began: Instant,
    /// Up to which hash it goes, if that is not the last.
    until: Option<u64>,
    /// In which run of the census it began.
    run: u64,
}

/// The walk that is under way, what waits for the next one, and what they found.
#[derive(Debug, Default)]
pub(crate) struct Census {
    walk: Option<Walk>,
    waiting: Vec<Errand>,
    /// How often all was dropped: a walk or an answer of before is of no use.
    run: u64,
    /// The comparisons that are under way, by the other region, and when the next one is to begin with each: at once, with
    /// one that is not in it.
    comparisons: BTreeMap<ServerName, Comparison>,
    due: BTreeMap<ServerName, Instant>,
    roll_call: RollCall,
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

    /// As many things of others wait for the next walk.
    const MOST_WAITING: usize = 64;

    /// With as many regions it is compared at once: one that does not answer keeps few of the others waiting.
    const MOST_COMPARISONS: usize = 8;

    /// How long after a comparison the next one with that region begins; and where no answer came, how long after it began.
    const EVERY: Duration = Duration::from_mins(10);
    pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

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

    /// Has the next walk do that.
    pub(crate) fn wait(&mut self, errand: Errand) {
        self.waiting.push(errand);
    }

    /// Whether that may be something for another region. What this one needs itself is little, and always has room.
    pub(crate) const fn has_room(&self) -> bool {
        self.waiting.len() < Self::MOST_WAITING
    }

    /// Begins to compare with those of these regions whose time it is, as far as there is room.
    pub(crate) fn compare<'a>(&mut self, regions: impl Iterator<Item = &'a ServerName>, now: Instant) {
        for region in regions {
            if self.comparisons.len() >= Self::MOST_COMPARISONS {
                return;
            }
            let is_due = self.due.get(region).is_none_or(|&due| due <= now);
            if is_due && let Entry::Vacant(entry) = self.comparisons.entry(region.clone()) {
                let tally = entry.insert(Comparison::default()).next_tally(region);
                self.waiting.push(Errand::Count(tally));
            }
        }
    }

    /// All regions are compared with anew: some may lack what was not told.
    pub(crate) fn compare_all(&mut self) {
        self.due.clear();
        self.comparisons.values_mut().for_each(|comparison| comparison.is_stale = true);
    }

    /// What is to be done next for the comparison with that region that is under way in that run.
    pub(crate) fn next_of_comparison(&mut self, region: &ServerName, run: u64, now: Instant) -> Option<Next> {
        let comparison = self.comparisons.get_mut(region).filter(|_| run == self.run)?;
        let next = comparison.next(region);
        if matches!(next, Next::Nothing) {
            let pause = if comparison.is_stale { Duration::ZERO } else { Self::EVERY };
            self.due.insert(region.clone(), now + pause);
            self.comparisons.remove(region);
        }
        Some(next)
    }

    /// A walk has counted for a comparison; the region to ask, and the question is appended.
    pub(crate) fn counted(&mut self, tally: Tally, question: &mut Vec<u8>) -> Option<ServerName> {
        let region = tally.other().clone();
        self.comparisons.get_mut(&region)?.ask(tally, question);
        Some(region)
    }

    /// Takes a message of a region's answer to a question of that run, if that is of use; the lines of it that tell of
    /// clients.
    ///
    /// # Errors
    /// Where one before it is missing.
    pub(crate) fn hear<'a>(
        &mut self,
        region: &ServerName,
        run: u64,
        answer: &'a [u8],
    ) -> Result<Option<Part<'a>>, Gap> {
        let comparison = self.comparisons.get_mut(region).filter(|_| run == self.run);
        comparison.map_or(Ok(None), |comparison| comparison.hear(answer))
    }

    /// The comparison of that run with that region has failed: it did not answer, or not all of its answer came.
    pub(crate) fn fail(&mut self, region: ServerName, run: u64, now: Instant) {
        if run == self.run && self.comparisons.remove(&region).is_some() {
            self.due.insert(region, now + Self::PATIENCE);
        }
    }

    /// Which run it is: what is asked now is of use while that lasts.
    pub(crate) const fn run(&self) -> u64 {
        self.run
    }

    /// Takes the walk that is to go on, or begins one.
    pub(crate) fn next_walk(&mut self, now: Instant) -> Option<Walk> {
        if self.walk.is_some() {
            return self.walk.take();
        }
        let run = self.run;
        if let Some((cursor, until)) = self.roll_call.next() {
            let errands = vec![Errand::RollCall(Vec::new())];
            return Some(Walk { cursor, errands, began: now, until: Some(until), run });
        }
        if !self.waiting.is_empty() {
            let errands = core::mem::take(&mut self.waiting);
            if errands.iter().any(|errand| matches!(errand, Errand::Presence(_))) {
                self.added = Presence::default();
            }
            return Some(Walk { cursor: Cursor::default(), errands, began: now, until: None, run });
        }
        None
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

    /// Has those clients called again whose time it is.
    pub(crate) fn call_roll(&mut self, keep_for: Option<Duration>, wall: Timestamp) {
        self.roll_call.look(keep_for, wall);
    }

    /// A walk that called has come there.
    pub(crate) fn called(&mut self, cursor: Cursor) {
        self.roll_call.called(cursor);
    }

    /// Whether there is a step to take.
    pub(crate) fn is_walking(&self) -> bool {
        self.walk.is_some() || !self.waiting.is_empty() || self.roll_call.next().is_some()
    }
}

impl Walk {
    pub(crate) const fn began(&self) -> Instant {
        self.began
    }

    /// Whether it goes on, if there were clients to meet.
    pub(crate) fn goes_on(&self) -> bool {
        self.until.is_none_or(|until| self.cursor.is_before(until))
    }
}
